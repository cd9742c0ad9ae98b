"""BIOES tags: columns of scores, legal transitions, and the way from entities to tags and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

# Order of the four tags of a label; tag 0 of every guideline is O.
BEGIN, INSIDE, END, SINGLE = range(4)
_FORBIDDEN = -1e4

# A token whose O is ahead of every other tag by this (odds of 400 to 1) divides a document for decoding.
_SURE = 6.0


@dataclass(frozen=True)
class TagScheme:
    """The tags of one guideline: O, and B I E S for each of its labels.

    name (str): Name of the guideline.
    labels (tuple[str, ...]): Its labels.
    first (int): Its first column in the scores of all guidelines.
    """

    name: str
    labels: tuple[str, ...]
    first: int

    @property
    def n_tags(self) -> int:
        """Number of tags."""
        return 1 + 4 * len(self.labels)

    @property
    def columns(self) -> slice:
        """Its columns in the scores of all guidelines."""
        return slice(self.first, self.first + self.n_tags)

    @cached_property
    def transitions(self) -> NDArray[np.float32]:
        """0 for a legal step from tag (row) to tag (column), -10,000 for an illegal one."""
        opens, needs, label = _properties(np.arange(self.n_tags))
        legal = opens[:, None] == needs[None, :]
        legal &= ~opens[:, None] | (label[:, None] == label[None, :])
        return np.where(legal, 0.0, _FORBIDDEN).astype(np.float32)

    @cached_property
    def borders(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """0 for a tag that may begin a document, and for one that may end it; -10,000 for others."""
        opens, needs, _ = _properties(np.arange(self.n_tags))
        forbidden = np.float32(_FORBIDDEN)
        return np.where(needs, forbidden, 0).astype(np.float32), np.where(opens, forbidden, 0).astype(np.float32)


def make_schemes(guidelines: Mapping[str, Sequence[str]]) -> list[TagScheme]:
    """Return the tag schemes of several guidelines, their columns side by side in the order given.

    guidelines (Mapping[str, Sequence[str]]): Labels of each guideline.
    """
    schemes: list[TagScheme] = []
    for name, labels in guidelines.items():
        first = schemes[-1].columns.stop if schemes else 0
        schemes.append(TagScheme(name, tuple(labels), first))
    return schemes


def encode_tags(entities: Sequence[tuple[int, int, int]], n_tokens: int) -> NDArray[np.int64]:
    """Return the tags of a document.

    entities (Sequence[tuple[int, int, int]]): First token, the one after the last, number of the label. Of
        entities that overlap, the longest is tagged; a flat tag sequence cannot hold the others.
    n_tokens (int): Length of the document.
    RETURNS (NDArray[np.int64]): One tag per token.
    """
    tags = np.zeros(n_tokens, dtype=np.int64)
    for start, end, label in sorted(entities, key=lambda e: (e[0] - e[1], e[0])):
        if start >= end or tags[start:end].any():
            continue
        base = 1 + 4 * label
        if end - start == 1:
            tags[start] = base + SINGLE
        else:
            tags[start], tags[end - 1] = base + BEGIN, base + END
            tags[start + 1 : end - 1] = base + INSIDE
    return tags


def decode_tags(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the entities of a legal tag sequence.

    tags (NDArray[np.int64]): One tag per token.
    RETURNS (NDArray[np.int64]): Shape (n_entities, 3): first token, the one after the last, number of the label.
    """
    kind = np.where(tags > 0, (tags - 1) % 4, -1)
    starts = np.flatnonzero((kind == BEGIN) | (kind == SINGLE))
    ends = np.flatnonzero((kind == END) | (kind == SINGLE)) + 1
    return np.stack([starts, ends, (tags[starts] - 1) // 4], axis=1)


def best_tags(
    scores: NDArray[np.float32],
    lengths: NDArray[np.int64],
    scheme: TagScheme,
    learned: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """Return the best legal tag sequence of every document.

    scores (NDArray[np.float32]): Scores of the guideline's tags, shape (tokens of all documents, n_tags).
    lengths (NDArray[np.int64]): Tokens of each document.
    scheme (TagScheme): The guideline.
    learned (NDArray[np.float32] | None): Scores of transitions, shape (n_tags, n_tags), or None for none.
    RETURNS (NDArray[np.int64]): One tag per token.

    Without learned transitions, the highest tag of each token is the best path wherever that is legal. Only the
    stretches between two tokens that are surely O need the Viterbi algorithm, and only where a step is illegal.
    """
    # numpy reduces rows this short one by one, torch several at a time.
    scores = np.ascontiguousarray(scores)
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    best, tags = (tensor.numpy() for tensor in torch.from_numpy(scores).max(dim=1))
    if learned is not None:
        _search(scores, tags, lengths, np.flatnonzero(lengths > 0), (scheme.transitions + learned, *scheme.borders))
        return tags
    weights = (scheme.transitions, *scheme.borders)
    stretches = _stretches(scores, lengths)
    starts = np.cumsum(stretches) - stretches
    todo = np.flatnonzero(_illegal(tags, starts, stretches))
    _search(scores, tags, stretches, todo, weights)
    lost = np.cumsum(np.concatenate([[0.0], best - scores[np.arange(len(tags)), tags]]))
    # To leave O at a border costs more than _SURE; two neighbours that lost less than half of it each cannot gain by
    # that. Where one lost more, which is next to never, the whole document is searched.
    costly = todo[lost[starts[todo] + stretches[todo]] - lost[starts[todo]] >= _SURE / 2]
    if len(costly):
        docs = np.unique(np.searchsorted(np.cumsum(lengths), starts[costly], side="right"))
        _search(scores, tags, lengths, docs, weights)
    return tags


def _stretches(scores: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lengths of the stretches that begin with a document or with a token that is surely O."""
    others = torch.from_numpy(scores)[:, 1:].amax(dim=1).numpy()
    begins = scores[:, 0] - others > _SURE
    begins[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    return np.diff(np.flatnonzero(begins), append=len(scores))


def _search(
    scores: NDArray[np.float32],
    tags: NDArray[np.int64],
    lengths: NDArray[np.int64],
    todo: NDArray[np.int64],
    weights: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Write the best paths of some sequences into tags."""
    starts = np.cumsum(lengths) - lengths
    # Neighbours in length go together, so that little is padded.
    ordered = todo[np.argsort(lengths[todo], kind="stable")]
    for chunk in np.array_split(ordered, max(1, len(ordered) // 64)):
        if len(chunk):
            _viterbi(scores, tags, starts[chunk], lengths[chunk], weights)


def _properties(tags: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Return for each tag: does it leave an entity open, does it need an open one, and its label."""
    kind = np.where(tags > 0, (tags - 1) % 4, -1)
    return (kind == BEGIN) | (kind == INSIDE), (kind == INSIDE) | (kind == END), (tags - 1) // 4


def _illegal(tags: NDArray[np.int64], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    opens, needs, label = _properties(tags)
    wrong = np.zeros(len(tags) + 1, dtype=np.int64)
    inner = opens[:-1] != needs[1:]
    inner |= opens[:-1] & (label[:-1] != label[1:])
    wrong[1:-1] = inner
    # A step from one document to the next is judged by the borders instead.
    wrong[starts] = needs[starts]
    ends = starts + lengths
    sums = np.concatenate([[0], np.cumsum(wrong)])
    return (sums[ends] - sums[starts] > 0) | opens[ends - 1]


def _viterbi(
    scores: NDArray[np.float32],
    tags: NDArray[np.int64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    weights: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Write the best legal sequences of some documents into tags."""
    transitions, begin, finish = weights
    n_docs, longest, n_tags = len(starts), int(lengths.max()), scores.shape[1]
    rows = np.arange(n_docs)
    back = np.zeros((longest, n_docs, n_tags), dtype=np.int16)
    best = scores[starts] + begin
    for t in range(1, longest):
        steps = best[:, :, None] + transitions[None]
        back[t] = steps.argmax(axis=1)
        alive = t < lengths
        here = scores[starts + np.minimum(t, lengths - 1)]
        best = np.where(alive[:, None], steps.max(axis=1) + here, best)
    tag = (best + finish).argmax(axis=1)
    for t in range(longest - 1, -1, -1):
        alive = t < lengths
        tags[(starts + t)[alive]] = tag[alive]
        if t:
            tag = np.where(alive, back[t][rows, tag], tag)
