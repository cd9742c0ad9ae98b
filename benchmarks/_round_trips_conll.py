"""IOB files of the corpora: read, made documents, written and compared line by line; and how fast they are read."""

import gzip
import tarfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from spacy.vocab import Vocab

from spacy_biomedplm.corpora.iob import DOCSTART, decode_tags, read_iob
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.writers.conll import format_conll

# Folder, and which of its files are IOB.
FILES = {
    "chineseblue": "*NER*",
    "ebm-pico": "*.txt.gz",
    "e3c": "*preprocessed.tar.gz",
    **dict.fromkeys(
        (
            *("anatem", "bc2gm", "bc5cdr-chem", "bc5cdr-disease", "bc5cdr-iob", "bionlp09-ner", "bionlp11epi-ner"),
            *("bionlp11id-ner", "bionlp13cg-ner", "bionlp13ge-ner", "bionlp13pc-ner", "craft-iob", "ex-ptm", "jnlpba"),
            *("linnaeus", "mlee", "ncbi-disease-iob", "s800"),
        ),
        "*.tsv",
    ),
}
Sentence = tuple[tuple[str, ...], ...]


def check(root: Path) -> list[dict[str, Any]]:
    """Return one row for each file: what it holds, and whether writing it gives the same lines.

    root (Path): Folder of the corpora.
    """
    return [
        check_file(path) for folder, pattern in sorted(FILES.items()) for path in sorted((root / folder).glob(pattern))
    ]


def check_file(path: Path) -> dict[str, Any]:
    """Return what a file holds and what a round trip through documents changes.

    path (Path): An IOB file, or an archive of them.
    RETURNS (dict[str, Any]): "tags" is "identical", or "equivalent" where only the variant of IOB differs; "speed"
        is in 10⁶ bytes of the file, unpacked, per second of one core, for reading alone.
    """
    contents = load(path)
    begin = time.process_time()
    deque(read_iob(path), maxlen=0)
    seconds = time.process_time() - begin
    records = list(read_iob(path))
    report = Report(errors="repair")
    losses: Counter[str] = Counter()
    vocab = Vocab()
    written = []
    for record in records:
        again = make_record(make_doc(vocab, fit(record, report)))
        written.append(format_conll(again, losses, columns=None))
    before = list(parse(contents))
    after = list(parse("".join(written)))
    pairs = list(zip_longest(before, after, fillvalue=()))
    kinds = Counter(compare(*pair) for pair in pairs)
    return {
        "corpus": path.parent.name,
        "file": path.name,
        "documents": len(records),
        "sentences": len(before),
        "words": sum(len(sentence) for sentence in before),
        "mentions": sum(len(record.mentions) for record in records),
        "sentences_that_differ": kinds["different"],
        "tags": "equivalent" if kinds["equivalent"] else "identical",
        "losses": dict(losses),
        "problems": sum(report.counts.values()),
        "speed": len(contents.encode()) / seconds / 1e6,
    }


def load(path: Path) -> str:
    """Return the text of a file, or of all members of an archive.

    path (Path): Plain, gzip'd, or .tar.gz.
    """
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            streams = [archive.extractfile(member) for member in archive if member.isfile()]
            return "\n\n".join(stream.read().decode() for stream in streams if stream is not None)
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def parse(content: str) -> Iterator[Sentence]:
    """Yield the columns of each line of each sentence; a line that begins a document is a sentence of one line.

    content (str): Of an IOB file.
    """
    rows: list[tuple[str, ...]] = []
    for line in [*content.split("\n"), ""]:
        line = line.removesuffix("\r")
        is_start = line.startswith(DOCSTART)
        if rows and (is_start or not line):
            yield tuple(rows)
            rows = []
        if is_start:
            yield ((line,),)
        elif line:
            rows.append(tuple(line.split("\t" if "\t" in line else " ")))


def compare(before: Sentence, after: Sentence) -> str:
    """Return "identical", "equivalent" (the tags stand for the same mentions) or "different".

    before, after (Sentence): Columns of each line.
    """
    if before == after:
        return "identical"
    if [row[:-1] for row in before] != [row[:-1] for row in after] or not before or not before[0][:-1]:
        return "different"
    return "equivalent" if spans(before) == spans(after) else "different"


def spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    """Return the mentions of a sentence.

    sentence (Sentence): Columns of each line.
    """
    return decode_tags([(row[-1][0], row[-1][2:]) for row in sentence])
