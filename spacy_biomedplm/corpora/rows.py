"""Rows of a table, whatever the file: separated columns with or without quotes, or one JSON object a line."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
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

    path (Path | str): A file, a folder or an archive (.tar, .tar.gz) of files; ".gz" files are unpacked.
    report (Report): What to do with broken rows.
    columns (Sequence[str] | None): Names of the columns of a file that does not name them; None takes the first line
        for names, and an empty name for "row". Objects of a ".jsonl" file name their fields themselves.
    delimiter (str | None): What stands between columns; None is a comma in a ".csv" file and a tab in any other. A
        space is any white space, and the last column takes the rest of the line.
    quoted (bool | None): Whether cells may stand in double quotes; None: in ".csv" files only.
    suffix (str): End of the names of the files that are read of a folder or an archive; empty for tables of any kind.
    YIELDS (Row): Rows in order; empty lines are skipped.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 for one without rows, B425 for a row with another
        number of columns than the first, B428 for a line that is no JSON object.
    """
    path = Path(path)
    several = path.is_dir() or ".tar" in path.name
    empty = True
    for name, member, chunks in read_streams(path, (suffix.lower(),) if suffix else _SUFFIXES):
        lines = split_lines(chunks, name)
        # Of "ID.csv.gz" the last ending says how it is packed.
        plain = name.lower().removesuffix(".gz")
        if plain.endswith(".jsonl"):
            found = _read_objects(lines, name, report)
        else:
            is_csv = plain.endswith(".csv")
            between = delimiter or ("," if is_csv else "\t")
            cells = _read_cells(lines, name, between, is_csv if quoted is None else quoted, columns)
            found = _name_cells(cells, name, columns, report)
        for line, values in found:
            empty = False
            yield Row(name, line, member if several else "", values)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="rows of a table"))


def split_lines(chunks: Iterable[bytes], path: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a file, each with its number and its line break.

    chunks (Iterable[bytes]): The file in pieces.
    path (str): The file, for errors.
    RAISES (BiomedplmError): B402 if a line is not UTF-8.
    """
    rest: list[bytes] = []
    number = 0
    for chunk in chunks:
        *lines, last = chunk.split(b"\n")
        for line in lines:
            number += 1
            yield number, decode(b"".join([*rest, line, b"\n"]), path=path, line=number)
            rest = []
        rest.append(last)
    if any(rest):
        yield number + 1, decode(b"".join(rest), path=path, line=number + 1)


def _read_cells(
    lines: Iterator[tuple[int, str]], path: str, delimiter: str, quoted: bool, columns: Sequence[str] | None
) -> Iterator[tuple[int, list[str]]]:
    if quoted:
        reader = csv.reader((line.replace("\x00", "\ufffd") for _, line in lines), delimiter=delimiter)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as err:
                raise BiomedplmError(coded("B403", path=path, line=reader.line_num, reason=err)) from err
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
            found = json.loads(text)
        except (ValueError, RecursionError) as err:
            report.drop(coded("B428", path=path, line=line, wanted="a JSON object", reason=err), path=path, line=line)
            continue
        if isinstance(found, dict):
            yield line, {name: show(value) for name, value in found.items()}
        else:
            reason = f"it is {type(found).__name__}"
            message = coded("B428", path=path, line=line, wanted="a JSON object", reason=reason)
            report.drop(message, path=path, line=line)


def show(value: object) -> str:
    """Return a JSON value as text: strings as they are, nothing for null, all else as JSON.

    value (object): Anything that ``json.loads`` returns.
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
