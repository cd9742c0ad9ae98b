"""What folders and archives hold, file by file: never extracted, never followed outside, never without end."""

import gzip
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, NamedTuple, cast

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
"""Endings of the names of archives, in lower case."""
CHUNK_BYTES = 1 << 18
MAX_RATIO = 200
"""Text packs to a quarter or a twentieth of its size; a thousandth is what DEFLATE can do with nothing but zeros."""
FREE_BYTES = 1 << 26
"""So much may come out of any file, however small it is."""
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
# What a proper .tar ends with: two blocks of zeros.
_TAR_END = bytes(1024)
_DRIVE = re.compile("[A-Za-z]:")
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, zlib.error),
    *(ValueError, OverflowError, LookupError, NotImplementedError, RuntimeError),
)


class Member(NamedTuple):
    """A file of a folder or an archive.

    shown (str): As messages name it: a path, or "archive.tar.gz:member".
    name (str): Its name below the folder or in the archive.
    chunks (Iterator[bytes]): What is in it; to be read before the next file is asked for.
    """

    shown: str
    name: str
    chunks: Iterator[bytes]


def unreadable(path: object, reason: object, line: int = 0) -> BiomedplmError:
    """Return the error B403.

    path (object): The file. reason (object): What is wrong, perhaps an exception.
    line (int): The line that cannot be read; 0 if lines do not matter.
    """
    text = " ".join(str(getattr(reason, "strerror", None) or reason or type(reason).__name__).split())
    where = f", line {line}," if line else ""
    return BiomedplmError(coded("B403", path=path, where=where, reason=text))


def printable(name: Path | str) -> str:
    """Return a file name with U+FFFD for bytes that are not UTF-8; Python holds them as halves of characters.

    name (Path | str): The name.
    """
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def kind_of(path: Path) -> Literal["file", "folder"]:
    """Return what a path names; what is no folder, such as a pipe, is a file.

    path (Path): The path.
    RAISES (BiomedplmError): B401 if nothing is there, B403 if it cannot be reached.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError) as err:
        raise BiomedplmError(coded("B401", path=path)) from err
    except OSError as err:
        raise unreadable(path, err) from err
    return "folder" if stat.S_ISDIR(mode) else "file"


def is_archive(path: Path) -> bool:
    """Return whether a file is an archive: by its name, or because it begins as ZIP does.

    path (Path): A file that is there.
    """
    return path.name.lower().endswith(ARCHIVES) or _begins(path).startswith(_ZIP)


def is_packed(name: str) -> bool:
    """Return whether a file is gzip'd, by its name.

    name (str): Name, perhaps with folders before it.
    """
    return name.lower().endswith(".gz")


def holds_gzip(path: Path) -> bool:
    """Return whether a file is gzip'd: by its name, or because it begins as gzip does.

    path (Path): A file that is there.
    """
    return is_packed(path.name) or _begins(path).startswith(_GZIP)


def read_files(
    path: Path, wanted: Callable[[str], bool], report: Report, *, unpack: bool = False, shown: str = ""
) -> Iterator[Member]:
    """Stream the files that a folder or an archive holds.

    path (Path): A folder, whose files come in the order of their paths, or an archive, whose files come in its order.
    wanted (Callable[[str], bool]): Says whether a file of that name is read.
    report (Report): What to do with links that leave the folder, and with members of an archive that are links, lie
        outside of it or are there twice; they are never read.
    unpack (bool): Unpack files whose names end in ".gz".
    shown (str): What messages call an archive; its path, if nothing is given.
    YIELDS (Member): One for each file.
    RAISES (BiomedplmError): B401 if there is no such path, B436 if it is no folder and no archive, B403 if it cannot
        be read to its end, B437 if far more comes out of it than text could pack into it; the last two also from the
        chunks. B435 for what is not read, if the report's mode is "raise".
    """
    if kind_of(path) == "folder":
        for name, file in list_files(path, wanted, report):
            yield Member(printable(file), printable(name), read_chunks(file, unpack=unpack and is_packed(name)))
        return
    start = _begins(path)
    if not start.startswith((*_ZIP, _GZIP)) and not path.name.lower().endswith(ARCHIVES):
        if shown:
            raise unreadable(shown, "it is no archive")
        raise BiomedplmError(coded("B436", path=path, wanted=", ".join(ARCHIVES)))
    shown = shown or printable(path)
    read = _read_zip if start.startswith(_ZIP) else _read_tar
    with report.leaving_out(shown):
        yield from read(_Archive(path, shown, wanted, report, unpack))


def list_files(folder: Path, wanted: Callable[[str], bool], report: Report) -> list[tuple[str, Path]]:
    """Return the files of a folder and of those below it, in the order of their paths, each with its name below it.

    folder (Path): The folder.
    wanted (Callable[[str], bool]): Says whether a file of that name is meant.
    report (Report): What to do with links that leave the folder; they are never followed.
    RAISES (BiomedplmError): B403 for a folder that cannot be listed; B435 as the report decides.
    """

    def fail(err: OSError) -> None:
        raise unreadable(err.filename or folder, err) from err

    inside = os.path.realpath(folder)
    files = []
    for parent, folders, names in os.walk(folder, onerror=fail):
        # A linked folder stands among the folders and is not walked; what it holds comes in its own place, if inside.
        linked = [name for name in folders if not name.startswith(".") and Path(parent, name).is_symlink()]
        for name in (*linked, *names):
            path = Path(parent, name)
            short = path.relative_to(folder).as_posix()
            if name not in linked and not wanted(short):
                continue
            reason = _refuse_file(path, inside)
            if reason:
                shown = printable(path)
                report.drop(coded("B435", path=shown, reason=reason), path=shown)
            elif name not in linked:
                files.append((short, path))
    return sorted(files, key=lambda file: file[1])


def read_chunks(path: Path, *, unpack: bool = False) -> Iterator[bytes]:
    """Stream the bytes of one file.

    path (Path): The file.
    unpack (bool): Unpack it with gzip.
    RAISES (BiomedplmError): B403 if it cannot be read to its end, B437 if far more comes out than text could pack.
    """
    try:
        raw = path.open("rb")
    except (OSError, ValueError) as err:
        raise unreadable(path, err) from err
    with raw:
        counted = _Counted(raw)
        yield from _chunks(cast(IO[bytes], counted), printable(path), unpack, lambda: counted.count)


def _begins(path: Path) -> bytes:
    try:
        # What is no regular file, such as a pipe, could be read only once.
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(4)
    except (OSError, ValueError) as err:
        raise unreadable(path, err) from err


def _refuse_file(path: Path, inside: str) -> str:
    """Return why a file of a folder is not read, or nothing."""
    if path.is_symlink():
        target = os.path.realpath(path)
        if not Path(target).is_relative_to(inside):
            return f"it is a link that leaves the folder, to '{printable(target)}'"
    try:
        mode = path.stat().st_mode
    except OSError as err:
        return "it is a link that leads nowhere" if path.is_symlink() else str(err.strerror)
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "it is no plain file"


def _refuse_name(name: str) -> str:
    """Return why a member of an archive is not read for its name, or nothing; on no system may it point outside."""
    parts = name.replace("\\", "/").split("/")
    points_outside = not parts[0] or ".." in parts or _DRIVE.match(name) is not None
    return "its name points outside of the archive" if points_outside else ""


class _Counted:
    """A stream that counts what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        return data


class _Metered(_Counted):
    """What is unpacked, refused when it is far more than text could pack into its size; keeps its last bytes."""

    def __init__(self, stream: IO[bytes], path: str, packed: Callable[[], int], count: int = 0) -> None:
        super().__init__(stream)
        self.count = count
        self._path = path
        self._packed = packed
        self.tail = b""

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        _check_ratio(self.count, self._packed(), self._path)
        self.tail = (data if len(data) >= len(_TAR_END) else self.tail + data)[-len(_TAR_END) :]
        return data

    def tell(self) -> int:
        """Return the place in what is unpacked."""
        return self.count

    def seek(self, place: int) -> int:
        """Go forward to a place, or to the end if that comes before."""
        while self.count < place and self.read(min(CHUNK_BYTES, place - self.count)):
            pass
        return self.count


def _check_ratio(unpacked: int, packed: int, path: str) -> None:
    if unpacked > max(FREE_BYTES, MAX_RATIO * packed):
        raise BiomedplmError(coded("B437", path=path, found=unpacked, packed=packed))


@contextmanager
def _damage_named(path: object) -> Iterator[None]:
    try:
        yield
    except BiomedplmError:
        raise
    except _DAMAGE as err:
        raise unreadable(path, err) from err


def _chunks(raw: IO[bytes], shown: str, unpack: bool, packed: Callable[[], int]) -> Iterator[bytes]:
    # What was unpacked before the damage counts too: read() would lose it.
    read = gzip.GzipFile(fileobj=raw).read1 if unpack else raw.read
    lines, size = 1, 0
    while True:
        try:
            data = read(CHUNK_BYTES)
        except BiomedplmError:
            raise
        except _DAMAGE as err:
            raise unreadable(shown, err, lines) from err
        if not data:
            return
        lines += data.count(b"\n")
        size += len(data)
        if unpack:
            _check_ratio(size, packed(), shown)
        yield data


@dataclass
class _Archive:
    """An archive and what is wanted of it; see ``read_files``."""

    path: Path
    shown: str
    wanted: Callable[[str], bool]
    report: Report
    unpack: bool
    seen: set[str] = field(default_factory=set)

    def admits(self, name: str, reason: str) -> bool:
        """Return whether a member is read; one that is wanted but refused is reported."""
        if not self.wanted(name):
            return False
        reason = _refuse_name(name) or reason or ("it is there twice" if name in self.seen else "")
        self.seen.add(name)
        if reason:
            shown = f"{self.shown}:{name}"
            self.report.drop(coded("B435", path=shown, reason=reason), path=shown)
        return not reason

    def member(self, name: str, stream: IO[bytes], packed: Callable[[], int]) -> Member:
        """Return a member; packed tells how many bytes of the archive were read."""
        shown = f"{self.shown}:{name}"
        return Member(shown, name, _chunks(stream, shown, self.unpack and is_packed(name), packed))


def _read_zip(archive: _Archive) -> Iterator[Member]:
    size = archive.path.stat().st_size
    with _damage_named(archive.shown):
        zipped = zipfile.ZipFile(archive.path)
    with zipped:
        before = 0
        for info in zipped.infolist():
            name = printable(info.filename.removeprefix("./"))
            reason = "it is a link" if stat.S_ISLNK(info.external_attr >> 16) else ""
            reason = "it is encrypted" if info.flag_bits & 1 else reason
            if info.is_dir() or not archive.admits(name, reason):
                continue
            with _damage_named(f"{archive.shown}:{name}"):
                stream = zipped.open(info)
            with stream:
                # All members together: several may be made to share the same packed bytes.
                metered = _Metered(stream, archive.shown, lambda: size, before)
                yield archive.member(name, cast(IO[bytes], metered), lambda: size)
                before = metered.count


def _read_tar(archive: _Archive) -> Iterator[Member]:
    with archive.path.open("rb") as raw:
        counted = _Counted(raw)
        stream = cast(IO[bytes], counted)
        if raw.peek(2).startswith(_GZIP):
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=stream))
        metered = _Metered(stream, archive.shown, lambda: counted.count)
        with _damage_named(archive.shown):
            tar = tarfile.open(mode="r:", fileobj=cast(IO[bytes], metered))
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]
                name = printable(member.name.removeprefix("./"))
                if member.isdir() or not archive.admits(name, _refuse_member(member)):
                    continue
                content = tar.extractfile(member)
                if content is not None:
                    yield archive.member(name, content, lambda: counted.count)
            while metered.read(CHUNK_BYTES):
                pass
        if metered.tail != _TAR_END:
            raise unreadable(archive.shown, "it ends before the mark of its end")


def _refuse_member(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return f"it is a link, to '{printable(member.linkname)}'"
    return "" if member.isreg() and not member.issparse() else "it is no plain file"
