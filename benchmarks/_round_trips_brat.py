"""Standoff files that are read into a Doc and written again: which lines are the same."""

import re
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit, read_brat
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.brat import write_a2, write_brat

SUFFIXES = (".ann", ".a1", ".a2", ".rel")
MAX_EXAMPLES = 10


def check(root: Path) -> list[dict[str, Any]]:
    """Read, write and compare every archive of standoff below a folder.

    root (Path): Such as the folder of the corpora.
    RETURNS (list[dict[str, Any]]): One row per archive: "corpus" (its path), "files" (of annotations),
        "annotations" (lines), "identical" and "differing" (of them, byte by byte, whatever their order and the numbers
        of normalisations), "texts_differing", "problems" (counts of the report), "losses", "examples" (of differences,
        each with the file, the lines that it alone has and those that were written in their place).
    """
    vocab = spacy.blank("en").vocab
    archives = (path for path in sorted(root.rglob("*.tar.gz")) if _has_standoff(path))
    return [{"corpus": path.relative_to(root).as_posix(), **check_archive(path, vocab)} for path in archives]


def check_archive(path: Path, vocab: Vocab) -> dict[str, Any]:
    """Return the row of one archive.

    path (Path): A .tar.gz of standoff files.
    vocab (Vocab): For the documents.
    """
    source = _contents(path)
    report = Report(errors="repair")
    losses: Counter[str] = Counter()
    paired = any(name.endswith(".a1") for name in source)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "written"
        (write_a2 if paired else write_brat)(_copies(path, vocab, report), target, losses)
        # A .rel file is written as .a2, and a document without .a2 gets an empty one.
        names = {file.name: file for file in target.iterdir()}
        row = compare(source, {name: file.read_bytes() for name, file in names.items()})
    return {**row, "problems": dict(report.counts), "losses": dict(losses)}


def compare(source: Mapping[str, bytes], written: Mapping[str, bytes]) -> dict[str, Any]:
    """Return how many lines of files of annotations are in the files that were written.

    source (Mapping[str, bytes]): Contents by name.
    written (Mapping[str, bytes]): The same; a name has no folder.
    """
    files = annotations = identical = texts = extra = 0
    examples = []
    for name, content in sorted(source.items()):
        base = name.rpartition("/")[2]
        found = written.get(re.sub(r"\.rel$", ".a2", base), b"")
        if name.endswith(".txt"):
            texts += content != found
            continue
        old, new = _lines(content), _lines(found)
        files += 1
        annotations += old.total()
        identical += (old & new).total()
        extra += (new - old).total()
        if old != new and len(examples) < MAX_EXAMPLES:
            examples.append({"file": name, "source": sorted(old - new), "written": sorted(new - old)})
    return {
        "files": files,
        "annotations": annotations,
        "identical": identical,
        "differing": annotations - identical,
        "added": extra,
        "texts_differing": texts,
        "examples": examples,
    }


def _copies(path: Path, vocab: Vocab, report: Report) -> Iterator[DocumentRecord]:
    for record in read_brat(path, report=report):
        doc = make_doc(vocab, fit(record, report))
        yield make_record(Doc(vocab).from_bytes(doc.to_bytes()))


def _lines(content: bytes) -> Counter[bytes]:
    lines = (line.removesuffix(b"\r") for line in content.split(b"\n"))
    return Counter(re.sub(rb"^N[0-9]+\t", b"N\t", line) for line in lines if line.strip())


def _contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        streams = ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        wanted = (".txt", *SUFFIXES)
        return {name: stream.read() for name, stream in streams if stream is not None and name.endswith(wanted)}


def _has_standoff(path: Path) -> bool:
    with tarfile.open(path) as archive:
        return any(name.endswith(SUFFIXES) for name in archive.getnames())
