"""Arithmetic on rows of different lengths that lie end to end (numpy only)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.protocol import Hits, Ints

# Bits of a value, and of its part behind the point.
_VALUE = 20
_QUANTUM = 17
_LARGEST = (1 << _VALUE) - 1


def spread(starts: NDArray[Any], counts: NDArray[Any]) -> Ints:
    """Return the places of all members of rows: of the first row, then of the second and so on.

    starts (NDArray): Place of the first member of each row.
    counts (NDArray): Members of each row.
    RETURNS (Ints): Shape (sum of counts,).
    """
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(np.asarray(starts, dtype=np.int64) - ends + counts, counts)


def starts_of(counts: NDArray[Any]) -> Ints:
    """Return where each row starts and the last one ends. counts (NDArray): Members of each row."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


def pack(groups: Ints, values: NDArray[np.floating]) -> Ints:
    """Return groups and values in one number each, for ``accumulate``.

    groups (Ints): Below 2**11.
    values (NDArray): In [0, 8), rounded to multiples of 2**-17; those above count as 8.
    """
    return (groups << (32 + _VALUE)) | np.minimum(np.rint(values * (1 << _QUANTUM)), _LARGEST).astype(np.int64)


def accumulate(packed: Ints, items: NDArray[Any]) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Return the sum of the values of each pair of a group and an item.

    packed (Ints): Group and value of each, see ``pack``. items (NDArray): Item of each, below 2**32.
    RETURNS (tuple): Groups, items and sums of the pairs, sorted by group and item. Sums are those of whole numbers, so
        that their order does not matter.
    """
    if not len(packed):
        return packed, packed, np.empty(0)
    # All in one number: sorting numbers is several times faster than sorting places of numbers.
    keys = items.astype(np.int64)
    keys <<= _VALUE
    keys |= packed
    keys.sort()
    pairs = keys >> _VALUE
    firsts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    keys &= _LARGEST
    sums = np.add.reduceat(keys, firsts)
    pairs = pairs[firsts]
    return pairs >> 32, pairs & 0xFFFFFFFF, sums / (1 << _QUANTUM)


def best_of_groups(groups: Ints, scores: NDArray[np.floating], ties: Ints, count: int) -> Ints:
    """Return the places of the best members of each group.

    groups (Ints): Group of each member.
    scores (NDArray): Score of each.
    ties (Ints): Of members with the same score those with the lower number are better.
    count (int): Most members of a group that are returned.
    RETURNS (Ints): Places, by group and then from the best on.
    """
    order = np.lexsort((ties, -scores, groups))
    return order[ranks_in_groups(groups[order]) < count]


def group_cuts(groups: Ints, scores: NDArray[np.floating], count: int | Ints) -> NDArray[np.float64]:
    """Return, for each member of groups, the score of the member of its group that is at place ``count`` or the last.

    groups (Ints): Group of each member, ascending, below 2**31.
    scores (NDArray): Score of each, in [0, 8).
    count (int | Ints): Place, at least 1; one for all groups, or one for each by its number.
    RETURNS (NDArray[np.float64]): Not above the score by more than 2**-28.
    """
    if not len(groups):
        return np.empty(0)
    packed = (groups << 32) | np.rint(np.maximum(8.0 - scores, 0.0) * (1 << 28)).astype(np.int64)
    packed.sort()
    firsts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    ends = np.append(firsts[1:], len(groups))
    counts = count if isinstance(count, int) else count[groups[firsts]]
    cuts = 8.0 - (packed[np.minimum(firsts + counts, ends) - 1] & 0xFFFFFFFF) / (1 << 28) - 2.0**-28
    return np.repeat(cuts, ends - firsts)


def ranks_in_groups(groups: Ints) -> Ints:
    """Return how many members of its group stand before each member. groups (Ints): Ascending."""
    firsts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]])) if len(groups) else groups
    return np.arange(len(groups)) - np.repeat(firsts, np.diff(np.append(firsts, len(groups))))


def fill_hits(texts: Ints, names: Ints, scores: NDArray[np.floating], shape: tuple[int, int]) -> Hits:
    """Return hits as matrices.

    texts (Ints): Text of each hit, ascending; those of one text from the best on, at most shape[1].
    names, scores (NDArray): Name and score of each.
    shape (tuple[int, int]): Number of texts, most names of each.
    """
    found = Hits(np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.float32))
    places = ranks_in_groups(texts)
    found.names[texts, places] = names
    found.scores[texts, places] = scores
    return found
