"""Losses that pre-training objectives share (torch only)."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable


def word_loss(logits: torch.Tensor, gold: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Return the mean cross-entropy over a vocabulary, and how many are told right.

    logits (Tensor): Shape (places, vocabulary), fp32 or bf16; at least one place.
    gold (Tensor): Ids, int64, shape (places,); places with -1 do not count. At least one does.
    RETURNS (tuple[Tensor, int]): The mean in fp32. Probabilities are in fp32 and are computed once, for the loss and
        for its gradient.
    """
    loss, right = _WordLoss.apply(logits, gold)
    return loss, int(right)


class _WordLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, gold: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities = torch.softmax(logits, dim=-1, dtype=torch.float32)
        counts = gold >= 0
        known = gold.clamp(min=0)
        of_gold = probabilities.gather(1, known[:, None])[:, 0]
        right = ((of_gold >= probabilities.amax(dim=-1)) & counts).sum()
        # A probability that is 0 in fp32 has a finite loss all the same; one that is no number has none.
        tiny = torch.finfo(torch.float32).tiny
        losses = -torch.where(of_gold < tiny, tiny, of_gold).log()
        total = counts.sum()
        if logits.requires_grad:
            gradient = probabilities.to(logits.dtype)
            gradient[torch.arange(len(gold), device=gold.device), known] -= 1
            gradient[~counts] = 0
            ctx.save_for_backward(gradient, total)
        loss = losses[counts].sum() / total
        ctx.mark_non_differentiable(right)
        return loss, right

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        gradient, total = ctx.saved_tensors
        return gradient * (gradients[0] / total).to(gradient.dtype), None
