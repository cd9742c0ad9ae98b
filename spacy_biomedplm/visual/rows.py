"""Where the words of a text stand in a drawing: rows of a fixed width, with room for boxes above some words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from spacy_biomedplm.visual.marks import Mark, Trigger

# Pixels. Text is set in a fixed width, so that places are known without a browser.
CHAR = 8
MARGIN = 12
LABEL_CHAR = 6.2
CROSS = 15
_GAP = 10
_STEP = 8
_MAX_STEPS = 96
# Characters. What is longer may be broken, an entity between words and a word anywhere.
_MAX_KEPT = 40
_MAX_NAME = 48


class Stack(NamedTuple):
    """Boxes one above the other over some words; each is a little wider than the one above, so that arcs reach all.

    marks (tuple[Mark, ...]): A box each, the highest first.
    start, end (int): Characters below them. inner (float): Width of the names. step (float): What a box is wider.
    """

    marks: tuple[Mark, ...]
    start: int
    end: int
    inner: float
    step: float

    @property
    def width(self) -> float:
        """Width of the lowest box."""
        return self.inner + 2 * self.step * len(self.marks)


class Place(NamedTuple):
    """Where characters stand: the row, from 0, and the pixels from left to right."""

    row: int
    start: float
    end: float

    @property
    def middle(self) -> float:
        """The middle between left and right."""
        return (self.start + self.end) / 2


class Word(NamedTuple):
    """Characters that are set together: the first, the one after the last, and their place."""

    start: int
    end: int
    place: Place


def shorten(text: str, size: int = _MAX_NAME) -> str:
    """Return text that is not longer than a number of characters, the cut marked, runs of white space made one space.

    text (str): Any text. size (int): Characters.
    """
    text = " ".join(text[: 4 * size].split()) + ("…" if len(text) > 4 * size else "")
    return text if len(text) <= size else f"{text[: size - 1]}…"


def box_name(mark: Mark) -> str:
    """Return what is written into a box.

    mark (Mark): A trigger, or an entity in the same place as one.
    """
    number = f" {mark.number}" if isinstance(mark, Trigger) else ""
    return ", ".join([f"{shorten(mark.label)}{number}", *mark.said])


def find_stacks(marks: Iterable[Mark]) -> list[Stack]:
    """Return the boxes above a text: triggers, and the entities that overlap with one, which are the lowest boxes.

    marks (Iterable[Mark]): Entities and triggers.
    RETURNS (list[Stack]): In order; they do not overlap.
    """
    groups: list[list[Mark]] = []
    end = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.end)):
        if not groups or mark.start >= end:
            groups.append([])
        groups[-1].append(mark)
        end = max(end, mark.end) if len(groups[-1]) > 1 else mark.end
    return [_stack(group) for group in groups if any(isinstance(mark, Trigger) for mark in group)]


def _stack(group: Sequence[Mark]) -> Stack:
    triggers = sorted((mark for mark in group if isinstance(mark, Trigger)), key=lambda mark: mark.number)
    boxes = (*triggers, *(mark for mark in group if not isinstance(mark, Trigger)))
    inner = max(len(box_name(mark)) * LABEL_CHAR + 2 * CROSS * ("negated" in mark.said) for mark in boxes) + 2
    start, end = group[0].start, max(mark.end for mark in group)
    return Stack(boxes, start, end, inner, min(_STEP, _MAX_STEPS / len(boxes)))


class Rows(NamedTuple):
    """A text set in rows.

    words (Sequence[Word]): In order. boxes (Mapping[int, Place]): The lowest box of each stack, by its first character.
    number (int): Rows. width (float): Pixels.
    """

    words: Sequence[Word]
    boxes: Mapping[int, Place]
    number: int
    width: float

    def find(self, start: int, end: int) -> list[Place]:
        """Return where characters stand, one place for each row.

        start, end (int): The first character and the one after the last.
        """
        places: list[Place] = []
        first = max(0, bisect_right(self.words, start, key=lambda word: word.start) - 1)
        for number in range(first, len(self.words)):
            word = self.words[number]
            if word.start >= end:
                break
            if word.end <= start:
                continue
            row, left, _ = word.place
            left, right = (left + (place - word.start) * CHAR for place in (max(start, word.start), min(end, word.end)))
            if places and places[-1].row == row:
                places[-1] = Place(row, places[-1].start, right)
            else:
                places.append(Place(row, left, right))
        if places:
            return places
        # Nothing but white space: where the word before ends.
        row, _, right = self.words[first].place if self.words else Place(0, MARGIN, MARGIN)
        return [Place(row, right, right + CHAR)]


class _Line(NamedTuple):
    """Words of one row, the boxes above them, and where the next word and the next box can begin."""

    words: list[Word]
    boxes: dict[int, Place]
    x: float
    free: float


def set_rows(text: str, marks: Iterable[Mark], stacks: Sequence[Stack], width: float | None) -> Rows:
    """Return a text set in rows, so that boxes stand neither in each other's way nor above an entity beside them.

    text (str): The text. marks (Iterable[Mark]): Entities and triggers; short ones are in one row.
    stacks (Sequence[Stack]): Boxes, from find_stacks.
    width (float | None): Pixels of a row; None for one row of any width.
    """
    marks = list(marks)
    lasts = {mark.start: mark.end for mark in marks} if stacks else {}
    cuts = sorted({*lasts, *(stack.end for stack in stacks)})
    by_start = {stack.start: stack for stack in stacks}
    size = None if width is None else int((width - 2 * MARGIN) / CHAR)
    words: list[Word] = []
    boxes: dict[int, Place] = {}
    row, x, free, right = 0, float(MARGIN), float(MARGIN - _GAP), float(MARGIN)
    for start, end in _find_chunks(text, marks, size):
        pieces = list(_cut(text, start, end, cuts))
        before = words[-1].end if words else 0
        line = _set_line(pieces, by_start, lasts, Place(row, x + (start - before) * CHAR, free))
        if width is not None and words and max(line.x, line.free) > width - MARGIN:
            row += 1
            line = _set_line(pieces, by_start, lasts, Place(row, MARGIN, MARGIN - _GAP))
        words += line.words
        boxes.update(line.boxes)
        x, free, right = line.x, line.free, max(right, line.x, line.free)
    return Rows(words, boxes, row + 1, right + MARGIN)


def _set_line(
    pieces: Sequence[tuple[int, int]], stacks: Mapping[int, Stack], lasts: Mapping[int, int], pen: Place
) -> _Line:
    """Return what cannot be broken, set from the pen on: its start is for words, its end for boxes.

    pieces: Words and parts of words. stacks: By the first character. lasts: Where marks end, by the first character.
    """
    row, x, free = pen
    words: list[Word] = []
    boxes: dict[int, Place] = {}
    covered = 0
    for start, end in pieces:
        if words:
            x += (start - words[-1].end) * CHAR
        stack = stacks.get(start)
        if stack is not None:
            below = (min(stack.end, pieces[-1][1]) - start) * CHAR
            over = max(0.0, (stack.width - below) / 2)
            x = max(x, free + _GAP + over)
            boxes[start] = Place(row, x + below / 2 - stack.width / 2, x + below / 2 + stack.width / 2)
            free, covered = x + below + over, stack.end
        elif start >= covered and start in lasts:
            x = max(x, free + _GAP)
            # No box comes above its middle, where arcs end.
            free = max(free, x + (min(lasts[start], pieces[-1][1]) - start) * CHAR / 2)
        words.append(Word(start, end, Place(row, x, x + (end - start) * CHAR)))
        x = words[-1].place.end
    return _Line(words, boxes, x, free)


def _find_chunks(text: str, marks: Iterable[Mark], size: int | None) -> Iterator[tuple[int, int]]:
    """Yield the characters between which rows can be broken: words, and short marks with the words that they are in."""
    kept = bytearray(len(text))
    for mark in marks:
        if mark.end - mark.start <= _MAX_KEPT:
            kept[mark.start : mark.end] = b"\x01" * (mark.end - mark.start)
    start = end = 0
    for word in re.finditer(r"\S+" if size is None else rf"\S{{1,{size}}}", text):
        if end > start and (word.start() == end or not all(kept[end : word.start()])):
            yield start, end
            start = word.start()
        elif end == start:
            start = word.start()
        end = word.end()
    if end > start:
        yield start, end


def _cut(text: str, start: int, end: int, cuts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a chunk: words, cut where marks begin and boxes end."""
    for word in re.finditer(r"\S+", text[start:end]):
        first, last = start + word.start(), start + word.end()
        inside = cuts[bisect_right(cuts, first) : bisect_left(cuts, last)]
        yield from pairwise([first, *inside, last])
