"""Which tokens a piece belongs to, by character offsets; numpy only."""

import numpy as np
from numpy.typing import NDArray


def align_pieces(
    piece_offsets: NDArray[np.int64], token_offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every pair of a piece and a token that share a character.

    piece_offsets (NDArray): First character of each piece and the one after its last, shape (n_pieces, 2), in
        the order of the text. Pieces may overlap (bytes of one character) and may hold white space.
    token_offsets (NDArray): The same for tokens, shape (n_tokens, 2); tokens do not overlap.
    RETURNS (tuple[NDArray, NDArray]): Piece numbers and token numbers, of equal length, sorted by piece. A piece
        that spans several tokens occurs with each; a piece of white space between tokens occurs with none, and so
        does a token without a piece.
    """
    if not len(piece_offsets) or not len(token_offsets):
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    first = np.searchsorted(token_offsets[:, 1], piece_offsets[:, 0], side="right")
    last = np.searchsorted(token_offsets[:, 0], piece_offsets[:, 1], side="left")
    counts = np.maximum(last - first, 0)
    counts[piece_offsets[:, 0] >= piece_offsets[:, 1]] = 0
    pieces = np.repeat(np.arange(len(piece_offsets)), counts)
    ends = np.cumsum(counts)
    within = np.arange(len(pieces)) - np.repeat(ends - counts, counts)
    return pieces, first[pieces] + within


def first_pieces(pieces: NDArray[np.int64], tokens: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep only the first piece of every token.

    pieces, tokens (NDArray): What ``align_pieces`` returned.
    RETURNS (tuple[NDArray, NDArray]): The pairs that remain, one per token that has a piece, sorted by piece.
    """
    _, index = np.unique(tokens, return_index=True)
    # Pieces need not be in the order of the text: normalisation moves combining marks.
    index.sort()
    return pieces[index], tokens[index]
