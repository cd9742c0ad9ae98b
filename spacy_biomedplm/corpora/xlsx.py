"""Sheets of Excel workbooks (.xlsx): the texts of their cells, and nothing else of what is in them."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from spacy_biomedplm.corpora.containers import is_archive, kind_of, printable
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, parse_xml, stream_xml

SUFFIX = ".xlsx"
MAX_COLUMN = 16_384
"""XFD, the last that a sheet can have."""
_FOLDER, _RELATIONS = "xl", "xl/_rels/workbook.xml.rels"
_SHEET, _STRINGS = "worksheet", "sharedStrings"
_NUMBER = re.compile(r"\d{1,7}")
_CELL = re.compile(r"([A-Z]{1,3})\d{1,7}")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def is_workbook(path: Path) -> bool:
    """Return whether a path names a file that is called a workbook.

    path (Path): Something that is there.
    RAISES (BiomedplmError): B401 if nothing is there.
    """
    return path.name.lower().endswith(SUFFIX) and kind_of(path) == "file"


def read_sheet(path: Path, report: Report, *, width: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Stream the rows of a workbook with one sheet.

    path (Path): The workbook, also of the kind "Strict Open XML".
    report (Report): What to do with members of the archive that cannot be read.
    width (int | None): How many columns there are; None: as many as up to the last cell of the first row.
    YIELDS (tuple[int, list[str]]): Number of the row from 1, and its cells. Empty ones are empty texts, and are not
        listed beyond the width. Numbers and dates stand as the file has them, of a formula the value.
    RAISES (BiomedplmError): B428 for what is no workbook, for one with cells in several sheets, and for a formula
        without a value; B403 and B437 for a damaged archive, B435 as the report decides.

    Office Open XML, ECMA-376 part 1, SpreadsheetML.
    """
    shown = printable(path)
    if not is_archive(path):
        raise _broken(shown, 1, "it is no ZIP archive")
    parts = read_members(path, (".xml", ".rels"), report)
    names = _find_parts(parts, shown)
    strings = [text for name in names[_STRINGS] for text in _read(parts[name], f"{shown}:{name}", ()).texts]
    sheets = [_read(parts[name], f"{shown}:{name}", strings).rows for name in names[_SHEET]]
    filled = [rows for rows in sheets if rows]
    if len(filled) > 1:
        raise _broken(shown, 1, f"{len(filled)} of its sheets have cells, wanted one: save each as a file of its own")
    for number, cells in filled[0] if filled else ():
        if width is None:
            width = max(cells) + 1
        yield number, [*(cells.get(at, "") for at in range(width)), *(cells[at] for at in sorted(cells) if at >= width)]


def _broken(path: str, line: int, reason: str) -> BiomedplmError:
    return BiomedplmError(coded("B428", path=path, line=line, wanted="an Excel workbook", reason=reason))


def _find_parts(parts: Mapping[str, bytes], shown: str) -> dict[str, list[str]]:
    """Return the names of the members with sheets and with texts that cells share."""
    found: dict[str, list[str]] = {_SHEET: [], _STRINGS: []}
    if _RELATIONS not in parts:
        raise _broken(shown, 1, f"'{_RELATIONS}' is not in it")
    try:
        relations = parse_xml(parts[_RELATIONS])
    except XmlProblem as problem:
        raise _broken(f"{shown}:{_RELATIONS}", problem.line, problem.reason) from problem
    for relation in relations:
        kind = relation.get("Type", "").rpartition("/")[2]
        if kind in found:
            # A target that begins with "/" is one of the archive, any other one of its folder xl.
            name = posixpath.normpath(posixpath.join("/", _FOLDER, relation.get("Target", ""))).lstrip("/")
            if name not in parts:
                raise _broken(shown, 1, f"'{name}' is not in it")
            found[kind].append(name)
    return found


def _read(content: bytes, shown: str, strings: list[str] | tuple[()]) -> "_Cells":
    cells = _Cells(shown, strings)
    try:
        for _ in stream_xml([content], cells, forbid_dtd=True):
            pass
    except XmlProblem as problem:
        raise _broken(shown, problem.line, problem.reason) from problem
    return cells


class _Cells(XmlHandler):
    """Gathers the cells of a sheet, row by row and without empty ones, or the texts that cells share."""

    def __init__(self, shown: str, strings: list[str] | tuple[()]) -> None:
        self.rows: list[tuple[int, dict[int, str]]] = []
        self.texts: list[str] = []
        self._shown = shown
        self._strings = strings
        self._row, self._column, self._kind = 0, -1, ""
        self._cells: dict[int, str] = {}
        self._said: list[str] = []
        self._open = self._aside = self._formula = self._value = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of a start tag."""
        if tag == "row":
            self._row = self._number(attributes.get("r", str(self._row + 1)))
            self._cells, self._column = {}, -1
        elif tag == "c":
            self._column = self._place(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind = attributes.get("t", "n")
            self._said, self._formula, self._value = [], False, False
        elif tag == "si":
            self._said = []
        elif tag in ("t", "v"):
            self._open, self._value = not self._aside, True
        elif tag == "rPh":  # how a text is pronounced
            self._aside = True
        elif tag == "f":
            self._formula = True

    def data(self, data: str) -> None:
        """Take note of characters."""
        if self._open:
            self._said.append(data)

    def end(self, tag: str) -> None:
        """Take note of an end tag."""
        if tag in ("t", "v"):
            self._open = False
        elif tag == "rPh":
            self._aside = False
        elif tag == "si":
            self.texts.append(_unescape("".join(self._said)))
        elif tag == "c":
            text = self._text()
            if text:
                self._cells[self._column] = text
        elif tag == "row" and self._cells:
            self.rows.append((self._row, self._cells))

    def _text(self) -> str:
        if self._formula and not self._value:
            raise self._fail("a formula has no value: open the file, let it calculate, and save it")
        said = "".join(self._said)
        if self._kind != "s":
            return _unescape(said) if self._kind in ("str", "inlineStr") else said
        number = self._number(said.strip())
        if number >= len(self._strings):
            raise self._fail(f"a cell has the text {number} of {len(self._strings)}")
        return self._strings[number]

    def _number(self, said: str) -> int:
        if not _NUMBER.fullmatch(said):
            raise self._fail(f"'{said[:60]}' is no whole number")
        return int(said)

    def _place(self, said: str) -> int:
        match = _CELL.fullmatch(said)
        column = 0
        for letter in match.group(1) if match else "":
            column = 26 * column + ord(letter) - ord("A") + 1
        if not 0 < column <= MAX_COLUMN:
            raise self._fail(f"'{said[:60]}' is no cell")
        return column - 1

    def _fail(self, reason: str) -> BiomedplmError:
        return _broken(self._shown, self.line(), reason)


def _unescape(text: str) -> str:
    """Return a text with the characters that XML cannot hold, or that are written as if it could not."""
    if not _ESCAPED.search(text):
        return text
    found = _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), text)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
