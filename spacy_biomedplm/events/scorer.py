"""Scores of events, per guideline, counted against all gold."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from spacy.tokens import Span
from spacy.training import Example

from spacy_biomedplm.attributes import NEGATION, SPECULATION, Event
from spacy_biomedplm.events.graph import inner_first
from spacy_biomedplm.events.schemes import DEFAULT_GUIDELINE, annotated_labels, base_role, read_events
from spacy_biomedplm.scoring import PRF, count

Fact = tuple[Hashable, ...]
"""What is said of a document; a label comes first."""

KINDS = ("events", "triggers", "roles", "nested", "modalities")


def create_event_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.event_scorer.v1"."""
    return score_events


def score_events(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return precision, recall and F1 of the events of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines that it was
        annotated for. An event is right if its type, the characters of its trigger and its arguments are, to the
        innermost; official scores (``spacy_biomedplm.evaluation``) are more lenient. Predicted events whose
        trigger has another guideline as ``id_`` do not count.
    RETURNS (dict[str, Any]): "events_p", "events_r", "events_f" over all guidelines together; "triggers_f"; and
        "events_per_guideline" with p, r, f of each and of each type ("labels"), and the same of its "triggers",
        "roles", "nested" events (which take events) and "modalities".
    """
    counts: dict[str, dict[str, defaultdict[str, PRF]]] = {}
    examples = list(examples)
    guidelines = {name for example in examples for name in annotated_labels(example.reference)}
    for example in examples:
        gold = read_events(example.reference)
        if gold is None:
            continue
        for guideline, labels in annotated_labels(example.reference).items():
            numbers: dict[Fact, int] = {}
            found = [one for one in example.predicted._.events if one.trigger.id_ not in guidelines - {guideline}]
            # "default" knows no more than what each document has.
            wanted = {*labels, *(one.label for one in found)} if guideline == DEFAULT_GUIDELINE else set(labels)
            right, given = (_facts([e for e in events if e.label in wanted], numbers) for events in (gold, found))
            of_guideline = counts.setdefault(guideline, {kind: defaultdict(PRF) for kind in KINDS})
            for label in labels:
                of_guideline["events"][label] += PRF()
            for kind, known in of_guideline.items():
                for name in {fact[0] for fact in right[kind] | given[kind]}:
                    known[str(name)] += count(
                        {fact for fact in given[kind] if fact[0] == name},
                        {fact for fact in right[kind] if fact[0] == name},
                    )
    # Nothing says that anybody looked for events in documents that have none.
    if not any(prf.gold for prf in counts.get(DEFAULT_GUIDELINE, {}).get("events", {}).values()):
        counts.pop(DEFAULT_GUIDELINE, None)
    if not counts:
        return {"events_p": None, "events_r": None, "events_f": None, "triggers_f": None, "events_per_guideline": {}}
    events, triggers = (
        sum((prf for of_guideline in counts.values() for prf in of_guideline[kind].values()), PRF())
        for kind in ("events", "triggers")
    )
    return {
        "events_p": events.precision,
        "events_r": events.recall,
        "events_f": events.f1,
        "triggers_f": triggers.f1,
        "events_per_guideline": {
            name: {**_numbers(kinds["events"]), **{kind: _numbers(kinds[kind]) for kind in KINDS[1:]}}
            for name, kinds in counts.items()
        },
    }


def _facts(events: Sequence[Event], numbers: dict[Fact, int]) -> dict[str, set[Fact]]:
    """Return what events of a document say.

    numbers (dict[Fact, int]): Of events, equal to the innermost, that are known so far; new ones are added.
    """
    facts: dict[str, set[Fact]] = {kind: set() for kind in KINDS}
    number_of: dict[str, int] = {}
    for event in inner_first(events):
        trigger = event.label, event.trigger.start_char, event.trigger.end_char
        arguments = tuple(sorted((base_role(role), *_target_key(one, number_of)) for role, one in event.arguments))
        number = number_of[event.id] = numbers.setdefault((*trigger, arguments), len(numbers))
        facts["events"].add((event.label, number))
        facts["triggers"].add(trigger)
        facts["roles"] |= {(base_role(role), *trigger, _place(target)) for role, target in event.arguments}
        if any(isinstance(target, Event) for _, target in event.arguments):
            facts["nested"].add((event.label, number))
        for is_said, modality in ((event.negated, NEGATION), (event.speculated, SPECULATION)):
            if is_said:
                facts["modalities"].add((modality, number))
    return facts


def _target_key(target: Span | Event | str, number_of: dict[str, int]) -> tuple[str, Hashable]:
    # Numbers stand for inner events: their keys would grow with every level.
    return ("event", number_of[target.id]) if isinstance(target, Event) else ("place", _place(target))


def _place(target: Span | Event | str) -> tuple[str, int, int]:
    if isinstance(target, str):
        return target, 0, 0
    span = target.trigger if isinstance(target, Event) else target
    return "", span.start_char, span.end_char


def _numbers(counts: dict[str, PRF]) -> dict[str, Any]:
    total = sum(counts.values(), PRF())
    labels = {label: {"p": prf.precision, "r": prf.recall, "f": prf.f1} for label, prf in sorted(counts.items())}
    return {"p": total.precision, "r": total.recall, "f": total.f1, "labels": labels}
