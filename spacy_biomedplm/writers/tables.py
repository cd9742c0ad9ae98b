"""Flat tables: events, relations or entities of documents as CSV, one a row."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from spacy_biomedplm.attributes import NEGATION, SPECULATION
from spacy_biomedplm.event_order import order_events
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
)

BETWEEN = "|"
"""Stands between the items of a cell."""
BETWEEN_CONCEPTS = ";"
"""Stands between the concepts of one entity."""
MAX_RENDERING = 500
"""Characters; a longer event inside another is shown by its identifier."""
SCORE_DIGITS = 4

_ARGUMENT = ("role", "kind", "id", "type", "text", "start", "end", "concepts")
_END = ("kind", "id", "type", "text", "start", "end", "concepts")
_EVENT = ("doc_id", "event_id", "type", "trigger", "start", "end", "negated", "speculated", "score", "guideline")
_RELATION = ("doc_id", "relation_id", "type", "score", "guideline", "details")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "events": (*_EVENT, "themes", "causes", "others", "event", *(f"argument_{name}" for name in _ARGUMENT)),
    "relations": (*_RELATION, *(f"{end}_{name}" for end in ("head", "tail") for name in ("role", *_END))),
    "entities": ("doc_id", "entity_id", "type", "text", "start", "end", "score", "guideline", "concepts"),
}
"""Columns of each table."""

# Characters that end a row for some reader, or that some reader of CSV does not take.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_NUMBERED = re.compile(r"(?<=\D)\d+$")


def format_header(table: str) -> str:
    """Return the first line of a table. table (str): Key of COLUMNS."""
    return _lines([COLUMNS[table]])


def format_rows(record: DocumentRecord, table: str, losses: Counter[str]) -> str:
    """Return the rows of a document, each a line.

    record (DocumentRecord): The document.
    table (str): Key of COLUMNS.
    losses (Counter[str]): Counts relations that are not between two, or between relations.
    """
    rows = {"events": _event_rows, "relations": _relation_rows, "entities": _entity_rows}[table]
    return _lines([record.doc_id, *row] for row in rows(record, losses))


def _lines(rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([_CONTROLS.sub(" ", str(cell)) for cell in row] for row in rows)
    return stream.getvalue()


def _event_rows(record: DocumentRecord, losses: Counter[str]) -> Iterator[list[object]]:
    shown = _Shown(record)
    for event in record.events:
        trigger = shown.mentions[event.trigger]
        arguments = [shown.cells(argument) for argument in event.arguments]
        yield [
            event.id,
            event.label,
            record.text_of(trigger),
            trigger.start,
            trigger.end,
            (event.id, NEGATION) in shown.said,
            (event.id, SPECULATION) in shown.said,
            _score(event.score),
            trigger.infons.get("guideline", ""),
            *_by_role(arguments),
            shown.events[event.id],
            *(BETWEEN.join(cells[name] for cells in arguments) for name in _ARGUMENT),
        ]


def _by_role(arguments: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the themes, the causes, and all others after their roles."""
    found: dict[str, list[str]] = {"Theme": [], "Cause": [], "": []}
    for cells in arguments:
        base = _NUMBERED.sub("", cells["role"])
        text = cells["text"] or cells["id"]
        if base in found:
            found[base].append(text)
        else:
            found[""].append(f"{cells['role']}: {text}")
    return [BETWEEN.join(texts) for texts in found.values()]


def _relation_rows(record: DocumentRecord, losses: Counter[str]) -> Iterator[list[object]]:
    shown = _Shown(record)
    for relation in record.relations:
        if len(relation.arguments) != 2:
            losses["relations of one, or of more than two"] += 1
            continue
        if any(one.kind == "event" and one.target not in shown.found for one in relation.arguments):
            losses["relations between relations"] += 1
            continue
        head, tail = map(shown.cells, relation.arguments)
        infons = dict(relation.infons)
        guideline = infons.pop("guideline", "")
        details = BETWEEN.join(f"{_item(name)}={_item(value)}" for name, value in infons.items())
        ends = (end[name] for end in (head, tail) for name in ("role", *_END))
        yield [relation.id, relation.label, _score(relation.score), guideline, details, *ends]


def _entity_rows(record: DocumentRecord, losses: Counter[str]) -> Iterator[list[object]]:
    for mention in record.mentions:
        if not mention.is_trigger:
            guideline = mention.infons.get("guideline", "")
            place = (record.text_of(mention), mention.start, mention.end)
            yield [mention.id, mention.label, *place, _score(mention.score), guideline, _concepts(mention.concepts)]


class _Shown:
    """How the mentions and the events of a document are shown in cells.

    record (DocumentRecord): The document.
    """

    def __init__(self, record: DocumentRecord) -> None:
        self.record = record
        self.mentions = {mention.id: mention for mention in record.mentions}
        self.found = {event.id: event for event in record.events}
        self.said = {(attribute.target, attribute.label) for attribute in record.attributes}
        self.events: dict[str, str] = {}
        inner = {e.id: [a.target for a in e.arguments if a.kind == "event"] for e in record.events}
        # Inner events first, so that nothing has to be read twice.
        for name in order_events(inner)[0]:
            self.events[name] = self._render(self.found[name])

    def cells(self, argument: ArgumentRecord) -> dict[str, str]:
        """Return what is said of an argument, by column."""
        if argument.kind == "event":
            return self._event_cells(argument)
        if argument.kind == "concept":
            blank = dict.fromkeys(("type", "text", "start", "end"), "")
            concept = _item(argument.target).replace(BETWEEN_CONCEPTS, ",")
            return {**blank, "role": _item(argument.role), "kind": "concept", "id": concept, "concepts": concept}
        mention = self.mentions[argument.target]
        return {
            "role": _item(argument.role),
            "kind": "entity",
            "id": _item(mention.id),
            "type": _item(mention.label),
            "text": _item(self.record.text_of(mention)),
            "start": str(mention.start),
            "end": str(mention.end),
            "concepts": _concepts(mention.concepts),
        }

    def _event_cells(self, argument: ArgumentRecord) -> dict[str, str]:
        event = self.found[argument.target]
        trigger = self.mentions[event.trigger]
        return {
            "role": _item(argument.role),
            "kind": "event",
            "id": _item(event.id),
            "type": _item(event.label),
            "text": self._inside(event.id),
            "start": str(trigger.start),
            "end": str(trigger.end),
            "concepts": "",
        }

    def _inside(self, name: str) -> str:
        """Return an event as it is shown in another, with what is said of it."""
        shown = self.events[name]
        if len(shown) > MAX_RENDERING:
            shown = f"{_item(self.found[name].label)} {_item(name)}"
        marks = ((NEGATION, "negated"), (SPECULATION, "speculated"))
        return shown + "".join(f" [{mark}]" for label, mark in marks if (name, label) in self.said)

    def _render(self, event: EventRecord) -> str:
        arguments = []
        for argument in event.arguments:
            if argument.kind == "event":
                text = self._inside(argument.target)
            elif argument.kind == "concept":
                text = _item(argument.target)
            else:
                text = _item(self.record.text_of(self.mentions[argument.target]))
            arguments.append(f"{_item(argument.role)}: {text}")
        label = _item(event.label)
        return f"{label}({', '.join(arguments)})" if arguments else label


def _concepts(concepts: Iterable[ConceptRecord]) -> str:
    ids = (f"{one.resource}:{one.id}" if one.resource else one.id for one in concepts)
    return BETWEEN_CONCEPTS.join(_item(id).replace(BETWEEN_CONCEPTS, ",") for id in ids)


def _item(text: str) -> str:
    # What divides a cell may not stand in an item; the offsets lead to the very characters.
    return text.replace(BETWEEN, "¦")


def _score(score: float | None) -> str:
    return "" if score is None else str(round(score, SCORE_DIGITS))
