"""Rows of a table, whatever the file: columns with or without quotes, an Excel sheet, or JSON objects."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_biomedplm.corpora import json_rows
from spacy_biomedplm.corpora.containers import is_archive, kind_of, printable, unreadable
from spacy_biomedplm.corpora.files import decode_lines
from spacy_biomedplm.corpora.json_rows import parse_json
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.corpora.xlsx import is_workbook, read_sheet
from spacy_biomedplm.errors import BiomedplmError, coded

_SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".rel")
WHITE_SPACE = " "
"""As a delimiter: any white space, and the last column takes the rest of the line."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    path (str): The file, or "archive.tar.gz:member". line (int): Its line, from 1.
    member (str): Name of the file without its ending, if it is one of several, else empty.
    values (Mapping[str, str]): Cells by the name of the column.
    """

    path: str
    line: int
    member: str
    values: Mapping[str, str]


def read_rows(
    path: Path | str,
    report: Report,
    *,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    quoted: bool | None = None,
    suffix: str = "",
) -> Iterator[Row]:
    """Stream the rows of a table.

    path (Path | str): A file, a folder or an archive (.tar, .tar.gz, .zip) of files; ".gz" files are unpacked. An Excel
        workbook (".xlsx") is a file by itself.
    report (Report): What to do with broken rows.
    columns (Sequence[str] | None): Names of the columns of a file that does not name them; None takes the first line
        for names, and an empty name for "row". Objects of a ".jsonl" file (one a line) or a ".json" file (a list)
        name their fields themselves; of a ".json" file the line is the number of the object.
    delimiter (str | None): What stands between columns; None is a comma in a ".csv" file and a tab in any other. A
        space is any white space, and the last column takes the rest of the line.
    quoted (bool | None): Whether cells may stand in double quotes; None: in ".csv" files only.
    suffix (str): End of the names of the files that are read of a folder or an archive; empty for tables of any kind.
    YIELDS (Row): Rows in order; empty lines are skipped.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 for one without rows, B425 for a row with another
        number of columns than the first, B428 for a line that is no JSON object, B460 for a ".json" file that is not
        JSON, B461 for one that is no list of objects; for workbooks those of ``read_sheet``.
    """
    path = Path(path)
    empty = True
    suffixes = (suffix.lower(),) if suffix else _SUFFIXES
    for name, member, found in _read_tables(path, report, columns, delimiter, quoted, suffixes):
        with report.leaving_out(name):
            for line, values in found:
                empty = False
                yield Row(name, line, member, values)
    if empty:
        raise report.nothing_read(path, "rows of a table")


_Found = Iterator[tuple[int, Mapping[str, str]]]


def _read_tables(
    path: Path,
    report: Report,
    columns: Sequence[str] | None,
    delimiter: str | None,
    quoted: bool | None,
    suffixes: tuple[str, ...],
) -> Iterator[tuple[str, str, _Found]]:
    """Yield the name of each file, what it is called as one of several, and its rows."""
    if is_workbook(path):
        name = printable(path)
        sheet = read_sheet(path, report, width=None if columns is None else len(columns))
        yield name, "", _name_cells(sheet, name, columns, report)
        return
    several = kind_of(path) == "folder" or is_archive(path)
    for name, member, chunks in read_streams(path, suffixes, report):
        lines = decode_lines(chunks, name)
        # Of "ID.csv.gz" the last ending says how it is packed.
        plain = name.lower().removesuffix(".gz")
        if plain.endswith(".jsonl"):
            found = _read_objects(lines, name, report)
        elif plain.endswith(".json"):
            found = _read_list(lines, name)
        else:
            is_csv = plain.endswith(".csv")
            between = delimiter or ("," if is_csv else "\t")
            cells = _read_cells(lines, name, between, is_csv if quoted is None else quoted, columns)
            found = _name_cells(cells, name, columns, report)
        yield name, member if several else "", found


def _read_cells(
    lines: Iterator[tuple[int, str]], path: str, delimiter: str, quoted: bool, columns: Sequence[str] | None
) -> Iterator[tuple[int, list[str]]]:
    if quoted:
        reader = csv.reader((line.replace("\x00", "\ufffd") for _, line in lines), delimiter=delimiter, strict=True)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as err:
                raise unreadable(path, err, reader.line_num) from err
            if cells is None:
                return
            yield reader.line_num, cells
    for number, line in lines:
        text = line.rstrip("\n").removesuffix("\r")
        if delimiter == WHITE_SPACE:
            yield number, text.split(maxsplit=len(columns) - 1) if columns else text.split()
        else:
            yield number, text.split(delimiter)


def _name_cells(
    rows: Iterator[tuple[int, list[str]]], path: str, columns: Sequence[str] | None, report: Report
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = [cell.strip() or "row" for cell in cells]
            twice = sorted(name for name, count in Counter(columns).items() if count > 1)
            if twice:
                raise BiomedplmError(coded("B489", path=path, line=line, names=", ".join(twice)))
        elif len(cells) != len(columns):
            values = {"path": path, "line": line}
            found = " ".join(cells)[:60]
            names = ", ".join(columns)
            message = coded("B425", **values, columns=len(cells), wanted=len(columns), names=names, found=found)
            report.drop(message, path=path, line=line)
        else:
            yield line, dict(zip(columns, cells, strict=True))


def _read_objects(
    lines: Iterator[tuple[int, str]], path: str, report: Report
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, text in lines:
        if not text.strip():
            continue
        try:
            found = parse_json(text, path=path, line=line, wanted="a JSON object")
        except BiomedplmError as err:
            report.drop(str(err), path=path, line=line)
            continue
        if isinstance(found, dict):
            yield line, {name: show(value) for name, value in found.items()}
        else:
            reason = f"it is {type(found).__name__}"
            message = coded("B428", path=path, line=line, wanted="a JSON object", reason=reason)
            report.drop(message, path=path, line=line)


def _read_list(lines: Iterator[tuple[int, str]], path: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    data = parse_json("".join(line for _, line in lines), path=path, line=1, wanted="a list of objects")
    objects = json_rows.Row({"rows": data}, "", path, 1, "").rows("rows")
    for number, found in enumerate(objects, 1):
        yield number, {name: show(value) for name, value in found.values.items()}


def show(value: object) -> str:
    """Return a JSON value as text: strings as they are, nothing for null, all else as JSON.

    value (object): Anything that ``json.loads`` returns.
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
