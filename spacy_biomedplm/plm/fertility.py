"""Fertility of a vocabulary: into how many pieces it cuts a word, inside and outside of entities."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tokenizers import Tokenizer

OUTSIDE = "outside"
ENTITIES = "entities"

_CHUNK = re.compile(r"\S+")
_EDGES = re.compile(r"([\W_]*)(.*?)([\W_]*)", re.DOTALL)

Mention = tuple[int, int, str]
"""First character, character after the last one, label."""


@dataclass(frozen=True)
class Fertility:
    """How a vocabulary cuts words.

    words (int): Words. pieces (int): Their pieces. whole (int): Words that are one piece, and not the unknown one.
    unknown (int): Words with a piece that stands for what the vocabulary cannot write.
    """

    words: int
    pieces: int
    whole: int
    unknown: int

    @property
    def pieces_per_word(self) -> float | None:
        """The fertility; None without words."""
        return self.pieces / self.words if self.words else None


class EntityWords:
    """The words of a corpus by where they stand."""

    def __init__(self) -> None:
        self.n_documents = 0
        self._outside: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()
        self._of_label: dict[str, Counter[str]] = {}

    def by_place(self) -> dict[str, Counter[str]]:
        """Return the words and how often each occurs: OUTSIDE of entities, in ENTITIES, and in those of each label.

        RETURNS (dict[str, Counter[str]]): Labels as "entities: Disease", if there are several of them; no empty ones.
        """
        labels = self._of_label if len(self._of_label) > 1 else {}
        named = {f"{ENTITIES}: {label}": labels[label] for label in sorted(labels)}
        return {
            place: found for place, found in {OUTSIDE: self._outside, ENTITIES: self._inside, **named}.items() if found
        }

    def add(self, text: str, mentions: Iterable[Mention] = ()) -> None:
        """Take up a document.

        text (str): Its text. mentions (Iterable[Mention]): Its entities; each fragment by itself.
        """
        ahead = sorted(mentions, reverse=True)
        begun: list[Mention] = []
        self.n_documents += 1
        for start, end in iter_words(text, [offset for mention in ahead for offset in mention[:2]]):
            while ahead and ahead[-1][0] < end:
                begun.append(ahead.pop())
            begun = [mention for mention in begun if mention[1] > start]
            labels = {label for _, _, label in begun}
            word = text[start:end]
            (self._inside if labels else self._outside)[word] += 1
            for label in labels:
                self._of_label.setdefault(label, Counter())[word] += 1


def iter_words(text: str, cuts: Iterable[int] = ()) -> Iterator[tuple[int, int]]:
    """Yield first character and end of each word.

    text (str): Any text.
    cuts (Iterable[int]): Where entities start and end; a word does so, too.

    A word is what stands between white space, less the punctuation at its edges, of which each character is a word of
    its own: "(IL-2)-induced" is "(", "IL-2)-induced"; with an entity "IL-2" it is "(", "IL-2", ")", "-", "induced". On
    texts that were published in tokens these are nearly the same.
    """
    remaining = sorted(set(cuts), reverse=True)
    for chunk in _CHUNK.finditer(text):
        start = chunk.start()
        while remaining and remaining[-1] < chunk.end():
            cut = remaining.pop()
            if cut > start:
                yield from _split_edges(text, start, cut)
                start = cut
        yield from _split_edges(text, start, chunk.end())


def _split_edges(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    match = _EDGES.fullmatch(text, start, end)
    assert match is not None  # every string matches
    for place in range(*match.span(1)):
        yield place, place + 1
    if match.group(2):
        yield match.span(2)
    for place in range(*match.span(3)):
        yield place, place + 1


def measure_fertility(tokenizer: Tokenizer, words: Mapping[str, int]) -> Fertility:
    """Return into how many pieces words are cut, each by itself as it stands after a space.

    tokenizer (Tokenizer): Without truncation and padding.
    words (Mapping[str, int]): How often each word occurs; words have no white space.
    """
    unknown = next((found for piece in ("[UNK]", "<unk>") if (found := tokenizer.token_to_id(piece)) is not None), None)
    total = [0, 0, 0, 0]
    encoded = tokenizer.encode_batch([f" {word}" for word in words], add_special_tokens=False)
    for count, pieces in zip(words.values(), encoded, strict=True):
        missing = unknown in pieces.ids
        for place, value in enumerate((1, len(pieces.ids), len(pieces.ids) == 1 and not missing, missing)):
            total[place] += count * value
    return Fertility(*total)
