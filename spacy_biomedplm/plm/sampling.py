"""Which pieces a step learns from: a pure function of seed and number (numpy only)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.plm.cache import TokenCache

Ids = NDArray[np.int64]
# Turns of the rarest corpus before the order of corpora begins again, and the longest such cycle.
_LEAST_TURNS, _LONGEST_CYCLE = 20, 2_000_000


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

    weights (Sequence[float]): Share of each corpus, above 0; they need not sum to 1. Shares are exact to 1/40 of
        themselves, down to one in 100,000.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
        length = min(max(math.ceil(_LEAST_TURNS / shares.min()), 1000), _LONGEST_CYCLE)
        turns = np.maximum(np.rint(shares * length).astype(np.int64), 1)
        corpora = np.repeat(np.arange(len(shares)), turns)
        within = np.concatenate([np.arange(count) for count in turns])
        order = np.argsort((within + 0.5) / turns[corpora], kind="stable")
        self._cycle, self._within, self._turns = corpora[order], within[order], turns

    def locate(self, number: int) -> tuple[int, int]:
        """Return the corpus of a sample, and which sample of that corpus it is.

        number (int): Of the sample, from 0.
        """
        turn, slot = divmod(number, len(self._cycle))
        corpus = int(self._cycle[slot])
        return corpus, turn * int(self._turns[corpus]) + int(self._within[slot])
