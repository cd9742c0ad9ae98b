"""What speaks for and against each candidate of a mention, as numbers that a ranker weighs."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log1p

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.protocol import NO_NAME, Ints
from spacy_biomedplm.kb.curies import prefix_of
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.candidates import FORMS, Candidates
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.mentions import Mention

LEXICAL = (
    "same characters",
    "same but for case",
    "same words in any order",
    "share of the mention's words",
    "share of the name's words",
    "share of common beginnings",
    "same last word",
    "same first letters",
    "numbers differ",
    "length",
)
"""Names of the columns of ``compare``."""

_WORD = re.compile(r"[^\W_]+")
_ROMAN = {roman: str(number) for number, roman in enumerate("i ii iii iv v vi vii viii ix x".split(), start=1)}
_EMPTY = frozenset(("of", "the", "a", "an", "in", "with", "to", "and", "by", "due"))


@lru_cache(maxsize=1 << 16)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name: in lower case, without plural endings and words that say nothing.

    text (str): The name.
    """
    found = (_singular(word) for word in _WORD.findall(text.casefold()))
    words = tuple(word for word in found if word not in _EMPTY)
    return words or tuple(_WORD.findall(text.casefold()))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=1 << 16)
def _numbers_of(text: str) -> frozenset[str]:
    """Return what tells one of a series from the others: numbers, Roman ones too, and single letters but the first."""
    words = _WORD.findall(text.casefold())
    digits = {part for word in words for part in re.findall("[0-9]+", word)}
    return frozenset(digits | {_ROMAN.get(w, w) for w in words[1:] if w in _ROMAN or (len(w) == 1 and w.isalpha())})


def compare(mention: str, names: Sequence[str]) -> NDArray[np.float32]:
    """Return how alike a mention and names are.

    mention (str): As it stands in the text, or with its abbreviation written out.
    names (Sequence[str]): Of concepts.
    RETURNS (NDArray[float32]): Shape (names, len(LEXICAL)), each between -1 and 1.
    """
    rows = [_compare(mention, name) for name in names]
    return np.array(rows, dtype=np.float32).reshape(len(names), len(LEXICAL))


@lru_cache(maxsize=1 << 17)
def _compare(mention: str, name: str) -> tuple[float, ...]:
    words, others = words_of(mention), words_of(name)
    own = set(words)
    common = own.intersection(others)
    begun = len(own)
    if own != common:
        begun = sum(any(_begin_alike(word, other) for other in others) for word in own)
    return (
        mention == name,
        mention.casefold() == name.casefold(),
        sorted(words) == sorted(others),
        len(common) / max(len(own), 1),
        len(common) / max(len(set(others)), 1),
        begun / max(len(own), 1),
        words[-1:] == others[-1:],
        [word[0] for word in words] == [word[0] for word in others],
        _numbers_of(mention) != _numbers_of(name),
        (len(name) - len(mention)) / max(len(name), len(mention), 1),
    )


def _begin_alike(one: str, other: str) -> bool:
    size = min(len(one), len(other))
    return size > 3 and one[: max(4, size - 3)] == other[: max(4, size - 3)]


OTHERS = (
    *(f"{what} for the {form}" for form in FORMS for what in ("documents", "share of the documents")),
    "documents of the concept",
    "share of its kind",
    "names of the concept",
    "name of another mention",
    "words of the document",
)
"""Names of the columns after those of the indexes and of ``compare``."""

NO_CONCEPT = "no concept"
"""Name of the last column: 1 for the last row of each mention, which stands for no concept at all."""


def feature_names(columns: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return the names of the columns of ``describe``. columns (Sequence): Those of the candidates."""
    indexes = [" ".join(column) for column in columns]
    behind = [f"{name}, behind the best" for name in indexes]
    lexical = [f"{name} ({which} name)" for which in ("found", "preferred") for name in LEXICAL]
    return [*indexes, *behind, *lexical, *OTHERS, NO_CONCEPT]


def describe(
    mentions: Sequence[Mention],
    candidates: Candidates,
    base: KnowledgeBase,
    learned: LearnedNames,
    words: Sequence[frozenset[str]],
    own: Sequence[Mapping[tuple[str, str], int]] | None = None,
) -> list[NDArray[np.float32]]:
    """Return the features of the candidates of each mention.

    mentions (Sequence[Mention]): Of some documents.
    candidates (Candidates): Theirs.
    base (KnowledgeBase): Whose concepts they are.
    learned (LearnedNames): Counts of names in corpora.
    words (Sequence[frozenset[str]]): Words of each document, see ``words_of``.
    own (Sequence[Mapping] | None): Counts of each document that are not to count, see ``LearnedNames.describe``.
    RETURNS (list[NDArray[float32]]): For each mention, shape (candidates + 1, features); the last row stands for no
        concept.
    """
    starts = candidates.starts(len(mentions))
    best = _behind_best(candidates, starts)
    elsewhere = _Elsewhere(mentions, candidates)
    found_names = _best_names(candidates)
    rows = []
    for place, mention in enumerate(mentions):
        part = slice(starts[place], starts[place + 1])
        concepts = candidates.concepts[part].tolist()
        preferred = [base.preferred_name(concept) for concept in concepts]
        lexical = compare(mention.name, [*(base.name_text(row) for row in found_names[part].tolist()), *preferred])
        count = len(concepts)
        subtract = own[mention.doc] if own is not None else {}
        mentioned = set(words_of(mention.name))
        others = np.zeros((count, len(OTHERS)), dtype=np.float32)
        for row, concept in enumerate(concepts):
            id = base.id_of(concept)
            kinds = (*base.types_of(concept), prefix_of(id))
            rest = set(words_of(preferred[row])) - mentioned
            others[row] = (
                *learned.describe(mention.name, id, subtract),
                *learned.describe(mention.text, id, subtract),
                log1p(max(learned.concepts.get(id, 0) - subtract.get(("", id), 0), 0)),
                learned.kind_share(mention.label, kinds),
                log1p(len(base.names_of(concept))),
                elsewhere(place, concept),
                len(rest & words[mention.doc]) / len(rest) if rest else 1.0,
            )
        features = np.zeros((count + 1, 2 * len(candidates.columns) + 2 * len(LEXICAL) + len(OTHERS) + 1), np.float32)
        features[:count, :-1] = np.hstack(
            (candidates.scores[part], best[part], lexical[:count], lexical[count:], others)
        )
        features[count, -1] = 1.0
        rows.append(features)
    return rows


def _behind_best(candidates: Candidates, starts: Ints) -> NDArray[np.float32]:
    """Return how much less each score is than the best one of the mention in its column."""
    if not len(candidates):
        return candidates.scores
    filled = starts[:-1][np.diff(starts) > 0]
    highest = np.maximum.reduceat(candidates.scores, filled, axis=0)
    return candidates.scores - np.repeat(highest, np.diff(np.append(filled, len(candidates))), axis=0)


def _best_names(candidates: Candidates) -> Ints:
    """Return the row of the name with the highest score of each candidate."""
    if not len(candidates):
        return np.empty(0, dtype=np.int64)
    best = np.where(candidates.names == NO_NAME, -np.inf, candidates.scores).argmax(axis=1)
    return candidates.names[np.arange(len(best)), best]


class _Elsewhere:
    """How well a concept fits a mention of another name in the same document: its best exact score there, else 0."""

    def __init__(self, mentions: Sequence[Mention], candidates: Candidates) -> None:
        self._mentions = mentions
        self._found: dict[tuple[int, int], dict[str, float]] = defaultdict(dict)
        columns = [place for place, column in enumerate(candidates.columns) if column[-1] == "exact"]
        exact = candidates.scores[:, columns].max(axis=1, initial=0.0)
        rows = np.flatnonzero(exact)
        for place, concept, score in zip(
            candidates.mentions[rows].tolist(), candidates.concepts[rows].tolist(), exact[rows].tolist(), strict=True
        ):
            mention = mentions[place]
            known = self._found[mention.doc, concept]
            form = mention.name.casefold()
            known[form] = max(known.get(form, 0.0), score)

    def __call__(self, place: int, concept: int) -> float:
        mention = self._mentions[place]
        known = self._found.get((mention.doc, concept))
        if not known:
            return 0.0
        own = mention.name.casefold()
        return max((score for form, score in known.items() if form != own), default=0.0)
