"""Texts of queries as words and trigrams, and the words of a base that are like them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import accumulate, group_cuts, pack, spread, starts_of
from spacy_biomedplm.index.grams import cut_words
from spacy_biomedplm.index.protocol import Ints

Floats: TypeAlias = NDArray[np.float64]

# Words whose like words are looked for together: groups of ``accumulate``.
_WORDS_AT_ONCE = 64
# Words that are like one word, at most; the most alike of them.
_MOST_ALIKE = 512
# Members of the lists that are kept of words that were asked for: about 100 MB.
_KEPT = 8_000_000


@dataclass(frozen=True)
class Queries:
    """Texts as bags of trigrams.

    words (list[str]): Distinct words of all texts.
    word_starts (Ints), word_columns (Ints), word_values (Floats): Trigrams of each word, as columns of ``vectors``.
    word_norms (Floats): Length of the vector of each word.
    of, members (Ints): Text and word, of every word of every text, by text.
    columns (Ints): Column of ``vectors`` for each trigram of the base; the last one, which is 0, if no text has it.
    grams (Ints): Trigram of the base for each column, -1 if it is not in the base.
    vectors (Floats): Weights of trigrams, shape (texts, trigrams + 1).
    norms (Floats): Length of the vector of each text.
    """

    words: list[str]
    word_starts: Ints
    word_columns: Ints
    word_values: Floats
    word_norms: Floats
    of: Ints
    members: Ints
    columns: NDArray[np.int32]
    grams: Ints
    vectors: Floats
    norms: Floats


@dataclass(frozen=True)
class LikeWords:
    """Words of the base that are like those of queries; one row for each, by query.

    of (Ints): Query. members (Ints): Place of its word in ``Queries.members``. words (Ints): Word of the base.
    cosines (Floats): Of the two words. dots (Floats): Product of their vectors.
    """

    of: Ints
    members: Ints
    words: Ints
    cosines: Floats
    dots: Floats


class WordFinder:
    """Reads texts of queries with the words and trigrams of a base.

    arrays (Mapping[str, NDArray]): Of an index of n-grams.
    alike (float): Lowest cosine of words that are alike.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], alike: float) -> None:
        self._arrays = arrays
        self._alike = alike
        self._kept: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}
        self._n_kept = 0

    def read(self, texts: Sequence[str]) -> Queries:
        """Return texts as bags of trigrams. texts (Sequence[str]): After normalisation, none of them empty."""
        split = [text.split(" ") for text in texts]
        words = sorted(set(chain.from_iterable(split)))
        number = {word: place for place, word in enumerate(words)}
        members = np.fromiter((number[word] for line in split for word in line), dtype=np.int64)
        of = np.repeat(np.arange(len(texts)), [len(line) for line in split])
        owner, keys, counts = cut_words(words)
        keys, columns = np.unique(keys, return_inverse=True)
        places = np.minimum(np.searchsorted(self._arrays["grams"], keys), len(self._arrays["grams"]) - 1)
        grams = np.where(self._arrays["grams"][places] == keys, places, -1)
        weights = np.where(grams >= 0, self._arrays["gram_weights"][places], self._arrays["unseen"][0])
        values = counts * weights.astype(np.float64)[columns]
        starts = starts_of(np.bincount(owner, minlength=len(words)))
        lengths = np.diff(starts)[members]
        cells = spread(starts[members], lengths)
        width = len(keys) + 1
        vectors = np.bincount(
            np.repeat(of, lengths) * width + columns[cells], weights=values[cells], minlength=len(texts) * width
        ).reshape(len(texts), width)
        filled = np.nonzero(vectors)
        of_gram = np.full(len(self._arrays["grams"]), len(keys), dtype=np.int32)
        of_gram[grams[grams >= 0]] = np.flatnonzero(grams >= 0)
        return Queries(
            words=words,
            word_starts=starts,
            word_columns=columns,
            word_values=values,
            word_norms=np.sqrt(np.bincount(owner, weights=values**2, minlength=len(words))),
            of=of,
            members=members,
            columns=of_gram,
            grams=grams,
            vectors=vectors.astype(np.float64, copy=False),
            # Summed one by one: the order of other sums depends on the width, and so on the other texts.
            norms=np.sqrt(np.bincount(filled[0], weights=vectors[filled] ** 2, minlength=len(texts))),
        )

    def find(self, queries: Queries) -> LikeWords:
        """Return the words of the base that are like the words of queries. queries (Queries): Texts."""
        if self._n_kept > _KEPT:
            self._kept, self._n_kept = {}, 0
        new = [place for place, word in enumerate(queries.words) if word not in self._kept]
        for first in range(0, len(new), _WORDS_AT_ONCE):
            self._keep(queries, np.array(new[first : first + _WORDS_AT_ONCE]))
        rows = [self._kept[queries.words[member]] for member in queries.members]
        counts = np.fromiter((len(words) for words, _ in rows), dtype=np.int64, count=len(rows))
        words = np.concatenate([words for words, _ in rows]).astype(np.int64)
        cosines = np.concatenate([cosines for _, cosines in rows]).astype(np.float64)
        members = np.repeat(np.arange(len(rows)), counts)
        dots = cosines * queries.word_norms[queries.members[members]] * self._arrays["word_norms"][words]
        return LikeWords(queries.of[members], members, words, cosines, dots)

    def cosines(self, queries: Queries, of: Ints, texts: Ints) -> Floats:
        """Return the cosine of queries and texts of the base, rounded so that equal ones are equal.

        queries (Queries): The queries. of (Ints): Query of each pair. texts (Ints): Text of each pair.
        """
        arrays = self._arrays
        words, counts = self._words_of(texts)
        firsts = arrays["word_starts"][words]
        lengths = arrays["word_starts"][words + 1] - firsts
        cells = spread(firsts, lengths)
        pairs = np.repeat(np.repeat(np.arange(len(of)), counts), lengths)
        columns = queries.columns[arrays["word_grams"][cells]]
        products = queries.vectors[of[pairs], columns] * arrays["word_values"][cells]
        dots = np.bincount(pairs, weights=products, minlength=len(of))
        return np.minimum(np.round(dots / (queries.norms[of] * arrays["text_norms"][texts]), 5), 1.0)

    def like_scores(self, queries: Queries, like: LikeWords, of: Ints, texts: Ints) -> Floats:
        """Return the cosine of queries and texts as far as it comes from words that are alike.

        queries (Queries): The queries. like (LikeWords): Words like theirs.
        of, texts (Ints): Query and text of each pair.
        """
        distinct, columns = np.unique(like.words, return_inverse=True)
        width = len(distinct) + 1
        dots = np.bincount(like.of * width + columns, weights=like.dots, minlength=len(queries.norms) * width)
        column = np.full(len(self._arrays["word_norms"]), len(distinct), dtype=np.int32)
        column[distinct] = np.arange(len(distinct))
        words, counts = self._words_of(texts)
        pairs = np.repeat(np.arange(len(of)), counts)
        found = np.bincount(pairs, weights=dots[of[pairs] * width + column[words]], minlength=len(of))
        return found / (queries.norms[of] * self._arrays["text_norms"][texts])

    def _words_of(self, texts: Ints) -> tuple[Ints, Ints]:
        starts = self._arrays["text_starts"]
        counts = starts[texts + 1] - starts[texts]
        return self._arrays["text_words"][spread(starts[texts], counts)], counts

    def _keep(self, queries: Queries, places: Ints) -> None:
        """Keep the words of the base that are like some words of queries."""
        arrays = self._arrays
        lengths = np.diff(queries.word_starts)[places]
        cells = spread(queries.word_starts[places], lengths)
        owner = np.repeat(np.arange(len(places)), lengths)
        grams = queries.grams[queries.word_columns[cells]]
        cells, owner, grams = cells[grams >= 0], owner[grams >= 0], grams[grams >= 0]
        firsts = arrays["gram_starts"][grams]
        counts = arrays["gram_starts"][grams + 1] - firsts
        postings = spread(firsts, counts)
        norms = queries.word_norms[places]
        owners = np.repeat(owner, counts)
        values = arrays["gram_values"][postings] * np.repeat(queries.word_values[cells] / norms[owner] ** 2, counts)
        owner, words, sums = accumulate(pack(owners, values), arrays["gram_words"][postings])
        cosines = sums * norms[owner] / arrays["word_norms"][words]
        kept = cosines >= np.maximum(self._alike, group_cuts(owner, cosines, _MOST_ALIKE))
        owner, words, cosines = owner[kept], words[kept], cosines[kept]
        ends = np.searchsorted(owner, np.arange(len(places) + 1))
        for number, place in enumerate(places):
            row = slice(ends[number], ends[number + 1])
            self._kept[queries.words[place]] = (words[row].astype(np.int32), cosines[row].astype(np.float32))
        self._n_kept += len(words)
