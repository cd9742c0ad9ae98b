"""A stretch of text cut into words, and where in it the units of a short form can stand."""

import re
from collections.abc import Iterable

from spacy_biomedplm.abbreviations.units import NUMBERS, PREFIXES, SIGNS, WRITTEN, Unit

LINKS = frozenset(
    "a an and as at by de for from in into la non of on or per the to versus via vs with within plus & +".split()
)
CLAUSES = frozenset(
    "are be been being but can could did do does had has have he however if is it may might must not our she should"
    " than that their there these they this those thus used using was we were when where whereas which while who"
    " whose will would".split()
)
WORD = re.compile("[α-ωΑ-Ω]|[0-9]+|[^\\W\\d_α-ωΑ-Ω]+|[&+]")
_OUTER = frozenset("\"'`´‘’“”«»,;:./")
_BRACKETS = frozenset("()[]{}")
_STOPS = frozenset(",;:")


class Context:
    """A stretch of text in which a long form may stand, cut into words.

    text (str): Of at most some hundred characters.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = text.lower()
        if len(self.lower) != len(text):  # a letter whose lower case is two: offsets would move
            self.lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
        found = [match.span() for match in WORD.finditer(text)]
        self.starts = [start for start, _ in found]
        self.ends = [end for _, end in found]
        self.spaced: list[bool] = []
        self.gaps: list[str] = []
        self.kinds: list[str] = []
        end = 0
        for start, stop in found:
            gap = text[end:start]
            self.spaced.append(not gap.isascii() or not end or any(char.isspace() for char in gap))
            self.gaps.append(_kind_of_gap(gap) if end else "")
            self.kinds.append(_kind_of_word(self.lower[start:stop], spaced=self.spaced[-1]))
            end = stop
        self.tail = _kind_of_gap(text[end:])
        self.places: dict[tuple[str, str], list[int]] = {}
        self.words = [-1] * len(text)
        """The word of each character, -1 between words."""
        for number, (start, stop) in enumerate(found):
            self.words[start:stop] = [number] * (stop - start)

    def token_start(self, word: int) -> int:
        """Return where the token begins that a word is part of: after white space, or a bracket that stays open."""
        start = self.starts[word]
        while start and not self.text[start - 1].isspace():
            start -= 1
        depth = 0
        for place in range(self.starts[word] - 1, start - 1, -1):
            depth += (self.text[place] in ")]}") - (self.text[place] in "([{")
            if depth < 0:
                return place + 1
        while start < self.starts[word] and self.text[start] in _OUTER:
            start += 1
        return start

    def find(self, unit: Unit) -> list[int]:
        """Return all characters that a unit can stand for, in order."""
        key = unit.kind, unit.text
        if key not in self.places:
            if unit.kind == "letter":
                forms = WRITTEN.get(unit.text, unit.text)
                found = [place for place, char in enumerate(self.lower) if char in forms]
                if unit.text in SIGNS:
                    found = sorted({*found, *self._find_words(SIGNS[unit.text], ())})
            elif unit.kind == "number":
                found = self._find_words((unit.text, *NUMBERS.get(unit.text, ())), PREFIXES.get(unit.text, ()))
            else:
                found = self._find_words(WRITTEN.get(unit.text, (unit.text,)), ())
            self.places[key] = found
        return self.places[key]

    def _find_words(self, words: Iterable[str], prefixes: tuple[str, ...]) -> list[int]:
        wanted = frozenset(words)
        return [
            start
            for start, end in zip(self.starts, self.ends, strict=True)
            if (word := self.lower[start:end]) in wanted or word.startswith(prefixes)
        ]


def _kind_of_gap(gap: str) -> str:
    chars = frozenset(gap)
    if chars & _BRACKETS:
        return "bracket"
    if chars & _STOPS:
        return "comma" if any(char.isspace() for char in chars) else "stop"
    return "slash" if "/" in chars else ""


def _kind_of_word(word: str, *, spaced: bool) -> str:
    if word in CLAUSES:
        return "clause"
    if word in LINKS:
        return "link"
    if not spaced:
        return "locant" if word.isdigit() or len(word) == 1 else "joint"
    return "number" if word.isdigit() else "word"
