"""JSON lines of this package's own schema, and lines with as little as a "text"."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.json_rows import Row, collect, identifiers, parse_json, sound
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams, split_lines
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import (
    ArgumentKind,
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)

SCHEMA = 1
SUFFIXES = (".jsonl", ".ndjson")
WANTED = 'one object per line, such as {"text": "…"}'

_DOCUMENT = (
    *("schema", "id", "source", "title", "text", "entities", "spans", "order", "relations", "events", "attributes"),
    *("equivalences", "notes", "passages", "labels", "answers"),
)
_MENTION = ("id", "start", "end", "text", "label", "score", "guideline", "kb_id", "fragments", "concepts")
_KINDS: dict[str, ArgumentKind] = {"mention": "mention", "event": "event", "concept": "concept"}


def read_jsonl(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a file of JSON lines.

    path (Path | str): One object a line, as ``write_jsonl`` and ``biomedplm extract`` write them; "text" is all that
        must be there. Gzip'd if the name ends in ".gz"; or a folder or an archive (.tar, .tar.gz, .zip) of .jsonl.
    report (Report | None): What to do with broken lines, and with broken items of a line; None stops at the first.
    YIELDS (DocumentRecord): Mentions are those of "spans", or those of "entities" where it holds nothing. "source",
        "title" and "guideline" are infons, as is every key of a document, a mention, a relation, an event or a passage
        that has no meaning: a text as it is, anything else as JSON. Without "id", the name of the file and the line.
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B408 for one without documents; as the report decides,
        B460 for a line that is not JSON, B461 for a value of the wrong type, B462 for a newer schema.
    """
    report = report or Report()
    found = False
    for name, stem, chunks in read_streams(Path(path), SUFFIXES, report):
        with report.leaving_out(name):
            for line, data in split_lines(chunks):
                if not data.strip():
                    continue
                with report.leaving_out(name, line):
                    text = decode(data, path=name, line=line)
                    record = _Line(text, name, line, f"{stem}:{line}", report).read()
                    found = True
                    yield record
    if not found:
        raise report.nothing_read(path, WANTED)


@dataclass(slots=True)
class _Names:
    """Gives identifiers to items that have none.

    taken (set[str]): Identifiers of the document's other items.
    """

    taken: set[str]

    def of(self, row: Row, prefix: str) -> str:
        """Return the identifier of an item, or the next of a kind, such as "T1"."""
        if row.has("id"):
            return row.text("id")
        name = next(name for number in count(1) if (name := f"{prefix}{number}") not in self.taken)
        self.taken.add(name)
        return name


class _Line:
    """Makes a document of a line.

    text (str): The line. path, line: Where it stands. doc_id (str): Its identifier if it has none.
    report (Report): What to do with broken items.
    """

    def __init__(self, text: str, path: str, line: int, doc_id: str, report: Report) -> None:
        self.report = report
        value = parse_json(text, path=path, line=line, wanted=WANTED)
        self.row = Row({}, "", path, line, doc_id).as_row(value, "")
        if self.row.has("schema") and self.row.number("schema") != SCHEMA:
            found = self.row.values["schema"]
            raise BiomedplmError(coded("B462", path=path, line=line, found=found, known=SCHEMA))
        doc_id = self.row.text("id", doc_id)
        self.row = Row(self.row.values, "", path, line, doc_id)
        if not isinstance(self.row.values.get("text"), str):
            raise self.row.fail("text", self.row.values.get("text"), "text")
        # Half surrogate pairs in it are left to ``fit``, which can mend them.
        self.text: str = self.row.values["text"]
        self.events = set(identifiers(self.row.values.get("events")))
        values = (*self.row.row("spans").values.values(), *(self.row.values.get(n) for n in ("entities", "relations")))
        self.names = _Names(self.events.union(*map(identifiers, values)))

    def read(self) -> DocumentRecord:
        """Return the document."""
        row = self.row
        infons = row.infons(_DOCUMENT)
        infons.update({name: row.text(name) for name in ("source", "title") if row.has(name)})
        labels = row.row("labels")
        return DocumentRecord(
            row.doc_id,
            self.text,
            mentions=self._mentions(),
            relations=sound(row.rows("relations"), self._relation, self.report),
            events=sound(row.rows("events"), self._event, self.report),
            attributes=sound(row.rows("attributes"), self._attribute, self.report),
            equivalences=sound(row.rows("equivalences"), self._equivalence, self.report),
            notes=sound(row.rows("notes"), self._note, self.report),
            passages=sound(row.rows("passages"), self._passage, self.report),
            labels={labels.as_text(n, "name"): labels.as_number(v, n) for n, v in labels.values.items()},
            answers=tuple(tuple(self._synonyms(value)) for value in row.items("answers")),
            infons=infons,
            path=row.path,
        )

    def _mentions(self) -> tuple[MentionRecord, ...]:
        spans = self.row.row("spans")
        groups = {name: rows for name in spans.values if (rows := spans.rows(name))}
        if not groups or not (self.row.has("schema") or "entities" in groups):
            groups = {"entities": self.row.rows("entities"), **groups}
        found: list[MentionRecord | None] = []
        for name, rows in groups.items():
            found += collect(rows, partial(self._mention, group=name), self.report)
        order = [self.row.as_whole(value, "order") for value in self.row.items("order")]
        if order and sorted(order) != list(range(len(found))):
            raise self.row.fail("order", order, f"each number from 0 to {len(found) - 1} once")
        return tuple(item for item in ([found[place] for place in order] or found) if item is not None)

    def _mention(self, row: Row, *, group: str) -> MentionRecord:
        infons = row.infons(_MENTION)
        if row.has("guideline"):
            infons["guideline"] = row.text("guideline")
        if group not in ("entities", "triggers"):
            infons["group"] = row.as_text(group, "spans")
        fragments = tuple(row.pairs("fragments"))
        if not row.has("fragments"):
            fragments = ((row.whole("start"), row.whole("end")),)
        concepts = sound(row.rows("concepts"), _concept, self.report)
        if not concepts and row.has("kb_id"):
            concepts = (ConceptRecord("", row.text("kb_id")),)
        text = row.text("text") if row.has("text") else None
        shown = " ".join(self.text[start:end] for start, end in fragments)
        return MentionRecord(
            self.names.of(row, "T"),
            row.text("label", ""),
            fragments,
            None if text == shown else text,
            concepts,
            infons,
            row.number("score"),
            group == "triggers",
            row.line,
        )

    def _argument(self, row: Row) -> ArgumentRecord:
        target = row.text("target")
        kind = row.text("kind", "event" if target in self.events else "mention")
        if kind not in _KINDS:
            raise row.fail("kind", kind, " or ".join(_KINDS))
        return ArgumentRecord(row.text("role", ""), target, _KINDS[kind])

    def _relation(self, row: Row) -> RelationRecord:
        arguments = tuple(self._argument(item) for item in row.rows("arguments"))
        infons = row.infons(("id", "label", "arguments", "score"))
        return RelationRecord(
            self.names.of(row, "R"), row.text("label", ""), arguments, infons, row.number("score"), row.line
        )

    def _event(self, row: Row) -> EventRecord:
        arguments = tuple(self._argument(item) for item in row.rows("arguments"))
        infons = row.infons(("id", "label", "trigger", "arguments", "score"))
        name, label = self.names.of(row, "E"), row.text("label", "")
        return EventRecord(name, label, row.text("trigger"), arguments, infons, row.number("score"), row.line)

    def _attribute(self, row: Row) -> AttributeRecord:
        _check_keys(row, "id", "label", "target", "value")
        name = self.names.of(row, "A")
        return AttributeRecord(name, row.text("label", ""), row.text("target"), row.text("value", ""), row.line)

    def _note(self, row: Row) -> NoteRecord:
        _check_keys(row, "id", "label", "target", "text")
        name = self.names.of(row, "#")
        return NoteRecord(name, row.text("label", ""), row.text("target", ""), row.text("text"), row.line)

    def _equivalence(self, row: Row) -> EquivalenceRecord:
        _check_keys(row, "label", "targets")
        return EquivalenceRecord(tuple(row.texts("targets")), row.text("label", "Equiv"), row.line)

    def _passage(self, row: Row) -> PassageRecord:
        infons = row.infons(("start", "end", "kind"))
        return PassageRecord(row.whole("start"), row.whole("end"), row.text("kind", ""), infons)

    def _synonyms(self, value: Any) -> list[str]:
        return Row({"answers": value}, "", self.row.path, self.row.line, self.row.doc_id).texts("answers")


def _concept(row: Row) -> ConceptRecord:
    _check_keys(row, "resource", "id", "name")
    return ConceptRecord(row.text("resource", ""), row.text("id"), row.text("name", ""))


def _check_keys(row: Row, *known: str) -> None:
    """Refuse keys that have no meaning, of items that have no infons."""
    for name in row.values:
        if name not in known:
            raise row.fail(name, row.values[name], f"none but {', '.join(known)}")
