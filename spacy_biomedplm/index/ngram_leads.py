"""Which lists of texts a query looks at, and what it finds there."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import accumulate, pack, spread
from spacy_biomedplm.index.ngram_words import Floats, LikeWords, Queries
from spacy_biomedplm.index.protocol import Ints

# Lists of texts that are longer are entered where the texts are long enough.
_LONG = 1024
# Words share trigrams, so scores can be a little above what their words allow.
_CAUTION = 0.95


@dataclass(frozen=True)
class SearchOptions:
    """What a search passes over.

    alike (float): Words with a lower cosine count as not alike when names are chosen (not when they are scored).
    seed (float): Words at least so alike lead to the names that hold them.
    floors (tuple[float, ...]): Names with a lower cosine are not looked for: words by which alone no name can reach it
        do not lead to names, because they make up too little of the text or are not alike enough; nor does any word to
        names that are too long or too short. The first floor with which at most ``budget`` places are to be looked at
        is taken, or the last.
    nearly (float): Names with a cosine below this share of the floor are given up: others like them were passed over.
    budget (int): Places of names to be looked at for one text.
    again (int): Texts that are looked at again with the words that did not lead to them.
    extra (int): Texts in addition to k whose cosine is computed.
    """

    alike: float = 0.2
    seed: float = 0.3
    floors: tuple[float, ...] = (0.3, 0.5, 0.7)
    nearly: float = 0.8
    budget: int = 16_000
    again: int = 4_000
    extra: int = 48


class Leads:
    """The lists of texts that queries look at.

    arrays (Mapping[str, NDArray]): Of an index of n-grams.
    queries (Queries): Texts. words (LikeWords): Words like theirs. options (SearchOptions): What is passed over.
    """

    floors: Floats
    """Names with a lower cosine are not looked for, for each query."""

    rest: Floats
    """The most that words which lead to no names can add to a score, for each query; roughly."""

    def __init__(
        self, arrays: Mapping[str, NDArray[Any]], queries: Queries, words: LikeWords, options: SearchOptions
    ) -> None:
        self._arrays = arrays
        self.options = options
        seeds = np.flatnonzero(words.cosines >= options.seed)
        firsts, ends = self._lists(words.words[seeds])
        plan = _plan(queries, words.members[seeds], words.cosines[seeds], ends - firsts, options)
        self.floors, self.rest = plan.floors, plan.rest
        seeds = seeds[plan.leading]
        self._of = words.of[seeds]
        self._packed = pack(self._of, words.dots[seeds] / queries.norms[self._of] ** 2)
        self._firsts, self._ends = self._lists(words.words[seeds])
        self._narrow(queries.norms, self.floors)

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
        lengths, lists = self._arrays["text_norms"], self._arrays["word_texts"]
        # Keys of another type would have the whole array converted.
        lowest = np.searchsorted(lengths, (norms * floors * 0.999).astype(lengths.dtype))
        highest = np.searchsorted(lengths, (norms / np.maximum(floors, 1e-3) * 1.001).astype(lengths.dtype), "right")
        bounds = np.stack((lowest, highest), axis=1).astype(lists.dtype)
        for number in np.flatnonzero(self._ends - self._firsts > _LONG):
            texts = lists[self._firsts[number] : self._ends[number]]
            begin, end = texts.searchsorted(bounds[self._of[number]])
            self._ends[number] = self._firsts[number] + end
            self._firsts[number] += begin


class _Plan(NamedTuple):
    """How queries are answered.

    leading (NDArray[bool]): Which like words lead to names. floors (Floats): As of ``Leads``. rest (Floats): As well.
    """

    leading: NDArray[np.bool_]
    floors: Floats
    rest: Floats


class _Choice(NamedTuple):
    """Words of a query that lead to names; the best choice is the smallest.

    places (float): Places to be looked at. left (float): Share of the other words in the squared length of the query.
    least (float): Least cosine of like words. words (list[int]): They, as places in ``Queries.members``.
    """

    places: float
    left: float
    least: float
    words: list[int]


class _Costs:
    """Places of names that like words lead to.

    members (Ints): Word of a query that each is like, ascending. cosines (Floats): How much. counts (Ints): Its texts.
    """

    def __init__(self, members: Ints, cosines: Floats, counts: Ints) -> None:
        order = np.lexsort((-cosines, members))
        self._falling = -cosines[order]
        self._sums = np.concatenate([[0], np.cumsum(counts[order])])
        self._members = members

    def __call__(self, word: int, least: float) -> float:
        """Return those of like words of one word. word (int): The word. least (float): Least cosine."""
        first, end = self._members.searchsorted((word, word + 1))
        place = first + int(self._falling[first:end].searchsorted(-least, side="right"))
        return float(self._sums[place] - self._sums[first])


def _plan(queries: Queries, members: Ints, cosines: Floats, counts: Ints, options: SearchOptions) -> _Plan:
    squares = queries.word_norms[queries.members] ** 2
    n_queries = len(queries.norms)
    shares = squares / np.bincount(queries.of, weights=squares, minlength=n_queries)[queries.of]
    costs = _Costs(members, cosines, counts)
    ends = np.searchsorted(queries.of, np.arange(n_queries + 1)).tolist()
    lowest = np.full(len(queries.members), np.inf)
    floors, rest = np.zeros(n_queries), np.zeros(n_queries)
    for query in range(n_queries):
        words = {word: float(shares[word]) for word in range(ends[query], ends[query + 1])}
        floors[query], choice = _choose_words(words, costs, options)
        lowest[choice.words] = choice.least
        also = choice.least if choice.least > options.seed else 0.0
        rest[query] = math.sqrt(choice.left + (1 - choice.left) * also**2)
    return _Plan(cosines >= lowest[members], floors, rest)


def _choose_words(shares: dict[int, float], costs: _Costs, options: SearchOptions) -> tuple[float, _Choice]:
    """Return the floor of a query and the words that lead.

    A score is at most the root of l + (1 - l) c², if l is the share of the words that do not lead and c the cosine of
    the others to words that do not lead either.
    """
    totals = {word: costs(word, options.seed) for word in shares}
    order = sorted((word for word in shares if totals[word]), key=lambda word: (-totals[word], word))
    floor, best = 0.0, _Choice(0.0, 0.0, options.seed, order)
    for floor in options.floors:
        tried = []
        left, leading = 0.0, list(order)
        for word in [None, *order[:-1]]:
            if word is not None:
                if left + shares[word] > floor**2:
                    continue
                left += shares[word]
                leading.remove(word)
            least = max(options.seed, _CAUTION * math.sqrt(max(floor**2 - left, 0.0) / (1 - left)))
            tried.append(_Choice(sum(costs(one, least) for one in leading), left, least, list(leading)))
        best = min(tried)
        if best.places <= options.budget:
            break
    return floor, best
