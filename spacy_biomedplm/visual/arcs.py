"""Relations and events as arcs above the text: SVG without scripts, one drawing for each run of sentences they join."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from math import ceil
from operator import or_

from spacy.tokens import Doc, Span

from spacy_biomedplm.sentences import sentence_ends
from spacy_biomedplm.visual.marks import Mark, Trigger, clean, find_lanes, mark_of
from spacy_biomedplm.visual.rows import CHAR, MARGIN, Place, Rows, Stack, find_stacks, set_rows, shorten
from spacy_biomedplm.visual.shapes import (
    FONT,
    LANE,
    LEVEL,
    LOWEST,
    Arc,
    End,
    Piece,
    box_ends,
    draw_bar,
    draw_piece,
    draw_stack,
    draw_word,
    stack_height,
)

# Pixels.
_COLUMN = 4
_ABOVE_BOX = 10
_BETWEEN_ROWS = 14
_MIN_WIDTH = 600
# Characters.
_MAX_NAME = 28


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


def render_arcs(text: str, marks: Iterable[Mark], arcs: Sequence[Arc], *, width: float | None = None) -> str:
    """Return drawings of arcs and triggers with the sentences that they are in.

    text (str): The text of the document.
    marks (Iterable[Mark]): Entities, which are shown in the sentences that are drawn, also without an arc; triggers are
        boxes of their own, and their sentences are drawn.
    arcs (Sequence[Arc]): What joins them.
    width (float | None): Pixels of a row of text; None to set a drawing in one row. An arc between two rows goes to the
        edge in both, and names the other end.
    RETURNS (str): HTML, escaped; empty without arcs and triggers.
    """
    every = {_key(mark): mark for arc in arcs for mark in (arc.head, arc.tail)}
    every.update((_key(mark), mark) for mark in marks)
    ordered = sorted(every.values(), key=lambda mark: (mark.start, mark.end, mark.label))
    triggers = [(mark.start, mark.end) for mark in ordered if isinstance(mark, Trigger)]
    by_start = sorted(arcs, key=lambda arc: arc.start)
    drawings = []
    for start, end in _runs(text, [*triggers, *((arc.start, arc.end) for arc in arcs)]):
        first = bisect_left(ordered, start, key=lambda mark: mark.start)
        last = bisect_left(ordered, end, key=lambda mark: mark.start)
        inside = [mark.moved(-start) for mark in ordered[first:last] if mark.end <= end]
        first = bisect_left(by_start, start, key=lambda arc: arc.start)
        last = bisect_left(by_start, end, key=lambda arc: arc.start)
        own = [arc._replace(head=arc.head.moved(-start), tail=arc.tail.moved(-start)) for arc in by_start[first:last]]
        drawings.append(f'<div class="scroll">{_draw(text[start:end], inside, own, width)}</div>')
    return "".join(drawings)


def _runs(text: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the runs of whole sentences that places lie in, those that overlap joined, without other space around."""
    ends = [*sentence_ends(text), len(text)]
    starts = [0, *ends[:-1]]
    runs: list[tuple[int, int, int, int]] = []
    for first, last in sorted(places):
        start = starts[bisect_right(starts, first) - 1]
        end = ends[bisect_left(ends, last)]
        if runs and start < runs[-1][1]:
            start, before, first, furthest = runs.pop()
            end, last = max(end, before), max(last, furthest)
        runs.append((start, end, first, last))
    stripped = []
    for start, end, first, last in runs:
        part = text[start:end]
        stripped.append((min(first, end - len(part.lstrip())), max(last, start + len(part.rstrip()))))
    return stripped


def _draw(text: str, marks: Sequence[Mark], arcs: Sequence[Arc], limit: float | None) -> str:
    stacks = find_stacks(marks)
    rows = set_rows(text, marks, stacks, limit)
    width = ceil(max(rows.width, limit or 0) if rows.number > 1 else rows.width)
    places = {stack: rows.boxes.get(stack.start) or rows.find(stack.start, stack.end)[0] for stack in stacks}
    pieces = _divide(arcs, rows, places, width)
    levels = _find_levels(pieces, places, width)
    bars = list({_key(mark)[:3]: mark for mark in marks}.values())
    lanes = find_lanes(bars)
    room = (max(lanes, default=0) + 2) * LANE
    bases = _find_bases(rows, [*zip(pieces, levels, strict=True)], places, room)
    height = ceil(bases[-1] + room + MARGIN)
    style = "" if limit is None else f' style="min-width: {min(width, _MIN_WIDTH)}px"'
    parts = [
        f'<svg class="arcs{" rows" if limit else ""}" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"{style} role="img" aria-label="{clean(_describe(marks, arcs))}">'
    ]
    for mark, lane in zip(bars, lanes, strict=True):
        parts += [draw_bar(mark, place, bases[place.row], lane) for place in rows.find(mark.start, mark.end)]
    parts += [draw_word(text[start:end], place, bases[place.row]) for start, end, place in rows.words]
    parts += [draw_stack(stack, place, bases[place.row] - FONT) for stack, place in places.items()]
    # High arcs first: their ends cross the arcs below, and are not drawn over the labels of those.
    for piece, level in sorted(zip(pieces, levels, strict=True), key=lambda found: -found[1]):
        parts.append(draw_piece(piece, LOWEST + level * LEVEL, bases[piece.row] - FONT, width))
    return "".join([*parts, "</svg>"])


def _divide(arcs: Iterable[Arc], rows: Rows, places: Mapping[Stack, Place], width: float) -> list[Piece]:
    """Return arcs as the pieces that are drawn: one, or two if the ends are in different rows."""
    ends: dict[object, End] = {
        _key(mark): end for stack, place in places.items() for mark, end in box_ends(stack, place)
    }
    pieces: list[Piece] = []
    for arc in arcs:
        label = shorten(arc.label)
        head, tail = (_find_end(mark, ends, rows) for mark in (arc.head, arc.tail))
        if head.row == tail.row:
            pieces.append(_join(arc, label, head, tail))
            continue
        down = head.row < tail.row
        edges = (width - 1, 1) if down else (1, width - 1)
        there = f"{label}: {shorten(arc.tail.name, _MAX_NAME)}"
        back = f"{label} of {arc.head.number if isinstance(arc.head, Trigger) else shorten(arc.head.name, _MAX_NAME)}"
        pieces.append(Piece(head.row, head.leave(right=down), edges[0], head.height, None, there, arc))
        pieces.append(Piece(tail.row, edges[1], tail.reach(right=not down), None, tail.height, back, arc))
    return pieces


def _join(arc: Arc, label: str, head: End, tail: End) -> Piece:
    """Return an arc in one row."""
    if abs(head.middle - tail.middle) >= CHAR:
        right = head.middle < tail.middle
        start, end = head.leave(right=right), tail.reach(right=not right)
    else:
        start, end = head.leave(right=False), tail.reach(right=True)
        if end - start < 2 * CHAR:
            start, end = start - CHAR, end + CHAR
    return Piece(head.row, start, end, head.height, tail.height, label, arc)


def _find_end(mark: Mark, ends: Mapping[object, End], rows: Rows) -> End:
    """Return where arcs of a mark end: at its box, or above the middle of its characters in their first row."""
    found = ends.get(_key(mark))
    if found is not None:
        return found
    place = rows.find(mark.start, mark.end)[0]
    return End(place.row, place.middle, place.middle)


def _find_levels(pieces: Sequence[Piece], places: Mapping[Stack, Place], width: float) -> list[int]:
    """Give each piece the lowest level on which no other overlaps with it, its label or a box, short ones first."""
    # One number for each column of pixels and row, the bits of which are the levels that are taken.
    taken: dict[int, list[int]] = defaultdict(lambda: [0] * (int(width / _COLUMN) + 2))
    for stack, place in places.items():
        columns = taken[place.row]
        full = (1 << max(0, ceil((stack_height(stack) + _ABOVE_BOX - LOWEST) / LEVEL))) - 1
        for column in range(max(0, int(place.start / _COLUMN)), min(int(place.end / _COLUMN) + 1, len(columns))):
            columns[column] |= full
    levels = [0] * len(pieces)
    for number in sorted(range(len(pieces)), key=lambda number: pieces[number].order):
        columns = taken[pieces[number].row]
        left, right = pieces[number].extent(width)
        first = max(0, ceil(left / _COLUMN))
        last = max(first + 1, int(right / _COLUMN))
        union = reduce(or_, columns[first:last], 0)
        levels[number] = (~union & (union + 1)).bit_length() - 1
        for column in range(first, min(last, len(columns))):
            columns[column] |= 1 << levels[number]
    return levels


def _find_bases(
    rows: Rows, pieces: Iterable[tuple[Piece, int]], places: Mapping[Stack, Place], room: float
) -> list[float]:
    """Return where the text of each row stands, below its boxes and arcs."""
    heights = [0.0] * rows.number
    for stack, place in places.items():
        heights[place.row] = max(heights[place.row], stack_height(stack))
    for piece, level in pieces:
        heights[piece.row] = max(heights[piece.row], (level + 1) * LEVEL)
    bases = []
    top = float(MARGIN)
    for height in heights:
        bases.append(top + height + FONT)
        top = bases[-1] + room + _BETWEEN_ROWS
    return bases


def _key(mark: Mark) -> tuple[object, ...]:
    """Return what tells marks apart: those of one place and label are one, but triggers of different events are not."""
    return mark.start, mark.end, mark.label, mark.number if isinstance(mark, Trigger) else 0


def _describe(marks: Iterable[Mark], arcs: Iterable[Arc]) -> str:
    numbers = sorted(mark.number for mark in marks if isinstance(mark, Trigger))
    if numbers:
        return f"Events {', '.join(map(str, numbers))} of the list below"
    return "; ".join(f"{arc.head.text} {arc.label} {arc.tail.text}" for arc in arcs)
