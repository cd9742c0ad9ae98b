"""Several indexes asked together: concepts, with who found each and by which name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.arrays import best_of_groups, ranks_in_groups
from spacy_biomedplm.index.protocol import NO_NAME, Hits, Index, Ints, Mask, NameBase
from spacy_biomedplm.index.storage import check_query

WEIGHTS = MappingProxyType[str, float]({"exact": 1.0})
"""Factors on the scores of indexes by name; 0.9 for the others, so that names that are the text but
for its form come first."""

_OTHERS = 0.9


class Candidate(NamedTuple):
    """A concept for a text.

    concept (int): Row of the concept.
    score (float): The highest weighted score of an index.
    evidence (tuple): For each index that found it: name of the index, row of the best name, score before weighting.
    """

    concept: int
    score: float
    evidence: tuple[tuple[str, int, float], ...]


@dataclass(frozen=True)
class Found:
    """Candidates of many texts as arrays, by text and from the best on.

    texts (Ints): Text of each candidate.
    concepts (Ints): Its row. scores (NDArray[np.float32]): Its score.
    names (Ints): Best name that each index found, NO_NAME for none, shape (candidates, indexes).
    name_scores (NDArray[np.float32]): Score of that name, 0 for none, same shape.
    """

    texts: Ints
    concepts: Ints
    scores: NDArray[np.float32]
    names: Ints
    name_scores: NDArray[np.float32]


class HybridIndex:
    """Asks several indexes and merges what they find.

    indexes (Sequence[Index]): In the order in which evidence is given.
    base (NameBase): The base that they were made from.
    weights (Mapping[str, float]): Factors on scores, by name of the index, see ``WEIGHTS``.
    names_per_concept (int): How many times as many names as concepts are asked for: several may be of one concept.
    enough (float | None): With a name that scores at least so much in the first index the others are not asked; 0.95
        stops at any name that is the text but for its form. None asks all.
    RAISES (BiomedplmError): B672 for no index, or for two with one name; B595 for a weight of an index that
        is not there.
    """

    name = "hybrid"

    def __init__(
        self,
        indexes: Sequence[Index],
        base: NameBase,
        *,
        weights: Mapping[str, float] | None = None,
        names_per_concept: int = 2,
        enough: float | None = None,
    ) -> None:
        known = [index.name for index in indexes]
        if not known or len(set(known)) < len(known):
            raise BiomedplmError(coded("B672", found=", ".join(known) or "nothing"))
        unknown = sorted(set(weights or {}) - set(known))
        if unknown:
            wanted = f"weights of {', '.join(known)}"
            raise BiomedplmError(coded("B595", setting="weights", found=", ".join(unknown), wanted=wanted))
        self.indexes = tuple(indexes)
        self.base = base
        self.names_per_concept = names_per_concept
        self.enough = enough
        self._weights = [{**WEIGHTS, **(weights or {})}.get(name, _OTHERS) for name in known]

    def candidates(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> list[list[Candidate]]:
        """Return the best concepts for each text: by score, then by row.

        texts (Sequence[str]): Any texts.
        k (int): Most concepts for a text, at least 1.
        allowed (Mask | None): Which names may be found, shape (n_names,); None for all.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        distinct = sorted(set(texts))
        found = self.search(distinct, k, allowed)
        labels = [index.name for index in self.indexes]
        columns = (found.concepts.tolist(), found.scores.tolist(), found.names.tolist(), found.name_scores.tolist())
        rows = [
            Candidate(concept, score, tuple(one for one in zip(labels, names, scores, strict=True) if one[1] >= 0))
            for concept, score, names, scores in zip(*columns, strict=True)
        ]
        ends = np.searchsorted(found.texts, np.arange(len(distinct) + 1)).tolist()
        of_text = {text: (ends[place], ends[place + 1]) for place, text in enumerate(distinct)}
        return [rows[slice(*of_text[text])] for text in texts]

    def search(
        self, texts: Sequence[str], k: int, allowed: Mask | None = None, *, without: Ints | None = None
    ) -> Found:
        """Return what ``candidates`` does, as arrays.

        texts, k, allowed: As for ``candidates``; texts that come twice are looked for twice.
        without (Ints | None): Names that a text may not find although others may: place of the text times n_names and
            row of the name, added.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        check_query(k, allowed, self.base)
        n_texts = len(texts)
        asked = np.arange(n_texts)
        parts: list[tuple[Ints, Ints, NDArray[np.float32], Ints]] = []
        for number, index in enumerate(self.indexes):
            hits = index.query([texts[place] for place in asked.tolist()], k * self.names_per_concept, allowed)
            rows, columns = np.nonzero(hits.names != NO_NAME)
            names = hits.names[rows, columns]
            if without is not None:
                kept = ~np.isin(asked[rows] * self.base.n_names + names, without)
                rows, columns, names = rows[kept], columns[kept], names[kept]
            parts.append((asked[rows], names, hits.scores[rows, columns], np.full(len(rows), number)))
            if number == 0 and self.enough is not None:
                asked = np.flatnonzero(_best(hits) < self.enough)
        of, names, scores, indexes = (np.concatenate(part) for part in zip(*parts, strict=True))
        return self._merge(of, names, scores, indexes, k)

    def _merge(self, of: Ints, names: Ints, scores: NDArray[np.float32], indexes: Ints, k: int) -> Found:
        pairs = of * self.base.n_concepts + self.base.name_concepts[names].astype(np.int64)
        best = best_of_groups(pairs * len(self.indexes) + indexes, scores, names, 1)
        pairs, names, scores, indexes = pairs[best], names[best], scores[best], indexes[best]
        firsts = np.flatnonzero(ranks_in_groups(pairs) == 0)
        candidate = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(pairs))))
        shape = (len(firsts), len(self.indexes))
        all_names = np.full(shape, NO_NAME, dtype=np.int64)
        all_scores = np.zeros(shape, dtype=np.float32)
        all_names[candidate, indexes] = names
        all_scores[candidate, indexes] = scores
        weighted = np.where(all_names >= 0, all_scores * np.array(self._weights, dtype=np.float32), -np.inf)
        total = weighted.max(axis=1) if len(weighted) else np.empty(0, dtype=np.float32)
        texts, concepts = np.divmod(pairs[firsts], self.base.n_concepts)
        order = best_of_groups(texts, total, concepts, k)
        return Found(
            texts[order], concepts[order], total[order].astype(np.float32), all_names[order], all_scores[order]
        )


def _best(hits: Hits) -> NDArray[np.float32]:
    return np.where(hits.names[:, 0] != NO_NAME, hits.scores[:, 0], -1.0)
