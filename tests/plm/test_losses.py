"""The loss over a vocabulary equals that of torch."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from spacy_biomedplm.plm.losses import word_loss


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("ignored", [0, 7])
def test_word_loss(dtype: torch.dtype, ignored: int) -> None:
    torch.manual_seed(0)
    logits = torch.randn(50, 300).mul(4).to(dtype).requires_grad_()
    gold = torch.randint(300, (50,))
    gold[:20] = logits.detach()[:20].argmax(dim=1)
    gold[50 - ignored :] = -1
    wanted = cross_entropy(logits.float(), gold, ignore_index=-1)
    (wanted * 3).backward()
    assert logits.grad is not None
    gradient, logits.grad = logits.grad.clone(), None
    loss, right = word_loss(logits, gold)
    (loss * 3).backward()
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(logits.grad, gradient, atol=1e-6 if dtype == torch.float32 else 1e-3, rtol=2e-2)
    assert right == int((logits.argmax(dim=1) == gold).sum())


def test_word_loss_of_a_piece_without_probability_is_finite() -> None:
    loss, right = word_loss(torch.tensor([[0.0, 500.0]]), torch.tensor([0]))
    assert 80 < float(loss) < 100
    assert right == 0


def test_word_loss_of_no_number_is_none() -> None:
    loss, _ = word_loss(torch.tensor([[float("nan"), 0.0]]), torch.tensor([1]))
    assert torch.isnan(loss)
