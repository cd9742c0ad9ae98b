"""Words as bags of character n-grams, as scikit-learn's analyser "char_wb" cuts them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.protocol import Ints

# A character has at most 21 bits.
_BITS = 21
_SPACE = ord(" ")


def cut_words(words: Sequence[str]) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Return the trigrams of words, each with a space before and behind it.

    words (Sequence[str]): Not empty, without spaces.
    RETURNS (tuple): Word, trigram (the codes of its characters in one number) and how often it is in the word; sorted
        by word and trigram.
    """
    if not words:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    line = " " + "  ".join(words) + " "
    codes = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    word_of = np.repeat(np.arange(len(words)), lengths + 2)
    keys = (codes[:-2] << 2 * _BITS) | (codes[1:-1] << _BITS) | codes[2:]
    inside = word_of[:-2] == word_of[2:]
    grams, numbers = np.unique(keys[inside], return_inverse=True)
    pairs, counts = np.unique((word_of[:-2][inside] << 32) | numbers, return_counts=True)
    return pairs >> 32, grams[pairs & 0xFFFFFFFF], counts.astype(np.float64)
