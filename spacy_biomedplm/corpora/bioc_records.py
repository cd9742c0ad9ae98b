"""From plain data of BioC to a record."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from spacy_biomedplm.bioc_model import (
    ANSWERS,
    CONCEPT_PAIRS,
    CONCEPTS,
    HOME,
    ID,
    KIND,
    KINDS,
    LABELS,
    NODES,
    NOVELTY,
    ORDER,
    PASSAGES,
    TEXT,
    TRIGGER,
    TRIGGER_ROLE,
    Annotation,
    Document,
    Relation,
    described_concepts,
    find_home,
    parse_json,
    parse_score,
    unescape,
)
from spacy_biomedplm.concepts import IDENTIFIER_KEY, concepts_of, format_concepts
from spacy_biomedplm.corpora.bioc_text import place_passages
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import coded
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


def make_bioc_record(document: Document, shown: str, report: Report) -> DocumentRecord:
    """Return the record of a document of BioC.

    document (Document): From ``stream_xml`` or ``stream_json``.
    shown (str): The file, for messages.
    report (Report): What to do with what is broken.
    RAISES (BiomedplmError): B453-B456, if the report's mode is "raise".
    """
    return _Maker(document, shown, report).make()


class _Maker:
    """Makes the record of one document."""

    def __init__(self, document: Document, shown: str, report: Report) -> None:
        self.document = document
        self.shown = shown
        self.report = report
        self.taken: set[str] = set()
        self.times: Counter[str] = Counter()
        items: tuple[tuple[str, Annotation | Relation], ...]
        items = (*self._annotations(), *self._relations())
        self.given = {item.id for _, item in items if item.id}
        self.mention_ids: set[str] = set()
        # Identifiers of the file to those of the record: of each home, and of the whole document.
        self.names: dict[str, dict[str, str]] = {"": {}}

    def make(self) -> DocumentRecord:
        """Return the record."""
        text, areas, passages = place_passages(self.document, self.shown, self.report)
        self.areas = areas
        annotations = [(home, item, self._name(home, item, "T")) for home, item in self._annotations()]
        placed = [(home, item, name) for home, item, name in annotations if item.locations]
        self.mention_ids = {name for _, _, name in placed}
        relations = [
            (home, item, item.id or "" if _said(item) else self._name(home, item, "R"))
            for home, item in self._relations()
        ]
        self.triggers = {name for home, item, _ in relations for name in self._trigger_of(home, item)[:1]}
        stated = [self._statement(home, item, name) for home, item, name in annotations if not item.locations]
        made = [self._relation(home, item, name) for home, item, name in relations]
        mentions = [self._mention(home, item, name) for home, item, name in placed]
        infons, rest = self._infons(len(text), mentions)
        return DocumentRecord(
            self.document.id,
            text,
            tuple(rest.get("order", mentions)),
            tuple(stated) + tuple(item for item in made if isinstance(item, RelationRecord)),
            tuple(item for item in made if isinstance(item, EventRecord)),
            tuple(item for item in made if isinstance(item, AttributeRecord)),
            tuple(item for item in made if isinstance(item, EquivalenceRecord)),
            tuple(item for item in made if isinstance(item, NoteRecord)),
            tuple(rest.get("passages", passages)),
            rest.get("labels", {}),
            rest.get("answers", ()),
            infons,
            self.shown,
        )

    def _annotations(self) -> Iterator[tuple[str, Annotation]]:
        for number, passage in enumerate(self.document.passages):
            yield from ((str(number), item) for item in passage.annotations)
            for inner, sentence in enumerate(passage.sentences):
                yield from ((f"{number}.{inner}", item) for item in sentence.annotations)
        yield from (("", item) for item in self.document.annotations)

    def _relations(self) -> Iterator[tuple[str, Relation]]:
        for number, passage in enumerate(self.document.passages):
            yield from ((str(number), item) for item in passage.relations)
            for inner, sentence in enumerate(passage.sentences):
                yield from ((f"{number}.{inner}", item) for item in sentence.relations)
        yield from (("", item) for item in self.document.relations)

    def _name(self, home: str, item: Annotation | Relation, prefix: str) -> str:
        """Return the identifier of an item in the record; the file's own, unless something else has it."""
        name = item.id
        if not name or name in self.taken:
            # Where each passage is numbered anew, the second "1" becomes "1#2".
            stem = f"{name}#" if name else prefix
            number = self.times[stem] + (2 if name else 1)
            while stem + str(number) in self.taken or stem + str(number) in self.given:
                number += 1
            self.times[stem] = number - (1 if name else 0)
            name = stem + str(number)
            if item.id:
                item.infons[ID] = item.id
        self.taken.add(name)
        if item.id:
            self.names.setdefault(home, {}).setdefault(item.id, name)
            self.names[""].setdefault(item.id, name)
        return name

    def _resolve(self, home: str, refid: str) -> str:
        passage = home.partition(".")[0]
        for scope in (home, passage, ""):
            if refid in self.names.get(scope, {}):
                return self.names[scope][refid]
        return refid

    def _trigger_of(self, home: str, item: Relation) -> list[str]:
        """Return trigger and role of the node that makes a relation an event, or nothing."""
        if item.infons.get(KIND, "event") != "event" or described_concepts(item.infons):
            return []
        for refid, role in item.nodes:
            if role.lower() == TRIGGER.lower() and self._resolve(home, refid) in self.mention_ids:
                return [self._resolve(home, refid), role, refid]
        return []

    def _mention(self, home: str, item: Annotation, name: str) -> MentionRecord:
        fragments = tuple((offset, offset + length) for offset, length in item.locations)
        infons = self._with_home(item.infons, home, find_home(self.areas, fragments))
        label = infons.get("type", "")
        if label:
            del infons["type"]
        concepts = self._concepts(infons, item)
        score = parse_score(infons.get("score"))
        if score is not None:
            del infons["score"]
        kind = infons.get(KIND)
        if kind in ("trigger", "entity"):
            del infons[KIND]
        is_trigger = name in self.triggers if kind not in ("trigger", "entity") else kind == "trigger"
        return MentionRecord(
            name, label, fragments, item.text, concepts, unescape(infons), score, is_trigger, item.line
        )

    def _with_home(self, infons: Mapping[str, str], home: str, usual: str) -> dict[str, str]:
        return {**infons, HOME: home} if home != usual else {key: infons[key] for key in infons if key != HOME}

    def _concepts(self, infons: dict[str, str], item: Annotation) -> tuple[ConceptRecord, ...]:
        """Return the concepts that infons name, and take out of these what the concepts alone would give back."""
        concepts = concepts_of(infons)
        if CONCEPTS in infons:
            rows = self._load(CONCEPTS, infons.pop(CONCEPTS), item.line)
            if _is_table(rows, 3):
                concepts = tuple(ConceptRecord(*row) for row in rows)
            elif rows is not None:
                self._broken(CONCEPTS, item.line)
        if concepts and infons.get(IDENTIFIER_KEY) == format_concepts(concepts):
            del infons[IDENTIFIER_KEY]
        return concepts

    def _statement(self, home: str, item: Annotation, name: str) -> RelationRecord:
        """Return what an annotation without a place says: that its concepts belong to the document."""
        infons = unescape(self._with_home(item.infons, home, ""))
        infons[KIND] = "annotation"
        if item.text is not None:
            infons[TEXT] = item.text
        arguments = tuple(ArgumentRecord("", c.id, "concept") for c in concepts_of(infons))
        return RelationRecord(name, infons.get("type", ""), arguments, infons, line=item.line)

    def _relation(
        self, home: str, item: Relation, name: str
    ) -> RelationRecord | EventRecord | AttributeRecord | EquivalenceRecord | NoteRecord:
        said = self._said(home, item)
        if said is not None:
            return said
        infons = self._with_home(item.infons, home, "")
        infons.pop(KIND, None)
        score = parse_score(infons.get("score"))
        if score is not None:
            del infons["score"]
        label = infons.get("type", infons.get("relation", ""))
        if infons.get("type"):
            del infons["type"]
        trigger = self._trigger_of(home, item)
        if trigger:
            name_of_trigger, role, refid = trigger
            if role != TRIGGER:
                infons[TRIGGER_ROLE] = role
            at = item.nodes.index((refid, role))
            nodes = [node for place, node in enumerate(item.nodes) if place != at]
            arguments = self._arguments(home, nodes, infons)
            return EventRecord(name, label, name_of_trigger, arguments, unescape(infons), score, item.line)
        arguments = self._arguments(home, item.nodes, infons)
        infons = {NOVELTY.get(key, key): value for key, value in infons.items()}
        return RelationRecord(name, label, arguments, unescape(infons), score, item.line)

    def _arguments(
        self, home: str, nodes: Sequence[tuple[str, str]], infons: dict[str, str]
    ) -> tuple[ArgumentRecord, ...]:
        """Return the arguments of a relation, and take out of its infons those that name some."""
        infons.pop(NODES, None)
        described = described_concepts(infons)
        if described:
            if nodes:
                infons[NODES] = json.dumps([list(node) for node in nodes])
            return described
        if not nodes:
            for pair in CONCEPT_PAIRS:
                if all(role in infons for role in pair):
                    return tuple(ArgumentRecord(role, infons.pop(role), "concept") for role in pair)
        kinds = infons.pop(KINDS, "").split()
        if len(kinds) != len(nodes) or not {"mention", "event", "concept"}.issuperset(kinds):
            kinds = [""] * len(nodes)
        return tuple(self._argument(home, *node, kind) for node, kind in zip(nodes, kinds, strict=True))

    def _argument(self, home: str, refid: str, role: str, kind: str) -> ArgumentRecord:
        target = refid if kind == "concept" else self._resolve(home, refid)
        usual = "event" if target in self.taken - self.mention_ids else "mention"
        return ArgumentRecord(role, target, cast(ArgumentKind, kind or usual))

    def _said(self, home: str, item: Relation) -> AttributeRecord | EquivalenceRecord | NoteRecord | None:
        """Return what is said of other items: an attribute, an equivalence or a note."""
        infons = item.infons
        label, name = infons.get("type", ""), item.id or ""
        targets = tuple(self._resolve(home, refid) for refid, _ in item.nodes)
        kind = _said(item)
        if kind == "attribute":
            return AttributeRecord(name, label, targets[0], infons.get("value", ""), item.line)
        if kind == "equivalence":
            return EquivalenceRecord(targets, label, item.line)
        if kind == "note":
            return NoteRecord(name, label, targets[0] if targets else "", infons.get("text", ""), item.line)
        return None

    def _infons(self, size: int, mentions: list[MentionRecord]) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the infons of the document, and what this package wrote into infons for want of another place."""
        infons = {**self.document.collection, **self.document.infons}
        rest: dict[str, Any] = {}
        found = {key: self._load(key, infons.pop(key)) for key in (ORDER, PASSAGES, LABELS, ANSWERS) if key in infons}
        for key, value in found.items():
            if value is None:
                continue
            if key == ORDER and isinstance(value, list) and all(isinstance(name, str) for name in value):
                rank = {name: place for place, name in enumerate(value)}
                rest["order"] = sorted(mentions, key=lambda mention: rank.get(mention.id, len(rank)))
            elif key == PASSAGES and _is_passages(value, size):
                rest["passages"] = tuple(PassageRecord(*row) for row in value)
            elif key == LABELS and isinstance(value, dict) and all(_is_number(number) for number in value.values()):
                rest["labels"] = {name: float(number) for name, number in value.items()}
            elif key == ANSWERS and _is_table(value):
                rest["answers"] = tuple(tuple(row) for row in value)
            else:
                self._broken(key)
        return unescape(infons), rest

    def _load(self, key: str, text: str, line: int = 0) -> Any:
        value = parse_json(text)
        if value is None:
            self._broken(key, line)
        return value

    def _broken(self, key: str, line: int = 0) -> None:
        values: dict[str, Any] = {"path": self.shown, "line": line, "doc_id": self.document.id}
        self.report.drop(coded("B456", **values, key=key), **values)


def _said(item: Relation) -> str:
    """Return whether a relation is an attribute, an equivalence or a note, or nothing if it is none of them."""
    kind = item.infons.get(KIND, "")
    fits = {"attribute": len(item.nodes) == 1, "equivalence": True, "note": len(item.nodes) < 2}
    return kind if fits.get(kind) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 53)


def _is_table(value: Any, width: int = 0) -> bool:
    """Return whether a value is a list of lists of texts, each of that width if one is given."""
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        return False
    return all(all(isinstance(text, str) for text in row) and len(row) == (width or len(row)) for row in value)


def _is_passages(value: Any, size: int) -> bool:
    if not isinstance(value, list) or not all(isinstance(row, list) and len(row) == 4 for row in value):
        return False
    return all(
        type(start) is int
        and type(end) is int
        and 0 <= start <= end <= size
        and isinstance(kind, str)
        and isinstance(infons, dict)
        and all(isinstance(text, str) for text in infons.values())
        for start, end, kind, infons in value
    )
