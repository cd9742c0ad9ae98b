"""Scores of relations, per guideline, counted against all gold."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.relations.ends import end_key
from spacy_biomedplm.relations.schemes import DEFAULT_GUIDELINE, annotated_labels
from spacy_biomedplm.scoring import PRF, count


def create_relation_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.relation_scorer.v1"."""
    return score_relations


def score_relations(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return precision, recall and F1 of the relations of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines and labels
        that it was annotated for. A relation is right if label, head and tail are: the characters of a mention, or the
        concept; their order does not matter. Recall is of all gold relations, also of those no candidate was made for.
    RETURNS (dict[str, Any]): "rels_p", "rels_r", "rels_f" over all guidelines together, and "rels_per_guideline" with
        p, r, f of each and of each of its labels.
    """
    counts: dict[str, dict[str, PRF]] = {}
    for example in examples:
        gold, found = (_keys(doc) for doc in (example.reference, example.predicted))
        for guideline, labels in annotated_labels(example.reference).items():
            wanted = set(labels) or {key[0] for key in gold}
            if guideline == DEFAULT_GUIDELINE:
                wanted |= {key[0] for key in found}
            per_label = counts.setdefault(guideline, {})
            for label in sorted(wanted):
                counted = count({k for k in found if k[0] == label}, {k for k in gold if k[0] == label})
                per_label[label] = per_label.get(label, PRF()) + counted
    if not counts:
        return {"rels_p": None, "rels_r": None, "rels_f": None, "rels_per_guideline": {}}
    micro = {name: sum(labels.values(), PRF()) for name, labels in counts.items()}
    overall = sum(micro.values(), PRF())
    return {
        "rels_p": overall.precision,
        "rels_r": overall.recall,
        "rels_f": overall.f1,
        "rels_per_guideline": {
            name: {**_numbers(micro[name]), "labels": {label: _numbers(prf) for label, prf in labels.items()}}
            for name, labels in counts.items()
        },
    }


def _keys(doc: Doc) -> set[tuple[str, tuple[Hashable, ...]]]:
    relations = doc._.relations
    return {
        (relation.label, tuple(sorted((end_key(relation.head), end_key(relation.tail)), key=repr)))
        for relation in relations
    }


def _numbers(prf: PRF) -> dict[str, float]:
    return {"p": prf.precision, "r": prf.recall, "f": prf.f1}
