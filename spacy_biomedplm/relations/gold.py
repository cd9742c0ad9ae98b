"""The right answers for candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.relations.candidates import Pair
from spacy_biomedplm.relations.ends import end_key, relation_key
from spacy_biomedplm.relations.schemes import DEFAULT_GUIDELINE, Scheme, annotated_labels


@dataclass(frozen=True)
class GoldPairs:
    """Right answers of the candidates of a document by one scheme.

    labels (NDArray[np.bool_]): Shape (pairs, labels).
    known (NDArray[np.bool_]): Labels that the document was annotated for, shape (labels,).
    values (NDArray[np.int64]): Value of the attribute of each pair, -1 if it has none, shape (pairs,).
    missed (int): Gold relations that are no candidate.
    """

    labels: NDArray[np.bool_]
    known: NDArray[np.bool_]
    values: NDArray[np.int64]
    missed: int

    def chosen(self, rows: NDArray[np.int64]) -> "GoldPairs":
        """Return the answers for some candidates. rows (NDArray[np.int64]): Which."""
        return GoldPairs(self.labels[rows], self.known, self.values[rows], self.missed)


def draw(rows: NDArray[np.int64], most: int | None) -> NDArray[np.int64]:
    """Return numbers in their order: all of them, or as many as wanted by chance (numpy's global generator).

    rows (NDArray[np.int64]): Ascending. most (int | None): How many are wanted; None for all.
    """
    if most is None or len(rows) <= most:
        return rows
    return np.sort(np.random.choice(rows, most, replace=False))


def known_labels(annotated: Sequence[str], scheme: Scheme) -> set[str]:
    """Return the labels of a scheme that a document was annotated for.

    annotated (Sequence[str]): What the document says; a guideline that names no labels has all of them, and so has
        "default". scheme (Scheme): The guideline.
    """
    is_all = not annotated or scheme.name == DEFAULT_GUIDELINE
    return set(scheme.labels) if is_all else set(scheme.labels).intersection(annotated)


def gold_relations(reference: Doc, scheme: Scheme) -> list[Relation] | None:
    """Return the relations of a gold document by one guideline, None if it was not annotated for it.

    reference (Doc): The gold document. scheme (Scheme): The guideline.
    RAISES (BiomedplmError): B223 for a label that neither the scheme nor another guideline of the document knows.
    """
    annotated = annotated_labels(reference)
    if scheme.name not in annotated:
        return None
    others = [labels for name, labels in annotated.items() if name != scheme.name]
    own = known_labels(annotated[scheme.name], scheme)
    found = []
    for relation in reference._.relations:
        if relation.label in own:
            found.append(relation)
        elif not any(relation.label in labels or not labels for labels in others):
            values = {"label": relation.label, "guideline": scheme.name, "known": ", ".join(sorted(own))}
            raise BiomedplmError(coded("B223", doc=reference._.doc_id or reference.text[:30], **values))
    return found


def gold_pairs(reference: Doc, pairs: Sequence[Pair], scheme: Scheme) -> GoldPairs | None:
    """Return the right answers for the candidates of a document, None if it was not annotated by the guideline.

    reference (Doc): The gold document. pairs (Sequence[Pair]): Candidates. scheme (Scheme): The guideline.
    RAISES (BiomedplmError): B223 for a label that the scheme does not know.
    """
    relations = gold_relations(reference, scheme)
    if relations is None:
        return None
    rows_of: dict[tuple[object, ...], list[int]] = {}
    for row, pair in enumerate(pairs):
        key = relation_key(end_key(pair.head.target), end_key(pair.tail.target), scheme.symmetric)
        rows_of.setdefault(key, []).append(row)
    column = {label: number for number, label in enumerate(scheme.labels)}
    value_of = {value: number for number, value in enumerate(scheme.values)}
    labels = np.zeros((len(pairs), len(column)), dtype=bool)
    values = np.full(len(pairs), -1, dtype=np.int64)
    missed = set()
    for relation in relations:
        # One with an event at an end is no candidate.
        key = relation_key(end_key(relation.head), end_key(relation.tail), scheme.symmetric)
        rows = rows_of.get(key, [])
        # Words can be entities of several types: those of the gold ends, if they are among them.
        ends = {_label(relation.head), _label(relation.tail)}
        rows = [row for row in rows if {_label(end.target) for end in pairs[row][:2]} == ends] or rows
        labels[rows, column[relation.label]] = True
        values[rows] = value_of.get(relation.infons.get(scheme.attribute, ""), -1)
        if not rows:
            missed.add(key)
    own = known_labels(annotated_labels(reference)[scheme.name], scheme)
    known = np.array([label in own for label in scheme.labels])
    return GoldPairs(labels, known, values, len(missed))


def _label(end: object) -> str:
    return end.label_ if isinstance(end, Span) else ""


def weigh_answers(gold: Mapping[str, Sequence[GoldPairs]]) -> dict[str, list[float]]:
    """Return how much no relation and each label count, by guideline: less the more candidates they have.

    gold (Mapping[str, Sequence[GoldPairs]]): Of documents, by guideline.
    RETURNS (dict[str, list[float]]): By the root of the number of candidates; the mean over all candidates is 1.
    """
    weights = {}
    for name, of_docs in gold.items():
        counts = np.sum([[(~one.labels.any(axis=1)).sum(), *one.labels.sum(axis=0)] for one in of_docs], axis=0)
        shares = np.maximum(counts.astype(np.float64), 1.0)
        roots = shares**-0.5
        weights[name] = (roots / np.average(roots, weights=shares)).round(4).tolist()
    return weights
