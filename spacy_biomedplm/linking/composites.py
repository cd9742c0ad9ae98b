"""Mentions of several concepts at once, such as "breast and ovarian cancer", divided into one name for each.

What is written once belongs to every part (Wei et al. 2015, SimConcept). A division is only proposed here; whether it
is taken is decided by what the names of the parts are known to mean.
"""

import re
from collections.abc import Iterator

MAX_CHARACTERS = 200
"""Of mentions that are divided: longer ones are no names."""
MAX_PARTS = 6

_COORDINATOR = re.compile(
    r"\s*,\s*(?:and/or|and|or|&)\s+|\s+(?:and/or|and|or|as well as|&)\s+|\s*[,;/]\s*", re.IGNORECASE
)
_NUMBERED = re.compile(r"(?P<stem>.*?[A-Za-z]-?)(?P<first>[0-9]+[A-Za-z]?)(?P<rest>(?:[/,]\s?-?[0-9]+[A-Za-z]?)+)")
_LETTERED = re.compile(r"(?P<stem>.*?[A-Za-z0-9-]{2,})(?P<first>[A-Z])(?P<rest>(?:/[A-Z])+)")


def divide(mention: str) -> Iterator[tuple[str, ...]]:
    """Yield ways of dividing a mention into names, those that share the fewest words first.

    mention (str): Its text.
    YIELDS (tuple[str, ...]): The names of 2 to MAX_PARTS parts: "breast and ovarian cancer" gives ("breast", "ovarian
        cancer"), then ("breast cancer", "ovarian cancer"). Nothing for a mention without a coordination, or of more
        than MAX_CHARACTERS characters.
    """
    if len(mention) > MAX_CHARACTERS:
        return
    seen: set[tuple[str, ...]] = set()
    for parts in (*_numbered(mention), *_coordinated(mention)):
        if parts not in seen and len(set(parts)) > 1:
            seen.add(parts)
            yield parts


def _numbered(mention: str) -> Iterator[tuple[str, ...]]:
    """Yield "BRCA1", "BRCA2" for "BRCA1/2", and the like with letters."""
    for pattern in (_NUMBERED, _LETTERED):
        match = pattern.fullmatch(mention.strip())
        if match is not None:
            others = [part.strip(" -") for part in re.split("[/,]", match["rest"]) if part.strip(" -")]
            if len(others) < MAX_PARTS:
                yield tuple(f"{match['stem']}{part}" for part in (match["first"], *others))


def _coordinated(mention: str) -> Iterator[tuple[str, ...]]:
    conjuncts = [part.split() for part in _COORDINATOR.split(mention.strip())]
    if not 2 <= len(conjuncts) <= MAX_PARTS or not all(conjuncts):
        return
    first, last = conjuncts[0], conjuncts[-1]
    shared = ((before, behind) for before in range(len(first)) for behind in range(len(last)))
    for before, behind in sorted(shared, key=lambda pair: (sum(pair), pair)):
        tail = last[len(last) - behind :]
        parts = [_complete(conjuncts[0], last[-1 - behind], tail)]
        parts += (_complete([*first[:before], *words], last[-1 - behind], tail) for words in conjuncts[1:-1])
        parts.append(" ".join([*first[:before], *last]))
        if all(parts):
            yield tuple(parts)


def _complete(words: list[str], joint: str, tail: list[str]) -> str:
    """Return a part with what it shares with the last one: "alpha-" and "beta-thalassemia" end alike."""
    if words[-1].endswith("-"):
        _, hyphen, shared = joint.rpartition("-")
        words = [*words[:-1], words[-1] + shared if hyphen else words[-1].rstrip("-")]
    return " ".join([*filter(None, words), *tail])
