"""Linking without spaCy: mentions in, concepts with scores out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model
from thinc.types import Floats2d

from spacy_biomedplm.attributes import Link
from spacy_biomedplm.index.exact import LEVELS
from spacy_biomedplm.linking.candidates import Candidates, find_candidates
from spacy_biomedplm.linking.composites import divide
from spacy_biomedplm.linking.features import describe, feature_names
from spacy_biomedplm.linking.gold import Gold
from spacy_biomedplm.linking.knowledge import CORPORA, Knowledge
from spacy_biomedplm.linking.learned import LearnedNames, form_of
from spacy_biomedplm.linking.lexical import words_of
from spacy_biomedplm.linking.mentions import Mention
from spacy_biomedplm.linking.ranker import as_floats, probabilities

_EXACT = "exact"
# A name that is not the text but for its form is less sure, whatever its score.
_OTHERS = 0.9
_DIVISIONS = 6


class Lesson(NamedTuple):
    """What mentions teach a ranker.

    features (list[NDArray[float32]]): Of the candidates of each, the last row stands for no concept.
    right (list[NDArray[bool]]): Which of those rows are right.
    """

    features: list[NDArray[np.float32]]
    right: list[NDArray[np.bool_]]


@dataclass(frozen=True)
class _Ranked:
    """The candidates of a mention, best first: rows of ``Candidates`` and their scores."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


class Linker:
    """Links mentions.

    knowledge (Knowledge): Base, indexes and names that count.
    learned (LearnedNames): Counts of names in corpora.
    model (Model | None): Ranker; None ranks by the best score of an index.
    k (int): Most concepts that are looked at for each form of a mention.
    features (Sequence[str]): Names of the features that the model learned with; empty for those of the base. What the
        base has no index or names for is 0.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        learned: LearnedNames,
        model: Model[list[Floats2d], list[Floats2d]] | None,
        *,
        k: int,
        features: Sequence[str] = (),
    ) -> None:
        self._features = tuple(features)
        self._knowledge = knowledge
        self._learned = learned
        self._model = model
        self._k = k

    @property
    def feature_names(self) -> list[str]:
        """Names of the features of a candidate."""
        return feature_names(find_candidates([], self._knowledge.index, self._knowledge.groups, self._k).columns)

    def link(self, mentions: Sequence[Mention], texts: Sequence[str], *, evidence: bool = False) -> list[list[Link]]:
        """Return the links of mentions, best first.

        mentions (Sequence[Mention]): Of some documents.
        texts (Sequence[str]): Of the documents.
        evidence (bool): Whether to say what each link rests on.
        RETURNS (list[list[Link]]): For each mention all candidates, or the parts of a composite mention as one link.
            The same for a mention whatever other documents are linked with its own.
        """
        distinct = {(one.doc, one.label, one.text, one.name): one for one in mentions}
        wholes = list(distinct.values())
        divisions = [[parts for parts, _ in zip(divide(one.name), range(_DIVISIONS), strict=False)] for one in wholes]
        parts = [
            Mention(whole.doc, "", whole.label, part, part)
            for whole, of_whole in zip(wholes, divisions, strict=True)
            for division in of_whole
            for part in division
        ]
        # Parts are only proposed, so they must not speak for each other as names of the document do.
        found = self._rank(wholes, texts), self._rank(parts, texts)
        links = [self._links(ranked, found[0], evidence) for ranked in found[0].ranked]
        place = 0
        composed = set[int]()
        for number, of_whole in enumerate(divisions):
            for division in of_whole:
                places = range(place, place + len(division))
                place += len(division)
                composite = None if number in composed else self._compose(found[0], number, found[1], places, evidence)
                if composite is not None:
                    links[number] = [composite]
                    composed.add(number)
        number_of = {key: number for number, key in enumerate(distinct)}
        return [links[number_of[one.doc, one.label, one.text, one.name]] for one in mentions]

    def prepare(self, gold: Sequence[Gold], text: str, own: Mapping[tuple[str, str], int]) -> Lesson:
        """Return what the mentions of a document of a corpus teach, each name once.

        gold (Sequence[Gold]): Its mentions. text (str): Its text.
        own (Mapping[tuple[str, str], int]): What the document has put into the counts, which must not tell the answer.
        """
        distinct = {(one.mention.name, one.mention.label, one.concepts): one for one in gold}
        mentions = [one.mention for one in distinct.values()]
        barred = self._own_names(own)
        candidates = find_candidates(
            mentions, self._knowledge.index, self._knowledge.groups, self._k, without=[barred] * len(mentions)
        )
        features = self._describe(mentions, [text], candidates, [own])
        starts = candidates.starts(len(mentions))
        right = []
        for place, one in enumerate(distinct.values()):
            wanted = {self._knowledge.base.row_of(id) for ids in one.concepts for id in ids}
            rows = [concept in wanted for concept in candidates.concepts[starts[place] : starts[place + 1]].tolist()]
            # No concept is right where none is known, or where the known one cannot be found.
            right.append(np.array([*rows, not any(rows)]))
        return Lesson(features, right)

    def _own_names(self, own: Mapping[tuple[str, str], int]) -> list[int]:
        """Return the rows of the names that only this document has brought into the base."""
        if CORPORA not in self._knowledge.groups:
            return []
        base, barred = self._knowledge.base, []
        for concept in {concept for form, concept in own if not form}:
            for row in self._knowledge.corpus_names.get(base.row_of(concept), ()):
                form = form_of(base.name_text(row))
                if self._learned.names.get(form, {}).get(concept, 0) <= own.get((form, concept), 0):
                    barred.append(row)
        return sorted(barred)

    def _describe(
        self,
        mentions: Sequence[Mention],
        texts: Sequence[str],
        candidates: Candidates,
        own: Sequence[Mapping[tuple[str, str], int]] | None = None,
    ) -> list[NDArray[np.float32]]:
        words = [frozenset(words_of(text)) for text in texts]
        if own is not None:
            mentions = [mention._replace(doc=0) for mention in mentions]
        rows = describe(mentions, candidates, self._knowledge, self._learned, words, own)
        names = feature_names(candidates.columns)
        if self._features in ((), tuple(names)):
            return rows
        # The last column of the padded rows is 0.
        place = {name: number for number, name in enumerate(names)}
        chosen = [place.get(name, len(names)) for name in self._features]
        return [np.pad(of_mention, ((0, 0), (0, 1)))[:, chosen] for of_mention in rows]

    def _rank(self, mentions: Sequence[Mention], texts: Sequence[str]) -> "_Ranking":
        candidates = find_candidates(mentions, self._knowledge.index, self._knowledge.groups, self._k)
        starts = candidates.starts(len(mentions))
        features = None
        if self._model is not None and mentions:
            features = self._describe(mentions, texts, candidates)
            scores = self._model.predict(as_floats(self._model, features))
            values = [probabilities(self._model.ops.to_numpy(rows)[:, 0])[:-1] for rows in scores]
        else:
            best = (candidates.scores * _weights(candidates)).max(axis=1, initial=0.0)
            values = [best[first:last] for first, last in pairwise(starts)]
        ranked = []
        for number, scores_of in enumerate(values):
            order = np.argsort(-np.round(scores_of, 6), kind="stable")
            ranked.append(_Ranked(starts[number] + order, scores_of[order]))
        return _Ranking(candidates, ranked, features, starts)

    def _links(self, ranked: _Ranked, ranking: "_Ranking", evidence: bool) -> list[Link]:
        ids = [self._knowledge.facts(row).id for row in ranking.candidates.concepts[ranked.rows].tolist()]
        told = [self._evidence(ranking, row) if evidence else None for row in ranked.rows.tolist()]
        scores = [round(score, 6) for score in ranked.scores.tolist()]
        return [Link(*row) for row in zip(ids, scores, told, strict=True)]

    def _evidence(self, ranking: "_Ranking", row: int) -> dict[str, Any]:
        """Return by which name the best index found a candidate, and its features."""
        candidates = ranking.candidates
        column = int((candidates.scores[row] * _weights(candidates)).argmax())
        told: dict[str, Any] = {
            "name": self._knowledge.base.name_text(int(candidates.names[row, column])),
            "index": candidates.columns[column][-1],
        }
        if ranking.features is not None:
            mention = int(candidates.mentions[row])
            values = ranking.features[mention][row - ranking.starts[mention]].tolist()
            names = self._features or feature_names(candidates.columns)
            told["features"] = dict(zip(names, values, strict=True))
        return told

    def _compose(
        self, wholes: "_Ranking", number: int, parts: "_Ranking", places: range, evidence: bool
    ) -> Link | None:
        """Return the link of a divided mention: if all parts are names of different concepts, and the whole of none."""
        if wholes.is_named(number):
            return None
        ids, told, score = [], [], 1.0
        for place in places:
            ranked = parts.ranked[place]
            if not len(ranked.rows) or not parts.is_named(place):
                return None
            row = int(ranked.rows[0])
            ids.append(self._knowledge.base.id_of(int(parts.candidates.concepts[row])))
            score = min(score, float(ranked.scores[0]))
            told.append(self._evidence(parts, row) if evidence else {})
        if len(set(ids)) < len(ids):
            return None
        return Link("|".join(ids), round(score, 6), {"parts": told} if evidence else None)


def _weights(candidates: Candidates) -> NDArray[np.float64]:
    return np.array([1.0 if index == _EXACT else _OTHERS for *_, index in candidates.columns])


@dataclass(frozen=True)
class _Ranking:
    """Candidates of mentions in order.

    candidates (Candidates), starts: Of all mentions, and where those of each start.
    ranked (list[_Ranked]): Of each mention.
    features (list | None): Of each mention, if there is a ranker.
    """

    candidates: Candidates
    ranked: list[_Ranked]
    features: list[NDArray[np.float32]] | None
    starts: NDArray[np.int64]

    def is_named(self, number: int) -> bool:
        """Return whether the best candidate of a mention has its text for a name, but for form."""
        rows = self.ranked[number].rows
        columns = [place for place, column in enumerate(self.candidates.columns) if column[-1] == _EXACT]
        lowest = min(score for _, score in LEVELS.values()) - 0.01
        return bool(len(rows)) and bool(self.candidates.scores[rows[0], columns].max(initial=0.0) >= lowest)
