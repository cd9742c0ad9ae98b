"""The extension attributes on ``Doc`` and ``Span``: the only place that registers them.

===================  ======  ==========================================================================
name                 owner   value
===================  ======  ==========================================================================
``annotated``        Doc     what a corpus annotates: {"ner": {guideline: [labels]}}, or None for a text
                             nobody annotated; a component learns from, and is scored on, only those
``doc_id``           Doc     identifier of the document in its source (PMID, file name), or None
``corpus``           Doc     name of the corpus the document comes from, or None
``relations``        Doc     tuple of ``Relation``
``events``           Doc     tuple of ``Event``
``answers``          Doc     right answers to the question among the passages: a list of lists of synonyms,
                             or None
``metadata``         Doc     what else the source says of the document, {name: text}, or None
``abbreviations``    Doc     short forms of abbreviations in order, a list of spans
``hearst_patterns``  Doc     hyponyms, a list of (pattern, general span, specific span)
``long_form``        Span    the long form that an abbreviation stands for, a span; None for any other span
``score``            Span    calibrated probability that the entity is right, or None if it has none
``kb_ents``          Span    concepts of an entity, best first: list of (concept id, score); in a corpus
                             the score is 1
``links``            Span    what each linker found for an entity: {name of the pipe: list of ``Link``}
===================  ======  ==========================================================================

Everything is kept in ``doc.user_data`` as plain strings and numbers, so it survives ``Doc.to_bytes``,
``DocBin(store_user_data=True)``, pickling and ``nlp.pipe(n_process=2)``.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from spacy.tokens import Doc, Span

from spacy_biomedplm.annotations import DETAILS_KEY as DETAILS_KEY
from spacy_biomedplm.annotations import GUIDELINES_KEY as GUIDELINES_KEY
from spacy_biomedplm.annotations import MENTIONS_KEY as MENTIONS_KEY
from spacy_biomedplm.annotations import Argument as Argument
from spacy_biomedplm.annotations import Event as Event
from spacy_biomedplm.annotations import Link as Link
from spacy_biomedplm.annotations import Relation as Relation
from spacy_biomedplm.annotations import score_key as score_key
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.event_order import order_events, show_circle

ENTITIES_KEY = "entities"
TRIGGERS_KEY = "triggers"
PASSAGES_KEY = "passages"
SCORES_KEY = "biomedplm_entity_scores"
RELATIONS_KEY = "biomedplm_relations"
EVENTS_KEY = "biomedplm_events"
ABBREVIATIONS_KEY = "biomedplm_abbreviations"
LINKS_KEY = "biomedplm_links"
HYPONYMS_KEY = "biomedplm_hyponyms"
RECORD_KEY = "biomedplm_record"
"""What has no place of its own on a document: attributes, equivalences, notes, empty passages."""

NEGATION = "Negation"
SPECULATION = "Speculation"


def span_of_key(doc: Doc, key: str) -> Span:
    """Return the span that a key was made from, also if no group of the document holds it.

    doc (Doc): The document.
    key (str): From ``score_key``.
    """
    start, end, size, rest = key.split(":", 3)
    label, name = rest[: int(size)], rest[int(size) + 1 :]
    concepts = doc.user_data.get(DETAILS_KEY, {}).get(key, {}).get("concepts", ())
    concept = concepts[0][1] if concepts else ""
    span = doc.char_span(int(start), int(end), label, concept, alignment_mode="expand", span_id=name)
    assert span is not None, "a key is made from a span of its document"
    return span


def get_score(span: Span) -> float | None:
    """Return the calibrated probability of an entity, or None if it has none.

    span (Span): An entity of ``doc.ents`` or of ``doc.spans["entities"]``.
    RETURNS (Optional[float]): In [0, 1].
    """
    scores: dict[str, float] = span.doc.user_data.get(SCORES_KEY, {})
    return scores.get(score_key(span))


def set_score(span: Span, score: float) -> None:
    """Keep the calibrated probability of an entity on its document.

    span (Span): The entity.
    score (float): In [0, 1].
    """
    span.doc.user_data.setdefault(SCORES_KEY, {})[score_key(span)] = float(score)


def get_kb_ents(span: Span) -> list[tuple[str, float]]:
    """Return the concepts of an entity and their scores, best first.

    RETURNS (list[tuple[str, float]]): What all linkers found, each concept once with its best score, those of a
        composite mention one by one. Where no linker was, those of the corpus with the score 1.
    """
    links = get_links(span)
    if links:
        ranked = sorted((link for found in links.values() for link in found), key=lambda link: -link.score)
        best = {id: link.score for link in reversed(ranked) for id in link.concept_id.split("|")}
        return [(id, best[id]) for id in dict.fromkeys(id for link in ranked for id in link.concept_id.split("|"))]
    details = span.doc.user_data.get(DETAILS_KEY, {}).get(score_key(span), {})
    return [(row[1], 1.0) for row in details.get("concepts", ())]


def get_links(span: Span) -> dict[str, list[Link]]:
    """Return what each linker found for an entity.

    span (Span): An entity.
    RETURNS (dict[str, list[Link]]): By name of the pipe, best first; an empty list where it found no concept, nothing
        for a linker that did not look.
    """
    stored: dict[str, list[list[Any]]] = span.doc.user_data.get(LINKS_KEY, {}).get(score_key(span), {})
    return {name: [Link(*row) for row in rows] for name, rows in stored.items()}


def set_links(doc: Doc, linker: str, links: Mapping[str, Sequence[Link]]) -> None:
    """Keep what a linker found; what others found stays, what it found before goes.

    doc (Doc): The document.
    linker (str): Name of the pipe.
    links (Mapping[str, Sequence[Link]]): By ``score_key`` of the entity, best first.
    """
    stored = doc.user_data.setdefault(LINKS_KEY, {})
    for key, found in stored.items():
        if key not in links:
            found.pop(linker, None)
    for key, of_span in links.items():
        # In place: the order of linkers is that in which they first came.
        stored.setdefault(key, {})[linker] = [list(link) for link in of_span]


def get_abbreviations(doc: Doc) -> list[Span]:
    """Return the short forms of abbreviations that have a long form in the document, in order.

    doc (Doc): The document.
    """
    return [span_of_key(doc, key) for key in doc.user_data.get(ABBREVIATIONS_KEY, ())]


def get_long_form(span: Span) -> Span | None:
    """Return the long form that an abbreviation stands for, None for a span that is none.

    span (Span): Any span.
    """
    found = span.doc.user_data.get(ABBREVIATIONS_KEY, {}).get(f"{span.start_char}:{span.end_char}:0::")
    return span_of_key(span.doc, found) if found else None


def get_hyponyms(doc: Doc) -> list[tuple[str, Span, Span]]:
    """Return what the text says is a kind of what.

    doc (Doc): The document.
    RETURNS (list[tuple[str, Span, Span]]): Name of the pattern, the general and the specific term.
    """
    rows = doc.user_data.get(HYPONYMS_KEY, ())
    return [(name, doc[first:then], doc[start:end]) for name, first, then, start, end in rows]


def get_relations(doc: Doc) -> tuple[Relation, ...]:
    """Return the relations with two arguments; those with more, or between relations, are kept for writers only.

    doc (Doc): The document.
    RETURNS (tuple[Relation, ...]): Heads and tails are spans, events, or concept identifiers.
    """
    relations = []
    rows = doc.user_data.get(RELATIONS_KEY, ())
    has_events = any(kind == "event" for row in rows for _, kind, _ in row["arguments"])
    events = {event.id: event for event in get_events(doc)} if has_events else {}
    for row in rows:
        between_relations = any(kind == "event" and target not in events for _, kind, target in row["arguments"])
        if len(row["arguments"]) == 2 and not between_relations:
            (head_role, *head), (tail_role, *tail) = row["arguments"]
            ends = [_target(doc, kind, target, events) for kind, target in (head, tail)]
            roles = head_role, tail_role
            relations.append(Relation(ends[0], row["label"], ends[1], row["score"], roles, dict(row["infons"])))
    return tuple(relations)


def set_relations(doc: Doc, relations: Iterable[Relation]) -> None:
    """Put relations in place of those that a document has.

    doc (Doc): The document.
    relations (Iterable[Relation]): Heads and tails are spans or events of it, or concept identifiers.
    """
    replace_relations(doc, relations, lambda infons: True)


def replace_relations(
    doc: Doc, relations: Iterable[Relation], is_replaced: Callable[[Mapping[str, str]], bool]
) -> None:
    """Put relations in place of some that a document has; the others stay as they are, also those with many ends.

    doc (Doc): The document.
    relations (Iterable[Relation]): Heads and tails are spans or events of it, or concept identifiers.
    is_replaced (Callable[[Mapping[str, str]], bool]): Takes the infons of a relation.
    """
    rows = doc.user_data.get(RELATIONS_KEY, ())
    kept = [row for row in rows if not is_replaced(row["infons"])]
    _forget(doc, {row["id"] for row in rows} - {row["id"] for row in kept})
    names = _new_ids("R", _taken(doc, EVENTS_KEY) | {row["id"] for row in kept})
    doc.user_data[RELATIONS_KEY] = kept + [
        {
            "id": next(names),
            "label": relation.label,
            "arguments": [
                _argument(relation.roles[0], relation.head),
                _argument(relation.roles[1], relation.tail),
            ],
            "infons": dict(relation.infons),
            "score": relation.score,
        }
        for relation in relations
    ]


def entities_of(doc: Doc) -> Sequence[Span]:
    """Return the entities of a document: the span group "entities" if there is one, else ``doc.ents``.

    doc (Doc): The document.
    """
    found: Sequence[Span] = doc.spans[ENTITIES_KEY] if ENTITIES_KEY in doc.spans else doc.ents
    return found


def get_events(doc: Doc) -> tuple[Event, ...]:
    """Return the events, each with the events that are its arguments inside it.

    doc (Doc): The document.
    RAISES (BiomedplmError): B433 if events are arguments of each other in a circle.
    """
    rows = {row["id"]: row for row in doc.user_data.get(EVENTS_KEY, ())}
    said = {(target, label) for _, label, target, _ in doc.user_data.get(RECORD_KEY, {}).get("attributes", ())}
    made: dict[str, Event] = {}
    order, circle = order_events({name: _event_targets(row) for name, row in rows.items()})
    if circle:
        raise BiomedplmError(coded("B433", events=show_circle(circle)))
    for name in order:
        row = rows[name]
        arguments = tuple(Argument(role, _target(doc, kind, target, made)) for role, kind, target in row["arguments"])
        negated, speculated = (name, NEGATION) in said, (name, SPECULATION) in said
        trigger = span_of_key(doc, row["trigger"])
        made[name] = Event(trigger, row["label"], arguments, negated, speculated, row["score"], name)
    return tuple(made[name] for name in rows)


def set_events(doc: Doc, events: Iterable[Event]) -> None:
    """Put events in place of those that a document has; events inside others are kept too.

    doc (Doc): The document.
    events (Iterable[Event]): Triggers and arguments are spans of it. Equal events count once.
    RAISES (BiomedplmError): B433 if events are arguments of each other in a circle.
    """
    found, order = _inner_first(events)
    _forget(doc, {row["id"] for row in doc.user_data.get(EVENTS_KEY, ())})
    names, modifications = _new_ids("E", _taken(doc, RELATIONS_KEY)), _new_ids("M", _taken(doc, RELATIONS_KEY))
    ids: dict[str, str] = {}
    known: dict[tuple[object, ...], str] = {}
    rows: list[dict[str, Any]] = []
    attributes: list[list[str]] = []
    for place in order:
        event = found[place]
        arguments = [
            [role, "event", ids[str(id(target))]] if isinstance(target, Event) else _argument(role, target)
            for role, target in event.arguments
        ]
        trigger = score_key(event.trigger)
        key = (trigger, event.label, *map(tuple, arguments), event.negated, event.speculated, event.score, event.id)
        if key in known:
            ids[place] = known[key]
            continue
        name = ids[place] = known[key] = next(names)
        for said, label in ((event.negated, NEGATION), (event.speculated, SPECULATION)):
            if said:
                attributes.append([next(modifications), label, name, ""])
        row: dict[str, Any] = {"id": name, "label": event.label, "arguments": arguments, "infons": {}}
        rows.append({**row, "score": event.score, "trigger": trigger})
    rest = doc.user_data.setdefault(RECORD_KEY, {})
    rest["attributes"] = [*rest.get("attributes", ()), *attributes]
    doc.user_data[EVENTS_KEY] = rows


def _inner_first(events: Iterable[Event]) -> tuple[dict[str, Event], list[str]]:
    """Return events and all that are inside them by a key of each object, and the keys, inner events first."""
    # No recursion and no hash of an event, which is computed by recursion: events can nest deeper than the stack.
    waiting = list(events)
    found = {str(id(event)): event for event in waiting}
    targets: dict[str, list[str]] = {key: [] for key in found}
    while waiting:
        event = waiting.pop()
        inner = [argument.target for argument in event.arguments if isinstance(argument.target, Event)]
        targets[str(id(event))] = [str(id(target)) for target in inner]
        waiting += [target for target in inner if str(id(target)) not in found]
        found.update((str(id(target)), target) for target in inner)
    order, circle = order_events(targets)
    if circle:
        shown = show_circle([found[key].id or found[key].label for key in circle])
        raise BiomedplmError(coded("B433", events=shown))
    return found, order


def _argument(role: str, target: Span | Event | str) -> list[str]:
    if isinstance(target, Span):
        return [role, "mention", score_key(target)]
    return [role, "event", target.id] if isinstance(target, Event) else [role, "concept", target]


def _target(doc: Doc, kind: str, target: str, events: Mapping[str, Event]) -> Span | Event | str:
    if kind == "mention":
        return span_of_key(doc, target)
    return events[target] if kind == "event" else target


def _forget(doc: Doc, ids: set[str]) -> None:
    """Drop what is said of relations or events that are replaced."""
    rest = doc.user_data.get(RECORD_KEY, {})
    for name in ("attributes", "notes"):
        if name in rest:
            rest[name] = [row for row in rest[name] if row[2] not in ids]


def _taken(doc: Doc, *keys: str) -> set[str]:
    """Return identifiers that are in use: those of spans, and of what is kept under some keys."""
    spans = {span.id_ for group in (ENTITIES_KEY, TRIGGERS_KEY) for span in doc.spans.get(group, ())}
    said = {row[0] for row in doc.user_data.get(RECORD_KEY, {}).get("attributes", ())}
    return spans | said | {row["id"] for key in keys for row in doc.user_data.get(key, ())}


def _new_ids(prefix: str, taken: set[str]) -> Iterator[str]:
    return (name for number in count(1) if (name := f"{prefix}{number}") not in taken)


def _event_targets(row: Mapping[str, Any]) -> list[str]:
    return [target for _, kind, target in row["arguments"] if kind == "event"]


def register() -> None:
    """Register every extension attribute once; one that another package owns is left alone with a warning."""
    for name in ("annotated", "doc_id", "corpus", "answers", "metadata"):
        _register(Doc, name, default=None)
    _register(Doc, "relations", getter=get_relations, setter=set_relations)
    _register(Doc, "events", getter=get_events, setter=set_events)
    _register(Doc, "abbreviations", getter=get_abbreviations)
    _register(Doc, "hearst_patterns", getter=get_hyponyms)
    _register(Span, "long_form", getter=get_long_form)
    _register(Span, "score", getter=get_score, setter=set_score)
    _register(Span, "kb_ents", getter=get_kb_ents)
    _register(Span, "links", getter=get_links)


def _register(owner: Any, name: str, **definition: Any) -> None:
    if not owner.has_extension(name):
        owner.set_extension(name, **definition)
        return
    _, _, getter, _ = owner.get_extension(name)
    if getter is not definition.get("getter"):
        warnings.warn(coded("W001", owner=owner.__name__, name=name), stacklevel=3)


register()
