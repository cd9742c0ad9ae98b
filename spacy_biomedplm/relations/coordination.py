"""Mentions that a text names as alternatives, or as one and the same."""

from collections.abc import Sequence

from spacy.tokens import Doc

_LINKING = frozenset((",", ";", "/", "and", "or", "nor", "and/or", "as", "well", "e.g.", "i.e.", "&", "either", "both"))
_OPENING = frozenset(("(", "["))
_CLOSING = frozenset((")", "]"))
_LEAST_LIST = 3

Mention = tuple[str, int, int]
"""Label, first token and the one after the last."""


def are_alternatives(doc: Doc, mentions: Sequence[Mention], first: int, second: int) -> bool:
    """Return whether two mentions of one label have the same words, are members of one list, or name one thing twice.

    doc (Doc): The document.
    mentions (Sequence[Mention]): All mentions that count, in the order of the text.
    first, second (int): Places of the two among them.
    """
    one, other = sorted((mentions[first], mentions[second]), key=lambda mention: mention[1:])
    if _words(doc, one) == _words(doc, other) or one[2] > other[1]:
        return True
    between = [token.lower_ for token in doc[one[2] : other[1]] if not token.is_space]
    if len(between) == 1 and between[0] in _OPENING:
        behind = doc[other[2] : other[2] + 1].text
        return behind in _CLOSING
    return _is_list(doc, mentions, one, other)


def _words(doc: Doc, mention: Mention) -> str:
    return doc[mention[1] : mention[2]].text.casefold().removesuffix("s")


def _is_list(doc: Doc, mentions: Sequence[Mention], one: Mention, other: Mention) -> bool:
    """Return whether nothing stands between two mentions but other members of a list of three or more."""
    inside = [mention for mention in mentions if one[1] <= mention[1] and mention[2] <= other[2]]
    held = {place for _, start, end in inside for place in range(start, end)}
    rest = [doc[place] for place in range(one[2], other[1]) if place not in held]
    if not all(token.is_space or token.lower_ in _LINKING or token.text in _OPENING | _CLOSING for token in rest):
        return False
    return len({(start, end) for _, start, end in inside}) >= _LEAST_LIST or _goes_on(doc, mentions, one, other)


def _goes_on(doc: Doc, mentions: Sequence[Mention], one: Mention, other: Mention) -> bool:
    """Return whether the list has a member before or behind the two."""
    before = {end for _, _, end in mentions if end < one[1]}
    behind = {start for _, start, _ in mentions if start > other[2]}
    place = one[1] - 1
    while place >= 0 and doc[place].lower_ in _LINKING:
        if place in before:
            return True
        place -= 1
    place = other[2]
    while place < len(doc) and doc[place].lower_ in _LINKING:
        place += 1
        if place in behind:
            return True
    return False
