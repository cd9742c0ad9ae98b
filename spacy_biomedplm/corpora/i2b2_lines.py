"""What the line-and-token layouts of i2b2 share: places such as "12:3 12:5", which name tokens."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import Fragment

TokenPlace = tuple[int, int, int, int]
"""Line and token of the first token, line and token of the last one; lines count from 1, tokens from 0."""

# Nine digits are more than any document has; int() refuses thousands of them.
POINT = "([0-9]{1,9}):([0-9]{1,9})"
_TOKEN = re.compile(r"\S+")


class TokenLines:
    """The tokens of a text, named by line and number: lines end at a line feed, tokens at white space.

    text (str): The text of a document.
    """

    def __init__(self, text: str) -> None:
        self.lines: list[list[Fragment]] = []
        begin = 0
        for line in text.split("\n"):
            self.lines.append([(begin + m.start(), begin + m.end()) for m in _TOKEN.finditer(line)])
            begin += len(line) + 1

    def locate(self, place: TokenPlace) -> tuple[Fragment | None, bool]:
        """Return the characters from the first to the last token of a place, and whether all its tokens exist.

        place (TokenPlace): As it stands in the file.
        RETURNS (tuple[Fragment | None, bool]): None if the text has no first token there, or the last one comes
            before it; a last token beyond the end of its line is taken to be the last of the line.
        """
        first_line, first, last_line, last = place
        if not (0 < first_line <= last_line <= len(self.lines)):
            return None, False
        starts, ends = self.lines[first_line - 1], self.lines[last_line - 1]
        if first >= len(starts) or not ends or (last_line == first_line and last < first):
            return None, False
        return (starts[first][0], ends[min(last, len(ends) - 1)][1]), last < len(ends)


@dataclass
class Places:
    """Characters of the places of one document, with problems reported under file and line.

    lines (TokenLines): Of its text. path, doc_id (str): For messages.
    report (Report): Told of places that the text does not have.
    """

    lines: TokenLines
    path: str
    doc_id: str
    report: Report

    def find(self, place: TokenPlace, line: int) -> Fragment | None:
        """Return the characters of a place, or None if it is left out.

        place (TokenPlace): As it stands in the file.
        line (int): Line of the file, for messages.
        RAISES (BiomedplmError): B472 for a place that the text does not have, if the report's mode is "raise".
        """
        found, whole = self.lines.locate(place)
        if whole:
            return found
        values: dict[str, Any] = {"path": self.path, "line": line, "doc_id": self.doc_id}
        shown = f"{place[0]}:{place[1]} {place[2]}:{place[3]}"
        if found is None:
            self.report.drop(coded("B472", **values, found=shown), **values, is_mention=True)
            return None
        message = coded("B472", **values, found=shown)
        mended = "it ends with the last token of the line"
        return found if self.report.mend(message, mended, **values, is_mention=True) else None


def own_text(shown: str, given: str) -> str | None:
    """Return the text that a file gives for a mention, or None if it is that of the document.

    shown (str): The characters of the document.
    given (str): What the file says; these layouts write it in lower case with single spaces.
    """
    return None if _flat(shown) == _flat(given) else given


def _flat(text: str) -> str:
    return " ".join(text.split()).lower()


def count_lines(text: str) -> Iterable[tuple[int, str]]:
    """Return the lines of a file of annotations that are not empty, each with its number from 1.

    text (str): The whole file.
    """
    return ((number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip())
