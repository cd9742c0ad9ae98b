"""Relations as arcs above the text: SVG without scripts, one drawing for each run of sentences that they join."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from spacy.tokens import Doc, Span

from spacy_biomedplm.sentences import sentence_ends
from spacy_biomedplm.visual.colors import color_of
from spacy_biomedplm.visual.marks import Mark, clean, css_class, find_lanes, mark_of

# Pixels. Text is set in a fixed width, so that places are known without a browser.
_CHAR = 8
_FONT = 13
_LEVEL = 22
_LANE = 5
_MARGIN = 12
_LABEL_CHAR = 6.2


class Arc(NamedTuple):
    """A relation between two stretches of a text.

    head, tail (Mark): The ends; the arrow points to the tail.
    label (str): Label. tip (str): What the tooltip says.
    """

    head: Mark
    tail: Mark
    label: str
    tip: str

    @property
    def start(self) -> int:
        """First character of both ends."""
        return min(self.head.start, self.tail.start)

    @property
    def end(self) -> int:
        """Character after the last one of both ends."""
        return max(self.head.end, self.tail.end)


def relation_arcs(doc: Doc) -> list[Arc]:
    """Return the relations between mentions of a document as arcs.

    doc (Doc): The document. Relations of concepts are in no place of the text.
    """
    arcs = []
    for relation in doc._.relations:
        head, tail = relation.head, relation.tail
        if isinstance(head, Span) and isinstance(tail, Span):
            score = "" if relation.score is None else f", score {relation.score:.2f}"
            arcs.append(Arc(mark_of(head), mark_of(tail), relation.label, f"{head.text} – {tail.text}{score}"))
    return arcs


def render_arcs(text: str, marks: Iterable[Mark], arcs: Sequence[Arc]) -> str:
    """Return drawings of arcs with the sentences that they join.

    text (str): The text of the document.
    marks (Iterable[Mark]): Entities; those in the sentences that are drawn are shown, also without an arc.
    arcs (Sequence[Arc]): What joins them.
    RETURNS (str): HTML, escaped; empty without arcs.
    """
    every = {(mark.start, mark.end, mark.label): mark for mark in marks}
    every.update(((m.start, m.end, m.label), m) for arc in arcs for m in (arc.head, arc.tail))
    ordered = [every[key] for key in sorted(every)]
    drawings = []
    for start, end in _runs(text, arcs):
        inside = [mark.moved(-start) for mark in ordered if start <= mark.start and mark.end <= end]
        own = [
            arc._replace(head=arc.head.moved(-start), tail=arc.tail.moved(-start))
            for arc in arcs
            if start <= arc.start and arc.end <= end
        ]
        drawings.append(f'<div class="scroll">{_draw(text[start:end], inside, own)}</div>')
    return "".join(drawings)


def _runs(text: str, arcs: Sequence[Arc]) -> list[tuple[int, int]]:
    """Return the runs of whole sentences that arcs lie in, those that overlap joined, without space around."""
    ends = [*sentence_ends(text), len(text)]
    starts = [0, *ends[:-1]]
    runs: list[tuple[int, int]] = []
    for arc in sorted(arcs, key=lambda arc: arc.start):
        start = max(place for place in starts if place <= arc.start)
        end = min(place for place in ends if place >= arc.end)
        if runs and start < runs[-1][1]:
            start, end = runs[-1][0], max(end, runs.pop()[1])
        runs.append((start, end))
    stripped = []
    for start, end in runs:
        part = text[start:end]
        stripped.append((end - len(part.lstrip()), start + len(part.rstrip())))
    return stripped


def _draw(text: str, marks: Sequence[Mark], arcs: Sequence[Arc]) -> str:
    levels = _find_levels(arcs)
    lanes = find_lanes(marks)
    base = _MARGIN + (max(levels, default=0) + 1) * _LEVEL + _FONT
    width = 2 * _MARGIN + len(text) * _CHAR
    height = base + (max(lanes, default=0) + 2) * _LANE + _MARGIN
    parts = [
        f'<svg class="arcs" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{clean(_describe(arcs))}">'
    ]
    for mark, lane in zip(marks, lanes, strict=True):
        x, y = _MARGIN + mark.start * _CHAR, base + 4 + lane * _LANE
        size = f'width="{(mark.end - mark.start) * _CHAR}" height="{_LANE - 1}" fill="{color_of(mark.label)}"'
        tip = clean(f"{mark.text}: {mark.tip}")
        parts.append(f'<rect class="{css_class(mark.label)}" x="{x}" y="{y}" {size}><title>{tip}</title></rect>')
    # Each word is set to its own width: letters of other scripts are as wide as they are.
    for start, end in _words(text):
        parts.append(
            f'<text x="{_MARGIN + start * _CHAR}" y="{base}" textLength="{(end - start) * _CHAR}" '
            f'lengthAdjust="spacingAndGlyphs">{clean(text[start:end])}</text>'
        )
    parts += [
        _draw_arc(arc, base - _FONT - level * _LEVEL - 4, base - _FONT) for arc, level in zip(arcs, levels, strict=True)
    ]
    return "".join([*parts, "</svg>"])


def _draw_arc(arc: Arc, top: int, bottom: int) -> str:
    start, end = (_MARGIN + (mark.start + mark.end) * _CHAR / 2 for mark in (arc.head, arc.tail))
    if abs(end - start) < _CHAR:
        start, end = start - _CHAR, end + _CHAR
    # Ends of arcs over the same mention are a little apart.
    bend = 4 if end > start else -4
    top -= 10
    middle = (start + end) / 2
    size = len(arc.label) * _LABEL_CHAR + 6
    path = f"M{start:.1f},{bottom} L{start + bend:.1f},{top} L{end - bend:.1f},{top} L{end:.1f},{bottom}"
    arrow = f"M{end:.1f},{bottom} l-3,-6 l6,0 z"
    return (
        f'<g class="arc"><title>{clean(f"{arc.label}: {arc.tip}")}</title>'
        f'<path d="{path}"/><path class="tip" d="{arrow}"/>'
        f'<rect x="{middle - size / 2:.1f}" y="{top - 7}" width="{size:.1f}" height="14"/>'
        f'<text class="name" x="{middle:.1f}" y="{top + 4}" text-anchor="middle">{clean(arc.label)}</text></g>'
    )


def _find_levels(arcs: Sequence[Arc]) -> list[int]:
    """Give each arc the lowest level on which no other overlaps with it or its label, short ones first."""
    taken: list[list[tuple[float, float]]] = []
    levels = [0] * len(arcs)
    for number in sorted(
        range(len(arcs)), key=lambda number: (arcs[number].end - arcs[number].start, arcs[number].start)
    ):
        arc = arcs[number]
        places = sorted((mark.start + mark.end) / 2 * _CHAR for mark in (arc.head, arc.tail))
        middle, half = sum(places) / 2, len(arc.label) * _LABEL_CHAR / 2 + 6
        own = min(places[0], middle - half), max(places[1], middle + half)
        level = 0
        while level < len(taken) and any(own[0] < end and start < own[1] for start, end in taken[level]):
            level += 1
        if level == len(taken):
            taken.append([])
        taken[level].append(own)
        levels[number] = level
    return levels


def _words(text: str) -> Iterable[tuple[int, int]]:
    cuts = [
        0,
        *(place for place in range(1, len(text)) if text[place].isspace() != text[place - 1].isspace()),
        len(text),
    ]
    return ((start, end) for start, end in pairwise(cuts) if end > start and not text[start].isspace())


def _describe(arcs: Sequence[Arc]) -> str:
    return "; ".join(f"{arc.head.text} {arc.label} {arc.tail.text}" for arc in arcs)
