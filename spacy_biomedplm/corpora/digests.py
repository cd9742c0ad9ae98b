"""Digests of what is in a file, however it is packed."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from spacy_biomedplm.errors import BiomedplmError, coded

CHUNK_BYTES = 1 << 20
ARCHIVES = (".tar.gz", ".tgz", ".tar")


def digest_file(path: Path, name: str | None = None) -> str:
    """Return the SHA-256 of what is in a file.

    path (Path): A file or a folder.
    name (str | None): Name whose ending says how it is packed; None takes that of the path.
    RETURNS (str): Of the bytes of a plain file; of the unpacked bytes of a ".gz"; for an archive or a folder that of
        the lines "SHA-256, two spaces, name" of all its files in the order of their names, so that it does not
        depend on the order of members, their dates, or how hard they were squeezed.
    RAISES (BiomedplmError): B403 if the file is damaged.
    """
    name = name or path.name
    try:
        if path.is_dir():
            files = (file for file in path.rglob("*") if file.is_file())
            return digest_members((file.relative_to(path).as_posix(), _digest_plain(file)) for file in files)
        if name.endswith(ARCHIVES):
            with tarfile.open(path) as archive:
                return digest_members(_digest_archive(archive))
        if name.endswith(".gz"):
            with gzip.open(path, "rb") as stream:
                return digest_stream(cast(IO[bytes], stream))
        return _digest_plain(path)
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError) as err:
        raise BiomedplmError(coded("B403", path=path, line=0, reason=err)) from err


def digest_stream(stream: IO[bytes]) -> str:
    """Return the SHA-256 of all that is left in a stream.

    stream (IO[bytes]): Read to its end.
    """
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def digest_members(members: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of a set of files.

    members (Iterable[tuple[str, str]]): Name and SHA-256 of each.
    """
    lines = (f"{digest}  {name}\n" for name, digest in sorted(members))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_plain(path: Path) -> str:
    with path.open("rb") as stream:
        return digest_stream(stream)


def _digest_archive(archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    for member in archive:
        stream = archive.extractfile(member) if member.isfile() else None
        if stream is not None:
            yield member.name, digest_stream(stream)
