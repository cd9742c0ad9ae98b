"""CRAFT and EBM-PICO: read, made documents, written and compared with the source; and how fast they are read."""

import gzip
import re
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.ebm_nlp import read_ebm_nlp
from spacy_biomedplm.corpora.knowtator import read_knowtator
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.ebm_nlp import write_ebm_nlp, write_ebm_nlp_columns
from spacy_biomedplm.writers.knowtator import write_knowtator

LAYERS = {"participants": "PAR", "interventions": "INT", "outcomes": "OUT"}
Facts = Counter[tuple[Any, ...]]


def check(root: Path) -> list[dict[str, Any]]:
    """Return one row for each set of annotations of CRAFT and each file of EBM-PICO.

    root (Path): Folder of the corpora.
    RETURNS (list[dict[str, Any]]): "differing" counts what the source and the written file do not have in common;
        "speed" is in 10⁶ bytes, unpacked, per second, for reading alone.
    """
    rows = []
    if (root / "craft").is_dir():
        rows += check_craft(root / "craft")
    for path in sorted((root / "ebm-pico").glob("*.txt.gz")):
        rows += check_ebm_nlp(path)
    return rows


def check_craft(folder: Path) -> list[dict[str, Any]]:
    """Return what the sets of CRAFT hold and what a round trip of all of them together changes.

    folder (Path): With archives of texts and of annotations.
    """
    begin = time.perf_counter()
    records = list(read_knowtator(folder))
    seconds = time.perf_counter() - begin
    sources = {path.name.split(".")[0]: load(path) for path in sorted(folder.glob("*.knowtator*.tar.gz"))}
    size = sum(len(content) for files in sources.values() for content in files.values())
    report = Report(errors="repair")
    losses: Counter[str] = Counter()
    rows = []
    with tempfile.TemporaryDirectory() as target:
        write_knowtator(copies(records, report), Path(target), losses)
        texts = load(folder / "articles-txt.tar.gz", ".txt")
        changed = sum((Path(target) / "articles" / name).read_bytes() != content for name, content in texts.items())
        for name, files in sources.items():
            old: Facts = Counter()
            new: Facts = Counter()
            for file, content in files.items():
                old.update(facts(file, content))
            for path in sorted((Path(target) / name).iterdir()):
                new.update(facts(path.name, path.read_bytes()))
            rows.append(
                {
                    "corpus": f"craft/{name}",
                    "documents": len(files),
                    "mentions": sum(count for fact, count in old.items() if fact[0] == "mention"),
                    "relations": sum(count for fact, count in old.items() if fact[0] == "slot"),
                    "differing": ((old - new) + (new - old)).total() + changed,
                    "losses": dict(losses),
                    "problems": sum(report.counts.values()),
                    "speed": size / seconds / 1e6,
                }
            )
    return rows


def check_ebm_nlp(path: Path) -> list[dict[str, Any]]:
    """Return what a file of EBM-PICO holds and what round trips change: as columns, and in the released layout.

    path (Path): Gzip'd file of four columns.
    """
    begin = time.perf_counter()
    records = list(read_ebm_nlp(path))
    seconds = time.perf_counter() - begin
    content = gzip.decompress(path.read_bytes())
    rows = []
    for layout in ("columns", "release"):
        report = Report(errors="repair")
        losses: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as folder:
            if layout == "columns":
                target = Path(folder) / "out.txt"
                write_ebm_nlp_columns(copies(records, report), target, losses)
                old: Counter[Any] = Counter(line for line in content.split(b"\n") if line.strip())
                new: Counter[Any] = Counter(line for line in target.read_bytes().split(b"\n") if line.strip())
            else:
                write_ebm_nlp(copies(records, report), Path(folder), losses)
                old, new = (Counter(mentions(found)) for found in (records, list(read_ebm_nlp(folder))))
        rows.append(
            {
                "corpus": f"ebm-pico/{path.name} ({layout})",
                "documents": len(records),
                "mentions": sum(len(record.mentions) for record in records),
                "relations": 0,
                "differing": ((old - new) + (new - old)).total(),
                "losses": dict(losses),
                "problems": sum(report.counts.values()),
                "speed": len(content) / seconds / 1e6,
            }
        )
    return rows


def copies(records: list[DocumentRecord], report: Report) -> Iterator[DocumentRecord]:
    """Yield what documents made of records, and stored as bytes, give back.

    records (list[DocumentRecord]): As they were read.
    report (Report): Collects what does not fit.
    """
    vocab = Vocab()
    for record in records:
        doc = make_doc(vocab, fit(record, report))
        yield make_record(Doc(vocab).from_bytes(doc.to_bytes()))


def mentions(records: list[DocumentRecord]) -> Iterator[tuple[Any, ...]]:
    """Yield identifier and text of every document and of every mention, under the labels of EBM-PICO.

    records (list[DocumentRecord]): From either layout.
    """
    for record in records:
        yield record.doc_id, record.text
        for mention in record.mentions:
            yield record.doc_id, LAYERS.get(mention.label, mention.label), mention.fragments


def load(path: Path, suffix: str = ".xml") -> dict[str, bytes]:
    """Return the files of an archive by their name without folders.

    path (Path): A .tar.gz.
    suffix (str): Ending of the names that are wanted.
    """
    with tarfile.open(path) as archive:
        streams = ((member.name, archive.extractfile(member)) for member in archive if member.isfile())
        found = ((PurePosixPath(name).name, stream) for name, stream in streams if stream and name.endswith(suffix))
        return {name: stream.read() for name, stream in found}


def facts(name: str, content: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield everything that a Knowtator file says, each fact once for each time it is said.

    name (str): Of the file; identifiers are unique within a text.
    content (bytes): XML of Knowtator 1 or 2.
    """
    source = name.split(".")[0]
    root: Element = fromstring(content)
    for annotation in root.iter("annotation"):
        mention, annotator = annotation.find("mention"), annotation.find("annotator")
        spans = tuple((span.get("start"), span.get("end")) for span in annotation.iter("span"))
        if mention is None:
            shown = " ... ".join(span.text or "" for span in annotation.iter("span"))
            said = {("annotator", annotation.get("annotator"), None)}
            yield "mention", source, annotation.get("id"), spans, shown, frozenset(said)
            found = annotation.find("class")
            if found is not None:
                match = re.search(r"(\w+)_(\w+)$", found.get("id", ""))
                class_id = ":".join(match.groups()) if match else None
                yield "class", annotation.get("id"), class_id, re.sub("^'(.*)'$", r"\1", found.get("label", ""))
            yield "type", annotation.get("id"), annotation.get("type")
            continue
        texts = [child for child in annotation if child.tag not in ("mention", "annotator", "span", "spannedText")]
        said = {(child.tag, child.text, None) for child in texts}
        if annotator is not None:
            said.add(("annotator", annotator.text, annotator.get("id")))
        yield "mention", source, mention.get("id"), spans, annotation.findtext("spannedText"), frozenset(said)
    for mention in root.iter("classMention"):
        for found in mention.iter("mentionClass"):
            yield "class", mention.get("id"), found.get("id"), found.text or ""
    owners = {slot.get("id"): m.get("id") for m in root.iter("classMention") for slot in m.iter("hasSlotMention")}
    for slot in root.iter("complexSlotMention"):
        values = tuple(value.get("value") for value in slot.iter("complexSlotMentionValue"))
        yield "slot", owners[slot.get("id")], next(slot.iter("mentionSlot")).get("id"), values
    for slot in root.iter("stringSlotMention"):
        for value in slot.iter("stringSlotMentionValue"):
            key = next(slot.iter("mentionSlot")).get("id")
            yield key, owners[slot.get("id")], value.get("value")
