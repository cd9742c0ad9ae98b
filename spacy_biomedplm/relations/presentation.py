"""How pairs are put before the encoder: in their documents, or each in a copy of its context with both ends marked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from spacy.tokens import Doc

from spacy_biomedplm.layers.pairs import PairArrays
from spacy_biomedplm.relations.candidates import Pair

Markers = Literal["none", "plain", "typed", "masked"]

_SIGNS = ("@", "#")
_TYPE_SIGNS = ("*", "^")
_Place: TypeAlias = tuple[int, int]


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


def present_marked(
    docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]], types: Mapping[str, int], markers: Markers
) -> tuple[list[Doc], PairArrays]:
    """Return a copy of each document with the ends of all pairs marked, and the pairs in these.

    docs, pairs, types: As for ``present_together``.
    markers (Markers): See ``present_apart``; heads and tails have the same signs.
    """
    copies: list[Doc] = []
    rows = []
    first = 0
    for doc, of_doc in zip(docs, pairs, strict=True):
        ends = {(*place, end.type) for pair in of_doc for end in (pair.head, pair.tail) for place in end.mentions}
        marks = [_Mark(start, stop, 0, type) for start, stop, type in sorted(ends)]
        written = _write(doc, (0, len(doc)), marks, markers)
        copies.append(written.doc)
        for pair in of_doc:
            heads, tails = (
                [written.places[_Mark(start, stop, 0, end.type)] for start, stop in end.mentions]
                for end in (pair.head, pair.tail)
            )
            context = written.bounds[pair.context[0]], written.bounds[pair.context[1]]
            rows.append((first, pair, heads, tails, context))
        first += len(written.doc)
    return copies, _to_arrays(rows, types)


def present_apart(
    docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]], types: Mapping[str, int], markers: Markers
) -> tuple[list[Doc], PairArrays]:
    """Return a copy of its context for each pair, and the pairs in these.

    docs, pairs, types: As for ``present_together``.
    markers ("none" | "plain" | "typed" | "masked"): "plain" puts signs around the mentions of head and tail, "typed"
        also says their types (Zhou and Chen, 2022), "masked" puts the type in place of the mention (Lee et al., 2020,
        BioBERT); mentions that overlap have one mask.
    """
    copies: list[Doc] = []
    rows = []
    first = 0
    for doc, of_doc in zip(docs, pairs, strict=True):
        for pair in of_doc:
            marks = [
                [_Mark(start, stop, side, end.type) for start, stop in end.mentions]
                for side, end in enumerate((pair.head, pair.tail))
            ]
            written = _write(doc, pair.context, [*marks[0], *marks[1]], markers)
            heads, tails = ([written.places[mark] for mark in of_end] for of_end in marks)
            copies.append(written.doc)
            rows.append((first, pair, heads, tails, (0, len(written.doc))))
            first += len(written.doc)
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


class _Mark(NamedTuple):
    """A mention that is marked: its tokens, 0 for a head or 1 for a tail, and its type."""

    start: int
    stop: int
    side: int
    type: str


class _Written(NamedTuple):
    """A copy of a part of a document.

    doc (Doc): The copy. places (dict): Where each marked mention is in it, marks included.
    bounds (dict[int, int]): For each token of the original the first token of the copy that stands for it or its marks.
    """

    doc: Doc
    places: dict[_Mark, _Place]
    bounds: dict[int, int]


def _write(doc: Doc, context: _Place, marks: Sequence[_Mark], markers: Markers) -> _Written:
    begin, end = context
    part = doc[begin:end]
    words = [token.text for token in part]
    spaces = [bool(token.whitespace_) for token in part]
    write = _write_masks if markers == "masked" else _write_signs
    return write(doc, begin, words, spaces, marks, markers)


def _write_signs(
    doc: Doc, begin: int, words: list[str], spaces: list[bool], marks: Sequence[_Mark], markers: Markers
) -> _Written:
    opening: dict[int, list[_Mark]] = {}
    closing: dict[int, list[_Mark]] = {}
    for mark in marks if markers != "none" else ():
        opening.setdefault(mark.start, []).append(mark)
        closing.setdefault(mark.stop, []).append(mark)
    new_words: list[str] = []
    new_spaces: list[bool] = []
    firsts: dict[_Mark, int] = {}
    bounds: dict[int, int] = {}
    places: dict[_Mark, _Place] = {}
    for place in range(begin, begin + len(words) + 1):
        # Longer mentions open first and close last.
        for mark in sorted(closing.get(place, ()), key=lambda mark: (-mark.start, -mark.side, mark.type)):
            behind = new_spaces[-1]
            new_spaces[-1] = True
            new_words.append(_SIGNS[mark.side])
            new_spaces.append(behind)
            places[mark] = firsts[mark], len(new_words)
        bounds[place] = len(new_words)
        if place == begin + len(words):
            break
        for mark in sorted(opening.get(place, ()), key=lambda mark: (-mark.stop, mark.side, mark.type)):
            if new_spaces:
                new_spaces[-1] = True
            firsts[mark] = len(new_words)
            signs = _signs_of(mark, markers)
            new_words += signs
            new_spaces += [True] * len(signs)
        new_words.append(words[place - begin])
        new_spaces.append(spaces[place - begin])
    if markers == "none":
        places = {mark: (mark.start - begin, mark.stop - begin) for mark in marks}
    return _Written(Doc(doc.vocab, words=new_words, spaces=new_spaces), places, bounds)


def _signs_of(mark: _Mark, markers: Markers) -> list[str]:
    if markers == "plain":
        return [_SIGNS[mark.side]]
    name = mark.type.replace("_", " ").strip().lower() or "entity"
    return [_SIGNS[mark.side], _TYPE_SIGNS[mark.side], name, _TYPE_SIGNS[mark.side]]


def _write_masks(
    doc: Doc, begin: int, words: list[str], spaces: list[bool], marks: Sequence[_Mark], markers: Markers
) -> _Written:
    """Return a copy in which a word such as "@CHEMICAL$" stands for a mention; for mentions that overlap, one word."""
    merged: list[list[_Mark]] = []
    stop = -1
    for mark in sorted(marks):
        if merged and mark.start < stop:
            merged[-1].append(mark)
        else:
            merged.append([mark])
        stop = max(stop, mark.stop)
    new_words: list[str] = []
    new_spaces: list[bool] = []
    bounds: dict[int, int] = {}
    places: dict[_Mark, _Place] = {}
    place = begin

    def copy(until: int) -> None:
        bounds.update({one: len(new_words) + one - place for one in range(place, until + 1)})
        new_words.extend(words[place - begin : until - begin])
        new_spaces.extend(spaces[place - begin : until - begin])

    for group in merged:
        start, stop = group[0].start, max(mark.stop for mark in group)
        copy(start)
        bounds.update(dict.fromkeys(range(start, stop), len(new_words)))
        types = dict.fromkeys(mark.type.upper() for mark in sorted(group, key=lambda mark: (mark.side, mark)))
        places.update(dict.fromkeys(group, (len(new_words), len(new_words) + 1)))
        new_words.append(f"@{'-'.join(types)}$")
        new_spaces.append(spaces[stop - 1 - begin])
        place = stop
    copy(begin + len(words))
    return _Written(Doc(doc.vocab, words=new_words, spaces=new_spaces), places, bounds)


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
