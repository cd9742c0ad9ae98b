"""The knowledge-base schema of BigBIO (Fries et al., 2022): a JSON list of documents, one on each line."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, EventRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers.jsonl import dump_line
from spacy_biomedplm.writers.losses import Layer, count_infons, count_losses

WHOLE = "document"
"""Type of the passage that is the whole text, where the passages do not make it up."""

_KEEPS: tuple[Layer, ...] = (
    *("concepts", "document infons", "equivalences", "events", "mention texts", "passages", "relations", "triggers"),
)
_OWN_INFONS = frozenset({"bigbio_id", "coreference_ids"})


def write_bigbio(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as one JSON list in the schema "bigbio_kb".

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The file.
    losses (Counter[str]): What the format cannot express, by kind; added to.
    """
    taken: set[str] = set()
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("[")
        for record in records:
            key = unused = record.infons.get("bigbio_id", record.doc_id)
            number = 1
            while unused in taken:
                number += 1
                unused = f"{key}-{number}"
            stream.write(",\n" if taken else "\n")
            taken.add(unused)
            stream.write(format_bigbio(record, losses, key=unused))
        stream.write("\n]\n")


def format_bigbio(record: DocumentRecord, losses: Counter[str], *, key: str | None = None) -> str:
    """Return a document as one line of JSON.

    record (DocumentRecord): Identifiers of one that was read from BigBIO stay as they are; those of any other get the
        document's in front, for they must be unique in all of a corpus. Passages are written if they make up the text
        with one character between them, else the whole text is one passage, "document".
    losses (Counter[str]): What the format cannot express, by kind; added to.
    key (str | None): Identifier that no other document has; None takes that of the document.
    """
    return dump_line(_Writer(record, losses, key).row()).rstrip("\n")


class _Writer:
    """Makes the object of a document."""

    def __init__(self, record: DocumentRecord, losses: Counter[str], key: str | None) -> None:
        self.record = record
        self.losses = losses
        own = record.infons.get("bigbio_id")
        self.key = (record.doc_id if own is None else own) if key is None else key
        self.prefix = f"{self.key}_" if own is None or own != self.key else ""
        self.mentions = {mention.id: mention for mention in record.mentions}

    def row(self) -> dict[str, Any]:
        """Return the object."""
        record = self.record
        count_losses(record, self.losses, keeps=_KEEPS)
        self._lose("document infons", len(record.infons.keys() - _OWN_INFONS))
        self._lose_triggers()
        names = _parse_list(record.infons.get("coreference_ids"))
        if len(names) != len(record.equivalences):
            names = [f"{self.prefix}coreference{n}" for n, _ in enumerate(record.equivalences, start=1)]
        self._lose("labels of equivalences", sum(group.label != "Equiv" for group in record.equivalences))
        return {
            "id": self.key,
            "document_id": record.doc_id,
            "passages": self._passages(),
            "entities": [self._entity(mention) for mention in record.mentions if not mention.is_trigger],
            "events": [self._event(event) for event in record.events],
            "coreferences": [
                {"id": name, "entity_ids": [self.prefix + target for target in group.targets]}
                for name, group in zip(names, record.equivalences, strict=True)
            ],
            "relations": self._relations(),
        }

    def _lose(self, kind: str, count: int) -> None:
        if count:
            self.losses[kind] += count

    def _passages(self) -> list[dict[str, Any]]:
        text, passages = self.record.text, self.record.passages
        chosen = _cover(text, passages)
        self._lose("passages", len(passages) - len(chosen))
        self._lose("passage infons", sum(len(passage.infons.keys() - {"id"}) for passage in chosen))
        ends = (passage.end for passage in chosen[:-1])
        self._lose("line breaks between passages", sum(text[end] != " " for end in ends))
        chosen = chosen or [PassageRecord(0, len(text), WHOLE)]
        return [
            {
                "id": passage.infons["id"] if not self.prefix and "id" in passage.infons else f"{self.key}_passage{n}",
                "type": passage.kind,
                "text": [text[passage.start : passage.end]],
                "offsets": [[passage.start, passage.end]],
            }
            for n, passage in enumerate(chosen, start=1)
        ]

    def _entity(self, mention: MentionRecord) -> dict[str, Any]:
        self._lose("names of concepts", sum(bool(concept.name) for concept in mention.concepts))
        normalized = [{"db_name": concept.resource, "db_id": concept.id} for concept in mention.concepts]
        row = {"id": self.prefix + mention.id, "type": mention.label, **self._place(mention)}
        return {**row, "normalized": normalized}

    def _place(self, mention: MentionRecord) -> dict[str, Any]:
        texts = [self.record.text[start:end] for start, end in mention.fragments]
        if mention.text is not None:
            self._lose("mention texts", int(len(texts) != 1))
            texts = [mention.text] if len(texts) == 1 else texts
        return {"text": texts, "offsets": [list(fragment) for fragment in mention.fragments]}

    def _lose_triggers(self) -> None:
        triggers = {mention.id: mention for mention in self.record.mentions if mention.is_trigger}
        used = {event.trigger: event.label for event in self.record.events}
        self._lose("triggers without an event", len(triggers.keys() - used.keys()))
        self._lose("concepts", sum(len(triggers[name].concepts) for name in triggers))
        pairs = [(event.label, self.mentions.get(event.trigger)) for event in self.record.events]
        self._lose("labels of triggers", sum(m is not None and m.label != label for label, m in pairs))
        places = Counter((m.fragments, m.label) for name, m in triggers.items() if name in used)
        self._lose("triggers at the same place", sum(count - 1 for count in places.values()))

    def _event(self, event: EventRecord) -> dict[str, Any]:
        self._lose("event infons", count_infons(event.infons))
        trigger = self.mentions.get(event.trigger)
        concepts = sum(argument.kind == "concept" for argument in event.arguments)
        self._lose("concepts as arguments", concepts)
        return {
            "id": self.prefix + event.id,
            "type": event.label,
            "trigger": {"text": [], "offsets": []} if trigger is None else self._place(trigger),
            "arguments": [
                {"role": argument.role, "ref_id": self.prefix + argument.target}
                for argument in event.arguments
                if argument.kind != "concept"
            ],
        }

    def _relations(self) -> list[dict[str, Any]]:
        rows = []
        for relation in self.record.relations:
            if len(relation.arguments) != 2:
                self._lose("relations without two arguments", 1)
            elif any(argument.kind == "concept" for argument in relation.arguments):
                self._lose("relations between concepts", 1)
            else:
                normalized = _parse_concepts(relation.infons.get("normalized"))
                self._lose("relation infons", count_infons(relation.infons, {"normalized"} if normalized else ()))
                self._lose("roles of relations", _count_roles(relation.arguments))
                first, second = (self.prefix + argument.target for argument in relation.arguments)
                row = {"id": self.prefix + relation.id, "type": relation.label, "arg1_id": first, "arg2_id": second}
                rows.append({**row, "normalized": normalized})
        return rows


def _cover(text: str, passages: Iterable[PassageRecord]) -> list[PassageRecord]:
    """Return the passages that make up a text with one character of white space between them, or none."""
    chosen: list[PassageRecord] = []
    for passage in passages:
        first = chosen[-1].end + 1 if chosen else 0
        if passage.start == first and (not chosen or text[first - 1 : first].isspace()):
            chosen.append(passage)
    return chosen if chosen and chosen[-1].end == len(text) else []


def _count_roles(arguments: Iterable[ArgumentRecord]) -> int:
    return sum(a.role not in ("", name) for a, name in zip(arguments, ("Arg1", "Arg2"), strict=True))


def _parse_list(text: str | None) -> list[str]:
    try:
        value = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []


def _parse_concepts(text: str | None) -> list[dict[str, str]]:
    try:
        value = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return []
    return [{name: str(item.get(name, "")) for name in ("db_name", "db_id")} for item in value]
