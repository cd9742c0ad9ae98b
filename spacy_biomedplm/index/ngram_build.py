"""From the names of a knowledge base to the arrays of an index of n-grams."""

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.arrays import spread, starts_of
from spacy_biomedplm.index.grams import cut_words
from spacy_biomedplm.index.ngrams import RULES, NgramIndex
from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.index.protocol import Ints, NameBase
from spacy_biomedplm.index.storage import check_new, write_index

# Names whose vectors are made at a time.
_BLOCK = 1 << 18
_MOST = 2**31 - 1


@dataclass(frozen=True)
class _Rows:
    """Rows of numbers that lie end to end: the words of names, or of texts."""

    starts: Ints
    values: Ints

    @property
    def counts(self) -> Ints:
        return np.diff(self.starts)

    def take(self, rows: Ints) -> "_Rows":
        counts = self.counts[rows]
        return _Rows(starts_of(counts), self.values[spread(self.starts[:-1][rows], counts)])


def build_ngrams(base: NameBase, folder: Path) -> None:
    """Write an index of the character trigrams of names.

    base (NameBase): The names.
    folder (Path): New folder.
    RAISES (BiomedplmError): B596 if the folder exists, B599 if it cannot be written, B670 if there are too many names,
        B671 if no name holds a word.
    """
    check_new(folder)
    words, names = _read_words(base)
    _check_size("words of names", len(names.values))
    filled = np.flatnonzero(names.counts)
    if not len(filled):
        raise BiomedplmError(coded("B671", kind=NgramIndex.KIND))
    texts = _number_texts(names)[filled]
    # A text is written as its first name; names of a text are found by its number.
    numbers, firsts, texts = np.unique(texts, return_index=True, return_inverse=True)
    text_words = names.take(filled[firsts])
    arrays, weights = _weigh(words, text_words)
    norms = _norms(text_words, weights)
    order = np.lexsort((firsts, norms))
    text_words, norms = text_words.take(order), norms[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    by_text = np.sort((place[texts] << 32) | filled)
    arrays |= {
        "text_starts": text_words.starts,
        "text_words": text_words.values,
        "text_norms": norms,
        "text_name_starts": starts_of(np.bincount(by_text >> 32, minlength=len(numbers))),
        "text_names": by_text & 0xFFFFFFFF,
        **_postings(text_words, len(words)),
    }
    facts = {
        "names": base.n_names,
        "without_words": base.n_names - len(filled),
        "texts": len(numbers),
        "words": len(words),
        "trigrams": len(arrays["grams"]),
    }
    write_index(folder, NgramIndex, base, settings={"rules": list(RULES)}, facts=facts, arrays=_compact(arrays))


def _read_words(base: NameBase) -> tuple[list[str], _Rows]:
    """Return all words in the order of their first use, and the words of each name, sorted by number."""
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    values, counts = [], []
    for _, names in base.iter_names():
        split = [text.split(" ") if text else [] for text in normalise(names, RULES)]
        lengths = np.fromiter(map(len, split), dtype=np.int64, count=len(split))
        found = np.fromiter(
            map(vocabulary.__getitem__, chain.from_iterable(split)), dtype=np.int64, count=int(lengths.sum())
        )
        # The same words in another order are the same bag of trigrams.
        ordered = np.sort((np.repeat(np.arange(len(split)), lengths) << 32) | found) & 0xFFFFFFFF
        values.append(ordered.astype(np.int32))
        counts.append(lengths)
    empty = np.empty(0, dtype=np.int64)
    return list(vocabulary), _Rows(starts_of(np.concatenate([empty, *counts])), np.concatenate([empty, *values]))


def _number_texts(names: _Rows) -> Ints:
    """Return a number for the words of each name, the same for the same words: its node in the tree of all prefixes."""
    node = np.zeros(len(names.counts), dtype=np.int64)
    active = np.flatnonzero(names.counts)
    depth, used = 0, 1
    while len(active):
        keys = (node[active] << 31) | names.values[names.starts[active] + depth]
        prefixes, numbers = np.unique(keys, return_inverse=True)
        node[active] = used + numbers
        depth, used = depth + 1, used + len(prefixes)
        active = active[names.counts[active] > depth]
    return node


def _weigh(words: list[str], texts: _Rows) -> tuple[dict[str, NDArray[Any]], csr_array]:
    """Return the arrays of words and trigrams, and the weights of trigrams in words as a matrix."""
    of, keys, counts = cut_words(words)
    grams, numbers = np.unique(keys, return_inverse=True)
    _check_size("trigrams of words", len(of))
    uses = np.bincount(texts.values, minlength=len(words))
    holders = np.bincount(numbers, weights=uses[of], minlength=len(grams))
    total = len(texts.values)
    # math.log and not numpy's, which differs in the last bit between processors.
    idf = np.fromiter((gram_weight(int(n), total) for n in holders), dtype=np.float32, count=len(grams))
    values = (counts * idf[numbers]).astype(np.float32)
    starts = starts_of(np.bincount(of, minlength=len(words)))
    by_gram = np.argsort(numbers, kind="stable")
    weights = csr_array((values, numbers.astype(np.int32), starts.astype(np.int32)), shape=(len(words), len(grams)))
    norms = np.sqrt(np.bincount(of, weights=values.astype(np.float64) ** 2, minlength=len(words)))
    arrays: dict[str, NDArray[Any]] = {
        "grams": keys[np.unique(numbers, return_index=True)[1]],
        "gram_weights": idf,
        "word_starts": starts,
        "word_grams": numbers,
        "word_values": values,
        "word_norms": norms.astype(np.float32),
        "gram_starts": starts_of(np.bincount(numbers, minlength=len(grams))),
        "gram_words": of[by_gram],
        "gram_values": values[by_gram],
        "unseen": np.array([gram_weight(0, total)], dtype=np.float32),
    }
    return arrays, weights


def gram_weight(holders: int, total: int) -> float:
    """Return the inverse document frequency of a trigram, smoothed as scikit-learn does.

    holders (int): Words of names that hold it. total (int): Words of all names.
    """
    return math.log((1 + total) / (1 + holders)) + 1


def _norms(texts: _Rows, weights: csr_array) -> NDArray[np.float32]:
    norms = np.empty(len(texts.counts), dtype=np.float32)
    for first in range(0, len(norms), _BLOCK):
        rows = np.arange(first, min(first + _BLOCK, len(norms)))
        block = texts.take(rows)
        ones = np.ones(len(block.values), dtype=np.float64)
        bags = csr_array((ones, block.values, block.starts), shape=(len(rows), weights.shape[0])) @ weights
        norms[rows] = np.sqrt(bags.multiply(bags).sum(axis=1))
    return norms


def _postings(texts: _Rows, n_words: int) -> dict[str, Ints]:
    """Return the texts that hold each word, ascending: those with short vectors first."""
    of = np.repeat(np.arange(len(texts.counts)), texts.counts)
    by_word = np.sort((texts.values.astype(np.int64) << 32) | of)
    return {
        "word_text_starts": starts_of(np.bincount(texts.values, minlength=n_words)),
        "word_texts": by_word & 0xFFFFFFFF,
    }


def _check_size(what: str, found: int) -> None:
    if found > _MOST:
        raise BiomedplmError(coded("B670", kind=NgramIndex.KIND, wanted=_MOST, what=what, found=found))


def _compact(arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with numbers of 32 bits wherever they are not keys."""
    return {
        name: array.astype(np.int32) if array.dtype == np.int64 and name != "grams" else array
        for name, array in arrays.items()
    }
