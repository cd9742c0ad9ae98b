"""Corpus files, plain or packed, with one clear error for what cannot be read."""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Stream the lines of a UTF-8 file.

    path (Path): A text file, or a gzip'd one if its name ends in ".gz".
    YIELDS (tuple[int, str]): Line number from 1, and the line without its line break (line feed, perhaps after
        a carriage return; other Unicode line separators are text).
    RAISES (BiomedplmError): B401 if there is no such file, B402 if a line is not UTF-8, B403 if the file
        cannot be read to its end (damaged or half-written gzip, missing rights).
    """
    if not path.is_file():
        raise BiomedplmError(coded("B401", path=path))
    number = 0
    try:
        with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as stream:
            for raw in stream:
                number += 1
                yield number, decode(raw, path=str(path), line=number).rstrip("\n").removesuffix("\r")
    except (EOFError, OSError, zlib.error) as err:
        raise BiomedplmError(coded("B403", path=path, line=number + 1, reason=err)) from err


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
        bad_line = line + raw.count(b"\n", 0, err.start)
        raise BiomedplmError(coded("B402", path=path, line=bad_line, byte=f"0x{raw[err.start]:02x}")) from err
    return text.removeprefix("\ufeff") if line == 1 else text


def read_members(path: Path, suffixes: tuple[str, ...]) -> dict[str, bytes]:
    """Read the small files of a corpus that is a folder or an archive of them.

    path (Path): A folder, read with all below it, or a .tar (also .tar.gz). An archive is read in one pass into
        memory (seeking in gzip would be slow) and never extracted, so names in it cannot do harm.
    suffixes (tuple[str, ...]): Endings of the names that are wanted.
    RETURNS (dict[str, bytes]): Contents by name below the folder, or in the archive.
    RAISES (BiomedplmError): B401 if there is no such folder or archive, B403 if it cannot be read to its end.
    """
    if not path.exists():
        raise BiomedplmError(coded("B401", path=path))
    try:
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.name.endswith(suffixes) and file.is_file())
            return {file.relative_to(path).as_posix(): file.read_bytes() for file in found}
        contents = {}
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None and member.name.endswith(suffixes):
                    contents[member.name] = stream.read()
        return contents
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as err:
        raise BiomedplmError(coded("B403", path=path, line=0, reason=err)) from err
