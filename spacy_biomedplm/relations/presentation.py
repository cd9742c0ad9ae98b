"""How pairs are put before the encoder: in their documents, or each in a copy of its context with both ends marked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from spacy_biomedplm.relations.candidates import Pair

Ints: TypeAlias = NDArray[np.int64]
Markers = Literal["none", "plain", "typed", "masked"]

_SIGNS = ("@", "#")
_TYPE_SIGNS = ("*", "^")
_Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class PairArrays:
    """Pairs as numbers; rows are those of the token vectors of all documents, end to end.

    spans (Ints): First row and the one after the last of each mention, shape (mentions, 2).
    owners (Ints): Twice the number of its pair, and 1 more for a tail; ascending, shape (mentions,).
    contexts (Ints): First row and the one after the last of what a pair is judged by, shape (pairs, 2).
    types (Ints): Numbers of the types of head and tail, shape (pairs, 2).
    gaps (Ints): Tokens between the nearest mentions; negative where the tail comes first, shape (pairs,).
    """

    spans: Ints
    owners: Ints
    contexts: Ints
    types: Ints
    gaps: Ints

    def __len__(self) -> int:
        return len(self.contexts)

    def chosen(self, pairs: Ints) -> "PairArrays":
        """Return some pairs. pairs (Ints): Their numbers, ascending or each several times in a row."""
        ends = np.searchsorted(self.owners, np.arange(2 * len(self) + 1))
        owners = (2 * pairs[:, None] + np.arange(2)).reshape(-1)
        counts = ends[owners + 1] - ends[owners]
        rows = np.repeat(ends[owners] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        return PairArrays(
            self.spans[rows],
            np.repeat(np.arange(len(owners)), counts),
            self.contexts[pairs],
            self.types[pairs],
            self.gaps[pairs],
        )


def present_together(docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]], types: Mapping[str, int]) -> PairArrays:
    """Return pairs where they stand in their documents: the encoder reads a document once for all of them.

    docs (Sequence[Doc]): Documents. pairs (Sequence[Sequence[Pair]]): Of each.
    types (Mapping[str, int]): Number of each type.
    """
    firsts = np.cumsum([0, *map(len, docs)]).tolist()
    rows = [
        (first, pair, pair.head.mentions, pair.tail.mentions, pair.context)
        for first, of_doc in zip(firsts, pairs, strict=False)
        for pair in of_doc
    ]
    return _to_arrays(rows, types)


def present_apart(
    docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]], types: Mapping[str, int], markers: Markers
) -> tuple[list[Doc], PairArrays]:
    """Return a copy of its context for each pair, and the pairs in these.

    docs (Sequence[Doc]): Documents. pairs (Sequence[Sequence[Pair]]): Of each.
    types (Mapping[str, int]): Number of each type.
    markers ("none" | "plain" | "typed" | "masked"): "plain" puts signs around the mentions of head and tail, "typed"
        also says their types (Zhou and Chen, 2022), "masked" puts the type in place of the mention (Lee et al., 2020,
        BioBERT).
    """
    copies: list[Doc] = []
    rows = []
    first = 0
    for doc, of_doc in zip(docs, pairs, strict=True):
        words = [token.text for token in doc] if of_doc else []
        spaces = [bool(token.whitespace_) for token in doc] if of_doc else []
        for pair in of_doc:
            copy, heads, tails = _copy(doc, words, spaces, pair, markers)
            copies.append(copy)
            rows.append((first, pair, heads, tails, (0, len(copy))))
            first += len(copy)
    return copies, _to_arrays(rows, types)


def _to_arrays(
    rows: Iterable[tuple[int, Pair, Sequence[_Place], Sequence[_Place], _Place]], types: Mapping[str, int]
) -> PairArrays:
    spans, owners, contexts, kinds, gaps = [], [], [], [], []
    for number, (first, pair, heads, tails, context) in enumerate(rows):
        spans += [(first + start, first + end) for start, end in chain(heads, tails)]
        owners += [2 * number] * len(heads) + [2 * number + 1] * len(tails)
        contexts.append((first + context[0], first + context[1]))
        kinds.append((types[pair.head.type], types[pair.tail.type]))
        gaps.append(-pair.distance if pair.tail.mentions[0] < pair.head.mentions[0] else pair.distance)
    return PairArrays(
        np.array(spans, dtype=np.int64).reshape(-1, 2),
        np.array(owners, dtype=np.int64),
        np.array(contexts, dtype=np.int64).reshape(-1, 2),
        np.array(kinds, dtype=np.int64).reshape(-1, 2),
        np.array(gaps, dtype=np.int64),
    )


def _copy(
    doc: Doc, words: Sequence[str], spaces: Sequence[bool], pair: Pair, markers: Markers
) -> tuple[Doc, list[_Place], list[_Place]]:
    """Return a copy of the context of a pair, and where the mentions of head and tail are in it, marks included."""
    begin, end = pair.context
    if markers == "none":
        copy = Doc(doc.vocab, words=list(words[begin:end]), spaces=list(spaces[begin:end]))
        places = [[(a - begin, b - begin) for a, b in one.mentions] for one in (pair.head, pair.tail)]
        return copy, places[0], places[1]
    if markers == "masked":
        return _mask(doc, words, spaces, pair)
    marks = [_marks(side, end.type, markers) for side, end in enumerate((pair.head, pair.tail))]
    opening: dict[int, list[tuple[int, int, int]]] = {}
    closing: dict[int, list[tuple[int, int, int]]] = {}
    for side, one in enumerate((pair.head, pair.tail)):
        for number, (start, stop) in enumerate(one.mentions):
            # Longer mentions open first and close last.
            opening.setdefault(start, []).append((start - stop, side, number))
            closing.setdefault(stop, []).append((start, side, number))
    new_words: list[str] = []
    new_spaces: list[bool] = []
    found: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    for place in range(begin, end + 1):
        for _, side, number in sorted(closing.get(place, ()), reverse=True):
            if new_spaces and not new_spaces[-1]:
                new_spaces[-1] = True
            new_words.append(_SIGNS[side])
            new_spaces.append(place < end and bool(spaces[place - 1]))
            found[side][number].append(len(new_words))
        if place == end:
            break
        for _, side, number in sorted(opening.get(place, ())):
            if new_spaces:
                new_spaces[-1] = True
            found[side][number] = [len(new_words)]
            new_words += marks[side]
            new_spaces += [True] * len(marks[side])
        new_words.append(words[place])
        new_spaces.append(spaces[place])
    copy = Doc(doc.vocab, words=new_words, spaces=new_spaces)
    heads, tails = ([(a, b) for a, b in (side[number] for number in sorted(side))] for side in found)
    return copy, heads, tails


def _marks(side: int, type: str, markers: Markers) -> list[str]:
    if markers == "plain":
        return [_SIGNS[side]]
    return [_SIGNS[side], _TYPE_SIGNS[side], _name_of(type).lower(), _TYPE_SIGNS[side]]


def _name_of(type: str) -> str:
    return type.replace("_", " ").strip() or "entity"


def _mask(doc: Doc, words: Sequence[str], spaces: Sequence[bool], pair: Pair) -> tuple[Doc, list[_Place], list[_Place]]:
    """Return a copy in which a word such as "@CHEMICAL$" stands for a mention; for mentions that overlap, one word."""
    begin, end = pair.context
    sides = sorted(
        (start, stop, side) for side, one in enumerate((pair.head, pair.tail)) for start, stop in one.mentions
    )
    merged: list[tuple[int, int, set[int]]] = []
    for start, stop, side in sides:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]), merged[-1][2] | {side})
        else:
            merged.append((start, stop, {side}))
    new_words: list[str] = []
    new_spaces: list[bool] = []
    found: tuple[list[_Place], list[_Place]] = ([], [])
    place = begin
    for start, stop, of_sides in merged:
        new_words += words[place:start]
        new_spaces += spaces[place:start]
        labels = dict.fromkeys((pair.head, pair.tail)[side].type.upper() for side in sorted(of_sides))
        for side in of_sides:
            found[side].append((len(new_words), len(new_words) + 1))
        new_words.append(f"@{'-'.join(labels)}$")
        new_spaces.append(spaces[stop - 1])
        place = stop
    new_words += words[place:end]
    new_spaces += spaces[place:end]
    return Doc(doc.vocab, words=new_words, spaces=new_spaces), found[0], found[1]


def portions(
    docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]], most: int
) -> Iterator[tuple[list[Doc], list[list[Pair]]]]:
    """Yield documents and pairs, so many that their contexts have a bounded number of tokens.

    docs (Sequence[Doc]): Documents. pairs (Sequence[Sequence[Pair]]): Of each. most (int): Tokens; one pair at least.
    """
    chosen_docs: list[Doc] = []
    chosen_pairs: list[list[Pair]] = []
    total = 0
    for doc, of_doc in zip(docs, pairs, strict=True):
        for place, pair in enumerate(of_doc):
            size = pair.context[1] - pair.context[0]
            if total and total + size > most:
                yield chosen_docs, chosen_pairs
                chosen_docs, chosen_pairs, total = [], [], 0
            if not chosen_docs or chosen_docs[-1] is not doc or not place:
                chosen_docs.append(doc)
                chosen_pairs.append([])
            chosen_pairs[-1].append(pair)
            total += size
    if chosen_docs:
        yield chosen_docs, chosen_pairs
