"""Which pieces are hidden from a model (numpy only)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

# Hidden places come in multiples of it. Kernels for matrix products are compiled per shape and kept, and blocks of few
# sizes are used again: with free numbers of places the process grows.
PLACE_STEP = 128

Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Pieces:
    """What has to be known of a vocabulary.

    size (int): Pieces.
    mask (int): Id of the piece that hides others.
    special (Flags): Which pieces are special, shape (size,).
    inside (Flags): Which pieces go on with the word of the piece before, shape (size,).
    closing (Flags | None): Instead: which pieces are the last of their word, shape (size,).
    """

    size: int
    mask: int
    special: Flags
    inside: Flags
    closing: Flags | None = None


def describe_pieces(tokenizer: Tokenizer, mask: int, special: set[int], size: int) -> Pieces:
    """Return what masking has to know of a vocabulary.

    tokenizer (Tokenizer): WordPiece (such as "##" within words), BPE and Unigram ("Ġ" or "▁" before words, or an ending
        such as "</w>" at their ends), or whole words.
    mask (int): Id of the mask piece. special (set[int]): Ids of special pieces.
    size (int): Rows of the embeddings; may exceed the vocabulary.
    """
    model = json.loads(tokenizer.to_str())["model"]
    prefix, suffix = model.get("continuing_subword_prefix"), model.get("end_of_word_suffix")
    pieces = tokenizer.get_vocab(with_added_tokens=True)
    flags = np.zeros(size, dtype=np.bool_)
    # Rows without a piece are never drawn and never hidden.
    flags[tokenizer.get_vocab_size(with_added_tokens=True) :] = True
    flags[list(special)] = True
    if suffix:
        return Pieces(
            size, mask, flags, np.zeros_like(flags), _flag(pieces, size, lambda piece: piece.endswith(suffix))
        )
    if prefix or model["type"] not in ("BPE", "Unigram"):
        return Pieces(
            size, mask, flags, _flag(pieces, size, lambda piece: bool(prefix) and piece.startswith(prefix)) & ~flags
        )
    words = _flag(pieces, size, lambda piece: piece.startswith(("Ġ", "▁")))
    return Pieces(size, mask, flags, ~words & ~flags if words.any() else words)


def _flag(pieces: Mapping[str, int], size: int, holds: Callable[[str], bool]) -> Flags:
    flags = np.zeros(size, dtype=np.bool_)
    flags[[number for piece, number in pieces.items() if holds(piece)]] = True
    return flags


def choose_words(ids: Ids, pieces: Pieces, share: float, rng: np.random.Generator, *, whole_words: bool) -> Flags:
    """Choose pieces, or words with all their pieces (Cui et al., 2019), so that about a share of the pieces is chosen.

    ids (Ids): Shape (rows, length).
    share (float): Of the pieces that are not special, in (0, 1).
    whole_words (bool): Whether the pieces of a word are chosen together.
    RETURNS (Flags): Shape (rows, length); at least one in each row that has a piece to choose.
    """
    free = ~pieces.special[ids]
    if not whole_words:
        return _at_least_one(free & (rng.random(ids.shape) < share), free, rng)
    starts = free & ~pieces.inside[ids]
    if pieces.closing is not None:
        starts[:, 1:] = free[:, 1:] & pieces.closing[ids[:, :-1]]
    # A sequence may begin within a word.
    starts[:, 1:] |= free[:, 1:] & ~free[:, :-1]
    starts[:, 0] |= free[:, 0]
    word = np.cumsum(starts, axis=1) + np.arange(len(ids))[:, None] * (ids.shape[1] + 1)
    drawn = rng.random(ids.shape[0] * (ids.shape[1] + 1) + 1) < share
    return _at_least_one(free & drawn[word], free, rng)


def _at_least_one(chosen: Flags, free: Flags, rng: np.random.Generator) -> Flags:
    for row in np.flatnonzero(~chosen.any(axis=1) & free.any(axis=1)):
        chosen[row, rng.choice(np.flatnonzero(free[row]))] = True
    return chosen


def hide(ids: Ids, chosen: Flags, pieces: Pieces, rng: np.random.Generator) -> Ids:
    """Return a copy in which of the chosen pieces 80 % are masked and 10 % random (Devlin et al., 2019).

    ids, chosen: Shape (rows, length).
    """
    draw = rng.random(ids.shape)
    hidden = ids.copy()
    hidden[chosen & (draw < 0.8)] = pieces.mask
    other = chosen & (draw >= 0.9)
    hidden[other] = rng.choice(np.flatnonzero(~pieces.special), size=int(other.sum()))
    return hidden


def choose_runs(ids: Ids, pieces: Pieces, share: float, run: int, rng: np.random.Generator) -> Flags:
    """Choose runs of neighbouring pieces, as DNABERT does (Ji et al., 2021): overlapping k-mers give each other away.

    ids (Ids): Shape (rows, length).
    share (float): Of the pieces that are not special, in (0, 1).
    run (int): Pieces of a run, at least 1; for overlapping k-mers k.
    RETURNS (Flags): Shape (rows, length); at least one in each row that has a piece to choose.
    """
    free = ~pieces.special[ids]
    # Runs may overlap: with this share of starts, the share of the pieces that are in a run is the one that is asked.
    # They may begin before the row, or its first pieces would be in fewer of them.
    length = ids.shape[1]
    begins = rng.random((len(ids), length + run - 1)) < 1 - (1 - share) ** (1 / run)
    chosen = np.zeros(ids.shape, dtype=np.bool_)
    for offset in range(run):
        chosen |= begins[:, offset : offset + length]
    return _at_least_one(chosen & free, free, rng)


def fill_up(places: Ids, gold: Ids) -> tuple[Ids, Ids]:
    """Bring the number of hidden places to a multiple of PLACE_STEP.

    places, gold (Ids): Where pieces are hidden, and which; shape (places,).
    RETURNS (tuple[Ids, Ids]): With places 0 whose gold is -1 behind them: they have no loss.
    """
    surplus = -len(places) % PLACE_STEP
    return np.pad(places, (0, surplus)), np.pad(gold, (0, surplus), constant_values=-1)
