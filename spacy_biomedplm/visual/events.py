"""Events: triggers and arcs over the text, and a line of words for each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from spacy.tokens import Span

from spacy_biomedplm.attributes import DETAILS_KEY, Event, score_key
from spacy_biomedplm.event_order import order_events
from spacy_biomedplm.visual.marks import Trigger, clean, mark_of
from spacy_biomedplm.visual.rows import shorten
from spacy_biomedplm.visual.shapes import Arc

_MAX_INNER = 500
_MAX_TEXT = 120


class EventLine(NamedTuple):
    """An event in words.

    number (int): As in the drawing, from 1.
    parts (tuple[tuple[str, str], ...]): Words, and what a tooltip says of them.
    said (tuple[str, ...]): "negated", "speculated".
    trigger (str): Its words. score (float | None): Probability.
    """

    number: int
    parts: tuple[tuple[str, str], ...]
    said: tuple[str, ...]
    trigger: str
    score: float | None

    @property
    def text(self) -> str:
        """The event and what is said of it."""
        return " ".join(["".join(text for text, _ in self.parts), *(f"[{word}]" for word in self.said)])

    @property
    def html(self) -> str:
        """The same, with tooltips, escaped."""
        parts = (f'<span title="{clean(tip)}">{clean(text)}</span>' if tip else clean(text) for text, tip in self.parts)
        return " ".join(["".join(parts), *(f"<em>[{word}]</em>" for word in self.said)])


def number_events(events: Sequence[Event]) -> list[Trigger]:
    """Return the triggers of events, numbered in the order of the text.

    events (Sequence[Event]): From ``doc._.events``.
    RETURNS (list[Trigger]): One for each event, in the order of the events.
    """
    marks = [mark_of(event.trigger) for event in events]
    order = sorted(range(len(marks)), key=lambda index: (marks[index].start, marks[index].end))
    numbers = {index: number for number, index in enumerate(order, 1)}
    triggers = []
    for index, (event, mark) in enumerate(zip(events, marks, strict=True)):
        what = event.label, event.score, mark.guideline, mark.concepts
        said = numbers[index], event.negated, event.speculated
        triggers.append(Trigger(mark.start, mark.end, mark.text, *what, *said))
    return triggers


def event_arcs(events: Sequence[Event]) -> tuple[list[Trigger], list[Arc]]:
    """Return the triggers of events, and arcs from each to its arguments; concepts are in no place of the text.

    events (Sequence[Event]): From ``doc._.events``, those that are arguments too.
    """
    triggers = number_events(events)
    # By identifier: the hash of an event is computed by recursion, and events can nest deeper than the stack.
    by_id = {event.id: trigger for event, trigger in zip(events, triggers, strict=True)}
    arcs = []
    for event, head in zip(events, triggers, strict=True):
        for role, target in event.arguments:
            if not isinstance(target, str):
                tail = by_id[target.id] if isinstance(target, Event) else mark_of(target)
                arcs.append(Arc(head, tail, role, f"{head.name} – {tail.name}"))
    return triggers, arcs


def describe_events(events: Sequence[Event]) -> list[EventLine]:
    """Return events in words, in the order of their numbers.

    events (Sequence[Event]): From ``doc._.events``, those that are arguments too. What is inside of an event stands in
        it, but for long ones, which stand there by label and number.
    """
    found = {event.id: event for event in events}
    numbers = {event.id: trigger.number for event, trigger in zip(events, number_events(events), strict=True)}
    inner = {event.id: [one.target.id for one in event.arguments if isinstance(one.target, Event)] for event in events}
    lines: dict[str, EventLine] = {}
    # Inner events first, so that nothing has to be read twice.
    for id in order_events(inner)[0]:
        event = found[id]
        said = ("negated",) * event.negated + ("speculated",) * event.speculated
        trigger = _words(event.trigger)
        parts = [(shorten(event.label, _MAX_TEXT), trigger)]
        for number, (role, target) in enumerate(event.arguments):
            parts.append((f"{', ' if number else '('}{shorten(role, _MAX_TEXT)}: ", ""))
            parts += _target(target, lines)
        parts += [(")", "")] if event.arguments else []
        lines[id] = EventLine(numbers[id], tuple(parts), said, trigger, event.score)
    return sorted(lines.values(), key=lambda line: line.number)


def _target(target: Span | Event | str, lines: Mapping[str, EventLine]) -> Iterator[tuple[str, str]]:
    if isinstance(target, str):
        yield shorten(target, _MAX_TEXT), ""
    elif isinstance(target, Span):
        yield _words(target), mark_of(target).tip
    else:
        line = lines[target.id]
        if len(line.text) > _MAX_INNER:
            label, tip = line.parts[0]
            yield f"{label} {line.number}", tip
        else:
            yield from line.parts
        yield from ((f" [{word}]", "") for word in line.said)


def _words(span: Span) -> str:
    """Return the text of a span as its source has it: without what is between its fragments."""
    details = span.doc.user_data.get(DETAILS_KEY, {}).get(score_key(span), {})
    text, first = span.text, span.start_char
    parts = (text[max(0, start - first) : max(0, end - first)] for start, end in details.get("fragments") or ())
    return shorten(details.get("text") or " ".join(parts) or text, _MAX_TEXT)
