"""How alike names are as words and letters."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEXICAL = (
    "same characters",
    "same but for case",
    "same words in any order",
    "share of the mention's words",
    "share of the name's words",
    "share of common beginnings",
    "same last word",
    "same first letters",
    "numbers differ",
    "length",
)
"""Names of the columns of ``compare``."""

_WORD = re.compile(r"[^\W_]+")
_ROMAN = {roman: str(number) for number, roman in enumerate("i ii iii iv v vi vii viii ix x".split(), start=1)}
_BEGINNING = 4
_EMPTY = frozenset(("of", "the", "a", "an", "in", "with", "to", "and", "by", "due"))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name: in lower case, without plural endings and words that say nothing.

    text (str): The name. Roman numerals up to ten are read as numbers, but for the first word.
    """
    first, *others = _WORD.findall(text.casefold()) or [""]
    found = (_singular(word) for word in (first, *(_ROMAN.get(word, word) for word in others)))
    words = tuple(word for word in found if word and word not in _EMPTY)
    return words or tuple(_WORD.findall(text.casefold()))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=1 << 16)
def _numbers_of(text: str) -> frozenset[str]:
    """Return what tells one of a series from the others: numbers, Roman ones too, and single letters but the first."""
    words = _WORD.findall(text.casefold())
    digits = {part for word in words for part in re.findall("[0-9]+", word)}
    return frozenset(digits | {_ROMAN.get(w, w) for w in words[1:] if w in _ROMAN or (len(w) == 1 and w.isalpha())})


class _Shape(NamedTuple):
    """What of a text is compared with that of others."""

    text: str
    folded: str
    words: tuple[str, ...]
    distinct: frozenset[str]
    short: frozenset[str]
    in_order: tuple[str, ...]
    initials: tuple[str, ...]
    numbers: frozenset[str]
    by_beginning: dict[str, list[str]]


@lru_cache(maxsize=1 << 16)
def _shape_of(text: str) -> _Shape:
    words = words_of(text)
    by_beginning: dict[str, list[str]] = defaultdict(list)
    for word in words:
        if len(word) >= _BEGINNING:
            by_beginning[word[:_BEGINNING]].append(word)
    return _Shape(
        text,
        text.casefold(),
        words,
        frozenset(words),
        frozenset(word for word in words if len(word) < _BEGINNING),
        tuple(sorted(words)),
        tuple(word[0] for word in words),
        _numbers_of(text),
        dict(by_beginning),
    )


def compare(mention: str, names: Sequence[str]) -> NDArray[np.float32]:
    """Return how alike a mention and names are.

    mention (str): As it stands in the text, or with its abbreviation written out.
    names (Sequence[str]): Of concepts.
    RETURNS (NDArray[float32]): Shape (names, len(LEXICAL)), each between -1 and 1.
    """
    shape = _shape_of(mention)
    rows = {name: _compare(shape, _shape_of(name)) for name in dict.fromkeys(names)}
    return np.array([rows[name] for name in names], dtype=np.float32).reshape(len(names), len(LEXICAL))


def _compare(mention: _Shape, name: _Shape) -> tuple[float, ...]:
    n_own = max(len(mention.distinct), 1)
    common = mention.distinct & name.distinct
    begun = len(common)
    if begun < len(mention.distinct):
        begun -= len(common & mention.short)
        for word in mention.distinct - common - mention.short:
            begun += _begins_alike(word, name.by_beginning.get(word[:_BEGINNING], ()))
    return (
        mention.text == name.text,
        mention.folded == name.folded,
        mention.in_order == name.in_order,
        len(common) / n_own,
        len(common) / max(len(name.distinct), 1),
        begun / n_own,
        mention.words[-1:] == name.words[-1:],
        mention.initials == name.initials,
        mention.numbers != name.numbers,
        (len(name.text) - len(mention.text)) / max(len(name.text), len(mention.text), 1),
    )


def _begins_alike(word: str, others: Sequence[str]) -> bool:
    """Return whether a word is one of others but for the last letters; all have the same beginning."""
    for other in others:
        size = max(_BEGINNING, min(len(word), len(other)) - 3)
        if word[:size] == other[:size]:
            return True
    return False
