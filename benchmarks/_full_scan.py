"""The nearest texts of an index of trigrams by looking at all of them: what its shortcuts are measured against."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spacy_biomedplm.index.ngram_leads import SearchOptions
from spacy_biomedplm.index.ngram_words import WordFinder
from spacy_biomedplm.index.ngrams import RULES, NgramIndex
from spacy_biomedplm.index.normalisation import normalise

_BLOCK = 500_000


def scan(index: NgramIndex, texts: Sequence[str], k: int) -> NDArray[np.float32]:
    """Return the cosines of the nearest texts of a base, best first, shape (texts, k), rounded as the index does.

    index (NgramIndex): Of the base. texts (Sequence[str]): Not empty after normalisation. k (int): Nearest texts.
    """
    arrays = index.arrays
    n_words, n_grams, n_texts = (len(arrays[name]) for name in ("word_norms", "grams", "text_norms"))
    queries = WordFinder(arrays, SearchOptions().alike).read(normalise(texts, RULES))
    known = queries.grams >= 0
    vectors = np.zeros((n_grams, len(texts)))
    vectors[queries.grams[known]] = (queries.vectors[:, :-1] / queries.norms[:, None]).T[known]
    weights = (arrays["word_values"], arrays["word_grams"], arrays["word_starts"])
    of_words = (csr_array(weights, shape=(n_words, n_grams)) @ vectors).astype(np.float32)
    best = np.zeros((len(texts), k), dtype=np.float32)
    for first in range(0, n_texts, _BLOCK):
        last = min(first + _BLOCK, n_texts)
        starts = arrays["text_starts"][first : last + 1]
        words = arrays["text_words"][starts[0] : starts[-1]]
        bags = csr_array((np.ones(len(words), np.float32), words, starts - starts[0]), shape=(last - first, n_words))
        found = (bags @ of_words) / arrays["text_norms"][first:last, None]
        both = np.hstack((best, found.T))
        best = -np.sort(-np.partition(both, both.shape[1] - k, axis=1)[:, -k:], axis=1)
    return np.round(best, 5)


def recall(index: NgramIndex, texts: Sequence[str], depths: Sequence[int]) -> dict[str, float]:
    """Return the share of the nearest texts that an index finds, in %, by how many nearest ones.

    A name counts if its cosine is at least that of the nearest text at this place: equal ones are as good.
    """
    most = max(depths)
    wanted = scan(index, texts, most)
    # A text may be the name of several concepts, so more names are asked for than texts.
    found = index.query(texts, 2 * most).scores
    shares = {}
    for depth in depths:
        good = (found >= wanted[:, depth - 1 : depth] - 2e-5).sum(axis=1)
        shares[str(depth)] = round(100 * float(np.minimum(good / depth, 1.0).mean()), 2)
    return shares
