"""All of a few texts compared with queries: faster than leads once hardly any text is wanted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import spread, starts_of
from spacy_biomedplm.index.ngram_words import Queries
from spacy_biomedplm.index.protocol import Ints

_MARGIN = 1e-7


class Scan:
    """Some texts of an index of n-grams, by trigram.

    arrays (Mapping[str, NDArray]): Of the index. texts (Ints): The texts, ascending.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], texts: Ints) -> None:
        self._texts = texts
        self._norms = arrays["text_norms"][texts].astype(np.float64)
        firsts = arrays["text_starts"][texts]
        n_words = arrays["text_starts"][texts + 1] - firsts
        words = arrays["text_words"][spread(firsts, n_words)]
        firsts = arrays["word_starts"][words]
        n_grams = arrays["word_starts"][words + 1] - firsts
        cells = spread(firsts, n_grams)
        grams = arrays["word_grams"][cells]
        order = np.argsort(grams, kind="stable")
        self._rows = np.repeat(np.repeat(np.arange(len(texts)), n_words), n_grams)[order]
        self._values = arrays["word_values"][cells][order].astype(np.float64)
        self._starts = starts_of(np.bincount(grams, minlength=len(arrays["grams"])))

    def choose(self, queries: Queries, count: int) -> tuple[Ints, Ints]:
        """Return queries and, for each, its nearest texts; more than ``count`` where they are equally near.

        queries (Queries): The queries. count (int): Texts for each.
        """
        of, columns = np.nonzero(queries.vectors[:, :-1])
        grams = queries.grams[columns]
        of, columns, grams = of[grams >= 0], columns[grams >= 0], grams[grams >= 0]
        counts = self._starts[grams + 1] - self._starts[grams]
        places = spread(self._starts[grams], counts)
        products = np.repeat(queries.vectors[of, columns], counts) * self._values[places]
        n_texts = len(self._texts)
        cells = np.repeat(of, counts) * n_texts + self._rows[places]
        shape = (len(queries.norms), n_texts)
        scores = np.bincount(cells, weights=products, minlength=shape[0] * n_texts).reshape(shape) / self._norms
        least = np.partition(scores, -count, axis=1)[:, [-count]] - _MARGIN if count < n_texts else 0.0
        of, rows = np.nonzero((scores > 0) & (scores >= least))
        return of, self._texts[rows]
