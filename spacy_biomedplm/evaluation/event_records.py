"""What scorers of events read from documents: checked pairs of gold and answer, extended spans, parts of a task."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.schemes import without
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.event_scores import MODIFICATIONS, EventRule, EventTask
from spacy_biomedplm.event_order import order_events, show_circle
from spacy_biomedplm.types import DocumentRecord, EventRecord, MentionRecord

T = TypeVar("T")
PUNCTUATION = frozenset(".!?,\"'")


class EventDocument:
    """A document as scorers of events see it.

    record (DocumentRecord): The document.
    rule (EventRule): Says which roles are read as others.
    gold ("EventDocument" | None): The gold standard, if the document is an answer to it.
    mentions (dict[str, MentionRecord]): By identifier.
    events (dict[str, EventRecord]): By identifier, the events inside others first.
    modifications (tuple[AttributeRecord, ...]): Negations and speculations of events.
    given (dict[str, str]): For each mention that stands for one the participants were given, that one's identifier.
    RAISES (BiomedplmError): B703 if offsets, references or the order of events are broken.
    """

    def __init__(self, record: DocumentRecord, rule: EventRule, gold: "EventDocument | None" = None) -> None:
        self.record = record
        self.mentions = {mention.id: mention for mention in record.mentions}
        self.events = {event.id: event for event in _ordered(record, self.mentions)}
        said = (attribute for attribute in record.attributes if attribute.label in MODIFICATIONS)
        self.modifications = tuple(attribute for attribute in said if attribute.target in self.events)
        self.renamed = rule.renamed
        self.given = _given(record, rule, gold)

    def arguments(self, event: EventRecord) -> Iterator[tuple[str, str, str]]:
        """Yield role without number, number, and target of each argument, in the order of the file."""
        for argument in event.arguments:
            stem, number = split_role(argument.role)
            stem = self.renamed.get((event.label, stem), self.renamed.get(("", argument.role), stem))
            yield stem, number, argument.target


def split_role(role: str) -> tuple[str, str]:
    """Return a role without the number at its end, and the number: "Theme2" is "Theme" and "2"."""
    stem = role.rstrip("0123456789")
    return stem, role[len(stem) :]


def pair_documents(
    gold: Iterable[DocumentRecord], predicted: Iterable[DocumentRecord]
) -> Iterator[tuple[DocumentRecord, DocumentRecord]]:
    """Yield each gold document with the answer to it; one without an answer with an empty one.

    gold (Iterable[DocumentRecord]): All gold documents.
    predicted (Iterable[DocumentRecord]): Answers, in any order, found by ``doc_id``.
    RAISES (BiomedplmError): B701 if a document is there twice or is not in the gold standard, B702 if texts differ.
    """
    golds = _by_id(gold, "gold documents")
    answers = _by_id(predicted, "answers")
    for doc_id in answers:
        if doc_id not in golds:
            raise BiomedplmError(coded("B701", doc_id=doc_id, where="answers", found="but not in the gold standard"))
    for doc_id, document in golds.items():
        answer = answers.get(doc_id)
        if answer is None:
            answer = replace(document, events=(), relations=(), attributes=(), equivalences=(), notes=())
        elif answer.text != document.text:
            raise BiomedplmError(coded("B702", doc_id=doc_id, found=len(answer.text), wanted=len(document.text)))
        yield document, answer


def _by_id(documents: Iterable[DocumentRecord], where: str) -> dict[str, DocumentRecord]:
    found: dict[str, DocumentRecord] = {}
    for document in documents:
        if document.doc_id in found:
            raise BiomedplmError(coded("B701", doc_id=document.doc_id, where=where, found="twice"))
        found[document.doc_id] = document
    return found


def _ordered(record: DocumentRecord, mentions: dict[str, MentionRecord]) -> Iterator[EventRecord]:
    """Yield events so that each comes after those inside it."""
    events = {event.id: event for event in record.events}
    for mention in record.mentions:
        if not mention.fragments or mention.start < 0 or mention.end > len(record.text):
            raise _broken(record, f"{mention.id} lies outside of the text")
    for event in record.events:
        for argument in event.arguments:
            if argument.target not in events and argument.target not in mentions:
                raise _broken(record, f"{event.id} refers to {argument.target}, which is not there")
        if event.trigger not in mentions:
            raise _broken(record, f"{event.id} refers to {event.trigger}, which is not there")
    inner = {name: [a.target for a in event.arguments if a.target in events] for name, event in events.items()}
    order, circle = order_events(inner)
    if circle:
        raise _broken(record, f"events are arguments of each other in a circle: {show_circle(circle)}")
    yield from (events[name] for name in order)


def _broken(record: DocumentRecord, detail: str) -> BiomedplmError:
    return BiomedplmError(coded("B703", doc_id=record.doc_id, detail=detail))


def _given(record: DocumentRecord, rule: EventRule, gold: EventDocument | None) -> dict[str, str]:
    """Find the given mentions: an answer's by identifier, label and offsets, else by label and offsets."""
    named = [mention for mention in record.mentions if mention.label in rule.given]
    if gold is None:
        return {mention.id: mention.id for mention in named}
    places: dict[tuple[object, ...], str] = {}
    for identifier in gold.given:
        mention = gold.mentions[identifier]
        places.setdefault((mention.label, mention.fragments), identifier)
    found: dict[str, str] = {}
    for mention in named:
        place = (mention.label, mention.fragments)
        same = gold.mentions.get(mention.id) if mention.id in gold.given else None
        if same is not None and (same.label, same.fragments) == place:
            found[mention.id] = mention.id
        elif place in places:
            found[mention.id] = places[place]
    return found


class Surroundings:
    """Text around gold mentions, into which approximate spans may reach.

    record (DocumentRecord): The gold document; no span reaches into another mention.
    """

    def __init__(self, record: DocumentRecord) -> None:
        self.text = record.text
        self.taken = bytearray(len(record.text) + 2)
        for mention in record.mentions:
            for start, end in mention.fragments:
                self.taken[start:end] = b"\1" * (end - start)

    def extend(self, start: int, end: int) -> tuple[int, int]:
        """Extend a span as the programs of EPI, ID, CG and PC do.

        One character is added on both sides unless it belongs to a mention, then all up to the next white space,
        punctuation mark (. ! ? , " ') or character of a mention: the span reaches over one blank to the next word.
        """
        if start > 0 and not self.taken[start - 1]:
            start -= 1
        if end < len(self.text) and not self.taken[end]:
            end += 1
        return self._grow(start, end, str.isspace)

    def extend_genia(self, start: int, end: int) -> tuple[int, int]:
        """Extend a span as the programs of GE do.

        One character is added on both sides whatever it is, then all up to the next blank (other white space does not
        stop it), punctuation mark (. ! ? , " ') or character of a mention.
        """
        return self._grow(start - 1, end + 1, " ".__eq__)

    def _grow(self, start: int, end: int, is_blank: Callable[[str], bool]) -> tuple[int, int]:
        def is_free(at: int) -> bool:
            return not (self.taken[at] or self.text[at] in PUNCTUATION or is_blank(self.text[at]))

        while start > 0 and is_free(start - 1):
            start -= 1
        while end < len(self.text) and is_free(end):
            end += 1
        return start, end


def group_by_start(starts: Iterable[int], items: Iterable[tuple[tuple[int, int], T]]) -> dict[int, list[T]]:
    """Return for each offset the items in whose spans it lies: those that can match what starts there.

    starts (Iterable[int]): Offsets.
    items (Iterable[tuple[tuple[int, int], T]]): Spans, both ends included, and what they are the spans of.
    """
    found: dict[int, list[T]] = {start: [] for start in sorted(set(starts))}
    order = list(found)
    for (first, last), item in items:
        for start in order[bisect_left(order, first) : bisect_right(order, last)]:
            found[start].append(item)
    return found


def without_repeats(record: DocumentRecord, rule: EventRule, task: EventTask) -> DocumentRecord:
    """Return a document without the roles a task leaves out, and without what is equal after that.

    record (DocumentRecord): Arguments in canonical order.
    rule (EventRule): "ordered": non-given mentions of equal label and offsets are repeats too, and mentions that are
        no triggers go if roles do. "paired": mentions that nothing refers to any more go.
    task (EventTask): Which roles and modifications count.
    RETURNS (DocumentRecord): Of events with the same trigger and the same arguments, in any order, the first stays;
        what refers to another one of them is left out too, even if the first could take its place.
    """
    gone: set[str] = set()
    if rule.program == "ordered":
        gone = _repeated_mentions(record, rule, task)
        record = replace(record, mentions=tuple(m for m in record.mentions if m.id not in gone))
    events = []
    seen: set[tuple[object, ...]] = set()
    for event in record.events:
        arguments = tuple(a for a in event.arguments if split_role(a.role)[0] not in task.dropped)
        key = (event.label, event.trigger, *sorted((a.role, a.target) for a in arguments))
        if key in seen:
            gone.add(event.id)
        else:
            seen.add(key)
            events.append(replace(event, arguments=arguments))
    attributes = record.attributes if task.modifications else ()
    record = without(replace(record, events=tuple(events), attributes=attributes), gone, Report(), "excluded")
    if rule.program == "ordered":
        return record
    used = {target for group in record.equivalences for target in group.targets}
    used.update(target for event in record.events for target in (event.trigger, *(a.target for a in event.arguments)))
    mentions = tuple(m for m in record.mentions if m.id in used or m.label in rule.given)
    return replace(record, mentions=mentions)


def _repeated_mentions(record: DocumentRecord, rule: EventRule, task: EventTask) -> set[str]:
    triggers = {event.trigger for event in record.events}
    gone: set[str] = set()
    seen: set[tuple[object, ...]] = set()
    for mention in record.mentions:
        if mention.label in rule.given:
            continue
        place = (mention.label, mention.fragments)
        if place in seen or (task.dropped and mention.id not in triggers and not mention.is_trigger):
            gone.add(mention.id)
        seen.add(place)
    return gone
