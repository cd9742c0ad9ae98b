"""PubTator: "id|t|title", "id|a|abstract", then one tab-separated line for each mention and each relation."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from spacy_biomedplm.concepts import NO_CONCEPT, RESOURCES, column_of, is_relation
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord, MentionRecord
from spacy_biomedplm.writers.losses import count_infons

# All that ends a line for some reader, and the tab that divides columns: each becomes one space, so offsets stay.
_BREAKS = dict.fromkeys(map(ord, "\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")
_BREAK = re.compile("[" + "".join(map(chr, _BREAKS)) + "]")
_MENTION_INFONS = {"identifier", "individual_mentions", "columns", *RESOURCES}
_ROLES = {("", ""), ("entity1", "entity2"), ("Chemical", "Disease")}


class _Block(NamedTuple):
    """A part of a document that is written under a title line of its own: title to split, abstract to end."""

    start: int
    split: int
    end: int


def write_pubtator(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents to one PubTator file.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The file.
    losses (Counter[str]): Counts what the format cannot express.
    RAISES (BiomedplmError): B629 for an identifier that the format cannot hold.
    """
    with path.open("w", encoding="utf8", newline="\n") as file:
        for record in records:
            file.write(format_pubtator(record, losses))


def format_pubtator(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return a document in PubTator format.

    record (DocumentRecord): Its passages "title" and "abstract" say where the title ends; without them the first line
        stands for it. One character, which the format does not store, divides the two. A full text that was read
        with ``merge_passages`` becomes one record for each of its passages again.
    losses (Counter[str]): Counts what the format cannot express.
    RETURNS (str): Two lines of text, one line per mention (id, start, end, text, label, concepts or "-"), one per
        relation between two concepts, an empty line. Tabs and line breaks become one space each; all else is kept, so
        offsets are those of the text.
    RAISES (BiomedplmError): B629 for an identifier that is empty or holds a bar, a tab or a line break.
    """
    doc_id = _check_id(record)
    blocks = _divide(record)
    _count_rest(record, blocks, losses)
    places: list[list[MentionRecord]] = [[] for _ in blocks]
    for mention in record.mentions:
        if mention.is_trigger:
            losses["triggers"] += 1
        else:
            place = max((i for i, block in enumerate(blocks) if block.start <= mention.start), default=0)
            places[place].append(mention)
    lines = []
    for block, mentions in zip(blocks, places, strict=True):
        title, abstract = record.text[block.start : block.split], record.text[block.split + 1 : block.end]
        lines.append(f"{doc_id}|t|{_flat(title)}")
        lines.append(f"{doc_id}|a|{_flat(abstract)}")
        lines += (_mention_line(record, mention, block.start, losses) for mention in mentions)
        if block is blocks[-1]:
            labels = {_flat(mention.label) for mention in mentions} - {""}
            lines += _relation_lines(record, labels, _flat(f"{title} {abstract}"), losses)
        lines.append("")
    return "\n".join(lines) + "\n"


def _check_id(record: DocumentRecord) -> str:
    doc_id = record.doc_id
    empty = not doc_id or doc_id.isspace()
    if empty or "|" in doc_id or _flat(doc_id) != doc_id:
        reason = "it has no id" if empty else "its id holds a bar, a tab or a line break"
        raise BiomedplmError(coded("B629", doc_id=_flat(doc_id), source=record.path or "no file", reason=reason))
    return doc_id


def _divide(record: DocumentRecord) -> list[_Block]:
    text = record.text
    blocks = _merged_blocks(record)
    if blocks:
        return blocks
    for passage in record.passages:
        if passage.kind == "title" and passage.start == 0 and not text[passage.end : passage.end + 1].strip():
            return [_Block(0, passage.end, len(text))]
    for passage in record.passages[:1]:
        if passage.kind == "abstract" and passage.start == 1 and not text[:1].strip():
            return [_Block(0, 0, len(text))]
    first_break = text.find("\n")
    return [_Block(0, len(text) if first_break < 0 else first_break, len(text))]


def _merged_blocks(record: DocumentRecord) -> list[_Block]:
    """Return the parts of a text that is nothing but titles and abstracts by turns, if it has several."""
    kinds = [passage.kind for passage in record.passages]
    if len(kinds) < 4 or kinds != ["title", "abstract"] * (len(kinds) // 2):
        return []
    blocks = []
    start = 0
    for title, abstract in zip(record.passages[::2], record.passages[1::2], strict=True):
        between = " " if abstract.start < abstract.end else ""
        fits = title.start == start and title.end + len(between) == abstract.start
        if not fits or record.text[title.end : abstract.start] != between:
            return []
        blocks.append(_Block(start, title.end, abstract.end))
        start = abstract.end + 1
    ends = [block.end for block in blocks]
    is_joined = ends[-1] == len(record.text) and all(record.text[end] == "\n" for end in ends[:-1])
    return blocks if is_joined else []


def _mention_line(record: DocumentRecord, mention: MentionRecord, offset: int, losses: Counter[str]) -> str:
    infons = mention.infons
    lost = {
        "discontinuous mentions": len(mention.fragments) > 1,
        "scores": mention.score is not None,
        "infons of mentions": count_infons(infons, _MENTION_INFONS),
        "names of concepts": sum(bool(concept.name) for concept in mention.concepts),
    }
    _count(lost, losses)
    start, end = mention.start, mention.end
    text = mention.text if mention.text is not None and len(mention.fragments) == 1 else record.text[start:end]
    columns = [record.doc_id, str(start - offset), str(end - offset), text, mention.label]
    column = column_of(mention)
    if column or "identifier" in infons:
        columns.append(column)
    elif infons.get("columns") != "5":
        columns.append(NO_CONCEPT)
    columns += infons["individual_mentions"].split("\t") if "individual_mentions" in infons else []
    return "\t".join(map(_flat, columns))


def _relation_lines(record: DocumentRecord, labels: set[str], text: str, losses: Counter[str]) -> Iterator[str]:
    for relation in record.relations:
        arguments = relation.arguments
        if len(arguments) != 2 or any(argument.kind != "concept" for argument in arguments):
            losses["relations that are not between two concepts"] += 1
            continue
        infons = relation.infons
        kept = {"novelty", "more"} if "novelty" in infons else set()
        columns = [record.doc_id, relation.label, *(argument.target for argument in arguments)]
        if kept:
            columns += [infons["novelty"], *(infons["more"].split("\t") if "more" in infons else [])]
        columns = list(map(_flat, columns))
        if not is_relation(columns, labels, text):
            losses["relations that would be read as mentions"] += 1
            continue
        lost = {
            "roles of relations": tuple(argument.role for argument in arguments) not in _ROLES,
            "scores": relation.score is not None,
            "infons of relations": count_infons(infons, kept),
        }
        _count(lost, losses)
        yield "\t".join(columns)


def _count_rest(record: DocumentRecord, blocks: list[_Block], losses: Counter[str]) -> None:
    text = record.text
    kept = {(block.start, block.split, "title") for block in blocks}
    kept |= {(min(block.split + 1, block.end), block.end, "abstract") for block in blocks}
    lost = {
        "events": len(record.events),
        "attributes": len(record.attributes),
        "equivalences": len(record.equivalences),
        "notes": len(record.notes),
        "document labels": len(record.labels),
        "answers": len(record.answers),
        "infons of documents": len(record.infons),
        "infons of passages": sum(len(passage.infons) for passage in record.passages),
        "passages": sum((p.start, p.end, p.kind) not in kept for p in record.passages),
        # Line breaks between the parts of a full text are in the file.
        "line breaks and tabs": sum(1 for _ in _BREAK.finditer(text)) - len(blocks) + 1,
        "other characters than a space after the title": sum(
            text[block.split : block.split + 1] not in ("", " ", *map(chr, _BREAKS)) for block in blocks
        ),
    }
    _count(lost, losses)


def _count(lost: Mapping[str, int], losses: Counter[str]) -> None:
    losses.update({name: count for name, count in lost.items() if count})


def _flat(text: str) -> str:
    return text.translate(_BREAKS)
