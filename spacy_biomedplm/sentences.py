"""Where sentences end, as far as punctuation tells."""

import re

_END = re.compile(r"[.!?][\"')\]]*(?=\s+[A-Z0-9(\[\"'])")
_LAST_WORD = re.compile(r"(\w+(?:\.\w+)*)\.$")
_ABBREVIATIONS = frozenset(
    "al approx ca cf dr e.g eq eqs etc exp fig figs i.a i.d i.e i.m i.p i.v inc ltd max min no nos p.o pp prof ref "
    "refs resp s.c sp spp ssp st subsp suppl tab var viz vol vs".split()
)


def sentence_ends(text: str) -> list[int]:
    """Return where sentences of a text end: all but the last end.

    text (str): A document.
    """
    return [match.end() for match in _END.finditer(text) if match.group() != "." or not _is_abbreviation(text, match)]


def _is_abbreviation(text: str, stop: re.Match[str]) -> bool:
    """Return whether a full stop belongs to a word such as "e.g.", or to an initial."""
    found = _LAST_WORD.search(text, max(0, stop.end() - 12), stop.end())
    if found is None:
        return False
    word = found.group(1)
    return word.casefold() in _ABBREVIATIONS or (len(word) == 1 and word.isupper())
