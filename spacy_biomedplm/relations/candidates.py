"""Which pairs of mentions or concepts may stand in a relation: the candidates "spacy-biomedplm.pair_candidates.v1"."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from spacy_biomedplm.attributes import PASSAGES_KEY
from spacy_biomedplm.documents import sentence_starts
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.relations.coordination import Coordination
from spacy_biomedplm.relations.ends import End, concept_ends, mention_ends
from spacy_biomedplm.relations.schemes import Scheme

Ints: TypeAlias = NDArray[np.int64]
Context = Literal["sentence", "passage", "document"]

# Cells of the matrix of distances that are looked at together.
_MOST_CELLS = 1 << 22


class Pair(NamedTuple):
    """Two ends that may stand in a relation.

    head, tail (End): The ends.
    context (tuple[int, int]): First token of what the pair is judged by, and the one after its last.
    distance (int): Tokens between the nearest mentions of the two; 0 for neighbours and for mentions that overlap.
    """

    head: End
    tail: End
    context: tuple[int, int]
    distance: int


def count_cells(pair: Pair) -> int:
    """Return how many distances of a word to a mention a pair is judged by. pair (Pair): The pair."""
    return (pair.context[1] - pair.context[0]) * (len(pair.head.mentions) + len(pair.tail.mentions))


class Proposal(NamedTuple):
    """Candidates of a document by one scheme.

    pairs (list[Pair]): By head, then by tail. left_out (int): How many the bound on their number left out.
    """

    pairs: list[Pair]
    left_out: int


Candidates: TypeAlias = Callable[[Doc, Scheme, Mapping[str, str]], Proposal]
"""From a document, a guideline and the type of each label of entities to its candidates."""


@dataclass(frozen=True)
class _Settings:
    context: Context
    max_distance_tokens: int | None
    max_pairs: int
    skip_alternatives: bool


def create_pair_candidates(
    context: Context = "sentence",
    max_distance_tokens: int | None = None,
    max_pairs: int = 20_000,
    skip_alternatives: bool = False,
) -> Candidates:
    """Return a function that proposes pairs.

    context ("sentence" | "passage" | "document"): What a pair is judged by: the sentences from its first mention to its
        last, the passages (title, abstract, section), or everything.
    max_distance_tokens (int | None): Most tokens between the nearest mentions of a pair; None for any number.
    max_pairs (int): Most pairs of a document; of more, those with the nearest mentions are taken.
    skip_alternatives (bool): Leave out pairs of mentions, of whatever type, that the text names as alternatives or as
        one: of the same words, in one list ("A, B and C"), one behind the other in brackets, or overlapping. Of the
        pairs of drugs that do not interact half are of this kind (Chowdhury and Lavelli, 2013).
    RETURNS (Candidates): What it does not propose is found by no component, and counts as missed.
    RAISES (BiomedplmError): B221 for a number below 1.
    """
    for name, value in (("max_distance_tokens", max_distance_tokens), ("max_pairs", max_pairs)):
        if value is not None and value < 1:
            raise BiomedplmError(coded("B221", setting=name, found=value, wanted="1 or more"))
    settings = _Settings(context, max_distance_tokens, max_pairs, skip_alternatives)

    return partial(_propose, settings=settings)


def _propose(doc: Doc, scheme: Scheme, types: Mapping[str, str], *, settings: _Settings) -> Proposal:
    find = mention_ends if scheme.level == "mention" else concept_ends
    ends = find(doc, {label: type for label, type in types.items() if type in scheme.types})
    if len(ends) < 2:
        return Proposal([], 0)
    sentences = sentence_starts(doc)
    heads, tails, distances = _near_pairs(ends, sentences, scheme, settings.max_distance_tokens)
    if settings.skip_alternatives and scheme.level == "mention":
        places = [end.mentions[0] for end in ends]
        mentions = Coordination(doc, places)
        kept = [
            not mentions.are_alternatives(places[head], places[tail])
            for head, tail in zip(heads.tolist(), tails.tolist(), strict=True)
        ]
        heads, tails, distances = heads[kept], tails[kept], distances[kept]
    left_out = max(0, len(heads) - settings.max_pairs)
    if left_out:
        nearest = np.sort(np.lexsort((tails, heads, distances))[: settings.max_pairs])
        heads, tails, distances = heads[nearest], tails[nearest], distances[nearest]
    starts = _unit_starts(doc, settings.context, sentences)
    rows = zip(heads.tolist(), tails.tolist(), distances.tolist(), strict=True)
    pairs = [Pair(ends[i], ends[j], _around(ends[i], ends[j], starts, len(doc)), distance) for i, j, distance in rows]
    return Proposal(pairs, left_out)


def _near_pairs(
    ends: Sequence[End], sentences: Ints, scheme: Scheme, max_distance: int | None
) -> tuple[Ints, Ints, Ints]:
    """Return head, tail and distance of the pairs that a scheme allows, by head and tail."""
    labels = sorted(scheme.types)
    allowed = np.array([[scheme.admits(head, tail) for tail in labels] for head in labels])
    kinds = np.array([labels.index(end.type) for end in ends])
    places = np.array([place for end in ends for place in end.mentions])
    counts = np.array([len(end.mentions) for end in ends])
    same = _numbers([end.target if isinstance(end.target, str) else end.mentions for end in ends])
    firsts = np.cumsum(counts) - counts
    in_sentence = np.searchsorted(sentences, places[:, 0], side="right")
    found: list[tuple[Ints, Ints, Ints]] = []
    for block in _blocks(counts, len(places)):
        own = slice(int(firsts[block][0]), int(firsts[block][-1] + counts[block][-1]))
        gaps = np.maximum(np.maximum(places[own, :1] - places[None, :, 1], places[None, :, 0] - places[own, 1:]), 0)
        if scheme.scope == "sentence":
            gaps = np.where(in_sentence[own, None] == in_sentence[None], gaps, np.iinfo(np.int64).max)
        nearest = np.minimum.reduceat(np.minimum.reduceat(gaps, firsts[block] - own.start), firsts, axis=1)
        limit = np.iinfo(np.int64).max if max_distance is None else max_distance + 1
        # One concept, or one mention with two labels, is no pair.
        wanted = (nearest < limit) & allowed[kinds[block]][:, kinds] & (same[block, None] != same)
        numbers = np.arange(len(ends))
        # A pair that can be turned round is there once: ends are in the order of the text.
        wanted &= numbers[block, None] < numbers if scheme.symmetric else numbers[block, None] != numbers
        first, second = np.nonzero(wanted)
        found.append((first + block.start, second, nearest[first, second]))
    heads, tails, distances = (np.concatenate(part) for part in zip(*found, strict=True))
    return heads, tails, distances


def _numbers(keys: Sequence[object]) -> Ints:
    """Return a number for each key, the same for equal ones."""
    number_of: dict[object, int] = {}
    return np.array([number_of.setdefault(key, len(number_of)) for key in keys])


def _blocks(counts: Ints, n_mentions: int) -> Iterator[slice]:
    """Yield runs of ends with so few mentions that their distances to all can be looked at together."""
    first, total = 0, 0
    for number, count in enumerate(counts.tolist()):
        if total and (total + count) * n_mentions > _MOST_CELLS:
            yield slice(first, number)
            first, total = number, 0
        total += count
    yield slice(first, len(counts))


def _unit_starts(doc: Doc, context: Context, sentences: Ints) -> Ints:
    if context == "sentence":
        return sentences
    passages = doc.spans.get(PASSAGES_KEY, ()) if context == "passage" else ()
    starts = {0, *(passage.start for passage in passages if passage.label_ != "sentence")}
    return np.array(sorted(starts), dtype=np.int64)


def _around(head: End, tail: End, starts: Ints, size: int) -> tuple[int, int]:
    """Return the smallest run of whole units around all mentions of two ends."""
    mentions = (*head.mentions, *tail.mentions)
    first = int(np.searchsorted(starts, min(start for start, _ in mentions), side="right")) - 1
    behind = int(np.searchsorted(starts, max(end for _, end in mentions) - 1, side="right"))
    return int(starts[max(first, 0)]), int(starts[behind]) if behind < len(starts) else size
