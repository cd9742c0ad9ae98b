"""Attention by pair: what the words around say about one pair of ends."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spacy_biomedplm.layers.pairs import Ints, PairArrays

BUCKETS = 9
"""Distances: 0, 1, 2, 3–4, 5–8 … 65 and more."""


class PairAttention(nn.Module):
    """Attention of pairs to the words of their contexts.

    width (int): Of the token vectors. asked (int): Of what a pair asks with. hidden (int): Of what it gets.
    heads (int): Of attention; divides hidden.

    Each head weighs the words of the context by what the two ends ask for and by how far each word is from head and
    tail, as relative positions are in Shaw et al. (2018), "Self-Attention with Relative Position Representations".
    """

    def __init__(self, width: int, asked: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(asked, hidden)
        self.keys = nn.Linear(width, hidden)
        self.values = nn.Linear(width, hidden)
        self.near_keys = nn.ParameterList([_table(hidden) for _ in range(2)])
        self.near_values = nn.ParameterList([_table(hidden) for _ in range(2)])

    def forward(self, vectors: torch.Tensor, pairs: PairArrays, ends: torch.Tensor) -> torch.Tensor:
        """Return what the words say about each pair.

        vectors (Tensor): Shape (tokens of all documents, width). pairs (PairArrays): The pairs.
        ends (Tensor): What each asks with, shape (pairs, asked).
        RETURNS (Tensor): Shape (pairs, hidden).
        """
        device = vectors.device
        asked, keys, values = (
            self._split(array) for array in (self.ask(ends), self.keys(vectors), self.values(vectors))
        )
        near = near_mentions(pairs)
        found, order = [], []
        for block in _blocks(pairs.contexts):
            places = [torch.from_numpy(side[block.cells]).to(device) for side in near]
            rows = torch.from_numpy(block.pairs).to(device)
            words = torch.from_numpy(block.words).to(device)
            outside = torch.from_numpy(block.outside).to(device)
            told = self._attend(asked[rows], keys[words], values[words], places, outside[:, None, None])
            found.append(told.flatten(0, 1)[torch.from_numpy(block.kept).to(device)])
            order.append(block.pairs.reshape(-1)[block.kept])
        back = np.argsort(np.concatenate(order))
        return torch.cat(found)[torch.from_numpy(back).to(device)]

    def _split(self, array: torch.Tensor) -> torch.Tensor:
        return array.reshape(len(array), self.heads, -1)

    def _attend(
        self,
        asked: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        near: list[torch.Tensor],
        outside: torch.Tensor,
    ) -> torch.Tensor:
        """Return what the pairs of each context get, shape (contexts, pairs, hidden).

        asked: Shape (contexts, pairs, heads, width of a head). keys, values: Shape (contexts, words, heads, width).
        near: Buckets of the words' distances from head and from tail, shape (contexts, pairs, words).
        outside: True for cells that fill up, shape (contexts, 1, 1, words).
        """
        asked, keys, values = (array.transpose(1, 2) for array in (asked, keys, values))
        logits = asked @ keys.transpose(2, 3)
        indexes = [side[:, None].expand(logits.shape) for side in near]
        for table, index in zip(self.near_keys, indexes, strict=True):
            logits = logits + (asked @ self._split(table).permute(1, 2, 0)).gather(3, index)
        logits = (logits * asked.shape[3] ** -0.5).masked_fill(outside, -torch.inf)
        weights = torch.softmax(logits, 3)
        told = weights @ values
        for table, index in zip(self.near_values, indexes, strict=True):
            shares = weights.new_zeros((*weights.shape[:3], len(table))).scatter_add(3, index, weights)
            told = told + shares @ self._split(table).transpose(0, 1)
        return told.transpose(1, 2).flatten(2)


def _table(hidden: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(2 * BUCKETS, hidden))


class _Block(NamedTuple):
    """Contexts of about one length with about as many pairs, filled up to a common size.

    pairs (Ints): Numbers of the pairs, shape (contexts, pairs). words (Ints): Rows of the token vectors, shape
        (contexts, words). cells (Ints): Place of each word of each pair's context among all, shape
        (contexts, pairs, words). outside (NDArray[np.bool_]): Words that fill up, shape (contexts, words).
    kept (Ints): Which of the pairs, end to end, do not fill up.
    """

    pairs: Ints
    words: Ints
    cells: Ints
    outside: NDArray[np.bool_]
    kept: Ints


def _blocks(contexts: Ints) -> Iterator[_Block]:
    """Yield the pairs in blocks. contexts (Ints): First row of each pair's context and the one after its last."""
    lengths = contexts[:, 1] - contexts[:, 0]
    firsts = np.cumsum(lengths) - lengths
    unique, owners = np.unique(contexts, axis=0, return_inverse=True)
    members = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=len(unique))
    starts = np.cumsum(counts) - counts
    sizes = unique[:, 1] - unique[:, 0]
    # Numbers of pairs up to the next power of two, of words up to the next quarter of one.
    deep = 1 << np.ceil(np.log2(counts)).astype(np.int64)
    step = np.maximum(1 << np.maximum(np.ceil(np.log2(sizes)).astype(np.int64) - 3, 0), 4)
    long = -(-sizes // step) * step
    for depth, length in np.unique(np.stack([deep, long], 1), axis=0).tolist():
        chosen = np.flatnonzero((deep == depth) & (long == length))
        in_context = np.arange(depth)
        filled = np.minimum(starts[chosen, None] + in_context, starts[chosen, None] + counts[chosen, None] - 1)
        pairs = members[filled]
        offsets = np.minimum(np.arange(length), sizes[chosen, None] - 1)
        yield _Block(
            pairs,
            unique[chosen, :1] + offsets,
            firsts[pairs][:, :, None] + offsets[:, None],
            np.arange(length) >= sizes[chosen, None],
            np.flatnonzero((in_context < counts[chosen, None]).reshape(-1)),
        )


def bucket(distances: Ints) -> Ints:
    """Return a number for each distance: 0 for 0, then one for each doubling, those of the other direction behind.

    distances (Ints): Tokens, negative to the left.
    RETURNS (Ints): Below 2 * BUCKETS.
    """
    sizes = np.abs(distances)
    steps = np.ceil(np.log2(np.maximum(sizes, 1))).astype(np.int64) + (sizes > 0)
    steps = np.minimum(steps, BUCKETS - 1)
    return np.where(distances < 0, steps + BUCKETS, steps)


def near_mentions(pairs: PairArrays) -> tuple[Ints, Ints]:
    """Return where the words of the contexts are: distances from the nearest mention of head and of tail, in buckets.

    pairs (PairArrays): The pairs.
    RETURNS (tuple[Ints, Ints]): For each word of each context, end to end.
    """
    lengths = pairs.contexts[:, 1] - pairs.contexts[:, 0]
    firsts = np.cumsum(lengths) - lengths
    found = []
    for side in range(2):
        chosen = np.flatnonzero(pairs.owners % 2 == side)
        owner = pairs.owners[chosen] // 2
        counts = lengths[owner]
        cells = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = cells + np.repeat(pairs.contexts[owner, 0], counts)
        starts, stops = (np.repeat(pairs.spans[chosen, column], counts) for column in range(2))
        offsets = np.where(rows < starts, rows - starts, np.maximum(rows - stops + 1, 0))
        places = cells + np.repeat(firsts[owner], counts)
        if len(chosen) == len(pairs):
            nearest = offsets
        else:
            # Size and sign in one number, so that the smallest is the nearest.
            nearest = np.full(int(lengths.sum()), np.iinfo(np.int64).max)
            np.minimum.at(nearest, places, 2 * np.abs(offsets) + (offsets < 0))
            nearest = np.where(nearest % 2 == 1, -(nearest // 2), nearest // 2)
        found.append(bucket(nearest))
    return found[0], found[1]
