"""Which files an input names, in what format, and their bytes with readable errors."""

import gzip
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from stat import S_ISDIR
from typing import IO, cast

from spacy_biomedplm.errors import BiomedplmError, coded

FORMATS = {
    ".txt": "text",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".pubtator": "pubtator",
    ".xml": "pubmed",
}
"""Suffix of a file name (before .gz) to format; a .txt that begins like PubTator is read as PubTator."""

_PUBTATOR_START = re.compile(rb"(\xef\xbb\xbf)?\s*[^\s|]+\|[ta]\|")
_SNIFFED_BYTES = 4096
_GZIP_START = b"\x1f\x8b"


@dataclass(frozen=True)
class InputFile:
    """A file that holds documents.

    path (Path): Where it is.
    name (str): How the user named it, always valid Unicode; written to outputs and messages.
    stem (str): Name for documents that have no identifier: without suffix, relative to the named folder; with more of
        the path where files would share it.
    format (str): A value of FORMATS.
    size (int): Bytes on disk.
    """

    path: Path
    name: str
    stem: str
    format: str
    size: int


@dataclass(frozen=True)
class Inputs:
    """The files that a list of inputs names.

    files (tuple[InputFile, ...]): In the order given; files of a folder sorted by path.
    ignored (int): What was left out in the folders: files of another format, hidden files and hidden folders.
    """

    files: tuple[InputFile, ...]
    ignored: int = 0

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def find_inputs(paths: Sequence[str | Path]) -> Inputs:
    """Return the files that files and folders name.

    paths (Sequence[str | Path]): Files and folders; folders are searched with all that is below them, linked
        folders too (each folder once); what is hidden and files of other formats are left out.
    RETURNS (Inputs): The files and the number of those left out.
    RAISES (BiomedplmError): B601 if a path does not exist, B602 if it cannot be read, B603 for a file of an
        unknown format, B604 for a folder without any document.
    """
    files: list[InputFile] = []
    ignored = 0
    for path in map(Path, paths):
        if (found_stat := _stat(path)) is None:
            raise BiomedplmError(coded("B601", path=_readable(path), folder=_readable(Path.cwd())))
        if S_ISDIR(found_stat.st_mode):
            found, others = _search(path)
            files.extend(found)
            ignored += others
            continue
        if _suffix(path.name) not in FORMATS:
            raise BiomedplmError(coded("B603", path=_readable(path), name=_readable(path.name), wanted=_wanted()))
        files.append(_describe(path, path.name))
    return Inputs(_with_distinct_stems(files), ignored)


def _stat(path: Path) -> os.stat_result | None:
    """Return what is known of a path, or None if there is no such file."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a name with a null character
        return None
    except OSError as error:
        raise BiomedplmError(coded("B602", path=_readable(path), reason=error.strerror)) from error


def _with_distinct_stems(files: list[InputFile]) -> tuple[InputFile, ...]:
    """Make equal stems longer: the path as the user named it, and with its suffix if that is not enough."""

    def whole_path(file: InputFile) -> str:
        name = Path(file.name).as_posix()
        return name[: len(name) - len(Path(name).name) + len(Path(file.stem).name)]

    for longer in (whole_path, lambda file: Path(file.name).as_posix()):
        times = Counter(file.stem for file in files)
        files = [replace(file, stem=longer(file)) if times[file.stem] > 1 else file for file in files]
    return tuple(files)


def _search(folder: Path) -> tuple[list[InputFile], int]:
    def fail(error: OSError) -> None:
        raise BiomedplmError(coded("B602", path=_readable(error.filename or folder), reason=error.strerror))

    files, ignored = [], 0
    seen = {_identity(folder)}
    for parent, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        shown = [name for name in folders if not name.startswith(".")]
        ignored += len(folders) - len(shown)
        folders.clear()
        for name in sorted(shown, key=lambda name: (os.path.islink(os.path.join(parent, name)), name)):
            identity = _identity(Path(parent, name))
            if identity not in seen:  # A link may lead back to a folder above, without end.
                seen.add(identity)
                folders.append(name)
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and _suffix(name) in FORMATS and path.is_file():
                files.append(_describe(path, path.relative_to(folder).as_posix()))
            else:
                ignored += 1
    if not files:
        raise BiomedplmError(coded("B604", path=_readable(folder), ignored=ignored, wanted=_wanted()))
    return sorted(files, key=lambda file: file.path.parts), ignored


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = folder.stat()
    except OSError as error:
        raise BiomedplmError(coded("B602", path=_readable(folder), reason=error.strerror)) from error
    return found.st_dev, found.st_ino


def _describe(path: Path, short_name: str) -> InputFile:
    suffix = _suffix(path.name)
    stem = short_name.removesuffix(".gz").removesuffix(".GZ")[: -len(suffix)]
    try:
        size = path.stat().st_size
        with path.open("rb"):  # A file that may not be read is found before the first document, not after hours.
            pass
    except OSError as error:
        raise BiomedplmError(coded("B602", path=_readable(path), reason=error.strerror)) from error
    file = InputFile(path, _readable(path), _readable(stem), FORMATS[suffix], size)
    if file.format == "text" and _begins_like_pubtator(file):
        return InputFile(path, file.name, file.stem, "pubtator", size)
    return file


def _begins_like_pubtator(file: InputFile) -> bool:
    with open_input(file) as stream:
        return _PUBTATOR_START.match(stream.read(_SNIFFED_BYTES)) is not None


def _suffix(name: str) -> str:
    return Path(name.lower().removesuffix(".gz")).suffix


def _wanted() -> str:
    return ", ".join(FORMATS)


def _readable(path: Path | str) -> str:
    """Return a path as valid Unicode: bytes of a file name that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf8", "replace")


class InputStream:
    """The unpacked bytes of a file; every failure to read them is a BiomedplmError.

    file (InputFile): The file.
    raw (BufferedReader): Its bytes as they lie on disk, whose position measures progress.
    """

    def __init__(self, file: InputFile, raw: BufferedReader) -> None:
        self.file = file
        self._raw = raw
        self._checked = False
        self._packed = file.path.name.lower().endswith(".gz")
        self._data = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if self._packed else raw

    @property
    def position(self) -> int:
        """Bytes of the file on disk that have been read; 0 for a pipe, which does not tell."""
        try:
            return self._raw.tell()
        except OSError:
            return 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        size (int): At most so many; -1 for all that are left.
        RETURNS (bytes): Empty at the end.
        RAISES (BiomedplmError): B602 if the disk fails, B605 if gzip data break off, B606 if they are none.
        """
        with self._guard():
            return self._data.read(size)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its number.

        YIELDS (tuple[int, bytes]): The number from 1, and the line with its end; only LF ends a line. A byte
            order mark at the start of the file is left out.
        RAISES (BiomedplmError): As read().
        """
        number = 0
        while True:
            with self._guard():
                line = self._data.readline()
            if not line:
                return
            number += 1
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line

    def decode(self, data: bytes, *, line: int, unit: str = "line") -> str:
        """Return the text of bytes.

        data (bytes): UTF-8.
        line (int): Line of the file at which they begin.
        unit (str): What the bytes are, for the message: "line" or "file".
        RETURNS (str): The text.
        RAISES (BiomedplmError): B607 with line and byte, if it is not UTF-8.
        """
        try:
            return data.decode("utf8")
        except UnicodeDecodeError as error:
            line += data.count(b"\n", 0, error.start)
            message = coded(
                "B607", path=self.file.name, line=line, byte=error.start + 1, unit=unit, value=data[error.start]
            )
            raise BiomedplmError(message) from error

    def _check_header(self) -> None:
        self._checked = True
        start = self._raw.peek(2)[:2]
        if not start:
            raise EOFError("the file is empty")
        if start != _GZIP_START:
            raise BiomedplmError(coded("B606", path=self.file.name))

    @contextmanager
    def _guard(self) -> Iterator[None]:
        name = self.file.name
        try:
            if self._packed and not self._checked:
                self._check_header()
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BiomedplmError(coded("B605", path=name, position=self.position, reason=error)) from error
        except OSError as error:
            raise BiomedplmError(coded("B602", path=name, reason=error.strerror or error)) from error


@contextmanager
def open_input(file: InputFile) -> Iterator[InputStream]:
    """Open a file for reading.

    file (InputFile): The file; unpacked if its name ends in .gz.
    YIELDS (InputStream): Its bytes.
    RAISES (BiomedplmError): B602 if it cannot be opened.
    """
    try:
        raw = file.path.open("rb")
    except OSError as error:
        raise BiomedplmError(coded("B602", path=file.name, reason=error.strerror)) from error
    with raw:
        yield InputStream(file, raw)
