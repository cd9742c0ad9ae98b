from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from spacy_biomedplm.relations.loss import LossSettings, contrastive_loss, mask_unknown, pair_loss, r_drop_loss

SCORES = torch.tensor([[0.5, 1.0, -1.0], [0.0, 2.0, 0.3], [1.0, 0.2, 0.1]])
GOLD = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
KNOWN = torch.ones(3, 2, dtype=torch.bool)


def settings(objective: Any = "softmax", smoothing: float = 0.0) -> LossSettings:
    return LossSettings(objective, smoothing, 0.0, 0.0, 0.1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_softmax_is_cross_entropy(smoothing: float) -> None:
    found = pair_loss(SCORES, GOLD, settings(smoothing=smoothing), known=KNOWN)
    wanted = cross_entropy(SCORES, torch.tensor([1, 0, 2]), label_smoothing=smoothing, reduction="sum")
    torch.testing.assert_close(found, wanted)


def test_weights_of_labels() -> None:
    weights = torch.tensor([0.5, 2.0, 3.0])
    found = pair_loss(SCORES, GOLD, settings(), known=KNOWN, weights=weights)
    wanted = cross_entropy(SCORES, torch.tensor([1, 0, 2]), weight=weights, reduction="sum")
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("objective", ["softmax", "sigmoid", "adaptive_threshold"])
def test_unknown_labels_teach_nothing(objective: Any) -> None:
    known = KNOWN.clone()
    known[1, 0] = False
    scores = SCORES.clone().requires_grad_()
    pair_loss(scores, GOLD, settings(objective, 0.1), known=known).backward()
    assert scores.grad is not None
    assert scores.grad[1, 1] == 0
    assert scores.grad[1, 2] != 0
    assert torch.isfinite(scores.grad).all()


def test_adaptive_threshold_is_that_of_the_paper() -> None:
    found = pair_loss(SCORES, GOLD, settings("adaptive_threshold"), known=KNOWN)
    wanted = 0.0
    for row, gold in zip(SCORES.tolist(), GOLD.tolist(), strict=True):
        weights = torch.tensor(row).exp().tolist()
        positive = [w for w, right in zip(weights[1:], gold, strict=True) if right]
        negative = [w for w, right in zip(weights[1:], gold, strict=True) if not right]
        for weight in positive:
            wanted -= float(torch.log(torch.tensor(weight / (sum(positive) + weights[0]))))
        wanted -= float(torch.log(torch.tensor(weights[0] / (sum(negative) + weights[0]))))
    assert float(found) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("objective", ["softmax", "sigmoid"])
def test_r_drop_is_nothing_for_equal_passes(objective: Any) -> None:
    assert float(r_drop_loss(SCORES, SCORES, objective)) == pytest.approx(0.0, abs=1e-6)
    assert float(r_drop_loss(SCORES, SCORES.flip(1), objective)) > 0.1


def test_r_drop_teaches_nothing_of_unknown_labels() -> None:
    known = KNOWN.clone()
    known[:, 0] = False
    one, other = SCORES.clone().requires_grad_(), SCORES.flip(0)
    r_drop_loss(mask_unknown(one, known), mask_unknown(other, known), "softmax").backward()
    assert one.grad is not None
    assert not one.grad[:, 1].any()
    assert one.grad[:, 2].any()


def test_contrast_pulls_a_class_together() -> None:
    near = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    classes = torch.tensor([0, 0, 1])
    far = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1]])
    assert float(contrastive_loss(near, classes, 0.1)) < float(contrastive_loss(far, classes, 0.1))
    assert float(contrastive_loss(near, torch.tensor([0, 1, 2]), 0.1)) == 0.0
