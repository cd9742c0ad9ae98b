"""The bytes of corpus files, file by file: plain, gzip'd, in a folder or in an archive that is never extracted."""

import gzip
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from spacy_biomedplm.errors import BiomedplmError, coded

CHUNK_BYTES = 1 << 18
_ARCHIVES = (".tar", ".tar.gz", ".tgz")
_DAMAGE = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError)


def read_streams(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str, Iterator[bytes]]]:
    """Stream the files that a path names, each in chunks.

    path (Path): A file, taken as it is; a folder, of which every file with one of the endings is taken, in the order
        of their paths; or an archive (.tar, .tar.gz, .tgz), of which every such member is, in its order.
    suffixes (tuple[str, ...]): Endings of names in lower case, without ".gz", which may follow.
    YIELDS (tuple[str, str, Iterator[bytes]]): The file as messages name it ("archive.tar.gz:member" in an archive),
        its name without the ending, below the folder or in the archive, and its bytes, unpacked if its name ends in
        ".gz". They must be read before the next file is asked for.
    RAISES (BiomedplmError): B401 if there is no such path, B403 if it cannot be read to its end.
    """
    if not path.exists():
        raise BiomedplmError(coded("B401", path=path))
    if path.is_dir():
        for file in _list(path, suffixes):
            yield str(file), stem(file.relative_to(path).as_posix(), suffixes), _read_file(file)
    elif path.name.lower().endswith(_ARCHIVES):
        yield from _read_archive(path, suffixes)
    else:
        yield str(path), stem(path.name, suffixes), _read_file(path)


def stem(name: str, suffixes: tuple[str, ...]) -> str:
    """Return the name of a file without its ending.

    name (str): Name, perhaps with folders before it.
    suffixes (tuple[str, ...]): Known endings in lower case; ".gz" after one of them goes too.
    """
    plain = name[:-3] if name.lower().endswith(".gz") else name
    ending = next((suffix for suffix in suffixes if plain.lower().endswith(suffix)), "")
    return plain[: len(plain) - len(ending)] or name


def _matches(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().removesuffix(".gz").endswith(suffixes)


def _list(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    try:
        return sorted(file for file in folder.rglob("*") if _matches(file.name, suffixes) and file.is_file())
    except OSError as err:
        raise BiomedplmError(coded("B403", path=folder, line=0, reason=err)) from err


def _read_file(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as raw:
            yield from _chunks(raw, str(path))
    except OSError as err:
        raise BiomedplmError(coded("B403", path=path, line=1, reason=err)) from err


def _read_archive(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str, Iterator[bytes]]]:
    try:
        archive = tarfile.open(path, "r:" if path.name.lower().endswith(".tar") else "r:gz")
    except _DAMAGE as err:
        raise BiomedplmError(coded("B403", path=path, line=0, reason=err)) from err
    with archive:
        while True:
            try:
                member = archive.next()
                stream = archive.extractfile(member) if member is not None and member.isfile() else None
            except _DAMAGE as err:
                raise BiomedplmError(coded("B403", path=path, line=0, reason=err)) from err
            if member is None:
                return
            if stream is not None and _matches(member.name, suffixes):
                name = f"{path}:{member.name}"
                yield name, stem(member.name.removeprefix("./"), suffixes), _chunks(stream, name)


def _chunks(raw: IO[bytes], name: str) -> Iterator[bytes]:
    stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if name.lower().endswith(".gz") else raw
    lines = 1
    while True:
        try:
            data = stream.read(CHUNK_BYTES)
        except _DAMAGE as err:
            raise BiomedplmError(coded("B403", path=name, line=lines, reason=err)) from err
        if not data:
            return
        lines += data.count(b"\n")
        yield data


def split_lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Stream the lines of a file.

    chunks (Iterable[bytes]): Its bytes.
    YIELDS (tuple[int, bytes]): Number from 1, and the line without its line feed.
    """
    number = 1
    pending: list[bytes] = []
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pending.append(first)
        for line in others:
            yield number, b"".join(pending)
            pending = [line]
            number += 1
    yield number, b"".join(pending)
