"""The text of corpus files, with one clear error for what is no text."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy_biomedplm.corpora.containers import holds_gzip, is_archive, kind_of, read_chunks, unreadable
from spacy_biomedplm.errors import BiomedplmError, coded

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Stream the lines of a UTF-8 file.

    path (Path): A text file, perhaps gzip'd.
    YIELDS (tuple[int, str]): Line number from 1, and the line without its line break (line feed, perhaps after
        a carriage return; other Unicode line separators are text).
    RAISES (BiomedplmError): B401 if there is no such file, B402 if a line is not UTF-8, B403 if the file cannot be
        read to its end (damaged or half-written gzip, missing rights), B437 if it is a bomb, B439 if it is an archive.
    """
    if kind_of(path) == "folder":
        raise unreadable(path, "it is a folder")
    if is_archive(path):
        raise BiomedplmError(coded("B439", path=path))
    for number, line in decode_lines(read_chunks(path, unpack=holds_gzip(path)), str(path)):
        yield number, line.removesuffix("\n").removesuffix("\r")


def decode(raw: bytes, *, path: str, line: int) -> str:
    """Decode UTF-8, without the byte order mark that may stand before the first line.

    raw (bytes): One line, or a whole file.
    path (str): The file, for the error.
    line (int): Number of the first line of raw.
    RAISES (BiomedplmError): B402 if it is not UTF-8.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as err:
        raise not_utf8(err, path, line) from err
    return text.removeprefix("\ufeff") if line == 1 else text


def not_utf8(err: UnicodeDecodeError, path: str, line: int) -> BiomedplmError:
    """Return the error B402.

    err (UnicodeDecodeError): What the decoder said. path (str): The file.
    line (int): Number of the line with which the bytes of the error begin.
    """
    is_utf16 = line == 1 and err.object[:2] in _UTF16
    how = (
        "`iconv -f utf-16 -t utf-8`" if is_utf16 else "`iconv -f windows-1252 -t utf-8`, or whatever it was written in"
    )
    found = f"0x{err.object[err.start]:02x}"
    bad_line = line + err.object.count(b"\n", 0, err.start)
    return BiomedplmError(coded("B402", path=path, line=bad_line, byte=found, how=how))


def decode_lines(chunks: Iterable[bytes], path: str) -> Iterator[tuple[int, str]]:
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
