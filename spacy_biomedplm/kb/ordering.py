"""The order of texts by their bytes, found with memory that does not grow with the longest of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.kb.spool import Spooled

_BLOCK = 1 << 20
_STEP = 8


def rank_texts(columns: Sequence[Spooled]) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return the places of texts among all different ones, in the order of their bytes; equal ones have the same place.

    columns (Sequence[Spooled]): Texts without zero bytes.
    RETURNS (tuple[list[NDArray], NDArray]): For each column the places of its texts. For each different text the number
        of the first one that has it, counted through all columns.
    """
    starts = np.concatenate([np.empty(0, np.int64), *(column.starts for column in columns)])
    lengths = np.concatenate([np.empty(0, np.uint32), *(column.lengths for column in columns)])
    sizes = [len(column.starts) for column in columns]
    keys = np.concatenate([np.empty(0, np.uint64), *(_keys(one.blob, one.starts, one.lengths, 0) for one in columns)])
    order = np.argsort(keys, kind="stable")
    is_new = _changes(keys[order])
    del keys
    depth = _STEP
    bounds = np.cumsum([0, *sizes])
    while True:
        # Texts that are equal so far, where one of them goes on, are told apart by what comes next.
        groups = np.cumsum(is_new) - 1
        goes_on = np.zeros(int(groups[-1]) + 1 if len(groups) else 0, dtype=bool)
        goes_on[groups[lengths[order] > depth]] = True
        goes_on &= np.bincount(groups, minlength=len(goes_on)) > 1
        places = np.flatnonzero(goes_on[groups])
        if not len(places):
            break
        members, groups = order[places], groups[places]
        keys = np.zeros(len(members), dtype=np.uint64)
        for column, first, last in zip(columns, bounds, bounds[1:], strict=False):
            own = np.flatnonzero((members >= first) & (members < last))
            keys[own] = _keys(column.blob, starts[members[own]], lengths[members[own]], depth)
        by_key = np.lexsort((keys, groups))
        order[places] = members[by_key]
        is_new[places] = _changes(groups) | _changes(keys[by_key])
        depth += _STEP
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.cumsum(is_new) - 1
    return np.split(ranks, bounds[1:-1]), order[is_new]


def _keys(blob: NDArray[np.uint8], starts: NDArray[Any], lengths: NDArray[Any], depth: int) -> NDArray[np.uint64]:
    """Return eight bytes of each text as a number that sorts as they do; zeros stand for what comes after its end."""
    keys = np.zeros(len(starts), dtype=np.uint64)
    columns = np.arange(depth, depth + _STEP)
    for first in range(0, len(starts) if len(blob) else 0, _BLOCK):
        inside = columns < lengths[first : first + _BLOCK, None]
        places = np.where(inside, starts[first : first + _BLOCK, None] + columns, 0)
        found = np.where(inside, blob[places], 0).astype(np.uint8)
        keys[first : first + _BLOCK] = found.view(">u8")[:, 0]
    return keys


def _changes(values: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which values differ from the one before; the first one does."""
    found = np.ones(len(values), dtype=bool)
    found[1:] = values[1:] != values[:-1]
    return found
