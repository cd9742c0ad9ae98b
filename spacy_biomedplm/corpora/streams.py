"""The bytes of corpus files, file by file: plain, gzip'd, in a folder or in an archive that is never extracted."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy_biomedplm.corpora.containers import (
    holds_gzip,
    is_archive,
    is_packed,
    kind_of,
    printable,
    read_chunks,
    read_files,
)
from spacy_biomedplm.corpora.problems import Report


def read_streams(path: Path, suffixes: tuple[str, ...], report: Report) -> Iterator[tuple[str, str, Iterator[bytes]]]:
    """Stream the files that a path names, each in chunks.

    path (Path): A file, taken as it is; a folder, of which every file with one of the endings is taken, in the order
        of their paths; or an archive (.tar, .tar.gz, .tgz, .zip), of which every such member is, in its order.
    suffixes (tuple[str, ...]): Endings of names in lower case, without ".gz", which may follow.
    report (Report): What to do with links and members that are not read, and with the rest of a damaged archive.
    YIELDS (tuple[str, str, Iterator[bytes]]): The file as messages name it ("archive.tar.gz:member" in an archive),
        its name without the ending, below the folder or in the archive, and its bytes, unpacked if its name ends in
        ".gz". They must be read before the next file is asked for.
    RAISES (BiomedplmError): B401 if there is no such path, B408 or B438 for a folder or an archive that has no such
        file; as the report decides, B403 and B435 of ``read_files``. From the bytes: B403 if they cannot be read to
        their end, B437 if they are made to exhaust memory.
    """
    if kind_of(path) == "folder" or is_archive(path):
        empty = True
        for member in read_files(path, lambda name: _matches(name, suffixes), report, unpack=True):
            empty = False
            yield member.shown, stem(member.name, suffixes), member.chunks
        if empty:
            raise report.nothing_read(path, f"files whose names end in {', '.join(suffixes)}, perhaps with .gz")
    else:
        yield printable(path), stem(printable(path.name), suffixes), read_chunks(path, unpack=holds_gzip(path))


def read_members(path: Path, suffixes: tuple[str, ...], report: Report) -> dict[str, bytes]:
    """Read the small files of a corpus that is a folder or an archive of them into memory.

    path (Path): A folder, read with all below it, or an archive (.tar, .tar.gz, .tgz, .zip).
    suffixes (tuple[str, ...]): Endings of the names that are wanted.
    report (Report): What to do with links and members that are not read, and with damaged files.
    RETURNS (dict[str, bytes]): Contents by name below the folder, or in the archive.
    RAISES (BiomedplmError): B401 if there is no such folder or archive, B436 if it is a file; as the report decides,
        B403, B435 and B437.
    """
    contents = {}
    for member in read_files(path, lambda name: name.endswith(suffixes), report):
        with report.leaving_out(member.shown):
            contents[member.name] = b"".join(member.chunks)
    return contents


def stem(name: str, suffixes: tuple[str, ...]) -> str:
    """Return the name of a file without its ending.

    name (str): Name, perhaps with folders before it.
    suffixes (tuple[str, ...]): Known endings in lower case; ".gz" after one of them goes too.
    """
    plain = name[:-3] if is_packed(name) else name
    ending = next((suffix for suffix in suffixes if plain.lower().endswith(suffix)), "")
    return plain[: len(plain) - len(ending)] or name


def _matches(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().removesuffix(".gz").endswith(suffixes)


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
