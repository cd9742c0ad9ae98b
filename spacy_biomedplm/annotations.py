"""Relations, events and links, as the extension attributes give them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from spacy.tokens import Span

DETAILS_KEY = "biomedplm_details"
MENTIONS_KEY = "biomedplm_mentions"
GUIDELINES_KEY = "biomedplm_guidelines"
"""Names of guidelines: a span that has one as its ``span.id_`` was predicted by it, and has no identifier."""


class Relation(NamedTuple):
    """A relation between two mentions, or between two concepts anywhere in the document.

    head, tail (Span | Event | str): Mentions, events, or concept identifiers.
    label (str): Such as "CID".
    score (float | None): Probability, if there is one.
    roles (tuple[str, str]): What head and tail are in it, such as ("Arg1", "Arg2").
    infons (Mapping[str, str]): What else is said of it, such as {"novelty": "Novel"}.
    """

    head: "Span | Event | str"
    label: str
    tail: "Span | Event | str"
    score: float | None = None
    roles: tuple[str, str] = ("", "")
    infons: Mapping[str, str] = MappingProxyType({})


class Argument(NamedTuple):
    """What takes part in an event, and how: a span, another event, or a concept identifier."""

    role: str
    target: "Span | Event | str"


class Event(NamedTuple):
    """An event: a trigger, its arguments, and whether it is denied or only supposed.

    score (float | None): Probability, if there is one. id (str): Identifier in the document, such as "E1".
    """

    trigger: Span
    label: str
    arguments: tuple[Argument, ...] = ()
    negated: bool = False
    speculated: bool = False
    score: float | None = None
    id: str = ""

    def to_dict(self, *, nested: bool = True) -> dict[str, Any]:
        """Return the event as plain data, ready for JSON.

        nested (bool): Whether an event that is an argument stands there whole; else its identifier does, which the
            events of ``doc._.events`` have. ``json.dumps`` takes some hundred levels of nesting.
        RETURNS (dict[str, Any]): "id", "type", "trigger", "arguments", "negated", "speculated", "score" and
            "guideline" (which it was found by, or None). An argument has "role", "kind" ("mention", "event" or
            "concept") and "target": of a mention its "id" (None if it was predicted), "guideline", "label", "text",
            "start", "end" and "concepts", of an event all that this method returns, of a concept its identifier.
            Characters count from the start of the document.
        """
        rows: dict[int, dict[str, Any]] = {}
        for event in _inner_first(self) if nested else (self,):
            rows[id(event)] = {
                "id": event.id,
                "type": event.label,
                "trigger": _place(event.trigger),
                "arguments": [_argument(role, target, rows) for role, target in event.arguments],
                "negated": event.negated,
                "speculated": event.speculated,
                "score": event.score,
                "guideline": _guideline(event.trigger),
            }
        return rows[id(self)]


class Link(NamedTuple):
    """A concept that a linker found for an entity.

    concept_id (str): Its identifier; of a mention of several concepts all of them, with "|" between.
    score (float): Probability, or how alike the names are if the linker has not learned.
    evidence (dict | None): What it rests on, if that was asked for: "name", "index" and "features"; of several
        concepts "parts", these of each.
    """

    concept_id: str
    score: float
    evidence: dict[str, Any] | None = None


def score_key(span: Span) -> str:
    """Return the key under which what belongs to a span is kept in ``doc.user_data``.

    span (Span): Any span of a document.
    RETURNS (str): Character offsets, length of the label, label and span id, joined by colons.
    """
    return f"{span.start_char}:{span.end_char}:{len(span.label_)}:{span.label_}:{span.id_}"


def _inner_first(event: Event) -> list[Event]:
    """Return an event and all that are inside it, each once and after those that are its arguments."""
    # No recursion, here and above: events can nest deeper than the stack.
    done: dict[int, Event] = {}
    waiting = [event]
    while waiting:
        inner = [target for _, target in waiting[-1].arguments if isinstance(target, Event) and id(target) not in done]
        if inner:
            waiting += inner
        else:
            last = waiting.pop()
            done.setdefault(id(last), last)
    return list(done.values())


def _argument(role: str, target: Span | Event | str, rows: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(target, Span):
        concepts = [id for id, _ in target._.kb_ents] or [id for id in target.kb_id_.split("|") if id]
        guideline = _guideline(target)
        named = {"id": target.id_ if guideline is None else None, "guideline": guideline, "label": target.label_}
        mention = {**named, **_place(target), "concepts": concepts}
        return {"role": role, "kind": "mention", "target": mention}
    if isinstance(target, Event):
        return {"role": role, "kind": "event", "target": rows.get(id(target), target.id)}
    return {"role": role, "kind": "concept", "target": target}


def _guideline(span: Span) -> str | None:
    known = (span.doc.user_data.get(key, ()) for key in (GUIDELINES_KEY, MENTIONS_KEY))
    return span.id_ if any(span.id_ in names for names in known) else None


def _place(span: Span) -> dict[str, Any]:
    """Return the characters of a span; those of the source, where they are not those of its tokens."""
    details = span.doc.user_data.get(DETAILS_KEY, {}).get(score_key(span), {})
    fragments = details.get("fragments") or [[span.start_char, span.end_char]]
    # Of the span, not of the document: that makes its whole text anew each time.
    first, inside = span.start_char, span.text
    text = details.get("text") or " ".join(inside[max(start - first, 0) : end - first] for start, end in fragments)
    place = {"text": text, "start": min(start for start, _ in fragments), "end": max(end for _, end in fragments)}
    return place if len(fragments) == 1 else {**place, "fragments": [list(fragment) for fragment in fragments]}
