"""Texts with a label file beside each: one line of text and one list of labels for each sentence."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.parts import Part, join_parts
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import DocumentRecord

TEXTS = "text"
LABELS = "labels"
NONE = "NULL"
"""Stands in the files for no label."""


def read_labelled_sentences(
    path: Path | str, *, report: Report | None = None, depth: int | None = None
) -> Iterator[DocumentRecord]:
    """Stream the abstracts of a corpus with labelled sentences (Hallmarks of Cancer, chemical exposure).

    path (Path | str): A folder or archive with "text/ID.txt" (one sentence a line) and "labels/ID.txt" ("<" before
        the labels of each sentence, "AND" between them, "--" between the levels of one).
    report (Report | None): What to do with documents whose labels do not fit their sentences; None stops at the first.
    depth (int | None): How many levels of a label are kept; None keeps all.
    YIELDS (DocumentRecord): In the order of the names. Sentences are passages with their labels among the infons
        (between "; "); the labels of the document are those of its sentences.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without documents, B411 for a text without labels or
        labels without a text, B427 for another number of label lists than of sentences.
    """
    path = Path(path)
    report = report or Report()
    texts: dict[str, tuple[str, str]] = {}
    labels: dict[str, tuple[str, str]] = {}
    empty = True
    for name, member, chunks in read_streams(path, (".txt",), report):
        folder, _, doc_id = member.rpartition("/")
        group = {TEXTS: texts, LABELS: labels}.get(folder.rpartition("/")[2])
        if group is not None:
            with report.leaving_out(name, doc_id=doc_id):
                group[doc_id] = (decode(b"".join(chunks), path=name, line=1), name)
    for doc_id in sorted(texts.keys() | labels.keys()):
        if doc_id not in texts or doc_id not in labels:
            there, missing = (TEXTS, LABELS) if doc_id in texts else (LABELS, TEXTS)
            message = coded("B411", path=path, name=f"{there}/{doc_id}.txt", missing=f"{missing}/{doc_id}.txt")
            report.drop(message, path=str(path), doc_id=doc_id)
            continue
        record = _read(doc_id, *texts[doc_id], labels[doc_id][0], depth, report)
        if record is not None:
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, "text/ID.txt and labels/ID.txt")


def _read(doc_id: str, text: str, name: str, labels: str, depth: int | None, report: Report) -> DocumentRecord | None:
    sentences = [line.removesuffix("\r") for line in text.split("\n") if line.strip()]
    lists = [_split(item, depth) for item in labels.split("<")[1:]]
    if len(lists) != len(sentences):
        found = f"{len(lists)} lists of labels"
        message = coded("B427", path=name, line=0, doc_id=doc_id, found=found, wanted=f"{len(sentences)}")
        report.drop(message, path=name, doc_id=doc_id)
        return None
    parts = [
        Part("sentence", sentence, {"labels": "; ".join(found)})
        for sentence, found in zip(sentences, lists, strict=True)
    ]
    joined, passages = join_parts(parts)
    applying = {label: 1.0 for found in lists for label in found}
    return DocumentRecord(doc_id, joined, passages=passages, labels=applying, path=name)


def _split(item: str, depth: int | None) -> list[str]:
    found = []
    for label in item.split("AND"):
        levels = [level.strip() for level in label.split("--")]
        while levels and not levels[-1]:
            levels.pop()
        if levels and levels != [NONE]:
            found.append("--".join(levels[:depth]))
    return list(dict.fromkeys(found))
