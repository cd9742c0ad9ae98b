"""Attention within windows that lie end to end, forwards by the fused kernel, backwards by products of matrices."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn.functional import scaled_dot_product_attention

from spacy_biomedplm.encoder.windows import Block

# Most scores of query and key that a step of the backward pass holds, unless one window has more.
_SCORES_AT_ONCE = 2_000_000

Place = tuple[Block, torch.Tensor | None]


def attend(query_key_value: torch.Tensor, places: list[Place], n_heads: int) -> torch.Tensor:
    """Return the attention output of every row (Vaswani et al., 2017), each window by itself.

    query_key_value (Tensor): Queries, keys and values side by side, shape (rows, 3 * width).
    places (list[Place]): Where windows lie, and what ``gap_mask`` gives for them.
    n_heads (int): Attention heads.
    RETURNS (Tensor): Shape (rows, width); 0 in rows of no block.
    """
    return _Attention.apply(query_key_value, places, n_heads)


def gap_mask(block: Block, dtype: torch.dtype) -> torch.Tensor | None:
    """Return what is added to the scores of keys: 0 for pieces, minus infinity for gaps.

    block (Block): Windows.
    dtype (torch.dtype): Type of the scores.
    RETURNS (Tensor | None): Shape (windows, 1, 1, cells); None if there is no gap.
    """
    if min(block.lengths) == block.cells:
        return None
    gap = torch.arange(block.cells)[None] >= torch.tensor(block.lengths)[:, None]
    return torch.zeros(gap.shape, dtype=dtype).masked_fill_(gap, -torch.inf)[:, None, None]


class _Attention(torch.autograd.Function):
    """Forwards the fused kernel; its own backward pass takes longer (benchmarks/results/attention.json)."""

    @staticmethod
    def forward(ctx: Any, query_key_value: torch.Tensor, places: list[Place], n_heads: int) -> torch.Tensor:
        output = query_key_value.new_zeros(len(query_key_value), query_key_value.shape[1] // 3)
        for block, mask in places:
            query, key, value = _heads_of(query_key_value, block, n_heads, parts=3)
            found = scaled_dot_product_attention(query, key, value, attn_mask=mask)
            _heads_of(output, block, n_heads, parts=1)[0].copy_(found)
        ctx.save_for_backward(query_key_value)
        ctx.places, ctx.n_heads = places, n_heads
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (query_key_value,) = ctx.saved_tensors
        found = torch.zeros_like(query_key_value)
        for block, _ in ctx.places:
            inputs = _heads_of(query_key_value, block, ctx.n_heads, parts=3)
            d_inputs = _heads_of(found, block, ctx.n_heads, parts=3)
            (d_output,) = _heads_of(gradients[0], block, ctx.n_heads, parts=1)
            step = max(1, _SCORES_AT_ONCE // (ctx.n_heads * block.cells**2))
            for first in range(0, block.n_windows, step):
                some = slice(first, first + step)
                _backward_of_windows(inputs[:, some], d_output[some], d_inputs[:, some], block.lengths[some])
        return found, None, None


def _backward_of_windows(
    inputs: torch.Tensor, d_output: torch.Tensor, d_inputs: torch.Tensor, lengths: tuple[int, ...]
) -> None:
    """Fill in the gradients of queries, keys and values of windows of equal size.

    inputs, d_inputs (Tensor): Queries, keys and values, and where their gradients go; shape (3, windows, heads, cells,
        width of a head).
    d_output (Tensor): Gradient of the output, shape (windows, heads, cells, width of a head).
    lengths (tuple[int, ...]): Pieces of each window; keys behind them have no weight.
    """
    query, key, value = inputs
    scale = query.shape[-1] ** -0.5
    scaled = query * scale
    scores = scaled @ key.transpose(2, 3)
    for number, length in enumerate(lengths):
        scores[number, :, :, length:] = -torch.inf
    weights = torch.softmax(scores, dim=-1)
    d_weights = d_output @ value.transpose(2, 3)
    d_scores = torch.ops.aten._softmax_backward_data(d_weights, weights, -1, weights.dtype)
    d_inputs[0].copy_(d_scores @ key).mul_(scale)
    d_inputs[1].copy_(d_scores.transpose(2, 3) @ scaled)
    d_inputs[2].copy_(weights.transpose(2, 3) @ d_output)


def _heads_of(matrix: torch.Tensor, block: Block, n_heads: int, *, parts: int) -> torch.Tensor:
    """Return the rows of a block as a view of shape (parts, windows, heads, cells, width of a head)."""
    rows = matrix[block.start : block.start + block.n_windows * block.cells]
    return rows.view(block.n_windows, block.cells, parts, n_heads, -1).permute(2, 0, 3, 1, 4)
