from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language
from thinc.api import Adam

from spacy_biomedplm.encoder.attention import attend, gap_mask
from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.encoder.windows import plan_layouts

BERT_LIKE = ["bert", "electra", "roberta"]
LENGTHS = [5, 16, 17, 31, 32, 1, 3]
TEXT = "Treatment with aspirin in heart failure."


@pytest.fixture
def network(tiny_plm: Callable[..., Path]) -> Callable[..., PlmNetwork]:
    return lambda kind="bert", layer=-1: load_plm(str(tiny_plm(kind)), layer=layer)[1]


def read_both(network: PlmNetwork, lengths: list[int]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Vectors of each window, read end to end and one by one."""
    (layout,) = plan_layouts(lengths, max_cells=10_000)
    ids = torch.randint(10, 100, (layout.n_cells,), generator=torch.Generator().manual_seed(0))
    read = network.read_layout(ids, layout)
    found, wanted = [], []
    for number, start in zip(layout.windows, layout.starts, strict=True):
        window = slice(start, start + lengths[number])
        found.append(read[window])
        wanted.append(network(ids[None, window], torch.ones_like(ids[None, window]))[0])
    return found, wanted


@pytest.mark.parametrize("layer", [0, 1, -1, "mix"])
@pytest.mark.parametrize("kind", BERT_LIKE)
def test_end_to_end_equals_one_by_one(kind: str, layer: Any, network: Callable[..., PlmNetwork]) -> None:
    with torch.no_grad():
        for one, other in zip(*read_both(network(kind, layer), LENGTHS), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", BERT_LIKE)
def test_end_to_end_in_bf16_is_as_close_to_fp32_as_one_by_one(kind: str, network: Callable[..., PlmNetwork]) -> None:
    """The laid-out weights of prediction are for bf16 only."""
    module = network(kind)
    with torch.no_grad():
        exact, _ = read_both(module, LENGTHS)
        found, plain = read_both(module.to(torch.bfloat16), LENGTHS)
    error = max(float((one.float() - other).abs().max()) for one, other in zip(found, exact, strict=True))
    usual = max(float((one.float() - other).abs().max()) for one, other in zip(plain, exact, strict=True))
    assert 0 < error < 2 * usual


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_prediction_follows_weights_that_change(dtype: torch.dtype, network: Callable[..., PlmNetwork]) -> None:
    module = network().to(dtype)
    with torch.no_grad():
        before, _ = read_both(module, LENGTHS)
        generator = torch.Generator().manual_seed(1)
        for name, param in module.named_parameters():
            if name.endswith(("query.weight", "output.dense.bias")):
                param.add_(torch.randn(param.shape, generator=generator).to(dtype))
        found, wanted = read_both(module, LENGTHS)
    for one, other, old in zip(found, wanted, before, strict=True):
        torch.testing.assert_close(one, other, atol=0.1 if dtype == torch.bfloat16 else 1e-5, rtol=1e-2)
        assert float((one - old).abs().max()) > 0.2


def test_prediction_after_a_step_of_training(nlp: Language, make_encoder: Any) -> None:
    model = make_encoder("bert", precision="bf16")
    doc = nlp.make_doc(TEXT)
    before = model.predict([doc])[0]
    vectors, backprop = model.begin_update([doc])
    backprop([np.ones_like(vectors[0]) * np.arange(32, dtype="float32")])
    model.finish_update(Adam(0.05, use_averages=False))
    after = model.predict([doc])[0]
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_array_equal(after, model.copy().predict([doc])[0])


def plain_attention(inputs: torch.Tensor, layout: Any, lengths: list[int], n_heads: int) -> torch.Tensor:
    output = torch.zeros(len(inputs), inputs.shape[1] // 3, dtype=inputs.dtype)
    for number, start in zip(layout.windows, layout.starts, strict=True):
        rows = inputs[start : start + lengths[number]].view(lengths[number], 3, n_heads, -1).permute(1, 2, 0, 3)
        weights = torch.softmax(rows[0] @ rows[1].transpose(1, 2) / rows.shape[-1] ** 0.5, dim=-1)
        output[start : start + lengths[number]] = (weights @ rows[2]).transpose(0, 1).reshape(lengths[number], -1)
    return output


def test_attention_and_its_gradient_equal_the_formula() -> None:
    (layout,) = plan_layouts(LENGTHS, max_cells=10_000)
    places = [(block, gap_mask(block, torch.float64)) for block in layout.blocks]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(layout.n_cells + 8, 3 * 12, dtype=torch.float64, generator=generator)
    factors = torch.randn(layout.n_cells + 8, 12, dtype=torch.float64, generator=generator)
    real = torch.zeros(len(inputs), 1, dtype=torch.float64)
    for number, start in zip(layout.windows, layout.starts, strict=True):
        real[start : start + LENGTHS[number]] = 1
    one, other = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    found, wanted = attend(one, places, 3), plain_attention(other, layout, LENGTHS, 3)
    torch.testing.assert_close(found * real, wanted)
    (found * real * factors).sum().backward()
    (wanted * factors).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    assert float(one.grad.abs().max()) > 0.1
