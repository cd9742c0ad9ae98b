import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.encoder.windows import (
    LENGTH_STEP,
    ROWS,
    WINDOW_STEP,
    fill_ids,
    kept_cells,
    plan_batches,
    plan_layouts,
    split_windows,
)


@st.composite
def splits(draw: st.DrawFn) -> tuple[int, int, int]:
    max_pieces = draw(st.integers(1, 40))
    return draw(st.integers(0, 400)), max_pieces, draw(st.integers(0, max_pieces - 1))


@given(splits())
def test_split_windows_keeps_every_piece_once(split: tuple[int, int, int]) -> None:
    n_pieces, max_pieces, overlap = split
    windows = split_windows(7, n_pieces, max_pieces, overlap)
    kept = [piece for w in windows for piece in range(w.keep_start, w.keep_end)]
    assert kept == list(range(n_pieces))
    for w in windows:
        assert w.doc == 7
        assert w.start <= w.keep_start < w.keep_end <= w.end
        assert 1 <= w.end - w.start <= max_pieces


@given(splits())
def test_split_windows_neighbours_share_the_overlap_and_halve_it(split: tuple[int, int, int]) -> None:
    n_pieces, max_pieces, overlap = split
    windows = split_windows(0, n_pieces, max_pieces, overlap)
    for left, right in itertools.pairwise(windows):
        assert left.end - right.start == overlap
        assert left.end - left.keep_end == overlap - overlap // 2
        assert right.keep_start - right.start == overlap // 2


@given(splits())
def test_split_windows_are_few_and_nearly_equal(split: tuple[int, int, int]) -> None:
    n_pieces, max_pieces, overlap = split
    windows = split_windows(0, n_pieces, max_pieces, overlap)
    sizes = [w.end - w.start for w in windows]
    assert not sizes or max(sizes) - min(sizes) <= 1
    if n_pieces > max_pieces:
        # One window less could not hold all pieces.
        assert (len(windows) - 1) * (max_pieces - overlap) + overlap < n_pieces


@pytest.mark.parametrize(("n_pieces", "n_windows"), [(0, 0), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_split_windows_counts_at_the_border(n_pieces: int, n_windows: int) -> None:
    assert len(split_windows(0, n_pieces, 10, 0)) == n_windows


lengths_of_windows = st.lists(st.integers(1, 128), max_size=60)


@given(lengths_of_windows, st.integers(1, 5000))
def test_plan_batches_takes_every_window_once_in_few_shapes(lengths: list[int], max_cells: int) -> None:
    batches = plan_batches(lengths, max_cells=max_cells, max_length=128)
    assert sorted(i for batch in batches for i in batch.windows) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch.windows) <= batch.rows
        assert batch.rows in ROWS
        assert batch.length % LENGTH_STEP == 0
        assert max(lengths[i] for i in batch.windows) <= batch.length <= 128
        assert batch.rows == 1 or batch.rows * batch.length <= max_cells


def test_plan_batches_never_exceeds_the_network() -> None:
    (batch,) = plan_batches([50], max_cells=4096, max_length=50)
    assert batch.length == 50


@given(lengths_of_windows, st.integers(1, 500))
def test_plan_layouts_takes_every_window_once_without_overlap(lengths: list[int], max_cells: int) -> None:
    layouts = plan_layouts(lengths, max_cells=max_cells)
    assert sorted(number for layout in layouts for number in layout.windows) == list(range(len(lengths)))
    for layout in layouts:
        assert layout.n_cells <= max_cells or len(layout.windows) == 1
        assert [n for block in layout.blocks for n in block.lengths] == [lengths[i] for i in layout.windows]
        ends = [start + lengths[i] for start, i in zip(layout.starts, layout.windows, strict=True)]
        assert all(start % WINDOW_STEP == 0 for start in layout.starts)
        assert all(0 <= start - end < WINDOW_STEP for start, end in zip(layout.starts[1:], ends, strict=False))
        assert 0 <= layout.n_cells - ends[-1] < WINDOW_STEP
        # Windows of one size are together, so that attention reads them at once.
        assert len({block.cells for block in layout.blocks}) == len(layout.blocks)


@given(st.lists(st.integers(0, 90), max_size=8), splits(), st.integers(1, 600), st.integers(0, 2), st.integers(0, 2))
def test_fill_ids_and_kept_cells_find_every_piece(
    sizes: list[int], split: tuple[int, int, int], max_cells: int, n_prefix: int, n_suffix: int
) -> None:
    """Every piece of every document is read exactly once, at the cell that holds its id."""
    _, max_pieces, overlap = split
    starts = np.cumsum([0, *sizes]).tolist()
    pieces = [np.arange(start, start + size) + 100 for start, size in zip(starts, sizes, strict=False)]
    windows = [w for doc, size in enumerate(sizes) for w in split_windows(doc, size, max_pieces, overlap)]
    prefix, suffix = [1] * n_prefix, [2] * n_suffix
    lengths = [w.end - w.start + n_prefix + n_suffix for w in windows]
    found: list[int] = []
    for batch in plan_batches(lengths, max_cells=max_cells, max_length=max_pieces + n_prefix + n_suffix):
        ids, mask = fill_ids(batch, windows, pieces, prefix=prefix, suffix=suffix, pad=0)
        assert ids.shape == mask.shape == (batch.rows, batch.length)
        assert mask.sum(axis=1).min() >= 1
        used = len(batch.windows)
        assert mask[:used].sum(axis=1).tolist() == [lengths[i] for i in batch.windows]
        assert not ids[mask == 0].any()
        firsts = [row * batch.length + n_prefix for row in range(used)]
        cells, numbers = kept_cells(batch.windows, firsts, windows, starts)
        assert (ids.reshape(-1)[cells] == numbers + 100).all()
        found.extend(numbers.tolist())
    assert sorted(found) == list(range(sum(sizes)))
