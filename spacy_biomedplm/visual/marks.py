"""Entities as marks in HTML: flat ones in displaCy's style, overlapping ones as stacked lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise
from typing import Any

from spacy import displacy
from spacy.tokens import Span
from typing_extensions import Self

import spacy_biomedplm.attributes  # noqa: F401 (registers span._.score)
from spacy_biomedplm.visual.colors import color_of

# Filled by displaCy with str.format; all values are escaped before.
_TEMPLATE = (
    '<mark class="entity {key}" style="background: {bg}" title="{tip}">{text}'
    '<span class="label">{label}{kb_link}</span></mark>'
)
_LINE_PIXELS = 4

# HTML has no characters for these, not even as references.
_CONTROLS = dict.fromkeys([*range(0x9), 0xB, *range(0xE, 0x20), *range(0x7F, 0xA0)], "\ufffd")


@dataclass(frozen=True)
class Mark:
    """A stretch of text with a label.

    start (int): First character. end (int): Character after the last one.
    text (str): The characters. label (str): Label.
    score (float | None): Probability in [0, 1]. guideline (str): What the label follows, or "".
    concepts (str): Identifiers of its concepts, or "".
    """

    start: int
    end: int
    text: str
    label: str
    score: float | None = None
    guideline: str = ""
    concepts: str = ""

    @property
    def tip(self) -> str:
        """What the tooltip says."""
        parts = [self.label, self.concepts] if self.concepts else [self.label]
        if self.score is not None:
            parts.append(f"score {self.score:.2f}")
        if self.guideline:
            parts.append(f"as in {self.guideline}")
        return ", ".join(parts)

    @property
    def name(self) -> str:
        """What it is called where it cannot be seen."""
        return self.text

    @property
    def said(self) -> tuple[str, ...]:
        """What is said of it, in words."""
        return ()

    def moved(self, offset: int) -> Self:
        """Return the mark at another place.

        offset (int): Characters to add.
        """
        return replace(self, start=self.start + offset, end=self.end + offset)


@dataclass(frozen=True)
class Trigger(Mark):
    """The trigger of one event; the label is the event's.

    number (int): Number of the event, from 1. negated, speculated (bool): What is said of the event.
    """

    number: int = 0
    negated: bool = False
    speculated: bool = False

    @property
    def name(self) -> str:
        """The event's label and number."""
        return f"{self.label} {self.number}"

    @property
    def said(self) -> tuple[str, ...]:
        """What is said of the event, in words."""
        return ("negated",) * self.negated + ("speculated",) * self.speculated


def mark_of(span: Span) -> Mark:
    """Return the mark of an entity.

    span (Span): The entity.
    """
    concepts = ", ".join(_find_concepts(span))
    return Mark(span.start_char, span.end_char, span.text, span.label_, span._.score, span.id_, concepts)


def _find_concepts(span: Span) -> list[str]:
    """Return the concepts that an entity stands for, of those that linkers found the best."""
    links = [link for found in span._.links.values() for link in found]
    if span.kb_id_ or links:
        found: str = span.kb_id_ or max(links, key=lambda link: link.score).concept_id
        return found.split("|")
    return [id for id, _ in span._.kb_ents]


def clean(text: str) -> str:
    """Return text for HTML: markup escaped, characters that HTML cannot have replaced.

    text (str): Any text.
    """
    return escape(text.translate(_CONTROLS))


def css_class(label: str) -> str:
    """Return a class name for a label: letters, digits and hyphens only, different for different labels.

    label (str): Any label.
    """
    return "l-" + "".join(char if char.isascii() and char.isalnum() else f"-{ord(char):x}-" for char in label)


def render_flat(text: str, marks: Sequence[Mark]) -> str:
    """Return text with entities in displaCy's style.

    text (str): The text.
    marks (Sequence[Mark]): Entities that do not overlap, in order.
    RETURNS (str): HTML, escaped.
    """
    ents = []
    for mark in marks:
        params = {"label": clean(mark.label), "tip": clean(mark.tip), "key": css_class(mark.label)}
        params["bg"] = color_of(mark.label)
        ents.append({"start": mark.start, "end": mark.end, "label": mark.label, "params": params})
    manual: list[dict[str, Any]] = [{"text": text.translate(_CONTROLS), "ents": ents, "title": None, "settings": {}}]
    return displacy.render(manual, style="ent", manual=True, jupyter=False, options={"template": _TEMPLATE})


def render_stacked(text: str, marks: Sequence[Mark]) -> str:
    """Return text with entities as coloured lines below it, one below the other where they overlap.

    text (str): The text.
    marks (Sequence[Mark]): Entities, which may overlap, in order of their start.
    RETURNS (str): HTML, escaped.
    """
    lanes = find_lanes(marks)
    cuts = sorted({0, len(text), *(mark.start for mark in marks), *(mark.end for mark in marks)})
    pieces = []
    active: list[int] = []
    following = 0
    for start, end in pairwise(cuts):
        while following < len(marks) and marks[following].start == start:
            active.append(following)
            following += 1
        active = [index for index in active if marks[index].end > start]
        pieces.append(_piece(text[start:end], [(lanes[index], marks[index]) for index in active]))
    return f'<div class="stacked">{"".join(pieces)}</div>'


def _piece(text: str, covering: list[tuple[int, Mark]]) -> str:
    content = clean(text)
    if not covering:
        return content
    colors = {lane: color_of(mark.label) for lane, mark in covering}
    # A shadow is as tall as the text, and the first are painted over the later ones: free lines are painted too.
    shadows = [
        f"0 {_LINE_PIXELS * (lane + 1)}px 0 {colors.get(lane, 'var(--card)')}" for lane in range(max(colors) + 1)
    ]
    classes = " ".join(sorted({css_class(mark.label) for _, mark in covering}))
    tip = clean("; ".join(f"{mark.text}: {mark.tip}" for _, mark in covering))
    return f'<span class="{classes}" style="box-shadow: {", ".join(shadows)}" title="{tip}">{content}</span>'


def find_lanes(marks: Sequence[Mark]) -> list[int]:
    """Return the first line that is free from its start on for each mark.

    marks (Sequence[Mark]): In order of their start.
    """
    ends: list[int] = []
    lanes = []
    for mark in marks:
        free = [lane for lane, end in enumerate(ends) if end <= mark.start]
        lane = free[0] if free else len(ends)
        if lane == len(ends):
            ends.append(mark.end)
        else:
            ends[lane] = mark.end
        lanes.append(lane)
    return lanes
