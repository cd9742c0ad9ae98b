"""Raw text for pre-training: plain text, JSONL and PubMed XML, compressed or not, one document at a time."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from spacy_biomedplm.errors import BiomedplmError, coded

SUFFIXES = (".txt", ".jsonl", ".xml")
_CHUNK = 1 << 20
# Keys of JSONL that hold an identifier which other corpora share, the best first.
_ID_KEYS = ("pmid", "doc_id", "id")


@dataclass(frozen=True)
class RawDocument:
    """A document without annotation.

    text (str): Its text, not empty.
    id (str | None): Its identifier, such as a PMID; None if the file gives none.
    source (str): File and line, for messages.
    """

    text: str
    id: str | None
    source: str


def find_files(path: Path) -> list[Path]:
    """Return the files of raw text that a path stands for.

    path (Path): A file, or a folder that is searched with all below it.
    RETURNS (list[Path]): Sorted by name; in a folder those that end in .txt, .jsonl or .xml, with or without .gz.
    RAISES (BiomedplmError): B520 if there is none.
    """
    found = list_files(path, SUFFIXES)
    if not found:
        raise BiomedplmError(coded("B520", path=path, suffixes=", ".join(SUFFIXES)))
    return found


def list_files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return a file itself, or the files of a folder and all below it, sorted by name.

    path (Path): A file or folder.
    suffixes (Sequence[str]): Of the files in a folder, such as ".txt"; ".gz" may follow.
    """
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and suffix_of(file) in suffixes)


def iter_texts(path: Path) -> Iterator[RawDocument]:
    """Yield the documents of a file or a folder.

    path (Path): See ``find_files``. By its name a file is JSONL (one object per line, with "text" and perhaps "pmid",
        "doc_id" or "id"), PubMed XML (title and abstract; identifier is the PMID), or plain text in UTF-8 with one
        document per line.
    YIELDS (RawDocument): Documents without text are passed over.
    RAISES (BiomedplmError): B520 if there is no file, B521 for a line that is not UTF-8, not JSON or has no "text",
        B522 for a damaged .gz, B613 to B615 for XML.
    """
    for file in find_files(path):
        readers = {".jsonl": _read_jsonl, ".xml": _read_pubmed}
        with open_stream(file) as stream:
            yield from readers.get(suffix_of(file), _read_plain)(stream, file)


def suffix_of(file: Path) -> str:
    """Return how the name of a file ends, in small letters, without ".gz".

    file (Path): The file.
    """
    name = file.name.lower().removesuffix(".gz")
    return Path(name).suffix


@contextmanager
def open_stream(file: Path) -> Iterator[BinaryIO]:
    """Open a file, compressed or not.

    file (Path): Compressed if its name ends in .gz.
    RAISES (BiomedplmError): B522 if it is damaged, also while it is read.
    """
    raw = cast(BinaryIO, gzip.open(file, "rb") if file.name.lower().endswith(".gz") else file.open("rb"))
    with raw as stream:
        try:
            yield stream
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BiomedplmError(coded("B522", path=file, reason=error)) from error


def iter_lines(stream: BinaryIO, file: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file with their numbers, from 1.

    stream (BinaryIO): From ``open_stream``. file (Path): For messages.
    RAISES (BiomedplmError): B521 for a line that is not UTF-8.
    """
    for number, raw in enumerate(stream, start=1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BiomedplmError(coded("B521", path=file, line=number, reason=f"it is not UTF-8: {error}")) from error
        yield number, text.rstrip("\r\n")


def has_half_pairs(text: str) -> bool:
    """Say whether a text holds half a surrogate pair, which JSON can spell and UTF-8 cannot.

    text (str): Any text.
    """
    return re.search("[\ud800-\udfff]", text) is not None


def _read_plain(stream: BinaryIO, file: Path) -> Iterator[RawDocument]:
    for number, line in iter_lines(stream, file):
        if line.strip():
            yield RawDocument(line.strip(), None, f"{file}:{number}")


def _read_jsonl(stream: BinaryIO, file: Path) -> Iterator[RawDocument]:
    for number, line in iter_lines(stream, file):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BiomedplmError(coded("B521", path=file, line=number, reason=f"it is not JSON: {error}")) from error
        text = found.get("text") if isinstance(found, dict) else None
        if not isinstance(text, str):
            raise BiomedplmError(coded("B521", path=file, line=number, reason='it has no "text" that is a string'))
        if has_half_pairs(text):
            raise BiomedplmError(coded("B521", path=file, line=number, reason="its text has half a surrogate pair"))
        given = next((str(found[key]) for key in _ID_KEYS if found.get(key) is not None), None)
        if text.strip():
            yield RawDocument(text.strip(), given, f"{file}:{number}")


def _read_pubmed(stream: BinaryIO, file: Path) -> Iterator[RawDocument]:
    from spacy_biomedplm.medline import read_citations

    for citation in read_citations(iter(lambda: stream.read(_CHUNK), b""), str(file)):
        parts = [*citation.titles.values(), *(section.text for section in citation.sections)]
        text = " ".join(part.strip() for part in parts if part.strip())
        if text:
            yield RawDocument(text, citation.pmid or None, f"{file}:{citation.line}")
