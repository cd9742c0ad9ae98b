"""Scores of events, per guideline, counted against all gold."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.attributes import Event
from spacy_biomedplm.events.graph import inner_first
from spacy_biomedplm.events.schemes import annotated_labels, base_role
from spacy_biomedplm.scoring import PRF, count

Key = tuple[str, Hashable]


def create_event_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.event_scorer.v1"."""
    return score_events


def score_events(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return precision, recall and F1 of the events of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines that it was
        annotated for. An event is right if its type, the characters of its trigger and its arguments are, to the
        innermost; official scores (``spacy_biomedplm.evaluation``) are more lenient.
    RETURNS (dict[str, Any]): "events_p", "events_r", "events_f" over all guidelines together; "triggers_f"; and
        "events_per_guideline" with p, r, f of each and of each type.
    """
    counts: dict[str, dict[str, PRF]] = {}
    triggers = PRF()
    for example in examples:
        gold, found = (_keys(doc) for doc in (example.reference, example.predicted))
        for guideline, labels in annotated_labels(example.reference).items():
            per_label = counts.setdefault(guideline, {})
            for label in labels:
                counted = count({key for key in found if key[0] == label}, {key for key in gold if key[0] == label})
                per_label[label] = per_label.get(label, PRF()) + counted
            triggers += count(_triggers(example.predicted, labels), _triggers(example.reference, labels))
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


def _triggers(doc: Doc, labels: Iterable[str]) -> set[tuple[str, int, int]]:
    wanted = set(labels)
    return {
        (event.label, event.trigger.start_char, event.trigger.end_char)
        for event in doc._.events
        if event.label in wanted
    }


def _keys(doc: Doc) -> set[Key]:
    keys: dict[str, Key] = {}
    for event in inner_first(doc._.events):
        arguments = sorted(
            (
                base_role(role),
                repr(keys[target.id] if isinstance(target, Event) else (target.start_char, target.end_char))
                if not isinstance(target, str)
                else target,
            )
            for role, target in event.arguments
        )
        keys[event.id] = event.label, (event.trigger.start_char, event.trigger.end_char, tuple(arguments))
    return set(keys.values())


def _numbers(prf: PRF) -> dict[str, float]:
    return {"p": prf.precision, "r": prf.recall, "f": prf.f1}
