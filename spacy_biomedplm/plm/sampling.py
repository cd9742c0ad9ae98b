"""Which pieces a step learns from: a pure function of seed and number (numpy only)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.plm.cache import TokenCache

Ids = NDArray[np.int64]
_CYCLE = 1000


@dataclass(frozen=True)
class Frame:
    """Special pieces around a sequence and between its documents.

    prefix, suffix (tuple[int, ...]): At both ends. separator (int): Between two documents.
    """

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    separator: int


class Stream:
    """The documents of a corpus as one line of pieces, cut into sequences without padding (Liu et al., 2019).

    cache (TokenCache): The part.
    frame (Frame): Special pieces; a separator stands behind every document.
    length (int): Pieces of a sequence, special pieces counted.
    seed (int): Of the order and of where the cuts lie; both differ from pass to pass.
    """

    def __init__(self, cache: TokenCache, frame: Frame, length: int, seed: int) -> None:
        self.cache = cache
        self.frame = frame
        self.seed = seed
        self.body = length - len(frame.prefix) - len(frame.suffix)
        self._size = len(cache.ids) + len(cache.documents)
        # Where each separator stands in the line of pieces and separators.
        self._separators = cache.documents + np.arange(len(cache.documents))
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))

    @property
    def n_sequences(self) -> int:
        """Sequences of one pass; the last begins again with the first document where the text ends."""
        return max(1, self._size // self.body)

    def sequence(self, number: int) -> Ids:
        """Return a sequence.

        number (int): From 0; beyond one pass the next one begins.
        RETURNS (Ids): Shape (length,).
        """
        body = self.line(self.start(number), self.body)
        return np.concatenate([self.frame.prefix, body, self.frame.suffix]).astype(np.int64)

    def start(self, number: int) -> int:
        """Return where in the line of pieces and separators a sequence begins.

        number (int): As for ``sequence``.
        """
        turn, place = divmod(number, self.n_sequences)
        if self._order[0] != turn:
            self._order = (turn, np.random.default_rng((self.seed, turn)).permutation(self.n_sequences))
        shift = int(np.random.default_rng((self.seed, turn, 1)).integers(self._size))
        return (int(self._order[1][place]) * self.body + shift) % self._size

    def line(self, start: int, count: int) -> Ids:
        """Return pieces and separators; behind the last document comes the first.

        start (int): Place in the line. count (int): How many, at least 1.
        """
        parts = []
        while count:
            end = min(start + count, self._size)
            parts.append(self._stretch(start, end))
            count -= end - start
            start = 0
        return np.concatenate(parts)

    def _stretch(self, start: int, end: int) -> Ids:
        first, last = np.searchsorted(self._separators, [start, end])
        ids = np.asarray(self.cache.ids[start - first : end - last], dtype=np.int64)
        return np.insert(ids, self._separators[first:last] - start - np.arange(last - first), self.frame.separator)


class Mixture:
    """Which corpus each sample is from: every corpus has its share in any stretch, without chance.

    weights (Sequence[float]): Share of each corpus, above 0; they need not sum to 1.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
        taken = np.zeros(len(shares))
        cycle = np.empty(_CYCLE, dtype=np.int64)
        for slot in range(_CYCLE):
            cycle[slot] = int(np.argmax(shares * (slot + 1) - taken))
            taken[cycle[slot]] += 1
        # A share below one thousandth has its turn all the same.
        for rare in np.flatnonzero(taken == 0):
            cycle[int(rare) % _CYCLE] = rare
        self._cycle = cycle
        self._before = np.stack([np.cumsum(cycle == corpus) - (cycle == corpus) for corpus in range(len(shares))])
        self._per_cycle = np.bincount(cycle, minlength=len(shares))

    def locate(self, number: int) -> tuple[int, int]:
        """Return the corpus of a sample, and which sample of that corpus it is.

        number (int): Of the sample, from 0.
        """
        turn, slot = divmod(number, _CYCLE)
        corpus = int(self._cycle[slot])
        return corpus, turn * int(self._per_cycle[corpus]) + int(self._before[corpus, slot])
