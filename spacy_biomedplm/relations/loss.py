"""Losses of pairs (torch only)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, kl_div, log_softmax, normalize

Objective = Literal["softmax", "sigmoid", "adaptive_threshold"]

_NEVER = -1e30


@dataclass(frozen=True)
class LossSettings:
    """What is learned.

    objective ("softmax" | "sigmoid" | "adaptive_threshold"): One label or none for a pair; each label for itself; or
        the labels above a threshold that the model chooses for each pair (Zhou et al., 2021, ATLOP).
    label_smoothing (float): Share of the right answer that goes to all answers, in [0, 1); for "softmax".
    r_drop (float): Weight of the difference between two passes with other dropout (Liang et al., 2021); 0 makes one.
        Pairs that share one reading of a document have other dropout in what follows the encoder only.
    contrastive (float): Weight of supervised contrastive learning (Khosla et al., 2020).
    temperature (float): Of that.
    """

    objective: Objective
    label_smoothing: float
    r_drop: float
    contrastive: float
    temperature: float


def pair_loss(
    scores: torch.Tensor,
    gold: torch.Tensor,
    settings: LossSettings,
    *,
    known: torch.Tensor,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the loss of pairs of one guideline, summed.

    scores (Tensor): Shape (pairs, 1 + labels); the first column stands for no relation, or for the threshold.
    gold (Tensor): Which labels are right, 0 or 1, shape (pairs, labels).
    settings (LossSettings): What is learned.
    known (Tensor): Which labels a pair was annotated for, bool, same shape; others teach nothing.
    weights (Tensor | None): Of no relation and of each label, shape (1 + labels,); for "softmax".
    """
    if settings.objective == "sigmoid":
        loss = binary_cross_entropy_with_logits(scores[:, 1:], gold, reduction="none")
        return (loss * known).sum()
    scores = mask_unknown(scores, known)
    known = torch.cat([torch.ones_like(known[:, :1]), known], 1)
    if settings.objective == "adaptive_threshold":
        return _adaptive_threshold(scores, gold)
    target = torch.cat([(gold.sum(1, keepdim=True) == 0).to(gold.dtype), gold], 1)
    target = target / target.sum(1, keepdim=True)
    importance = target @ weights if weights is not None else target.new_ones(len(target))
    if settings.label_smoothing:
        even = known / known.sum(1, keepdim=True)
        target = (1 - settings.label_smoothing) * target + settings.label_smoothing * even
    # Where the target is 0 the logarithm may be of next to nothing.
    terms = torch.where(target > 0, target * log_softmax(scores, 1), 0.0)
    return -(terms.sum(1) * importance).sum()


def mask_unknown(scores: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return scores in which labels that a pair was not annotated for are next to impossible.

    scores (Tensor): Shape (pairs, 1 + labels). known (Tensor): Shape (pairs, labels), bool.
    """
    return scores.masked_fill(~torch.cat([torch.ones_like(known[:, :1]), known], 1), _NEVER)


def _adaptive_threshold(scores: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
    """Return the adaptive-thresholding loss: right labels above the first column, the others below it."""
    threshold = torch.zeros_like(scores, dtype=torch.bool)
    threshold[:, 0] = True
    right = torch.cat([torch.zeros_like(gold[:, :1]), gold], 1) > 0
    above = log_softmax(scores.masked_fill(~(right | threshold), _NEVER), 1)
    below = log_softmax(scores.masked_fill(right, _NEVER), 1)
    return -above[right].sum() - below[:, 0].sum()


def r_drop_loss(first: torch.Tensor, second: torch.Tensor, objective: Objective) -> torch.Tensor:
    """Return how much two passes differ: the mean of both Kullback–Leibler divergences, summed over pairs.

    first, second (Tensor): Scores, shape (pairs, 1 + labels). objective: As of ``LossSettings``.
    """
    if objective == "sigmoid":
        return ((first.sigmoid() - second.sigmoid()) * (first - second)).sum() / 2
    one, other = log_softmax(first, 1), log_softmax(second, 1)
    there = kl_div(one, other, log_target=True, reduction="sum")
    back = kl_div(other, one, log_target=True, reduction="sum")
    return (there + back) / 2


def contrastive_loss(vectors: torch.Tensor, classes: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return the supervised contrastive loss, summed over pairs that have another of their class.

    vectors (Tensor): Shape (pairs, width). classes (Tensor): Number of the class of each. temperature (float): Above 0.
    """
    vectors = normalize(vectors, dim=1)
    alike = vectors @ vectors.T / temperature
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    same = (classes[:, None] == classes[None]) & ~itself
    logs = log_softmax(alike.masked_fill(itself, _NEVER), 1)
    counts = same.sum(1)
    means = (logs * same).sum(1) / counts.clamp(min=1)
    return -means[counts > 0].sum()
