"""Which entries a vocabulary gains most by: words of the domain for WordPiece, further merges for BPE."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tokenizers import Tokenizer

from spacy_biomedplm.plm.words import WordCounts

_SPACES = "Ġ▁"


@dataclass(frozen=True)
class Addition:
    """A new entry.

    text (str): As it stands in the vocabulary.
    pieces (tuple[str, ...]): Pieces of the old vocabulary that it is written with.
    saved (int): Pieces that the corpus has less by it.
    """

    text: str
    pieces: tuple[str, ...]
    saved: int


@dataclass(frozen=True)
class Additions:
    """New entries of a vocabulary.

    entries (tuple[Addition, ...]): In the order of their ids.
    merges (tuple[tuple[str, str], ...]): For BPE the merge that makes each entry; empty for WordPiece.
    """

    entries: tuple[Addition, ...]
    merges: tuple[tuple[str, str], ...] = ()


def cut_words(counts: WordCounts, tokenizer: Tokenizer) -> list[tuple[str, ...]]:
    """Return the pieces of each word.

    counts (WordCounts): The words. tokenizer (Tokenizer): Whose model cuts them.
    """
    cut = tokenizer.model.tokenize
    return [tuple(piece.value for piece in cut(word)) for word in counts.words]


def choose_whole_words(
    counts: WordCounts, pieces: list[tuple[str, ...]], n_entries: int, *, min_documents: int
) -> Additions:
    """Choose the words that save most pieces: frequency × (pieces − 1).

    counts (WordCounts): The words. pieces (list[tuple[str, ...]]): The pieces of each.
    n_entries (int): How many to choose; fewer are chosen if no more qualify.
    min_documents (int): Documents that a word must occur in: what one paper writes often is no word of the domain.
    RETURNS (Additions): Words with a letter in them, the best first, words of equal saving in alphabetical order.

    Continuations ("##itis") were tried and save next to nothing beside whole words (docs/language-models.md).
    """
    found = [
        Addition(word, cut, int(count) * (len(cut) - 1))
        for word, cut, count, documents in zip(counts.words, pieces, counts.counts, counts.documents, strict=True)
        if len(cut) > 1 and documents >= min_documents and _has_letter(word)
    ]
    return Additions(tuple(sorted(found, key=lambda entry: (-entry.saved, entry.text))[:n_entries]))


def continue_merges(
    counts: WordCounts,
    pieces: list[tuple[str, ...]],
    n_entries: int,
    *,
    min_documents: int,
    known: set[str],
    prefix: str = "",
) -> Additions:
    """Go on with the merges of BPE where its training ended: the most frequent pair becomes an entry, again and again.

    counts, pieces, n_entries, min_documents: As for ``choose_whole_words``.
    known (set[str]): All entries of the vocabulary; a pair that makes one of them is passed over.
    prefix (str): What marks a piece within a word, if the vocabulary marks it.
    RETURNS (Additions): An entry for each merge. Merges come after all old ones, so nothing else is cut differently.

    Sennrich et al. (2016), algorithm 1, with the counts kept up to date.
    """
    chosen = [
        (list(cut), int(count))
        for word, cut, count, documents in zip(counts.words, pieces, counts.counts, counts.documents, strict=True)
        if len(cut) > 1 and documents >= min_documents and _has_letter(word)
    ]
    pairs = _Pairs([cut for cut, _ in chosen], [count for _, count in chosen])
    entries: list[Addition] = []
    merges: list[tuple[str, str]] = []
    made: dict[str, tuple[str, ...]] = {}
    while len(entries) < n_entries and (best := pairs.pop()) is not None:
        left, right = best
        merged = left + right.removeprefix(prefix)
        if merged in known or merged in made:
            continue
        made[merged] = (*made.get(left, (left,)), *made.get(right, (right,)))
        entries.append(Addition(merged, made[merged], pairs.merge(best, merged)))
        merges.append((left, right))
    return Additions(tuple(entries), tuple(merges))


class _Pairs:
    """Neighbouring pieces, how often they occur, and in which words."""

    def __init__(self, words: list[list[str]], weights: list[int]) -> None:
        self.words = words
        self.weights = weights
        self.counts: Counter[tuple[str, str]] = Counter()
        self.places: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for place, (pieces, weight) in enumerate(zip(words, weights, strict=True)):
            for pair in _neighbours(pieces):
                self.counts[pair] += weight
                self.places[pair].add(place)
        self.heap = [(-count, pair) for pair, count in self.counts.items()]
        heapq.heapify(self.heap)

    def pop(self) -> tuple[str, str] | None:
        """Take out the most frequent pair, of equal ones the first in alphabetical order; None if there is none."""
        while self.heap:
            count, pair = heapq.heappop(self.heap)
            # Counts that a merge has changed since lie in the heap a second time.
            if -count == self.counts[pair]:
                return pair
        return None

    def merge(self, pair: tuple[str, str], merged: str) -> int:
        """Put one piece for a pair in all words, and return how many pieces are gone."""
        changed: set[tuple[str, str]] = set()
        saved = 0
        for place in self.places.pop(pair):
            old, weight = self.words[place], self.weights[place]
            new = _join(old, pair, merged)
            for other in _neighbours(old):
                self.counts[other] -= weight
                self.places[other].discard(place)
            for other in _neighbours(new):
                self.counts[other] += weight
                self.places[other].add(place)
            changed.update(_neighbours(old), _neighbours(new))
            self.words[place] = new
            saved += weight * (len(old) - len(new))
        for other in changed:
            if self.counts[other] > 0:
                heapq.heappush(self.heap, (-self.counts[other], other))
        return saved


def _neighbours(pieces: list[str]) -> Iterator[tuple[str, str]]:
    return pairwise(pieces)


def _join(pieces: list[str], pair: tuple[str, str], merged: str) -> list[str]:
    joined: list[str] = []
    at = 0
    while at < len(pieces):
        if tuple(pieces[at : at + 2]) == pair:
            joined.append(merged)
            at += 2
        else:
            joined.append(pieces[at])
            at += 1
    return joined


def _has_letter(word: str) -> bool:
    return any(character.isalpha() for character in word.strip(_SPACES))
