"""JSON lines: one object per document, offsets in characters of its text, everything that a record holds."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from spacy.tokens import Doc

from spacy_biomedplm.attributes import ENTITIES_KEY, PASSAGES_KEY, TRIGGERS_KEY
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, EventRecord, MentionRecord, RelationRecord

SCHEMA = 1
"""Version of the layout; one that cannot be read by older versions gets the next number."""
SCORE_DIGITS = 4

# JSON allows them inside a string, but many readers take them for the end of a line.
_ESCAPES = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029, *range(0xD800, 0xE000))}
_OWN_GROUPS = frozenset({ENTITIES_KEY, TRIGGERS_KEY})

Scored = TypeVar("Scored", MentionRecord, RelationRecord, EventRecord)


def write_jsonl(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as lines of JSON.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The file.
    losses (Counter[str]): What the format cannot express, by kind; added to.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(format_jsonl(record, losses) for record in records)


def format_jsonl(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return a document as one line of JSON, see docs/formats.md.

    record (DocumentRecord): The document. Nothing of it is lost but numbers that are not finite.
    losses (Counter[str]): What the format cannot express, by kind; added to.
    RETURNS (str): One object with a line break after it, and none in it under any definition.
    """
    return dump_line(record_to_dict(record, losses))


def doc_to_jsonl(doc: Doc, *, source: str | None = None) -> str:
    """Return a document as one line of JSON.

    doc (Doc): As in doc_to_dict.
    source (str | None): File it came from.
    RETURNS (str): The object of doc_to_dict with a line break after it, and none in it under any definition.
    """
    return dump_line(doc_to_dict(doc, source=source))


def doc_to_dict(doc: Doc, *, source: str | None = None) -> dict[str, Any]:
    """Return a document as plain data.

    doc (Doc): Identifier in ``doc._.doc_id``, title (with which the text begins) in ``doc.user_data["title"]``.
    source (str | None): File it came from.
    RETURNS (dict[str, Any]): What record_to_dict makes of its record; "entities" are those of ``doc.ents``, "spans"
        also has other groups of ``doc.spans``, scores have four digits, and what is missing is null.
    """
    record = _with_groups(make_record(doc), doc)
    record = replace(
        record,
        mentions=tuple(map(_rounded, record.mentions)),
        relations=tuple(map(_rounded, record.relations)),
        events=tuple(map(_rounded, record.events)),
    )
    row = record_to_dict(record, Counter(), flat=_find_ents(doc, record.mentions))
    head = {
        "schema": SCHEMA,
        "id": doc._.doc_id,
        "source": source if source is not None else row.get("source"),
        "title": doc.user_data.get("title", row.get("title")),
        "text": row["text"],
        "entities": row["entities"],
        "spans": {},
    }
    return {**head, **{name: value for name, value in row.items() if name not in ("id", "source", "title")}}


def record_to_dict(
    record: DocumentRecord, losses: Counter[str], *, flat: Iterable[int] | None = None
) -> dict[str, Any]:
    """Return a document as plain data.

    record (DocumentRecord): The document.
    losses (Counter[str]): Counts numbers that are not finite, which become null or are left out.
    flat (Iterable[int] | None): Which of its mentions "entities" shows; None takes the longest of the entities that do
        not overlap.
    RETURNS (dict[str, Any]): "schema", "id", "text", "entities", and of "source", "title", "spans", "order",
        "relations", "events", "attributes", "equivalences", "notes", "passages", "labels", "answers" and "infons"
        those that hold something.
    """
    infons = dict(record.infons)
    row: dict[str, Any] = {"schema": SCHEMA, "id": record.doc_id}
    row.update({name: infons.pop(name) for name in ("source", "title") if name in infons})
    rows = [_mention_row(record, mention, losses) for mention in record.mentions]
    groups: dict[str, list[int]] = {ENTITIES_KEY: [], TRIGGERS_KEY: []}
    for number, mention in enumerate(record.mentions):
        groups.setdefault(_group(mention), []).append(number)
    written = [number for group in groups.values() for number in group]
    order = sorted(range(len(written)), key=written.__getitem__)
    labels = {name: float(value) for name, value in record.labels.items() if math.isfinite(value)}
    if len(labels) < len(record.labels):
        losses["document labels that are not finite numbers"] += len(record.labels) - len(labels)
    flat = _flat(record.mentions) if flat is None else flat
    row.update(text=record.text, entities=[rows[number] for number in flat])
    rest: dict[str, Any] = {
        "spans": {name: [rows[number] for number in group] for name, group in groups.items() if group},
        "order": order if order != sorted(order) else [],
        "relations": [_relation_row(relation, losses) for relation in record.relations],
        "events": [_relation_row(event, losses) for event in record.events],
        "attributes": [{"id": a.id, "label": a.label, "target": a.target, "value": a.value} for a in record.attributes],
        "equivalences": [{"label": e.label, "targets": list(e.targets)} for e in record.equivalences],
        "notes": [{"id": n.id, "label": n.label, "target": n.target, "text": n.text} for n in record.notes],
        "passages": [
            {"start": p.start, "end": p.end, "kind": p.kind, **_filled(infons=dict(p.infons))} for p in record.passages
        ],
        "labels": labels,
        "answers": [list(synonyms) for synonyms in record.answers],
        "infons": infons,
    }
    return {**row, **_filled(**rest)}


def dump_line(row: Mapping[str, Any]) -> str:
    """Return an object as one line of JSON, with a line break after it and none in it under any definition.

    row (Mapping[str, Any]): The object; its numbers are finite.
    """
    line = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (line if line.isascii() else line.translate(_ESCAPES)) + "\n"


def _filled(**values: Any) -> dict[str, Any]:
    """Return the values that hold something."""
    return {name: value for name, value in values.items() if value}


def _group(mention: MentionRecord) -> str:
    if mention.is_trigger:
        return TRIGGERS_KEY
    name = mention.infons.get("group", ENTITIES_KEY)
    return ENTITIES_KEY if name in _OWN_GROUPS else name


def _mention_row(record: DocumentRecord, mention: MentionRecord, losses: Counter[str]) -> dict[str, Any]:
    infons = dict(mention.infons)
    if _group(mention) not in _OWN_GROUPS:
        del infons["group"]
    start, end = (mention.start, mention.end) if mention.fragments else (0, 0)
    is_whole = mention.fragments == ((start, end),)
    row: dict[str, Any] = {
        "id": mention.id,
        "start": start,
        "end": end,
        "text": record.text_of(mention) if mention.text is None else mention.text,
        "label": mention.label,
        "score": _finite(mention.score, losses),
        "guideline": infons.pop("guideline", None),
        "kb_id": mention.concepts[0].id if mention.concepts else None,
    }
    if not is_whole:
        row["fragments"] = [list(fragment) for fragment in mention.fragments]
    concepts = [{"resource": c.resource, "id": c.id, **_filled(name=c.name)} for c in mention.concepts]
    return {**row, **_filled(concepts=concepts, infons=infons)}


def _relation_row(item: RelationRecord | EventRecord, losses: Counter[str]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": item.id, "label": item.label}
    if isinstance(item, EventRecord):
        row["trigger"] = item.trigger
    row["arguments"] = [_argument_row(argument) for argument in item.arguments]
    score = _finite(item.score, losses)
    return {**row, **_filled(infons=dict(item.infons)), **({} if score is None else {"score": score})}


def _argument_row(argument: ArgumentRecord) -> dict[str, str]:
    return {"role": argument.role, "target": argument.target, "kind": argument.kind}


def _finite(score: float | None, losses: Counter[str]) -> float | None:
    if score is None or math.isfinite(score):
        return score
    losses["scores that are not finite numbers"] += 1
    return None


def _flat(mentions: Sequence[MentionRecord]) -> list[int]:
    """Return which mentions are the longest of the entities that do not overlap, in the order of the text."""
    kept: list[int] = []
    taken: set[int] = set()
    places = {n: (m.start, m.end) for n, m in enumerate(mentions) if not m.is_trigger and m.fragments}
    for number, (start, end) in sorted(places.items(), key=lambda item: (item[1][0] - item[1][1], item[1][0])):
        if start < end and start not in taken and end - 1 not in taken:
            kept.append(number)
            taken.update(range(start, end))
    return sorted(kept, key=places.__getitem__)


def _rounded(item: Scored) -> Scored:
    return item if item.score is None else replace(item, score=round(item.score, SCORE_DIGITS))


def _with_groups(record: DocumentRecord, doc: Doc) -> DocumentRecord:
    """Add the spans of groups that records know nothing of, such as those of a span ruler."""
    taken = {item.id for items in (record.mentions, record.relations, record.events) for item in items}
    names = (name for number in count(1) if (name := f"T{number}") not in taken)
    added: list[MentionRecord] = []
    for group, spans in doc.spans.items():
        for span in spans if group not in (*_OWN_GROUPS, PASSAGES_KEY) else ():
            infons = {"group": group, **({"guideline": span.id_} if span.id_ else {})}
            place = ((span.start_char, span.end_char),)
            added.append(MentionRecord(next(names), span.label_, place, infons=infons, score=span._.score))
    return replace(record, mentions=(*record.mentions, *added)) if added else record


def _find_ents(doc: Doc, mentions: Sequence[MentionRecord]) -> list[int]:
    """Return which mentions ``doc.ents`` shows."""
    # Also without the identifier, which a guideline takes the place of on predicted entities.
    found: dict[tuple[str, str] | tuple[int, int, str, str], int] = {}
    for number, mention in enumerate(mentions):
        if mention.fragments and not mention.is_trigger and "group" not in mention.infons:
            place = (mention.start, mention.end, mention.label, mention.infons.get("guideline", ""))
            found.setdefault((mention.id, mention.label), number)
            found.setdefault(place, number)
    ents = []
    for ent in doc.ents:
        place = (ent.start_char, ent.end_char, ent.label_, ent.id_)
        number = found.get((ent.id_, ent.label_), found.get(place, -1))
        ents += [number] if number >= 0 else []
    return ents
