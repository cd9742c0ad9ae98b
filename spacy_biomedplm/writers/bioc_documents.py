"""From a record to plain data of BioC."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from spacy_biomedplm.bioc_model import (
    ANSWERS,
    COLLECTION,
    CONCEPT_PAIRS,
    CONCEPTS,
    HOME,
    ID,
    JSON_SUFFIX,
    KIND,
    KINDS,
    LABELS,
    NODES,
    NOVELTY,
    ORDER,
    ROLES,
    TEXT,
    TRIGGER,
    TRIGGER_ROLE,
    Annotation,
    Area,
    Document,
    Relation,
    described_concepts,
    escape,
    find_home,
    find_unit,
    parse_json,
    parse_score,
)
from spacy_biomedplm.concepts import IDENTIFIER_KEY, RESOURCES, concepts_of, format_concepts, parse_concepts
from spacy_biomedplm.types import (
    ArgumentRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.bioc_units import make_units


def make_document(record: DocumentRecord) -> Document:
    """Return a record as a document of BioC, from which ``read_bioc_xml`` makes the same record.

    record (DocumentRecord): Any.
    RETURNS (Document): Its ``collection`` holds the infons that BioC keeps once for all documents.
    """
    units, areas, infons = make_units(record)
    return _Maker(record, Document(record.doc_id, passages=units), areas).make(infons)


class _Maker:
    """Makes the document of one record."""

    def __init__(self, record: DocumentRecord, document: Document, areas: list[Area]) -> None:
        self.record = record
        self.document = document
        self.areas = areas
        items: Iterable[RelationRecord | EventRecord] = (*record.relations, *record.events)
        self.items = {item.id for item in items}
        self.triggers = {event.trigger for event in record.events}
        named: Iterable[MentionRecord | RelationRecord | EventRecord] = (*record.mentions, *items)
        self.written = {item.id: item.infons[ID] for item in named if item.infons.get(ID)}

    def make(self, infons: dict[str, str]) -> Document:
        """Return the document, of which the passages are there already.

        infons (dict[str, str]): Of this package, from ``make_units``.
        """
        record, document = self.record, self.document
        document.collection = {key: text for key, text in record.infons.items() if key.startswith(COLLECTION)}
        own = {key: text for key, text in record.infons.items() if not key.startswith(COLLECTION)}
        document.infons = {**escape(own), **infons}
        homes = [self._home(mention) for mention in record.mentions]
        for mention, home in zip(record.mentions, homes, strict=True):
            unit = find_unit(document, home)
            (document if unit is None else unit).annotations.append(self._annotation(mention))
        for event in record.events:
            self._add(event.infons, self._event(event))
        for relation in record.relations:
            if relation.infons.get(KIND) == "annotation":
                self._add_statement(relation)
            else:
                self._add(relation.infons, self._relation(relation))
        document.relations += self._said()
        found = {ORDER: self._order(homes), LABELS: dict(record.labels), ANSWERS: [list(row) for row in record.answers]}
        document.infons.update({key: _dump(value) for key, value in found.items() if value})
        return document

    def _home(self, mention: MentionRecord) -> str:
        """Return where a mention is written: where it stood in the file, if there still is such a place."""
        home = mention.infons.get(HOME)
        if home == "" or (home is not None and find_unit(self.document, home) is not None):
            return home
        return find_home(self.areas, mention.fragments)

    def _order(self, homes: Iterable[str]) -> list[str]:
        """Return the order of the mentions, if it is not that in which BioC has them."""
        last = len(self.document.passages)
        places = []
        for home in homes:
            number, _, inner = home.partition(".")
            places.append((int(number or last), int(inner or -1)))
        return [] if places == sorted(places) else [mention.id for mention in self.record.mentions]

    def _name(self, name: str, infons: Mapping[str, str]) -> str:
        return infons.get(ID) or name

    def _annotation(self, mention: MentionRecord) -> Annotation:
        own = mention.infons
        reserved = _reserved(own, mention.label, mention.score)
        infons = {"type": mention.label} if mention.label else {}
        # The reader takes an identifier out that the concepts alone would give back.
        is_taken = bool(mention.concepts) and own.get(IDENTIFIER_KEY) == format_concepts(mention.concepts)
        if is_taken or concepts_of(own) != mention.concepts:
            reserved |= {IDENTIFIER_KEY, *RESOURCES}
            if mention.concepts:
                infons[IDENTIFIER_KEY] = format_concepts(mention.concepts)
            if parse_concepts(infons.get(IDENTIFIER_KEY, "")) != mention.concepts:
                infons[CONCEPTS] = _dump([[c.resource, c.id, c.name] for c in mention.concepts])
        infons |= _plain(own, (ID, HOME), reserved)
        if mention.score is not None:
            infons["score"] = repr(mention.score)
        if mention.is_trigger != (mention.id in self.triggers):
            infons[KIND] = "trigger" if mention.is_trigger else "entity"
        text = self.record.text_of(mention) if mention.text is None else mention.text
        locations = [(start, end - start) for start, end in mention.fragments]
        return Annotation(self._name(mention.id, own), infons, locations, text)

    def _event(self, event: EventRecord) -> Relation:
        infons = self._relation_infons(event, (ID, HOME, TRIGGER_ROLE))
        role = event.infons.get(TRIGGER_ROLE, TRIGGER)
        role = role if role.lower() == TRIGGER.lower() else TRIGGER
        nodes = [(self.written.get(event.trigger, event.trigger), role), *self._nodes(event.arguments)]
        self._add_kinds(event.arguments, infons)
        return Relation(self._name(event.id, event.infons), infons, nodes)

    def _relation(self, relation: RelationRecord) -> Relation:
        arguments = relation.arguments
        infons = self._relation_infons(relation, (ID, HOME, NODES))
        infons = {NOVELTY.get(key, key): text for key, text in infons.items()}
        if arguments and arguments == described_concepts(relation.infons):
            nodes = _load_nodes(relation.infons.get(NODES, "[]"))
            return Relation(self._name(relation.id, relation.infons), infons, nodes)
        roles = tuple(argument.role for argument in arguments)
        if roles in CONCEPT_PAIRS and all(argument.kind == "concept" for argument in arguments):
            infons |= {argument.role: argument.target for argument in arguments}
            return Relation(self._name(relation.id, relation.infons), infons)
        self._add_kinds(arguments, infons)
        if any(role.lower() == TRIGGER.lower() for role in roles):
            infons[KIND] = "relation"
        return Relation(self._name(relation.id, relation.infons), infons, self._nodes(arguments))

    def _relation_infons(self, item: RelationRecord | EventRecord, structural: Collection[str]) -> dict[str, str]:
        reserved = _reserved(item.infons, item.label, item.score)
        infons = {"type": item.label} if item.label else {}
        if "type" not in item.infons and item.infons.get("relation") == item.label:
            infons = {}
        elif not item.label and ("type" in reserved or "type" not in item.infons):
            reserved.add("relation")
        roles = tuple(argument.role for argument in item.arguments)
        for pair in CONCEPT_PAIRS:
            if roles == pair or all(role in item.infons for role in pair):
                reserved |= {*pair}
        described = described_concepts(item.infons)
        if described and (isinstance(item, EventRecord) or item.arguments != described):
            reserved |= {name for role in ROLES for name in (role, role + JSON_SUFFIX)}
        infons |= _plain(item.infons, structural, reserved)
        if item.score is not None:
            infons["score"] = repr(item.score)
        return infons

    def _nodes(self, arguments: Iterable[ArgumentRecord]) -> list[tuple[str, str]]:
        return [(a.target if a.kind == "concept" else self.written.get(a.target, a.target), a.role) for a in arguments]

    def _add_kinds(self, arguments: Iterable[ArgumentRecord], infons: dict[str, str]) -> None:
        """Add the kinds of arguments to infons, if they cannot be told from the targets."""
        kinds = [(a.kind, "event" if a.target in self.items else "mention") for a in arguments]
        if any(kind != usual for kind, usual in kinds):
            infons[KINDS] = " ".join(kind for kind, _ in kinds)

    def _add(self, infons: Mapping[str, str], relation: Relation) -> None:
        unit = find_unit(self.document, infons.get(HOME, ""))
        (self.document if unit is None else unit).relations.append(relation)

    def _add_statement(self, relation: RelationRecord) -> None:
        """Add what was an annotation without a place."""
        own = relation.infons
        infons = _plain(own, (ID, HOME, KIND, TEXT), ())
        unit = find_unit(self.document, own.get(HOME, ""))
        annotation = Annotation(self._name(relation.id, own), infons, [], own.get(TEXT))
        (self.document if unit is None else unit).annotations.append(annotation)

    def _said(self) -> Iterable[Relation]:
        """Yield attributes, equivalences and notes."""
        for attribute in self.record.attributes:
            infons = {"type": attribute.label, KIND: "attribute"}
            if attribute.value:
                infons["value"] = attribute.value
            target = self.written.get(attribute.target, attribute.target)
            yield Relation(attribute.id, infons, [(target, "")])
        for number, group in enumerate(self.record.equivalences, 1):
            infons = {"type": group.label, KIND: "equivalence"}
            yield Relation(f"*{number}", infons, [(self.written.get(name, name), "") for name in group.targets])
        for note in self.record.notes:
            infons = {"type": note.label, KIND: "note", "text": note.text}
            nodes = [(self.written.get(note.target, note.target), "")] if note.target else []
            yield Relation(note.id, infons, nodes)


def _reserved(infons: Mapping[str, str], label: str, score: float | None) -> set[str]:
    """Return the names of infons that would be taken for the label or the score."""
    reserved = {"type"} if label or infons.get("type") else set()
    if score is not None or parse_score(infons.get("score")) is not None:
        reserved.add("score")
    return reserved


def _plain(infons: Mapping[str, str], structural: Collection[str], reserved: Collection[str]) -> dict[str, str]:
    """Return infons of the record without those that say where and how something is written."""
    return escape({key: text for key, text in infons.items() if key not in structural}, reserved)


def _load_nodes(text: str) -> list[tuple[str, str]]:
    rows = parse_json(text)
    if not isinstance(rows, list):
        return []
    return [(row[0], row[1]) for row in rows if isinstance(row, list) and len(row) == 2 and {*map(type, row)} == {str}]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
