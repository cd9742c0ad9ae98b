"""Where a text may define an abbreviation: brackets, and what stands before them in the same sentence."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

Place = tuple[int, int]
Order = Literal["long-short", "short-long"]

MAX_CONTEXT = 200
"""Characters before a bracket in which a long form may begin."""
MAX_INNER = 250
"""Characters between brackets that are looked at."""
MAX_SHORT = 25
MAX_PARTS = 10
"""Short forms in one bracket that are looked at."""

_BRACKET = re.compile(r"[()\[\]]")
_CLOSES = {")": "(", "]": "["}
_LETTER = re.compile(r"[^\W\d_]")
_LEAD = re.compile(
    r"(?:(?:here(?:in)?after|also|often|usually|thus|now|commonly|further|subsequently|or|for short|in short|acronym|"
    r"symbol|abbreviated?|abbreviation|abbr\.?|termed|called|named|designated|denoted|known|referred|defined|as|to|by|here|the|"
    r"i\.\s?e\.|e\.\s?g\.|viz\.)[\s,:=]+)+",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:;|,\s|:\s|\s=|=\s|\s(?:or|and|in|for|is|n)\s|\s[-–—]\s)\s*(?:(?:or|and)\s+)?")
_NO_SHORT = re.compile(
    r"[<>=≤≥%±~≈∼]|^[0-9.,]+\s|[a-z]{7}|^[a-z]{5,}$|\s[a-z]{6}|(?:\s\S*){3}|[0-9]\.[1-9]|^[ivx]+$"
    r"|(?<![\w.-])[0-9]+\s?[mμµkn]?[gMlLm](?![\w])|^(?:and|or|in|of|the|by|with|to|for|an|a|is|was|were|at|on)\b"
)
"""Measurements, words, sentences."""
_SPECIES = re.compile(r"[A-Z][a-z]{0,2}\. ?[a-z]{3,}")
QUOTES = "\"'`´‘’“”«»* \t\r\n"
_SENTENCE = re.compile(r"[.!?][\"')\]”’]*\s+(?=[\"'(\[“‘]?[A-Z0-9])|\n\s*\n|\t")
_NO_END = re.compile(
    r"(?:^|[\s(\[])(?:[A-Za-z]|e\.g|i\.e|[Vv]s|[Dd]rs?|[Ff]igs?|[Rr]ef|[Ee]q|[Nn]o|[Nn]os|[Ss]pp?|subsp|var|cf|ca|al|"
    r"[Aa]pprox|St|[Mm]rs?|[Pp]rof|resp|[Vv]ol|strain|[Aa]bbr|inc|Inc|Ltd|Co|Corp|max|min|wt|pts?)$"
)
_SPACE = re.compile(r"\s")
_BEFORE = re.compile(r"[^\s()\[\]]+(?:\([^\s()]{1,6}\)[^\s()\[\]]*)?$")


class Candidate(NamedTuple):
    """A possible short form and the text that its long form ends (or, after the short form, begins).

    short (tuple[int, int]): First character and the one after the last.
    context (tuple[int, int]): Likewise.
    order (Order): Which of the two comes first.
    part (int): 0 for the first thing in a bracket, more for what stands after a comma or a semicolon.
    """

    short: Place
    context: Place
    order: Order
    part: int = 0


def find_borders(text: str) -> list[int]:
    """Return where sentences and paragraphs begin, the first character of the text among them.

    text (str): Any text. A full stop after an initial or a usual abbreviation ends no sentence.
    """
    borders = [0]
    for match in _SENTENCE.finditer(text):
        stop = text[match.start()] == "."
        if not (stop and _NO_END.search(text, max(0, match.start() - 12), match.start())):
            borders.append(match.end())
    return borders


def find_brackets(text: str) -> Iterator[Place]:
    """Yield the places of brackets that belong together, inner ones first: the opening, and the closing one.

    text (str): Any text; a bracket without its other half is passed over.
    """
    opened: list[tuple[int, str]] = []
    for match in _BRACKET.finditer(text):
        sign = match.group()
        if sign in "([":
            opened.append((match.start(), sign))
        elif opened and opened[-1][1] == _CLOSES[sign]:
            start, _ = opened.pop()
            if match.start() - start <= MAX_INNER:
                yield start, match.start()


def find_candidates(text: str, borders: Sequence[int]) -> Iterator[Candidate]:
    """Yield what may be a definition.

    text (str): Any text.
    borders (Sequence[int]): Sorted; no long form crosses one.
    """
    for start, end in find_brackets(text):
        if not _LETTER.search(text, start, end):
            continue
        border = borders[bisect_right(borders, start) - 1]
        if bisect_right(borders, end) - 1 != bisect_right(borders, start) - 1:
            continue
        yield from _inside(text, start, end, border)
        yield from _before(text, start, end, border)


def _inside(text: str, start: int, end: int, border: int) -> Iterator[Candidate]:
    """Short forms in the bracket, long form before it or before the short form in the bracket itself."""
    lead = _LEAD.match(text, start + 1, end)
    begin = lead.end() if lead else start + 1
    context = trim(text, _context_start(text, start, border), start)
    parts = list(islice(_parts(text, begin, end), MAX_PARTS))
    if context is None:
        return
    if len(parts) > 1 and (whole := trim(text, begin, end)) and is_short(text[whole[0] : whole[1]]):
        yield Candidate(whole, context, "long-short")
    for number, part in enumerate(parts):
        if is_short(text[part[0] : part[1]]):
            yield Candidate(part, context, "long-short", number)
            if number:
                yield Candidate(part, parts[number - 1], "long-short", number)


def _before(text: str, start: int, end: int, border: int) -> Iterator[Candidate]:
    """Short form before the bracket, long form in it."""
    before = trim(text, max(border, start - 2 * MAX_SHORT), start)
    match = _BEFORE.search(text, *before) if before else None
    short = trim(text, *match.span()) if match else None
    if short is None or not is_short(text[short[0] : short[1]]):
        return
    first, whole = next(_parts(text, start + 1, end), None), trim(text, start + 1, end)
    for number, part in enumerate(dict.fromkeys((first, whole))):
        if part and part[1] - part[0] > short[1] - short[0]:
            yield Candidate(short, part, "short-long", number)


def _context_start(text: str, start: int, border: int) -> int:
    """Return where the text begins in which a long form may stand: at the sentence's first word, or a later one."""
    first = start - MAX_CONTEXT
    if first <= border:
        return border
    space = _SPACE.search(text, first, start)
    return space.end() if space else start


def _parts(text: str, start: int, end: int) -> Iterator[Place]:
    for match in _SPLIT.finditer(text, start, end):
        if part := trim(text, start, match.start()):
            yield part
        start = match.end()
    if part := trim(text, start, end):
        yield part


def trim(text: str, start: int, end: int) -> Place | None:
    """Return a stretch without quotes and white space at its ends, None if nothing is left.

    text (str): The text.
    start, end (int): First character and the one after the last.
    """
    while start < end and text[start] in QUOTES:
        start += 1
    while end > start and text[end - 1] in QUOTES:
        end -= 1
    return (start, end) if start < end else None


def is_short(text: str) -> bool:
    """Return whether a text can be a short form: few characters and words, a letter, no sentence.

    text (str): Without white space around it.
    """
    if len(text) > MAX_SHORT or not text[0].isalnum() or not _LETTER.search(text):
        return False
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        return False
    return bool(_SPECIES.fullmatch(text)) or not _NO_SHORT.search(text)
