"""What speaks for and against each candidate of a mention, as numbers that a ranker weighs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import log1p

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.protocol import NO_NAME, Ints
from spacy_biomedplm.linking.candidates import FORMS, Candidates
from spacy_biomedplm.linking.knowledge import Facts, Knowledge
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.lexical import LEXICAL, words_of
from spacy_biomedplm.linking.mentions import Mention

OTHERS = (
    *(f"{what} for the {form}" for form in FORMS for what in ("documents", "share of the documents")),
    "documents of the concept",
    "share of its kind",
    "names of the concept",
    "name of another mention",
    "words of the document",
)
"""Names of the columns after those of the indexes and of ``lexical.compare``."""

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
    knowledge: Knowledge,
    learned: LearnedNames,
    words: Sequence[frozenset[str]],
    own: Sequence[Mapping[tuple[str, str], int]] | None = None,
) -> list[NDArray[np.float32]]:
    """Return the features of the candidates of each mention.

    mentions (Sequence[Mention]): Of some documents.
    candidates (Candidates): Theirs.
    knowledge (Knowledge): Where they were found.
    learned (LearnedNames): Counts of names in corpora.
    words (Sequence[frozenset[str]]): Words of each document, see ``words_of``.
    own (Sequence[Mapping] | None): Counts of each document that are not to count, see ``LearnedNames.shares``.
    RETURNS (list[NDArray[float32]]): For each mention, shape (candidates + 1, features); the last row stands for no
        concept.
    """
    starts = candidates.starts(len(mentions))
    best = _behind_best(candidates, starts)
    elsewhere = _Elsewhere(mentions, candidates)
    found_names = _best_names(candidates)
    width = 2 * len(candidates.columns) + 2 * len(LEXICAL) + len(OTHERS) + 1
    rows = []
    for place, mention in enumerate(mentions):
        part = slice(starts[place], starts[place + 1])
        facts = [knowledge.facts(concept) for concept in candidates.concepts[part].tolist()]
        count = len(facts)
        lexical = knowledge.compare(mention.name, found_names[part], candidates.concepts[part])
        features = np.zeros((count + 1, width), np.float32)
        if count:
            subtract = own[mention.doc] if own is not None else {}
            others = _describe_others(place, mention, facts, learned, words[mention.doc], subtract, elsewhere)
            features[:count, :-1] = np.hstack((candidates.scores[part], best[part], lexical, others))
        features[count, -1] = 1.0
        rows.append(features)
    return rows


def _describe_others(
    place: int,
    mention: Mention,
    facts: Sequence[Facts],
    learned: LearnedNames,
    words: frozenset[str],
    own: Mapping[tuple[str, str], int],
    elsewhere: "_Elsewhere",
) -> NDArray[np.float32]:
    """Return the columns ``OTHERS`` of the candidates of a mention."""
    ids = [fact.id for fact in facts]
    of_name = learned.shares(mention.name, ids, own)
    of_text = of_name if mention.text == mention.name else learned.shares(mention.text, ids, own)
    kinds = {of: learned.kind_share(mention.label, of) for of in {fact.kinds for fact in facts}}
    mentioned = set(words_of(mention.name))
    rows = []
    for fact, shares, written in zip(facts, of_name, of_text, strict=True):
        rest = fact.words - mentioned
        rows.append(
            (
                *shares,
                *written,
                log1p(max(learned.concepts.get(fact.id, 0) - own.get(("", fact.id), 0), 0)),
                kinds[fact.kinds],
                fact.names,
                elsewhere(place, fact.row),
                len(rest & words) / len(rest) if rest else 1.0,
            )
        )
    return np.array(rows, dtype=np.float32)


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
