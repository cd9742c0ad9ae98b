import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.encoder.alignment import align_pieces, first_pieces


def offsets(pairs: list[tuple[int, int]]) -> np.ndarray:
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


@st.composite
def tokens_in_order(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Tokens that do not overlap, with gaps of white space between some."""
    end, found = 0, []
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), max_size=12)):
        found.append((end + gap, end + gap + length))
        end += gap + length
    return found


any_pieces = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=20)


@given(any_pieces, tokens_in_order())
def test_align_pieces_equals_brute_force(pieces: list[tuple[int, int]], tokens: list[tuple[int, int]]) -> None:
    found = align_pieces(offsets(pieces), offsets(tokens))
    wanted = [
        (p, t)
        for p, (a, b) in enumerate(pieces)
        for t, (c, d) in enumerate(tokens)
        if set(range(a, b)) & set(range(c, d))
    ]
    assert list(zip(*(array.tolist() for array in found), strict=True)) == wanted


@given(any_pieces, tokens_in_order())
def test_first_pieces_keeps_the_first_of_each_token(
    pieces: list[tuple[int, int]], tokens: list[tuple[int, int]]
) -> None:
    pairs = align_pieces(offsets(pieces), offsets(tokens))
    found_pieces, found_tokens = first_pieces(*pairs)
    wanted = {token: piece for piece, token in reversed(list(zip(*(a.tolist() for a in pairs), strict=True)))}
    assert dict(zip(found_tokens.tolist(), found_pieces.tolist(), strict=True)) == wanted
    assert (np.diff(found_pieces) >= 0).all()


@pytest.mark.parametrize(
    ("pieces", "tokens", "wanted"),
    [
        ([], [(0, 1)], []),
        ([(0, 1)], [], []),
        ([(0, 2), (2, 4), (4, 6)], [(0, 6)], [(0, 0), (1, 0), (2, 0)]),  # a word of many pieces
        ([(0, 6)], [(0, 2), (2, 4), (4, 6)], [(0, 0), (0, 1), (0, 2)]),  # a piece that spans tokens
        ([(0, 1), (0, 1), (0, 1)], [(0, 1)], [(0, 0), (1, 0), (2, 0)]),  # bytes of one character
        ([(0, 3), (3, 7)], [(0, 3), (4, 7)], [(0, 0), (1, 1)]),  # leading space
        ([(0, 0), (1, 1), (0, 2)], [(0, 2)], [(2, 0)]),  # pieces of no character
        ([(0, 1), (1, 2), (2, 3)], [(0, 1), (2, 3)], [(0, 0), (2, 1)]),  # a piece of white space
        ([(0, 1), (4, 5)], [(0, 1), (2, 3), (4, 5)], [(0, 0), (1, 2)]),  # a token without a piece
    ],
)
def test_align_pieces_cases(
    pieces: list[tuple[int, int]], tokens: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> None:
    found = align_pieces(offsets(pieces), offsets(tokens))
    assert list(zip(*(array.tolist() for array in found), strict=True)) == wanted
