"""Scores of events, per guideline, counted against all gold."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from spacy.tokens import Span
from spacy.training import Example

from spacy_biomedplm.attributes import Event
from spacy_biomedplm.events.graph import inner_first
from spacy_biomedplm.events.schemes import annotated_labels, base_role, read_events
from spacy_biomedplm.scoring import PRF, count

Key = tuple[str, int, int, Hashable]


def create_event_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.event_scorer.v1"."""
    return score_events


def score_events(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return precision, recall and F1 of the events of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines that it was
        annotated for. An event is right if its type, the characters of its trigger and its arguments are, to the
        innermost; official scores (``spacy_biomedplm.evaluation``) are more lenient. Of predicted events those count
        whose trigger has the guideline, or none, as ``id_``.
    RETURNS (dict[str, Any]): "events_p", "events_r", "events_f" over all guidelines together; "triggers_f"; and
        "events_per_guideline" with p, r, f of each and of each type.
    """
    counts: dict[str, dict[str, PRF]] = {}
    triggers = PRF()
    for example in examples:
        gold = read_events(example.reference)
        if gold is None:
            continue
        for guideline, labels in annotated_labels(example.reference).items():
            numbers: dict[Key, int] = {}
            found = [one for one in example.predicted._.events if one.trigger.id_ in ("", guideline)]
            right, given = (_keys(events, numbers) for events in (gold, found))
            per_label = counts.setdefault(guideline, {})
            for label in labels:
                counted = count({key for key in given if key[0] == label}, {key for key in right if key[0] == label})
                per_label[label] = per_label.get(label, PRF()) + counted
            triggers += count(_triggers(found, labels), _triggers(gold, labels))
    if not counts:
        return {"events_p": None, "events_r": None, "events_f": None, "triggers_f": None, "events_per_guideline": {}}
    micro = {name: sum(labels.values(), PRF()) for name, labels in counts.items()}
    overall = sum(micro.values(), PRF())
    return {
        "events_p": overall.precision,
        "events_r": overall.recall,
        "events_f": overall.f1,
        "triggers_f": triggers.f1,
        "events_per_guideline": {
            name: {**_numbers(micro[name]), "labels": {label: _numbers(prf) for label, prf in labels.items()}}
            for name, labels in counts.items()
        },
    }


def _triggers(events: Iterable[Event], labels: Iterable[str]) -> set[tuple[str, int, int]]:
    wanted = set(labels)
    return {
        (event.label, event.trigger.start_char, event.trigger.end_char) for event in events if event.label in wanted
    }


def _keys(events: Sequence[Event], numbers: dict[Key, int]) -> set[tuple[str, int]]:
    """Return type and number of each event; those that are equal to the innermost have one number.

    events (Sequence[Event]): Of a document. numbers (dict[Key, int]): Those known so far; new ones are added.
    """
    number_of: dict[str, int] = {}
    found = set()
    for event in inner_first(events):
        arguments = sorted((base_role(role), *_target_key(target, number_of)) for role, target in event.arguments)
        key = event.label, event.trigger.start_char, event.trigger.end_char, tuple(arguments)
        number_of[event.id] = numbers.setdefault(key, len(numbers))
        found.add((event.label, number_of[event.id]))
    return found


def _target_key(target: Span | Event | str, number_of: dict[str, int]) -> tuple[str, Hashable]:
    if isinstance(target, Event):
        return "event", number_of[target.id]
    return ("concept", target) if isinstance(target, str) else ("span", (target.start_char, target.end_char))


def _numbers(prf: PRF) -> dict[str, float]:
    return {"p": prf.precision, "r": prf.recall, "f": prf.f1}
