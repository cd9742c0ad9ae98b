"""Fingerprints of texts that do not change with tokenisation, case, punctuation or Greek letters (numpy only)."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SHINGLE_WORDS = 12
MIN_WORDS = 6

_WORD = re.compile(r"[a-z]+|[0-9]+")
# An odd multiplier: it is invertible modulo 2**64, so no word of a shingle is lost.
_BASE = 0x9E3779B97F4A7C15
_GREEK = {
    char: f" {unicodedata.name(char).rsplit(' ', 1)[-1].lower()} "
    for char in "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
}
_GREEK["µ"] = " mu "
_GREEK["ς"] = " sigma "
_TRANSLATION = str.maketrans({char: name.replace("lamda", "lambda") for char, name in _GREEK.items()})


def normalize_words(text: str) -> list[str]:
    """Return the words of a text in the form in which texts are compared.

    text (str): Any text.
    RETURNS (list[str]): Lower-case runs of ASCII letters and runs of digits. Accents are taken off and Greek
        letters spelt out: some corpora are ASCII ("TNF - alpha") and others are not ("TNF-α").
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_TRANSLATION))
        text = "".join(char for char in text if not unicodedata.combining(char))
    return _WORD.findall(text.lower())


@lru_cache(maxsize=500_000)
def _hash_word(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def hash_words(words: Sequence[str]) -> Hashes:
    """Return one hash for each word, the same in every process.

    words (Sequence[str]): Words from normalize_words.
    RETURNS (Hashes): Shape (n_words,).
    """
    return np.fromiter((_hash_word(word) for word in words), dtype=np.uint64, count=len(words))


def hash_windows(words: Hashes, size: int) -> Hashes:
    """Return one hash for each run of words of a given length.

    words (Hashes): Hash of each word, shape (n_words,).
    size (int): Words in a run.
    RETURNS (Hashes): Shape (max(0, n_words - size + 1),); arithmetic modulo 2**64.
    """
    count = len(words) - size + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    total = np.zeros(count, dtype=np.uint64)
    base = np.uint64(_BASE)
    with np.errstate(over="ignore"):
        for offset in range(size):
            total = total * base + words[offset : offset + count]
        # Runs of different lengths must not meet.
        return (total ^ np.uint64(size)) * base


def hash_text(words: Hashes) -> int:
    """Return one hash for a whole text.

    words (Hashes): Hash of each word, shape (n_words,).
    """
    return int(hash_windows(words, len(words))[0]) if len(words) else 0
