"""Mentions that a text names as alternatives, or as one and the same."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from spacy.tokens import Doc

_LINKING = frozenset((",", ";", "/", "and", "or", "nor", "and/or", "as", "well", "e.g.", "i.e.", "&", "either", "both"))
_OPENING = frozenset(("(", "["))
_CLOSING = frozenset((")", "]"))
_LEAST_LIST = 3
# Letters of a word of which an "s" at its end may be that of the plural: not so in "Ras".
_LEAST_PLURAL = 5

Mention = tuple[int, int]
"""First token and the one after the last."""


class Coordination:
    """The mentions of a document, to be asked which of them are alternatives.

    doc (Doc): The document. mentions (Sequence[Mention]): All that count, in the order of the text.
    """

    def __init__(self, doc: Doc, mentions: Sequence[Mention]) -> None:
        self._doc = doc
        self._mentions = sorted(mentions)
        self._starts = [start for start, _ in self._mentions]
        self._ends = {end for _, end in mentions}
        self._held = {place for start, end in mentions for place in range(start, end)}

    def are_alternatives(self, first: Mention, second: Mention) -> bool:
        """Return whether two mentions overlap, have the same words, are members of one list, or name one thing twice.

        first, second (Mention): Two of the mentions.
        """
        one, other = sorted((first, second))
        if one[1] > other[0] or self._words(one) == self._words(other):
            return True
        # Far apart there is soon a word that links nothing.
        if not all(place in self._held or self._is_link(place) for place in range(one[1], other[0])):
            return False
        between = [token.lower_ for token in self._doc[one[1] : other[0]] if not token.is_space]
        if len(between) == 1 and between[0] in _OPENING:
            behind = self._doc[other[1] : other[1] + 1].text
            return behind in _CLOSING
        return self._is_list(one, other)

    def _words(self, mention: Mention) -> str:
        words = self._doc[mention[0] : mention[1]].text.casefold()
        return words.removesuffix("s") if len(words) >= _LEAST_PLURAL else words

    def _is_link(self, place: int) -> bool:
        token = self._doc[place]
        return token.is_space or token.lower_ in _LINKING or token.text in _OPENING | _CLOSING

    def _is_list(self, one: Mention, other: Mention) -> bool:
        """Return whether nothing stands between two mentions but other members of a list of three or more."""
        near = self._mentions[bisect_left(self._starts, one[0]) : bisect_right(self._starts, other[1])]
        inside = {mention for mention in near if mention[1] <= other[1]}
        held = {place for start, end in inside for place in range(start, end)}
        if not all(place in held or self._is_link(place) for place in range(one[1], other[0])):
            return False
        return len(inside) >= _LEAST_LIST or self._goes_on(one, other)

    def _goes_on(self, one: Mention, other: Mention) -> bool:
        """Return whether the list has a member before or behind the two."""
        place = one[0] - 1
        while place >= 0 and self._doc[place].lower_ in _LINKING:
            # What ends here has the word as its last one, or stands before it.
            if place in self._ends:
                return True
            place -= 1
        place = other[1]
        while place < len(self._doc) and self._doc[place].lower_ in _LINKING:
            place += 1
            if self._is_start(place):
                return True
        return False

    def _is_start(self, place: int) -> bool:
        number = bisect_left(self._starts, place)
        return number < len(self._starts) and self._starts[number] == place
