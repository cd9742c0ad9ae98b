"""The right answers of gold documents, and what of them cannot be learned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import ENTITIES_KEY, TRIGGERS_KEY, Event
from spacy_biomedplm.events.graph import Edge, Filled, Graph, Node, Structure, canonical, inner_first
from spacy_biomedplm.events.schemes import EventScheme, annotated_labels, base_role, is_found


@dataclass(frozen=True)
class GoldGraph(Graph):
    """Right answers.

    events (list[Structure]): Each after those that are its arguments. negated, speculated (list[bool]): Of each.
    unknown (list[Node]): Triggers that nothing is known of: they have no event, or one that was refused.
    refused (dict[str, str]): Why events are not learned from, by identifier.
    """

    events: list[Structure]
    negated: list[bool]
    speculated: list[bool]
    unknown: list[Node] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def gold_graph(reference: Doc, scheme: EventScheme, onto: Doc | None = None) -> GoldGraph:
    """Return the right answers of a gold document.

    reference (Doc): Gold document. scheme (EventScheme): The guideline.
    onto (Doc | None): Document of the same text whose tokens are counted; those of the gold document by default.
    RAISES (BiomedplmError): B433 if events are arguments of each other in a circle.
    """
    elsewhere = {
        label for name, labels in annotated_labels(reference).items() if name != scheme.name for label in labels
    }
    events = [
        event
        for event in inner_first(reference._.events)
        if event.label in scheme.labels or event.label not in elsewhere
    ]
    refused = _refuse(events, scheme)
    place = _placer(reference, reference if onto is None else onto)
    nodes: list[Node] = []
    numbers: dict[Node, int] = {}

    def number(span: Span, label: str, *, is_trigger: bool) -> int:
        node = Node(*place(span), label, is_trigger, not is_trigger and not is_found(span))
        if node not in numbers:
            numbers[node] = len(nodes)
            nodes.append(node)
        return numbers[node]

    spans = [(span, span.label_) for span in reference.spans.get(TRIGGERS_KEY, ())]
    for span in reference.spans.get(ENTITIES_KEY, ()):
        if is_found(span) and span.label_ in scheme.labels:
            spans.append((span, span.label_))
        else:
            number(span, span.label_, is_trigger=False)
    placed: dict[str, int] = {}
    found: list[Structure] = []
    negated: list[bool] = []
    speculated: list[bool] = []
    known: dict[Structure, int] = {}
    edges: dict[Edge, None] = {}
    for event in events:
        if event.id in refused:
            continue
        trigger = number(event.trigger, event.label, is_trigger=True)
        arguments = []
        for role, target in event.arguments:
            if isinstance(target, Event):
                inner = placed[target.id]
                arguments.append(Filled(role, found[inner].trigger, inner))
            elif isinstance(target, Span):
                arguments.append(Filled(role, number(target, target.label_, is_trigger=False), -1))
        structure = Structure(trigger, canonical(arguments, nodes))
        if structure not in known:
            known[structure] = len(found)
            found.append(structure)
            negated.append(event.negated)
            speculated.append(event.speculated)
        placed[event.id] = known[structure]
        edges.update(dict.fromkeys(Edge(trigger, base_role(one.role), one.node) for one in structure.arguments))
    spans += [(event.trigger, event.label) for event in events if event.id in refused]
    unknown = {Node(*place(span), label, True, False) for span, label in spans if label in scheme.labels}
    return GoldGraph(nodes, list(edges), found, negated, speculated, sorted(unknown - set(nodes)), refused)


def _placer(reference: Doc, onto: Doc) -> Callable[[Span], tuple[int, int]]:
    """Return a function from a span to its first token and the one after the last in another document."""
    if [token.idx for token in reference] == [token.idx for token in onto]:
        return lambda span: (span.start, span.end)

    def place(span: Span) -> tuple[int, int]:
        found = onto.char_span(span.start_char, span.end_char, alignment_mode="expand")
        assert found is not None, "both documents have one text"
        return found.start, found.end

    return place


def _refuse(events: Sequence[Event], scheme: EventScheme) -> dict[str, str]:
    """Return why events are not learned from, by identifier.

    Where one is not, what else its trigger is said to mean is incomplete, and so is an event that takes it.
    """
    refused: dict[str, str] = {}
    triggers: set[tuple[int, int, str]] = set()
    labels, admitted = set(scheme.labels), set(scheme.participants)
    count = -1
    while count < len(refused):
        count = len(refused)
        for event in events:
            trigger = (event.trigger.start_char, event.trigger.end_char, event.label)
            if event.id not in refused:
                reason = _refusal(event, labels, admitted, refused)
                if reason is None and trigger in triggers:
                    reason = "another event of its trigger was left out"
                if reason is not None:
                    refused[event.id] = reason
                    triggers.add(trigger)
    return refused


def _refusal(
    event: Event, labels: set[str], admitted: set[tuple[str, str, str]], refused: dict[str, str]
) -> str | None:
    if event.label not in labels:
        return f"'{event.label}' is no type of the guideline"
    for role, target in event.arguments:
        if isinstance(target, str):
            return f"its {role} is the concept '{target}', not a mention"
        if isinstance(target, Event) and (target.id in refused or target.label not in labels):
            return f"its {role}, {target.id}, was left out"
        label = target.label if isinstance(target, Event) else target.label_
        if (event.label, base_role(role), label) not in admitted:
            return f"the guideline has no '{label}' as {role} of '{event.label}'"
    return None
