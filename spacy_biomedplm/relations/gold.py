"""The right answers for candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.relations.candidates import Pair
from spacy_biomedplm.relations.ends import end_key
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


def relation_key(head: object, tail: object, symmetric: bool) -> tuple[object, ...]:
    """Return what equal pairs have in common. head, tail (object): Keys of ends. symmetric (bool): Of the scheme."""
    return tuple(sorted((head, tail), key=repr)) if symmetric else (head, tail)


def gold_relations(reference: Doc, scheme: Scheme) -> list[Relation] | None:
    """Return the relations of a gold document by one guideline, None if it was not annotated for it.

    reference (Doc): The gold document. scheme (Scheme): The guideline.
    RAISES (BiomedplmError): B223 for a label that the scheme does not know.
    """
    annotated = annotated_labels(reference)
    if scheme.name not in annotated:
        return None
    elsewhere = {label for name, labels in annotated.items() if name != scheme.name for label in labels}
    found = []
    for relation in reference._.relations:
        if relation.label in scheme.labels:
            found.append(relation)
        elif relation.label not in elsewhere and not annotated[scheme.name]:
            values = {"label": relation.label, "guideline": scheme.name, "known": ", ".join(scheme.labels)}
            raise BiomedplmError(coded("B223", **values))
    return found


def gold_pairs(reference: Doc, pairs: Sequence[Pair], scheme: Scheme) -> GoldPairs | None:
    """Return the right answers for the candidates of a document, None if it was not annotated by the guideline.

    reference (Doc): The gold document. pairs (Sequence[Pair]): Candidates. scheme (Scheme): The guideline.
    RAISES (BiomedplmError): B223 for a label that the scheme does not know.
    """
    relations = gold_relations(reference, scheme)
    if relations is None:
        return None
    right: dict[tuple[object, ...], dict[str, Relation]] = {}
    for relation in relations:
        if isinstance(relation.head, (Span, str)) and isinstance(relation.tail, (Span, str)):
            key = relation_key(end_key(relation.head), end_key(relation.tail), scheme.symmetric)
            right.setdefault(key, {})[relation.label] = relation
    column = {label: number for number, label in enumerate(scheme.labels)}
    value_of = {value: number for number, value in enumerate(scheme.values)}
    labels = np.zeros((len(pairs), len(column)), dtype=bool)
    values = np.full(len(pairs), -1, dtype=np.int64)
    met = set()
    for row, pair in enumerate(pairs):
        key = relation_key(end_key(pair.head.target), end_key(pair.tail.target), scheme.symmetric)
        for label, relation in right.get(key, {}).items():
            labels[row, column[label]] = True
            values[row] = value_of.get(relation.infons.get(scheme.attribute, ""), -1)
            met.add(key)
    annotated = annotated_labels(reference)[scheme.name]
    known = np.array([label in annotated or scheme.name == DEFAULT_GUIDELINE for label in scheme.labels])
    return GoldPairs(labels, known, values, len(right.keys() - met))


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
