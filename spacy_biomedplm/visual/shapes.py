"""The shapes of a drawing as SVG: words, bars below and boxes above them, arcs."""

from collections.abc import Iterator
from typing import NamedTuple

from spacy_biomedplm.visual.colors import color_of
from spacy_biomedplm.visual.marks import Mark, Trigger, clean, css_class
from spacy_biomedplm.visual.rows import CROSS, LABEL_CHAR, Place, Stack, box_name

# Pixels. A row has, from its lowest line on: bars in lanes, text, boxes, arcs on levels.
FONT = 13
LANE = 5
LEVEL = 22
LOWEST = 14
_BOX = 17
_ABOVE_TEXT = 3


class Arc(NamedTuple):
    """A relation between two stretches of a text, or an event and its argument.

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


class End(NamedTuple):
    """Where arcs can begin and end.

    row (int): The row. left, right (float): Pixels from the left. height (float): Above the text.
    step (float): How far inside of left and right an arc is on the box.
    """

    row: int
    left: float
    right: float
    height: float = 0
    step: float = 0

    @property
    def middle(self) -> float:
        """The middle between left and right."""
        return (self.left + self.right) / 2

    def leave(self, *, right: bool) -> float:
        """Return where an arc leaves that goes to the right or to the left."""
        return self.right - 0.75 * self.step if right else self.left + 0.75 * self.step

    def reach(self, *, right: bool) -> float:
        """Return where an arc arrives that comes from the right or from the left."""
        return self.right - 0.25 * self.step if right else self.left + 0.25 * self.step


class Piece(NamedTuple):
    """An arc, or the part of it that is in one row.

    row (int): The row. start, end (float): Pixels, in the direction of the arc.
    above, upto (float | None): Height of start and end above the text; None at the edge of a row.
    label (str): What is written on it. arc (Arc): The arc.
    """

    row: int
    start: float
    end: float
    above: float | None
    upto: float | None
    label: str
    arc: Arc

    @property
    def order(self) -> tuple[float, float]:
        """Length, then place."""
        return abs(self.end - self.start), min(self.start, self.end)

    def label_place(self, width: float) -> tuple[float, float]:
        """Return the middle of the label and half of its size. width (float): Pixels of the drawing."""
        half = len(self.label) * LABEL_CHAR / 2 + 3
        return max(min((self.start + self.end) / 2, width - half), half), half

    def extent(self, width: float) -> tuple[float, float]:
        """Return the first and the last pixel, with the label. width (float): Pixels of the drawing."""
        middle, half = self.label_place(width)
        return min(self.start, self.end, middle - half - 3), max(self.start, self.end, middle + half + 3)


def box_ends(stack: Stack, place: Place) -> Iterator[tuple[Mark, End]]:
    """Yield where the arcs of each box end.

    stack (Stack): The boxes, the highest of which is the narrowest. place (Place): That of the lowest box.
    """
    for above, mark in enumerate(reversed(stack.marks)):
        left, right = place.start + above * stack.step, place.end - above * stack.step
        yield mark, End(place.row, left, right, _ABOVE_TEXT + (above + 1) * _BOX - 1, stack.step)


def stack_height(stack: Stack) -> float:
    """Return how many pixels boxes reach above the text."""
    return _ABOVE_TEXT + len(stack.marks) * _BOX


def draw_word(text: str, place: Place, base: float) -> str:
    """Return text, set to a width of its own: letters of other scripts are as wide as they are.

    text (str): The text. place (Place): Where it is. base (float): Pixels from above to its line.
    """
    return (
        f'<text x="{_px(place.start)}" y="{_px(base)}" textLength="{_px(place.end - place.start)}" '
        f'lengthAdjust="spacingAndGlyphs">{clean(text)}</text>'
    )


def draw_bar(mark: Mark, place: Place, base: float, lane: int) -> str:
    """Return the line below the characters of a mark; around those of a trigger is a frame too.

    mark (Mark): The mark. place (Place): Where it is. base (float): Pixels from above to the line of the text.
    lane (int): Number of the line below it.
    """
    color, tip = color_of(mark.label), clean(f"{mark.text}: {mark.tip}")
    size = f'width="{_px(place.end - place.start)}"'
    bar = (
        f'<rect class="{css_class(mark.label)}" x="{_px(place.start)}" y="{_px(base + 4 + lane * LANE)}" {size} '
        f'height="{LANE - 1}" fill="{color}"><title>{tip}</title></rect>'
    )
    if not isinstance(mark, Trigger):
        return bar
    return f'<rect class="word" x="{_px(place.start)}" y="{_px(base - FONT + 1)}" {size} height="{FONT + 4}"/>{bar}'


def draw_stack(stack: Stack, place: Place, top: float) -> str:
    """Return boxes: with crosses if the event is negated, with a broken line if it is speculated, and both in words.

    stack (Stack): The boxes. place (Place): That of the lowest. top (float): Pixels from above to the top of the text.
    """
    parts = []
    for mark, end in box_ends(stack, place):
        x, y, width, height = end.left, top - end.height, end.right - end.left, _BOX - 2
        tip = clean(f"{mark.text}: {mark.tip}")
        parts.append(
            f'<g class="box{" maybe" if "speculated" in mark.said else ""}"><title>{tip}</title>'
            f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{height}" fill="{color_of(mark.label)}"/>'
        )
        if "negated" in mark.said:
            cross = f"l{CROSS},{height} m0,-{height} l-{CROSS},{height}"
            ends = f"M{_px(x)},{_px(y)} {cross} M{_px(x + width - CROSS)},{_px(y)} {cross}"
            parts.append(f'<path d="{ends}"/>')
        parts.append(
            f'<text class="name" x="{_px(place.middle)}" y="{_px(y + height - 4)}" '
            f'text-anchor="middle">{clean(box_name(mark))}</text></g>'
        )
    return "".join(parts)


def draw_piece(piece: Piece, height: float, top: float, width: float) -> str:
    """Return an arc, or the part of it in one row.

    piece (Piece): The piece. height (float): Pixels above the text. top (float): Pixels from above to the text.
    width (float): Pixels of the drawing.
    """
    start, end, line = piece.start, piece.end, top - height
    # Ends of arcs over the same mark are a little apart.
    bend = 4 if end > start else -4
    points = [(start, top - piece.above), (start + bend, line)] if piece.above is not None else [(start, line)]
    points += [(end - bend, line), (end, top - piece.upto)] if piece.upto is not None else [(end, line)]
    path = " L".join(f"{_px(x)},{_px(y)}" for x, y in points)
    arrow = "" if piece.upto is None else f'<path class="tip" d="M{_px(end)},{_px(top - piece.upto)} l-3,-6 l6,0 z"/>'
    middle, half = piece.label_place(width)
    # On the line if there is room, else above it.
    line -= 0 if 2 * half + 2 < abs(end - start) else 9
    label = clean(piece.label)
    return (
        f'<g class="arc"><title>{clean(f"{piece.arc.label}: {piece.arc.tip}")}</title><path d="M{path}"/>{arrow}'
        f'<rect x="{_px(middle - half)}" y="{_px(line - 7)}" width="{_px(2 * half)}" height="14"/>'
        f'<text class="name" x="{_px(middle)}" y="{_px(line + 4)}" text-anchor="middle">{label}</text></g>'
    )


def _px(pixels: float) -> str:
    return str(round(pixels, 1)).removesuffix(".0")
