"""Cut long piece sequences into windows and group windows into batches of few shapes; numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Lengths of a batch are multiples of this; row counts are taken from ROWS. CPU kernels are compiled per shape:
# free shapes made training three times slower and its memory grow (docs/decisions.md).
LENGTH_STEP = 32
ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)

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
        # Much shorter windows wait for a batch of their own: padding them cost 42 % more cells in training steps of
        # mixed lengths, a few more batches cost 16 % (docs/decisions.md).
        alike = int(np.searchsorted(-descending, -(LIKE_LENGTH * length - LENGTH_STEP // 2), side="right")) - i
        taken = min(full, max(1, alike))
        rows = min(rows for rows in ROWS if rows >= taken)
        if rows > ROW_SURPLUS * taken:
            rows = taken = max(rows for rows in ROWS if rows <= taken)
        batches.append(Batch(tuple(int(j) for j in order[i : i + taken]), rows, length))
        i += taken
    return batches


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
        window = windows[index]
        sequence = np.concatenate([prefix, pieces[window.doc][window.start : window.end], suffix]).astype(np.int64)
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    mask[len(batch.windows) :, 0] = 1
    return ids, mask


def kept_cells(
    batch: Batch, windows: Sequence[Window], piece_starts: Sequence[int], n_prefix: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the kept pieces of a batch lie in it, and which pieces of the whole input they are.

    batch (Batch): Which windows, and the shape.
    windows (Sequence[Window]): All windows.
    piece_starts (Sequence[int]): Number of the first piece of each document in the whole input.
    n_prefix (int): Special tokens before the first piece of a window.
    RETURNS (tuple[NDArray, NDArray]): Cell numbers (row * length + column) and piece numbers, of equal length.
    """
    cells, pieces = [], []
    for row, index in enumerate(batch.windows):
        window = windows[index]
        first = row * batch.length + n_prefix + window.keep_start - window.start
        count = window.keep_end - window.keep_start
        cells.append(np.arange(first, first + count))
        start = piece_starts[window.doc] + window.keep_start
        pieces.append(np.arange(start, start + count))
    return np.concatenate(cells), np.concatenate(pieces)
