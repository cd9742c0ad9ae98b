"""Lines of the files of sources, decoded many at a time."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from spacy_biomedplm.corpora.containers import holds_gzip, is_archive, kind_of, read_chunks, unreadable
from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded


def open_chunks(path: Path) -> Iterator[bytes]:
    """Return the bytes of a file in pieces.

    path (Path): A file, perhaps gzip'd.
    RAISES (BiomedplmError): B401 if there is no such file, B403 if it is a folder, B439 if it is an archive. From the
        bytes: B403 if they cannot be read to their end, B437 for a bomb.
    """
    if kind_of(path) == "folder":
        raise unreadable(path, "it is a folder")
    if is_archive(path):
        raise BiomedplmError(coded("B439", path=path))
    return read_chunks(path, unpack=holds_gzip(path))


def read_lines(path: Path, report: Report, *parts: Path) -> Iterator[tuple[int, str]]:
    """Stream the lines of a UTF-8 file.

    path (Path): A file, perhaps gzip'd.
    report (Report): What to do with a line that is not UTF-8.
    parts (Path): Files with which it goes on, perhaps within a line; lines are counted from the first file on.
    YIELDS (tuple[int, str]): Number from 1, and the line without its line break; empty lines are passed over.
    RAISES (BiomedplmError): B401 if there is no such file, B403 if it cannot be read to its end, B437 if it is a bomb,
        B439 if it is an archive; B402 for a line that is not UTF-8, as the report decides.
    """
    files = [open_chunks(one) for one in (path, *parts)]
    rest: list[bytes] = []
    number = 1
    for chunk in chain.from_iterable(files):
        whole, newline, last = chunk.rpartition(b"\n")
        if newline:
            lines = _decode(b"".join([*rest, whole]), path, number, report)
            yield from ((number + place, line) for place, line in enumerate(lines) if line)
            number += len(lines)
            rest = []
        rest.append(last)
    lines = _decode(b"".join(rest), path, number, report)
    yield from ((number + place, line) for place, line in enumerate(lines) if line)


def read_columns(
    path: Path, report: Report, separator: str, count: int, wanted: str, *, more: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Stream the rows of a table.

    path (Path): A file, perhaps gzip'd.
    report (Report): What to do with a row that has another number of fields.
    separator (str): What stands between fields.
    count (int): Fields of a row.
    wanted (str): What a row is, for errors.
    more (bool): Whether rows may have more fields.
    RAISES (BiomedplmError): As ``read_lines``; B569 for a row with another number of fields, as the report decides.
    """
    for number, line in read_lines(path, report):
        fields = line.split(separator)
        if len(fields) == count or (more and len(fields) > count):
            yield number, fields
        else:
            drop_row(report, path, number, f"it has {len(fields)} fields", wanted)


def drop_row(report: Report, path: Path, line: int, reason: str, wanted: str) -> None:
    """Leave a row out, or stop. report (Report); path, line: Where it stands; reason, wanted (str): For the message."""
    report.drop(coded("B569", path=path, line=line, reason=reason, wanted=wanted), path=str(path), line=line)


def read_whole(path: Path) -> str:
    """Return the text of a small file, perhaps gzip'd.

    RAISES (BiomedplmError): B402, and what ``open_chunks`` and its bytes raise.
    """
    return decode(b"".join(open_chunks(path)), path=str(path), line=1)


def _decode(raw: bytes, path: Path, number: int, report: Report) -> list[str]:
    """Return the lines of some bytes; those that are not UTF-8 are reported and empty."""
    try:
        text = raw.decode("utf8")
    except UnicodeDecodeError:
        return [_decode_line(line, path, number + place, report) for place, line in enumerate(raw.split(b"\n"))]
    if number == 1:
        text = text.removeprefix("\ufeff")
    if "\r" in text:
        return [line.removesuffix("\r") for line in text.split("\n")]
    return text.split("\n")


def _decode_line(raw: bytes, path: Path, number: int, report: Report) -> str:
    try:
        return decode(raw, path=str(path), line=number).removesuffix("\r")
    except BiomedplmError as error:
        report.drop(str(error), path=str(path), line=number)
        return ""
