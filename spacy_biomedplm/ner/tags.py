"""BIOES tags: columns of scores, legal transitions, and the way from entities to tags and back."""

from collections.abc import Iterator, Mapping, Sequence
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

# Scores, padding counted, of the sequences that are searched together: 16 MB.
_TOGETHER = 4_000_000


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
    schemes: Sequence[TagScheme],
    learned: Sequence[NDArray[np.float32]] = (),
) -> list[NDArray[np.int64]]:
    """Return the best legal tag sequence of every document, by each guideline.

    scores (NDArray[np.float32]): Scores of all guidelines' tags, shape (tokens of all documents, tags).
    lengths (NDArray[np.int64]): Tokens of each document.
    schemes (Sequence[TagScheme]): The guidelines.
    learned (Sequence[NDArray[np.float32]]): Scores of each guideline's transitions, shape (n_tags, n_tags); none if
        transitions have none.
    RETURNS (list[NDArray[np.int64]]): One tag per token, for each guideline.

    Without learned transitions, the highest tag of each token is the best path wherever that is legal. Only the
    stretches between tokens that are surely O are looked at, and only those with an illegal step are searched.
    """
    if learned:
        found = []
        for scheme, transitions in zip(schemes, learned, strict=True):
            tags = np.zeros(len(scores), dtype=np.int64)
            weights = (scheme.transitions + transitions, *scheme.borders)
            _search_learned(scores[:, scheme.columns], tags, lengths, weights)
            found.append(tags)
        return found
    parts = [_Stretches(scores[:, scheme.columns], lengths) for scheme in schemes]
    _search_all([task for part in parts for task in part.illegal_stretches()])
    found = [part.tags_of_all() for part in parts]
    _search_all([task for part, tags in zip(parts, found, strict=True) for task in part.costly_regions(tags)])
    return found


# A sequence to search: scores and tags of all tokens of a guideline, its first token, its length.
_Task = tuple[NDArray[np.float32], NDArray[np.int64], int, int]


class _Stretches:
    """The tokens that a guideline does not surely call O, in stretches of neighbours within a document.

    scores (NDArray[np.float32]): Scores of the guideline's tags for all tokens.
    lengths (NDArray[np.int64]): Tokens of each document.
    """

    def __init__(self, scores: NDArray[np.float32], lengths: NDArray[np.int64]) -> None:
        self.all_scores, self.doc_lengths, self.doc_ends = scores, lengths, np.cumsum(lengths)
        # torch reduces several rows this short at a time.
        others = torch.from_numpy(scores)[:, 1:].amax(dim=1).numpy()
        self.tokens = np.flatnonzero(scores[:, 0] - others <= _SURE)
        self.docs = np.searchsorted(self.doc_ends, self.tokens, side="right")
        self.scores = scores[self.tokens]
        highest = torch.from_numpy(self.scores).max(dim=1)
        self.best, self.tags = highest.values.numpy(), highest.indices.numpy()
        apart = (np.diff(self.tokens, prepend=-2) > 1) | (np.diff(self.docs, prepend=-1) > 0)
        self.starts = np.flatnonzero(apart)
        self.lengths = np.diff(self.starts, append=len(self.tokens))
        self.illegal = np.flatnonzero(_illegal(self.tags, self.starts, self.lengths))

    def illegal_stretches(self) -> Iterator[_Task]:
        """Yield the stretches in which the highest tags make an illegal step."""
        for start, length in zip(self.starts[self.illegal], self.lengths[self.illegal], strict=True):
            yield self.scores, self.tags, start, length

    def tags_of_all(self) -> NDArray[np.int64]:
        """Return one tag per token of all documents."""
        tags = np.zeros(len(self.all_scores), dtype=np.int64)
        tags[self.tokens] = self.tags
        return tags

    def costly_regions(self, tags: NDArray[np.int64]) -> Iterator[_Task]:
        """Yield the regions in which a path across tokens that are surely O might be better.

        tags (NDArray[np.int64]): What ``tags_of_all`` returned after the illegal stretches were searched.

        To leave O at one of these tokens costs more than _SURE, and a stretch gains at most what its legal path has
        lost. So a better path needs stretches that lost half of _SURE or more, and for each such half leaves O at most
        once more, on its way into other stretches or not.
        """
        lost = np.cumsum(np.concatenate([[0.0], self.best - self.scores[np.arange(len(self.tags)), self.tags]]))
        losses = lost[self.starts + self.lengths] - lost[self.starts]
        costly = np.flatnonzero(losses >= _SURE / 2)
        reaches = np.ceil(losses[costly] / (_SURE / 2)).astype(np.int64)
        doc_of = self.docs[self.starts]
        begins = self.tokens[self.starts]
        ends = self.tokens[self.starts + self.lengths - 1] + 1
        for first, last, reach in _joined(costly.tolist(), reaches.tolist(), doc_of):
            doc = doc_of[first]
            least, most = np.searchsorted(doc_of, [doc, doc + 1])
            left, right = max(least, first - reach), min(most - 1, last + reach)
            floor = ends[left - 1] if left > least else self.doc_ends[doc] - self.doc_lengths[doc]
            ceiling = begins[right + 1] if right < most - 1 else self.doc_ends[doc]
            start = max(floor, begins[left] - reach)
            yield self.all_scores, tags, start, min(ceiling, ends[right] + reach) - start


def _joined(costly: list[int], reaches: list[int], doc_of: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return groups of costly stretches from which one path could come: first one, last one, common reach.

    costly (list[int]): Numbers of the costly stretches, ascending.
    reaches (list[int]): How many stretches further on each side a path could go for the sake of each.
    doc_of (NDArray[np.int64]): Document of each stretch; a group does not leave it.
    """
    groups: list[tuple[int, int, int]] = []
    for number, reach in zip(costly, reaches, strict=True):
        first = number
        while groups and doc_of[groups[-1][1]] == doc_of[first] and groups[-1][1] + groups[-1][2] >= first - reach:
            before = groups.pop()
            first, reach = before[0], before[2] + reach
        groups.append((first, number, reach))
    return groups


def _search_all(tasks: Sequence[_Task]) -> None:
    """Replace the tags of sequences by their best legal paths."""
    # Neighbours in length go together, so that little is padded.
    ordered = sorted(tasks, key=lambda task: task[3])
    widest = max((scores.shape[1] for scores, _, _, _ in ordered), default=0)
    while ordered:
        at_once = max(1, _TOGETHER // (widest * ordered[0][3]))
        while at_once > 1 and at_once * widest * ordered[:at_once][-1][3] > _TOGETHER:
            at_once //= 2
        chunk, ordered = ordered[:at_once], ordered[at_once:]
        n_tags = max(scores.shape[1] for scores, _, _, _ in chunk)
        padded = np.full((len(chunk), chunk[-1][3], n_tags), _FORBIDDEN, dtype=np.float32)
        for row, (scores, _, start, length) in enumerate(chunk):
            padded[row, :length, : scores.shape[1]] = scores[start : start + length]
        paths = _legal_paths(padded, np.array([length for _, _, _, length in chunk]))
        for path, (_, tags, start, length) in zip(paths, chunk, strict=True):
            tags[start : start + length] = path[:length]


def _legal_paths(scores: NDArray[np.float32], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the best legal paths: the Viterbi algorithm, in which all tags that leave no entity open are one state.

    scores (NDArray[np.float32]): Shape (sequences, longest, tags).
    lengths (NDArray[np.int64]): Length of each sequence, ascending.
    RETURNS (NDArray[np.int64]): Shape (sequences, longest); what is behind the end of a sequence has no meaning.
    """
    n_rows, longest = scores.shape[:2]
    by_label = scores[:, :, 1:].reshape(n_rows, longest, -1, 4)
    n_labels = by_label.shape[2]
    first_tags = 1 + 4 * np.arange(n_labels)
    closing = np.concatenate([[0], first_tags + SINGLE, first_tags + END])
    outside = scores[:, :, 0]
    # What the best path with an open entity of each label is ahead of the best one without; differences, as sums over
    # a long document would lose their digits.
    opened = np.full((n_rows, n_labels), _FORBIDDEN, dtype=np.float32)
    closing_tags = np.zeros((longest, n_rows), dtype=np.int64)
    went_on = np.zeros((longest, n_rows, n_labels), dtype=bool)
    for t in range(longest):
        # Sequences are ascending in length, so those that are not over are the last ones.
        alive = slice(int(np.searchsorted(lengths, t, side="right")), None)
        here = by_label[alive, t]
        closed = np.concatenate([outside[alive, t, None], here[:, :, SINGLE], opened[alive] + here[:, :, END]], axis=1)
        best = closed.argmax(axis=1)
        closing_tags[t, alive] = closing[best]
        begun, inside = here[:, :, BEGIN], opened[alive] + here[:, :, INSIDE]
        went_on[t, alive] = inside > begun
        opened[alive] = np.maximum(inside, begun) - closed[np.arange(len(closed)), best, None]
    paths = np.zeros((n_rows, longest), dtype=np.int64)
    rows = np.arange(n_rows)
    label = np.full(n_rows, -1)
    for t in range(longest - 1, -1, -1):
        is_open = label >= 0
        goes_on = went_on[t, rows, label]
        paths[:, t] = np.where(is_open, first_tags[label] + np.where(goes_on, INSIDE, BEGIN), closing_tags[t])
        ends = ~is_open & (closing_tags[t] > 0) & ((closing_tags[t] - 1) % 4 == END)
        label = np.where(ends, (closing_tags[t] - 1) // 4, np.where(is_open & goes_on, label, -1))
        label[t >= lengths] = -1
    return paths


def _search_learned(
    scores: NDArray[np.float32],
    tags: NDArray[np.int64],
    lengths: NDArray[np.int64],
    weights: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Write the best paths into tags, by the Viterbi algorithm with the weights of transitions, begin and end."""
    starts = np.cumsum(lengths) - lengths
    ordered = np.argsort(lengths, kind="stable")
    ordered = ordered[lengths[ordered] > 0]
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
    # A step from one sequence to the next is judged by the borders instead.
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
        # Differences are all that counts; sums over a long document would lose their digits.
        best -= best.max(axis=1, keepdims=True)
    tag = (best + finish).argmax(axis=1)
    for t in range(longest - 1, -1, -1):
        alive = t < lengths
        tags[(starts + t)[alive]] = tag[alive]
        if t:
            tag = np.where(alive, back[t][rows, tag], tag)
