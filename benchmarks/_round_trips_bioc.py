"""PubTator and BioC: read, made documents, written and compared; documents of each also through the other."""

import difflib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import spacy
from defusedxml.ElementTree import fromstring
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit, read_pubtator
from spacy_biomedplm.corpora.bioc import read_bioc_json, read_bioc_xml
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.bioc import write_bioc_json, write_bioc_xml
from spacy_biomedplm.writers.pubtator import write_pubtator

MAX_EXAMPLES = 10


def check(root: Path) -> list[dict[str, Any]]:
    """Read, write and compare every PubTator and BioC XML file below a folder.

    root (Path): Such as the folder of the corpora.
    RETURNS (list[dict[str, Any]]): One row per file: "corpus" (its path), "format", "documents", "mentions",
        "relations"; "identical" (the same file: byte by byte for PubTator; for XML, elements, attributes and texts,
        whatever the order of the infons of one element); "differing_lines" and "examples" of them; "why" they differ;
        "through_bioc" (how many documents are the same after they went through BioC XML and BioC JSON); "losses".
    """
    vocab = spacy.blank("en").vocab
    rows = []
    for path in sorted(root.rglob("*")):
        if _is_pubtator(path):
            rows.append({"corpus": path.relative_to(root).as_posix(), **_check_pubtator(path, vocab)})
        elif path.name.lower().endswith((".bioc.xml", "bioc.tar.gz", ".bioc.xml.gz")):
            rows += (
                {"corpus": f"{path.relative_to(root).as_posix()}{name.removeprefix(str(path))}", **row}
                for name, row in _check_bioc(path, vocab)
            )
    return rows


def _is_pubtator(path: Path) -> bool:
    if not path.is_file() or not path.name.lower().removesuffix(".gz").endswith((".pubtator", ".txt")):
        return False
    start = _content(path)[:2000].lstrip().split(b"\n")
    return len(start) > 1 and b"|t|" in start[0] and b"|a|" in start[1]


def _content(path: Path) -> bytes:
    return b"".join(chunk for _, _, chunks in read_streams(path, (), Report()) for chunk in chunks)


def _check_pubtator(path: Path, vocab: Vocab) -> dict[str, Any]:
    full_text = "nlm-chem" in path.as_posix()
    report = Report(errors="repair")
    losses: Counter[str] = Counter()
    records = list(read_pubtator(path, report=report, merge_passages=full_text))
    copies = _copies(records, vocab, report)
    with tempfile.TemporaryDirectory() as folder:
        write_pubtator(copies, Path(folder) / "a", losses)
        old, new = _content(path), (Path(folder) / "a").read_bytes()
    return {
        "format": "pubtator",
        **_counts(records),
        "identical": old == new,
        **_differences(old.decode().split("\n"), new.decode().split("\n")),
        "through_bioc": _through_bioc(copies),
        "why": _why(old.decode(), new.decode(), report),
        "losses": dict(losses),
    }


def _check_bioc(path: Path, vocab: Vocab) -> Iterator[tuple[str, dict[str, Any]]]:
    sources = {name: b"".join(chunks) for name, _, chunks in read_streams(path, (".xml",), Report())}
    found = list(read_bioc_xml(path))
    for name, source in sources.items():
        losses: Counter[str] = Counter()
        records = [record for record in found if record.path == name]
        report = Report(errors="repair")
        copies = _copies(records, vocab, report)
        with tempfile.TemporaryDirectory() as folder:
            write_bioc_xml(copies, Path(folder) / "a", losses)
            old, new = (list(_lines(fromstring(text))) for text in (source, (Path(folder) / "a").read_bytes()))
        yield (
            name,
            {
                "format": "bioc-xml",
                **_counts(records),
                "identical": old == new,
                **_differences(old, new),
                "through_bioc": _through_bioc(copies),
                "why": _why("\n".join(old), "\n".join(new), report),
                "losses": dict(losses),
            },
        )


def _copies(records: list[DocumentRecord], vocab: Vocab, report: Report) -> list[DocumentRecord]:
    docs = (make_doc(vocab, fit(record, report)) for record in records)
    return [make_record(Doc(vocab).from_bytes(doc.to_bytes())) for doc in docs]


def _through_bioc(records: list[DocumentRecord]) -> int:
    same = [True] * len(records)
    ways: list[tuple[Callable[..., None], Callable[..., Iterator[DocumentRecord]]]]
    ways = [(write_bioc_xml, read_bioc_xml), (write_bioc_json, read_bioc_json)]
    for write, read in ways:
        with tempfile.TemporaryDirectory() as folder:
            write(records, Path(folder) / "a", Counter())
            for number, record in enumerate(read(Path(folder) / "a", report=Report(errors="skip"))):
                same[number] &= fit(record, Report(errors="skip")) == records[number]
    return sum(same)


def _counts(records: list[DocumentRecord]) -> dict[str, int]:
    return {
        "documents": len(records),
        "mentions": sum(len(record.mentions) for record in records),
        "relations": sum(len(record.relations) for record in records),
    }


def _differences(old: list[str], new: list[str]) -> dict[str, Any]:
    changed: list[str] = []
    if old != new:
        changed = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if not line.startswith("@@")][2:]
    return {"differing_lines": len(changed), "examples": [line[:160] for line in changed[:MAX_EXAMPLES]]}


def _why(old: str, new: str, report: Report) -> str:
    reasons = []
    if report.counts["repaired"]:
        reasons.append(f"{report.counts['repaired']} mentions repaired")
    if report.counts["dropped"]:
        reasons.append(f"{report.counts['dropped']} items dropped")
    if report.counts["excluded"]:
        reasons.append(f"{report.counts['excluded']} copies of documents left out")
    if (old[:1] == "\n") != (new[:1] == "\n") or (old[-2:] == "\n\n") != (new[-2:] == "\n\n"):
        reasons.append("empty lines at the beginning or the end")
    return ", ".join(reasons) or ("" if old == new else "unknown")


def _lines(element: Element) -> Iterator[str]:
    """Yield the elements of BioC one by one, the infons of each in alphabetical order."""
    yield f"<{element.tag} {sorted(element.attrib.items())}>{(element.text or '').strip() and element.text}"
    infons = sorted((child for child in element if child.tag == "infon"), key=lambda child: child.get("key", ""))
    for child in (*infons, *(child for child in element if child.tag != "infon")):
        yield from _lines(child)
