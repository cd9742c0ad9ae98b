"""Cut long piece sequences into windows and group windows into batches of few shapes; numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

# Lengths of a batch are multiples of this; row counts are taken from ROWS. CPU kernels are compiled per shape:
# with free shapes the kernels take the time and the memory.
LENGTH_STEP = 32
ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)

# Windows that lie end to end begin at multiples of this: attention to 312 keys takes longer than attention to 320
# (benchmarks/results/attention.json).
WINDOW_STEP = 16

# A window joins a batch if it is at least this share of the batch's length, give or take half a step.
LIKE_LENGTH = 0.75

# Rows of a batch may exceed its windows by this factor; above it, the batch takes fewer windows instead.
ROW_SURPLUS = 1.15


@dataclass(frozen=True)
class Window:
    """A stretch of the pieces of one document; the pieces in [keep_start, keep_end) take their vectors from it."""

    doc: int
    start: int
    end: int
    keep_start: int
    keep_end: int


@dataclass(frozen=True)
class Block:
    """Windows that take the same number of cells, one behind the other.

    start (int): Cell in which the first one begins.
    cells (int): Cells of each.
    lengths (tuple[int, ...]): Pieces of each, special tokens counted; the cells behind them are a gap.
    """

    start: int
    cells: int
    lengths: tuple[int, ...]

    @property
    def n_windows(self) -> int:
        """Number of windows."""
        return len(self.lengths)

    @property
    def starts(self) -> list[int]:
        """Cell in which each window begins."""
        return [self.start + number * self.cells for number in range(self.n_windows)]


@dataclass(frozen=True)
class Layout:
    """Windows that go through the network together, end to end: their numbers, where they lie, cells in all."""

    windows: tuple[int, ...]
    blocks: tuple[Block, ...]
    n_cells: int

    @property
    def starts(self) -> list[int]:
        """Cell in which each window begins."""
        return [start for block in self.blocks for start in block.starts]


@dataclass(frozen=True)
class Batch:
    """Windows that go through the network together, as a matrix of `rows` x `length` pieces."""

    windows: tuple[int, ...]
    rows: int
    length: int


def split_windows(doc: int, n_pieces: int, max_pieces: int, overlap: int) -> list[Window]:
    """Return the windows of one document; together their kept parts cover every piece exactly once.

    doc (int): Number of the document, copied into each window.
    n_pieces (int): Pieces of the document, 0 or more.
    max_pieces (int): Most pieces in a window, special tokens not counted; at least 1.
    overlap (int): Pieces that neighbouring windows share, in [0, max_pieces). Each window keeps its half that
        is nearer to its centre, so no piece is counted twice and none is read at the edge of its context.
    RETURNS (list[Window]): Of nearly equal sizes; none for a document without pieces.
    """
    if n_pieces == 0:
        return []
    count = 1 if n_pieces <= max_pieces else -(-(n_pieces - overlap) // (max_pieces - overlap))
    # Equal sizes rather than full windows and a rest: a short rest would have next to no context.
    stride = (n_pieces - overlap) / count
    starts = [round(i * stride) for i in range(count)]
    ends = [*(start + overlap for start in starts[1:]), n_pieces]
    keeps = [0, *(start + overlap // 2 for start in starts[1:]), n_pieces]
    return [
        Window(doc, start, end, keep_start, keep_end)
        for start, end, keep_start, keep_end in zip(starts, ends, keeps, keeps[1:], strict=False)
    ]


def plan_batches(lengths: Sequence[int], *, max_cells: int, max_length: int) -> list[Batch]:
    """Group windows by length into batches of few different shapes.

    lengths (Sequence[int]): Pieces of each window, special tokens counted, each at least 1.
    max_cells (int): Most cells (rows x length) of a batch; a single longer window still makes a batch.
    max_length (int): Longest input of the network; lengths are rounded up to a multiple of 32, not beyond it.
    RETURNS (list[Batch]): Each window is in exactly one batch, longest first. Rows may exceed the number of
        windows; the surplus is padding.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    descending = np.asarray(lengths, dtype=np.int64)[order]
    batches = []
    i = 0
    while i < len(order):
        longest = int(descending[i])
        length = max(longest, min(max_length, -(-longest // LENGTH_STEP) * LENGTH_STEP))
        full = max(rows for rows in ROWS if rows <= max(1, max_cells // length))
        # Much shorter windows wait for a batch of their own: a few more batches cost less than padding them.
        alike = int(np.searchsorted(-descending, -(LIKE_LENGTH * length - LENGTH_STEP // 2), side="right")) - i
        taken = min(full, max(1, alike))
        rows = min(rows for rows in ROWS if rows >= taken)
        if rows > ROW_SURPLUS * taken:
            rows = taken = max(rows for rows in ROWS if rows <= taken)
        batches.append(Batch(tuple(int(j) for j in order[i : i + taken]), rows, length))
        i += taken
    return batches


def plan_layouts(lengths: Sequence[int], *, max_cells: int) -> list[Layout]:
    """Group windows for a network that reads windows of any length end to end, each at a multiple of WINDOW_STEP.

    lengths (Sequence[int]): Pieces of each window, special tokens counted, each at least 1.
    max_cells (int): Most cells of a layout; a single longer window still makes one.
    RETURNS (list[Layout]): Each window is in exactly one, longest first.
    """
    cells = [-(-length // WINDOW_STEP) * WINDOW_STEP for length in lengths]
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    layouts: list[Layout] = []
    chosen: list[int] = []
    taken = 0
    for number in order:
        if chosen and taken + cells[number] > max_cells:
            layouts.append(_lay_out(chosen, lengths, cells))
            chosen, taken = [], 0
        chosen.append(number)
        taken += cells[number]
    return [*layouts, _lay_out(chosen, lengths, cells)] if chosen else layouts


def _lay_out(chosen: Sequence[int], lengths: Sequence[int], cells: Sequence[int]) -> Layout:
    blocks = []
    start = 0
    for size, group in groupby(chosen, key=lambda number: cells[number]):
        block = Block(start, size, tuple(lengths[number] for number in group))
        start += block.n_windows * size
        blocks.append(block)
    return Layout(tuple(chosen), tuple(blocks), start)


def fill_ids(
    batch: Batch,
    windows: Sequence[Window],
    pieces: Sequence[NDArray[np.int64]],
    *,
    prefix: Sequence[int],
    suffix: Sequence[int],
    pad: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the piece ids and the attention mask of a batch.

    batch (Batch): Which windows, and the shape.
    windows (Sequence[Window]): All windows.
    pieces (Sequence[NDArray]): Piece ids of each document.
    prefix, suffix (Sequence[int]): Special tokens around every window.
    pad (int): Id of padding.
    RETURNS (tuple[NDArray, NDArray]): Ids and mask (1 for a real piece), both of shape (rows, length). A row
        of padding attends to its first cell, so that no attention weight is undefined.
    """
    ids = np.full((batch.rows, batch.length), pad, dtype=np.int64)
    mask = np.zeros((batch.rows, batch.length), dtype=np.int64)
    for row, index in enumerate(batch.windows):
        sequence = ids_of(windows[index], pieces, prefix=prefix, suffix=suffix)
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    mask[len(batch.windows) :, 0] = 1
    return ids, mask


def ids_of(
    window: Window, pieces: Sequence[NDArray[np.int64]], *, prefix: Sequence[int], suffix: Sequence[int]
) -> NDArray[np.int64]:
    """Return the piece ids of a window, special tokens included.

    window (Window): The window.
    pieces (Sequence[NDArray]): Piece ids of each document.
    prefix, suffix (Sequence[int]): Special tokens around every window.
    """
    return np.concatenate([prefix, pieces[window.doc][window.start : window.end], suffix]).astype(np.int64)


def kept_cells(
    chosen: Sequence[int], firsts: Sequence[int], windows: Sequence[Window], piece_starts: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the kept pieces of some windows lie, and which pieces of the whole input they are.

    chosen (Sequence[int]): Numbers of the windows.
    firsts (Sequence[int]): The cell in which the first piece of each lies, special tokens not counted.
    windows (Sequence[Window]): All windows.
    piece_starts (Sequence[int]): Number of the first piece of each document in the whole input.
    RETURNS (tuple[NDArray, NDArray]): Cell numbers and piece numbers, of equal length.
    """
    cells, pieces = [], []
    for index, cell in zip(chosen, firsts, strict=True):
        window = windows[index]
        first = cell + window.keep_start - window.start
        count = window.keep_end - window.keep_start
        cells.append(np.arange(first, first + count))
        start = piece_starts[window.doc] + window.keep_start
        pieces.append(np.arange(start, start + count))
    return np.concatenate(cells), np.concatenate(pieces)
