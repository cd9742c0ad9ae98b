"""Pairs of ends in documents as arrays: what a network judges pairs by."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class PairArrays:
    """Pairs as numbers; rows are those of the token vectors of all documents, end to end.

    spans (Ints): First row and the one after the last of each mention, shape (mentions, 2).
    owners (Ints): Twice the number of its pair, and 1 more for a tail; ascending, shape (mentions,).
    contexts (Ints): First row and the one after the last of what a pair is judged by, shape (pairs, 2).
    types (Ints): Numbers of the types of head and tail, shape (pairs, 2).
    gaps (Ints): Tokens between the nearest mentions; negative where the tail comes first, shape (pairs,).
    """

    spans: Ints
    owners: Ints
    contexts: Ints
    types: Ints
    gaps: Ints

    def __len__(self) -> int:
        return len(self.contexts)

    def chosen(self, pairs: Ints) -> "PairArrays":
        """Return some pairs. pairs (Ints): Their numbers, ascending or each several times in a row."""
        owners = (2 * pairs[:, None] + np.arange(2)).reshape(-1)
        starts = np.searchsorted(self.owners, owners)
        counts = np.searchsorted(self.owners, owners, "right") - starts
        rows = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        return PairArrays(
            self.spans[rows],
            np.repeat(np.arange(len(owners)), counts),
            self.contexts[pairs],
            self.types[pairs],
            self.gaps[pairs],
        )
