"""What a guideline says of events: types, roles, who can take part, and which arguments go together."""

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import DETAILS_KEY, EVENTS_KEY, Event, score_key
from spacy_biomedplm.errors import BiomedplmError, coded

_NUMBER = re.compile(r"\d+$")

REPEATED = frozenset(("Theme", "Participant", "Product", "Instrument", "Cause"))
"""Roles whose numbers only count."""

DEFAULT_GUIDELINE = "default"
"""Guideline of documents that do not say what they are annotated for."""


@dataclass(frozen=True)
class EventScheme:
    """How one guideline annotates events.

    name (str): The guideline.
    labels (tuple[str, ...]): Types of events, which are those of their triggers.
    spans (tuple[str, ...]): Labels of spans that take part and are found with the events, such as binding sites.
    structures (Mapping[str, tuple[tuple[str, ...], ...]]): For each type the arguments that go together, as roles with
        their numbers ("Theme", "Theme2"); the empty tuple for events without arguments.
    participants (tuple[tuple[str, str, str], ...]): Type of an event, role without its number, and the label of the
        entity, span or event in it.
    modalities (bool): Whether events are said to be negated or speculated.
    """

    name: str
    labels: tuple[str, ...]
    spans: tuple[str, ...] = ()
    structures: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    participants: tuple[tuple[str, str, str], ...] = ()
    modalities: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the name as plain data."""
        return {key: value for key, value in asdict(self).items() if key != "name"}

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles without their numbers."""
        return tuple(sorted({role for _, role, _ in self.participants}))


def base_role(role: str) -> str:
    """Return a role without its number: "Theme" of "Theme2". role (str): As it is written."""
    return _NUMBER.sub("", role) or role


def make_schemes(stored: Mapping[str, Mapping[str, Any]]) -> list[EventScheme]:
    """Return the schemes of plain data, by name. stored: For each guideline the fields of ``EventScheme``."""
    return [
        EventScheme(
            name,
            tuple(values["labels"]),
            tuple(values["spans"]),
            {label: tuple(map(tuple, roles)) for label, roles in values["structures"].items()},
            tuple(tuple(one) for one in values["participants"]),
            values["modalities"],
        )
        for name, values in sorted(stored.items())
    ]


def annotated_labels(reference: Doc) -> dict[str, list[str]]:
    """Return the guidelines, and of each the types of events, that a gold document was annotated for.

    reference (Doc): If ``doc._.annotated`` says nothing, it was by the guideline "default", also if it has no event.
    """
    if reference._.annotated is not None:
        found: dict[str, list[str]] = reference._.annotated.get("events", {})
        return found
    labels = sorted({row["label"] for row in reference.user_data.get(EVENTS_KEY, ())})
    return {DEFAULT_GUIDELINE: labels}


def read_events(reference: Doc) -> tuple[Event, ...] | None:
    """Return the events of a gold document; None, with the warning W611, if they form a circle.

    reference (Doc): The gold document.
    """
    try:
        events: tuple[Event, ...] = reference._.events
    except BiomedplmError as error:
        warnings.warn(coded("W611", doc=reference._.doc_id or reference.text[:30], reason=error), stacklevel=3)
        return None
    return events


def is_found(span: Span) -> bool:
    """Return whether an entity is not given but found together with the events. span (Span): Of a gold document."""
    details = span.doc.user_data.get(DETAILS_KEY, {}).get(score_key(span), {})
    return bool(details.get("infons", {}).get("file") == "a2")


def found_spans(reference: Doc) -> list[Span]:
    """Return the entities that are not given but found together with the events: those of .a2 files."""
    return [span for span in reference.spans.get("entities", ()) if is_found(span)]


def number_roles(roles: Sequence[str]) -> list[str]:
    """Return the roles of an event, in order, so that those that differ by a number only count up: Theme, Theme2.

    Corpora write "Theme" twice, or "Theme" and "Theme2", and mean the same. Roles tied to others ("Site2") stay.

    roles (Sequence[str]): Of all arguments of an event, or of those with one role.
    """
    if any(role != base_role(role) and base_role(role) not in REPEATED for role in roles):
        return sorted(roles)
    times = Counter(map(base_role, roles))
    numbers = [(role, n if role in REPEATED else 1) for role in sorted(times) for n in range(1, times[role] + 1)]
    return [f"{role}{n}" if n > 1 else role for role, n in numbers]


def infer_schemes(references: Iterable[Doc], least: int = 1) -> list[EventScheme]:
    """Return the schemes that gold documents follow.

    references (Iterable[Doc]): Gold documents. least (int): Events that a structure must have.
    """
    labels: dict[str, set[str]] = {}
    spans: dict[str, set[str]] = {}
    structures: dict[str, dict[str, Counter[tuple[str, ...]]]] = {}
    participants: dict[str, set[tuple[str, str, str]]] = {}
    modal: dict[str, bool] = {}
    for reference in references:
        events = read_events(reference)
        if events is None:
            continue
        for name, of_guideline in annotated_labels(reference).items():
            labels.setdefault(name, set()).update(of_guideline)
            spans.setdefault(name, set()).update(span.label_ for span in found_spans(reference))
            for event in events:
                if event.label not in of_guideline or any(isinstance(target, str) for _, target in event.arguments):
                    continue
                roles = tuple(number_roles([argument.role for argument in event.arguments]))
                structures.setdefault(name, {}).setdefault(event.label, Counter())[roles] += 1
                modal[name] = modal.get(name, False) or event.negated or event.speculated
                for role, target in event.arguments:
                    label = target.label if isinstance(target, Event) else target.label_  # type: ignore[union-attr]
                    participants.setdefault(name, set()).add((event.label, base_role(role), label))
    return [
        EventScheme(
            name,
            tuple(sorted(labels[name])),
            tuple(sorted(spans[name] - labels[name])),
            {
                label: tuple(roles for roles, count in counts.most_common() if count >= least)
                for label, counts in sorted(structures.get(name, {}).items())
            },
            tuple(sorted(participants.get(name, ()))),
            modal.get(name, False),
        )
        for name in sorted(labels)
    ]


def number_of(labels: Sequence[str]) -> dict[str, int]:
    """Return the place of each label."""
    return {label: place for place, label in enumerate(labels)}
