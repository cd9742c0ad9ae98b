"""PubTator files: "ID|t|title", "ID|a|abstract", then one tab-separated line for each mention and relation."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from spacy_biomedplm.concepts import IDENTIFIER_KEY, NO_CONCEPT, format_concepts, is_relation, parse_concepts
from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.streams import read_streams, split_lines
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)

SUFFIXES = (".pubtator", ".pubtator.txt", ".txt")

# The identifier holds neither "|" nor a tab; everything after the second bar is text, bars included.
_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
# Another line of the format behind a carriage return.
_BARE_RETURN = re.compile(r"\r[^|\t\r]+(\|[ta]\||\t[0-9]+\t[0-9]+\t)")
_KINDS = {"t": "title", "a": "abstract"}
# What the two concepts of a relation are; BioC files of the same corpora say so.
_ROLES = {"CID": ("Chemical", "Disease")}
_OTHER_ROLES = ("entity1", "entity2")


@dataclass
class _Block:
    """The lines of one document: its texts, and the rest not yet looked at."""

    doc_id: str
    texts: dict[str, str]
    rows: list[tuple[int, str]] = field(default_factory=list)


def read_pubtator(
    path: Path | str,
    *,
    report: Report | None = None,
    merge_passages: bool = False,
) -> Iterator[DocumentRecord]:
    """Stream the documents of a PubTator file.

    path (Path | str): A file, gzip'd if its name ends in ".gz"; or a folder or archive of them.
    report (Report | None): What to do with broken lines; None stops at the first.
    merge_passages (bool): Join consecutive records of one identifier (the passages of a full text), with a line
        break between them, to one document.
    YIELDS (DocumentRecord): The text is the title, a space and the abstract (offsets of the format count so), or the
        one of them that is there. A document that is in the file twice comes once. Infons of a mention are
        "identifier" (the sixth column, where its concepts alone would not give it back), "individual_mentions"
        (what stands after it) and "columns" ("5" where there is no sixth). Relations hold between concepts; the fifth
        column is their infon "novelty", what follows is "more".
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B408 for a file without documents; if the report's mode
        is "raise", B406 for a line that is neither text, mention nor relation, B407 for one of another document, B446
        for lines that end with a bare carriage return, B488 for a document that is there twice and differs.
    """
    path = Path(path)
    report = report or Report()
    records = _read_records(path, report)
    empty = True
    for record in _merge(records) if merge_passages else _without_copies(records, report):
        empty = False
        yield record
    if empty:
        raise report.nothing_read(path, "lines of the form 'ID|t|title'")


def _read_records(path: Path, report: Report) -> Iterator[DocumentRecord]:
    for shown, _, chunks in read_streams(path, SUFFIXES, report):
        with report.leaving_out(shown):
            for block in _read_blocks(chunks, shown, report):
                yield _parse(block, shown, report)


def _read_lines(chunks: Iterable[bytes], shown: str, report: Report) -> Iterator[tuple[int, str]]:
    for number, raw in split_lines(chunks):
        line = decode(raw, path=shown, line=number).removesuffix("\r")
        if "\r" in line and _BARE_RETURN.search(line):
            message = coded("B446", path=shown, line=number)
            if report.mend(message, "each ends a line", path=shown, line=number):
                yield from ((number, part) for part in line.split("\r"))
        else:
            yield number, line


def _read_blocks(chunks: Iterable[bytes], shown: str, report: Report) -> Iterator[_Block]:
    block: _Block | None = None
    start = ""
    for number, line in _read_lines(chunks, shown, report):
        if block is not None and line.startswith(start):
            block.rows.append((number, line))
        elif not line or line.isspace():
            if block is not None:
                yield block
            block = None
        else:
            match = _TEXT_LINE.fullmatch(line)
            if match is not None and (block is None or match[2] == "t"):
                if block is not None:
                    yield block
                block = _Block(match[1], {match[2]: match[3]})
                start = f"{match[1]}\t"
            elif block is None:
                values = {"columns": line.count("\t") + 1, "found": line[:60]}
                report.drop(coded("B406", path=shown, line=number, **values), path=shown, line=number)
            elif match is not None and match[1] == block.doc_id and match[2] not in block.texts:
                block.texts[match[2]] = match[3]
            else:
                _drop_stranger(line, block.doc_id, match, shown, number, report)
    if block is not None:
        yield block


def _drop_stranger(
    line: str, doc_id: str, match: re.Match[str] | None, shown: str, number: int, report: Report
) -> None:
    if match is None and "\t" not in line:
        message = coded("B406", path=shown, line=number, columns=1, found=line[:60])
    else:
        found = line.split("\t")[0] if match is None else match[1]
        message = coded("B407", path=shown, line=number, found=found[:60], wanted=doc_id)
    report.drop(message, path=shown, line=number, doc_id=doc_id)


def _parse(block: _Block, shown: str, report: Report) -> DocumentRecord:
    texts = block.texts
    text = " ".join(texts.get(part, "") for part in _KINDS) if texts.get("a") else texts.get("t", "")
    passages = []
    if "t" in texts:
        passages.append(PassageRecord(0, len(texts["t"]), _KINDS["t"]))
    if "a" in texts:
        passages.append(PassageRecord(len(text) - len(texts["a"]), len(text), _KINDS["a"]))
    mentions: list[MentionRecord] = []
    relations: list[RelationRecord] = []
    others: list[tuple[int, str, list[str]]] = []
    for number, line in block.rows:
        fields = line.split("\t")
        if fields[1].isdecimal() and len(fields) > 4 and fields[2].isdecimal() and len(fields[1] + fields[2]) < 20:
            concepts, infons = _read_columns(tuple(fields[5:]))
            place = ((int(fields[1]), int(fields[2])),)
            name = f"T{len(mentions) + 1}"
            mentions.append(
                MentionRecord(name, fields[4], place, fields[3], concepts, dict(infons), None, False, number)
            )
        else:
            others.append((number, line, fields))
    labels = {mention.label for mention in mentions} - {""}
    for number, line, fields in others:
        if is_relation(fields, labels, text):
            relations.append(_parse_relation(fields, f"R{len(relations) + 1}", number))
        else:
            message = coded("B406", path=shown, line=number, columns=len(fields), found=line[:60])
            is_mention = len(fields) > 4 or fields[1].lstrip("-")[:1].isdigit()
            report.drop(message, path=shown, line=number, doc_id=block.doc_id, is_mention=is_mention)
    return DocumentRecord(block.doc_id, text, tuple(mentions), tuple(relations), passages=tuple(passages), path=shown)


@lru_cache(maxsize=1 << 16)
def _read_columns(columns: tuple[str, ...]) -> tuple[tuple[ConceptRecord, ...], dict[str, str]]:
    """Return what stands after the label: concepts, and infons that keep what they do not."""
    if not columns:
        return (), {"columns": "5"}
    concepts = parse_concepts(columns[0])
    infons = {}
    if columns[0] != (format_concepts(concepts) or NO_CONCEPT):
        infons[IDENTIFIER_KEY] = columns[0]
    if len(columns) > 1:
        infons["individual_mentions"] = "\t".join(columns[1:])
    return concepts, infons


def _parse_relation(fields: Sequence[str], name: str, number: int) -> RelationRecord:
    _, label, head, tail, *rest = fields
    roles = _ROLES.get(label, _OTHER_ROLES)
    infons = {}
    if rest:
        infons["novelty"] = rest[0]
    if len(rest) > 1:
        infons["more"] = "\t".join(rest[1:])
    arguments = (ArgumentRecord(roles[0], head, "concept"), ArgumentRecord(roles[1], tail, "concept"))
    return RelationRecord(name, label, arguments, infons, line=number)


def _merge(records: Iterable[DocumentRecord]) -> Iterator[DocumentRecord]:
    parts: list[DocumentRecord] = []
    for record in records:
        if parts and record.doc_id != parts[0].doc_id:
            yield _join(parts)
            parts = []
        parts.append(record)
    if parts:
        yield _join(parts)


def _join(parts: list[DocumentRecord]) -> DocumentRecord:
    mentions: list[MentionRecord] = []
    relations: list[RelationRecord] = []
    passages: list[PassageRecord] = []
    offset = 0
    for part in parts:
        for found in part.mentions:
            moved = ((found.start + offset, found.end + offset),)
            mentions.append(replace(found, id=f"T{len(mentions) + 1}", fragments=moved))
        relations += (replace(r, id=f"R{n}") for n, r in enumerate(part.relations, len(relations) + 1))
        passages += (replace(p, start=p.start + offset, end=p.end + offset) for p in part.passages)
        offset += len(part.text) + 1
    text = "\n".join(part.text for part in parts)
    return DocumentRecord(
        parts[0].doc_id, text, tuple(mentions), tuple(relations), passages=tuple(passages), path=parts[0].path
    )


def _without_copies(records: Iterable[DocumentRecord], report: Report) -> Iterator[DocumentRecord]:
    seen: dict[tuple[str, int], int] = {}
    for record in records:
        key = (record.doc_id, hash(record.text))
        mentions = tuple((found.label, found.fragments, found.concepts) for found in record.mentions)
        said = hash((mentions, tuple((found.label, found.arguments) for found in record.relations)))
        if key not in seen:
            seen[key] = said
            yield record
        elif seen[key] == said:
            report.add(Problem("excluded", record.path, 0, record.doc_id, "the document was in this file before"))
        else:
            message = coded("B488", path=record.path, doc_id=record.doc_id)
            report.drop(message, path=record.path, doc_id=record.doc_id)
