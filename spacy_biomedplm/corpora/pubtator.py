"""PubTator files: "ID|t|title", "ID|a|abstract", then one tab-separated line per mention."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Problem, Report, tell
from spacy_biomedplm.errors import BiomedplmError, coded

# The identifier holds neither "|" nor a tab; everything after the second bar is text, bars included.
_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)


def read_pubtator(
    path: Path | str,
    vocab: Vocab,
    *,
    scheme: LabelScheme | None = None,
    report: Report | None = None,
    merge_passages: bool = False,
) -> Iterator[Doc]:
    """Stream the documents of a PubTator file.

    path (Path | str): The file; gzip'd if its name ends in ".gz".
    vocab (Vocab): The pipeline's vocabulary.
    scheme (LabelScheme | None): Labels of the corpus; None keeps the labels of the file.
    report (Report | None): Collects repaired, dropped, excluded and skipped lines; without one, a mention that
        cannot be placed is an error.
    merge_passages (bool): Join consecutive records of one identifier (the passages of a full text), with a line
        break between them, to one document.
    YIELDS (Doc): ``doc.text`` is the title, a space and the abstract (offsets of the format count so), or the
        one of them that is there. A mention with several parts (columns after the sixth, or "|" in its
        text) is one covering span, as its offsets say. Lines without offsets (relations) are skipped.
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B404 for an unknown label, B406 for a line that
        is neither text nor mention, B407 for a mention of another document, B408 for a file without documents.
    """
    path = Path(path)
    records = _read_records(path, report)
    empty = True
    for record in _merge(records) if merge_passages else _without_copies(records, report):
        empty = False
        yield make_doc(vocab, record, scheme=scheme, report=report)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="lines of the form 'ID|t|title'"))


def _read_records(path: Path, report: Report | None) -> Iterator[Record]:
    block: list[tuple[int, str]] = []
    for number, line in read_lines(path):
        match = _TEXT_LINE.fullmatch(line)
        if block and (not line.strip() or (match is not None and match.group(2) == "t")):
            yield _parse(block, str(path), report)
            block = []
        if line.strip():
            block.append((number, line))
    if block:
        yield _parse(block, str(path), report)


def _parse(block: list[tuple[int, str]], path: str, report: Report | None) -> Record:
    texts: dict[str, str] = {}
    doc_id = ""
    mentions = []
    for number, line in block:
        match = _TEXT_LINE.fullmatch(line)
        if match is not None:
            if texts and (match.group(1) != doc_id or match.group(2) in texts):
                raise BiomedplmError(coded("B407", path=path, line=number, found=match.group(1), wanted=doc_id))
            doc_id = match.group(1)
            texts[match.group(2)] = match.group(3)
            continue
        mention = _parse_mention(line, number, path, doc_id)
        if mention is None:
            tell(report, Problem("skipped", path, number, doc_id, f"not a mention: '{line[:60]}'"))
        else:
            mentions.append(mention)
    text = " ".join(texts.get(part, "") for part in "ta")
    if not texts.get("a"):
        text = texts.get("t", "")
    return Record(doc_id, text, mentions, path)


def _parse_mention(line: str, number: int, path: str, doc_id: str) -> Mention | None:
    fields = line.split("\t")
    if len(fields) < 2 or not doc_id:
        raise BiomedplmError(coded("B406", path=path, line=number, columns=len(fields), found=line[:60]))
    if fields[0] != doc_id:
        raise BiomedplmError(coded("B407", path=path, line=number, found=fields[0], wanted=doc_id))
    if not (fields[1].isdecimal() and len(fields) > 2 and fields[2].isdecimal()):
        if len(fields) >= 4 and not fields[1].isdecimal():
            return None
        raise BiomedplmError(coded("B406", path=path, line=number, columns=len(fields), found=line[:60]))
    if len(fields) < 5:
        raise BiomedplmError(coded("B406", path=path, line=number, columns=len(fields), found=line[:60]))
    return Mention(int(fields[1]), int(fields[2]), fields[4], fields[3], number)


def _merge(records: Iterable[Record]) -> Iterator[Record]:
    parts: list[Record] = []
    for record in records:
        if parts and record.doc_id != parts[0].doc_id:
            yield _join(parts)
            parts = []
        parts.append(record)
    if parts:
        yield _join(parts)


def _join(parts: list[Record]) -> Record:
    mentions = []
    offset = 0
    for part in parts:
        for found in part.mentions:
            moved = Mention(found.start + offset, found.end + offset, found.label, found.text, found.line)
            mentions.append(moved)
        offset += len(part.text) + 1
    return Record(parts[0].doc_id, "\n".join(part.text for part in parts), mentions, parts[0].path)


def _without_copies(records: Iterable[Record], report: Report | None) -> Iterator[Record]:
    seen: set[tuple[str, int]] = set()
    for record in records:
        key = (record.doc_id, hash(record.text))
        if key in seen:
            tell(report, Problem("dropped", record.path, 0, record.doc_id, "the document was in this file before"))
            continue
        seen.add(key)
        yield record
