"""Corpora of relations that are read into a Doc and written again: what is the same."""

import gzip
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import spacy
from defusedxml.ElementTree import fromstring
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.chemprot import read_chemprot_jsonl
from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.chemprot import write_chemprot_jsonl
from spacy_biomedplm.writers.ddi import write_ddi, write_ppi
from spacy_biomedplm.writers.drugprot import write_drugprot

MAX_EXAMPLES = 10
Write = Callable[[Iterable[DocumentRecord], Path, "Counter[str]"], None]
Read = Callable[..., Iterator[DocumentRecord]]


def check(root: Path) -> list[dict[str, Any]]:
    """Read, write and compare the DDI, PPI, DrugProt and ChemProt corpora.

    root (Path): Folder of the corpora; those that are not there are left out.
    RETURNS (list[dict[str, Any]]): One row per file: "corpus" (its path), "documents", "mentions", "relations" (as
        read), "items" (elements with their attributes, or lines, of the source), "identical" and "differing" (of them,
        whatever their order), "added" (written, not in the source), "problems" (counts of the report), "losses",
        "examples" (of differences: what only the source has, and what was written in its place).
    """
    rows = []
    for path in sorted((root / "ddi2013").glob("*.tar.gz")):
        rows.append(_check(root, path, read_ddi, write_ddi, _xml_items, path))
    for path in sorted((root / "ppi").glob("*.xml")):
        rows.append(_check(root, path, read_ppi, write_ppi, _xml_items, path))
    for path in sorted((root / "drugprot").glob("*_abstracs*")):
        known = {line.split("\t")[0] for line in _open(path).splitlines()}
        tables = [path, *sorted(path.parent.glob(f"{path.name.split('_abstracs')[0]}_[er]*"))]
        rows.append(_check(root, path, read_drugprot, write_drugprot, partial(_table_items, known=known), *tables))
    for path in sorted((root / "chemprot").glob("*_abstracts.tsv")):
        rows.append(_check(root, path, read_drugprot, write_drugprot, _line_items, path))
    for path in sorted((root / "chemprot").glob("*.jsonl")):
        rows.append(_check(root, path, read_chemprot_jsonl, write_chemprot_jsonl, _line_items, path))
    return rows


def _check(
    root: Path, path: Path, read: Read, write: Write, items: Callable[[Path], Counter[str]], *sources: Path
) -> dict[str, Any]:
    vocab = spacy.blank("en").vocab
    report = Report(errors="repair")
    losses: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "written"
        write(_copies(read(path, report=report), vocab, report, counts), target, losses)
        new = items(target)
    old = sum((items(source) for source in sources), Counter())
    lost, added = old - new, new - old
    return {
        "corpus": path.relative_to(root).as_posix(),
        **{key: counts[key] for key in ("documents", "mentions", "relations")},
        "items": old.total(),
        "identical": (old & new).total(),
        "differing": lost.total(),
        "added": added.total(),
        "problems": dict(report.counts),
        "losses": dict(losses),
        "examples": [{"source": sorted(lost)[:MAX_EXAMPLES], "written": sorted(added)[:MAX_EXAMPLES]}] if lost else [],
    }


def _copies(
    records: Iterable[DocumentRecord], vocab: Vocab, report: Report, counts: Counter[str]
) -> Iterator[DocumentRecord]:
    for record in records:
        doc = make_doc(vocab, fit(record, report))
        copy = make_record(Doc(vocab).from_bytes(doc.to_bytes()))
        counts.update(documents=1, mentions=len(copy.mentions), relations=len(copy.relations))
        yield copy


def _xml_items(path: Path) -> Counter[str]:
    """Return every element with its attributes and the identifier of the element around it."""
    items: Counter[str] = Counter()
    for content in _contents(path):
        pending: list[tuple[str, Element]] = [("", fromstring(content, forbid_dtd=True))]
        while pending:
            parent, element = pending.pop()
            items[f"{parent} <{element.tag} {sorted(element.attrib.items())}>"] += 1
            pending += ((element.get("id", ""), child) for child in element)
    return items


def _table_items(path: Path, known: set[str]) -> Counter[str]:
    """Return the lines of tables that belong to one of the documents."""
    return Counter({line: n for line, n in _line_items(path).items() if line.split("\t")[0] in known})


def _line_items(path: Path) -> Counter[str]:
    return Counter(line for content in _contents(path) for line in content.decode("utf-8").split("\n") if line)


def _contents(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (file.read_bytes() for file in path.iterdir())
    elif path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            streams = (archive.extractfile(member) for member in archive if member.isfile())
            yield from (stream.read() for stream in streams if stream is not None)
    else:
        yield gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()


def _open(path: Path) -> str:
    return b"".join(_contents(path)).decode("utf-8")
