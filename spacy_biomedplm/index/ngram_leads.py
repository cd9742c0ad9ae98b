"""Which lists of texts a query looks at, and what it finds there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import accumulate, pack, spread
from spacy_biomedplm.index.ngram_words import Floats, LikeWords, Queries
from spacy_biomedplm.index.protocol import Ints

# Lists of texts that are longer are entered where the texts are long enough.
_LONG = 1024


@dataclass(frozen=True)
class SearchOptions:
    """What a search passes over.

    alike (float): Words with a lower cosine count as not alike when names are chosen (not when they are scored).
    seed (float): Words at least so alike lead to the names that hold them.
    floors (tuple[float, ...]): Names with a lower cosine are not looked for: words that make up less than the square of
        it of a text do not lead to names by themselves, nor do words to names that are too long or too short. The first
        floor with which at most ``budget`` places are to be looked at is taken, or the last.
    budget (int): Places of names to be looked at for one text.
    extra (int): Texts in addition to k whose cosine is computed.
    """

    alike: float = 0.2
    seed: float = 0.3
    floors: tuple[float, ...] = (0.3, 0.5, 0.7)
    budget: int = 16_000
    extra: int = 48


class Leads:
    """The lists of texts that queries look at.

    arrays (Mapping[str, NDArray]): Of an index of n-grams.
    queries (Queries): Texts. words (LikeWords): Words like theirs. options (SearchOptions): What is passed over.
    """

    floors: Floats
    """Names with a lower cosine are not looked for, for each query."""

    rest: Floats
    """The most that words which lead to no names can add to a score, for each query."""

    def __init__(
        self, arrays: Mapping[str, NDArray[Any]], queries: Queries, words: LikeWords, options: SearchOptions
    ) -> None:
        self._arrays = arrays
        seeds = np.flatnonzero(words.cosines >= options.seed)
        firsts, ends = self._lists(words.words[seeds])
        costs = np.bincount(words.members[seeds], weights=ends - firsts, minlength=len(queries.members)).astype(float)
        leading, floors, left = _plan(queries, costs, options)
        self.rest = np.sqrt(left)
        self.floors = floors
        seeds = seeds[leading[words.members[seeds]]]
        self._of = words.of[seeds]
        self._packed = pack(self._of, words.dots[seeds] / queries.norms[self._of] ** 2)
        self._firsts, self._ends = self._lists(words.words[seeds])
        self._narrow(queries.norms, floors)

    def parts(self, most: int) -> list[slice]:
        """Return runs of queries for which at most so many places are looked at; one query at least in each.

        most (int): Places.
        """
        costs = np.bincount(self._of, weights=self._ends - self._firsts, minlength=len(self.rest))
        parts, first, total = [], 0, 0.0
        for number, cost in enumerate(costs):
            if total and total + cost > most:
                parts.append(slice(first, number))
                first, total = number, 0.0
            total += cost
        return [*parts, slice(first, len(costs))]

    def follow(self, part: slice) -> tuple[Ints, Ints, Floats]:
        """Return query, text and sum for the texts that some queries lead to, by query and text.

        part (slice): Of the queries.
        RETURNS (tuple): A sum is the product of the vectors as far as it comes from words that lead there, divided by
            the square of the query's.
        """
        rows = slice(*np.searchsorted(self._of, (part.start, part.stop)))
        counts = self._ends[rows] - self._firsts[rows]
        texts = self._arrays["word_texts"][spread(self._firsts[rows], counts)]
        return accumulate(np.repeat(self._packed[rows], counts), texts)

    def _lists(self, words: Ints) -> tuple[Ints, Ints]:
        starts = self._arrays["word_text_starts"]
        return starts[words].astype(np.int64), starts[words + 1].astype(np.int64)

    def _narrow(self, norms: Floats, floors: Floats) -> None:
        """Leave out of long lists the texts whose vectors are too short or too long; texts are numbered by length."""
        lengths = self._arrays["text_norms"]
        lowest = np.searchsorted(lengths, norms * floors * 0.999)
        highest = np.searchsorted(lengths, norms / np.maximum(floors, 1e-3) * 1.001, side="right")
        for number in np.flatnonzero(self._ends - self._firsts > _LONG):
            of = self._of[number]
            texts = self._arrays["word_texts"][self._firsts[number] : self._ends[number]]
            begin, end = np.searchsorted(texts, (lowest[of], highest[of]))
            self._ends[number] = self._firsts[number] + end
            self._firsts[number] += begin


def _plan(queries: Queries, costs: Floats, options: SearchOptions) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Return which words of queries lead to names, the floor of each query, and what the other words make up of it."""
    squares = queries.word_norms[queries.members] ** 2
    n_queries = len(queries.norms)
    shares = squares / np.bincount(queries.of, weights=squares, minlength=n_queries)[queries.of]
    ends = np.searchsorted(queries.of, np.arange(n_queries + 1))
    leading = np.ones(len(costs), dtype=bool)
    floors, left = np.zeros(n_queries), np.zeros(n_queries)
    for query in range(n_queries):
        words = slice(ends[query], ends[query + 1])
        chosen = _choose_words(shares[words].tolist(), costs[words].tolist(), options)
        floors[query], left[query], passive = chosen
        leading[[ends[query] + place for place in passive]] = False
    return leading, floors, left


def _choose_words(shares: list[float], costs: list[float], options: SearchOptions) -> tuple[float, float, list[int]]:
    """Return the floor of a query, the share of the words that do not lead to names, and their places."""
    order = sorted(range(len(costs)), key=lambda place: (-costs[place], place))
    order = order[: sum(cost > 0 for cost in costs)]
    floor, left, passive = 0.0, 0.0, list[int]()
    for floor in options.floors:
        left, passive = 0.0, []
        for place in order[:-1]:
            if left + shares[place] <= floor**2:
                left += shares[place]
                passive.append(place)
        if sum(costs) - sum(costs[place] for place in passive) <= options.budget:
            break
    return floor, left, passive
