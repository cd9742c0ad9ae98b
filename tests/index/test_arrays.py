import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.index.arrays import (
    accumulate,
    best_of_groups,
    fill_hits,
    group_cuts,
    pack,
    ranks_in_groups,
    spread,
    starts_of,
)

members = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.floats(0, 2)), max_size=40)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 4)), max_size=6))
def test_spread_lists_members_row_by_row(rows: list[tuple[int, int]]) -> None:
    starts, counts = np.array(rows, dtype=np.int32).reshape(-1, 2).T
    assert spread(starts, counts).tolist() == [start + i for start, count in rows for i in range(count)]


def test_starts_of_ends_with_the_total() -> None:
    assert starts_of(np.array([2, 0, 3])).tolist() == [0, 2, 2, 5]


@given(members)
def test_accumulate_sums_pairs(rows: list[tuple[int, int, float]]) -> None:
    wanted: dict[tuple[int, int], float] = {}
    for group, item, value in rows:
        wanted[group, item] = wanted.get((group, item), 0.0) + value
    groups, items = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(2))
    found = accumulate(pack(groups, np.array([row[2] for row in rows])), items)
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == sorted(wanted)
    assert np.allclose(found[2], [wanted[key] for key in sorted(wanted)], atol=40 * 2**-17)


@given(members, st.integers(1, 5))
def test_group_cuts_is_the_score_at_a_place(rows: list[tuple[int, int, float]], count: int) -> None:
    rows.sort(key=lambda row: row[0])
    cuts = group_cuts(np.array([row[0] for row in rows], dtype=np.int64), np.array([row[2] for row in rows]), count)
    for (group, _, _), cut in zip(rows, cuts, strict=True):
        scores = sorted((row[2] for row in rows if row[0] == group), reverse=True)
        assert scores[:count][-1] - 2**-27 <= cut <= scores[:count][-1]


@given(members, st.integers(1, 5))
def test_best_of_groups_sorts_by_group_score_and_tie(rows: list[tuple[int, int, float]], count: int) -> None:
    groups, ties = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(2))
    found = best_of_groups(groups, np.array([row[2] for row in rows]), ties, count)
    wanted = []
    for group in sorted({row[0] for row in rows}):
        wanted += sorted((-row[2], row[1]) for row in rows if row[0] == group)[:count]
    assert [(-rows[place][2], rows[place][1]) for place in found] == wanted


def test_ranks_in_groups_count_from_zero() -> None:
    assert ranks_in_groups(np.array([1, 1, 3, 4, 4, 4])).tolist() == [0, 1, 0, 0, 1, 2]
    assert ranks_in_groups(np.empty(0, dtype=np.int64)).tolist() == []


def test_fill_hits_leaves_no_name_where_there_is_none() -> None:
    found = fill_hits(np.array([0, 2, 2]), np.array([7, 8, 9]), np.array([0.5, 0.4, 0.3]), (3, 2))
    assert found.names.tolist() == [[7, -1], [-1, -1], [8, 9]]
    assert found.scores[1].tolist() == [0.0, 0.0]
