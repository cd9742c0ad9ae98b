"""Scores of relations, per guideline, counted against all gold."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.relations.ends import end_key, relation_key
from spacy_biomedplm.relations.schemes import DEFAULT_GUIDELINE, GUIDELINE, annotated_labels
from spacy_biomedplm.scoring import PRF, count


def create_relation_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.relation_scorer.v1"."""
    return score_relations


def score_relations(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return precision, recall and F1 of the relations of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines and labels
        that it was annotated for, and predicted relations only for their own guideline if they name one. A relation is
        right if label, head and tail are: the characters of a mention, or the concept. Recall is of all gold
        relations, also of those no candidate was made for.
    kwargs: "schemes" of the component, by guideline: head and tail can change places unless a scheme has "symmetric"
        as false.
    RETURNS (dict[str, Any]): "rels_p", "rels_r", "rels_f" over all guidelines together, and "rels_per_guideline" with
        p, r, f of each and of each of its labels.
    """
    counts: dict[str, dict[str, PRF]] = {}
    for example in examples:
        for guideline, labels in annotated_labels(example.reference).items():
            is_symmetric = kwargs.get("schemes", {}).get(guideline, {}).get("symmetric", True)
            gold = _keys(example.reference._.relations, is_symmetric)
            answers = example.predicted._.relations
            own = (one for one in answers if one.infons.get(GUIDELINE, guideline) == guideline)
            found = _keys(own, is_symmetric)
            wanted = set(labels) or {key[0] for key in gold}
            if guideline == DEFAULT_GUIDELINE or not labels:
                wanted |= {key[0] for key in found}
            per_label = counts.setdefault(guideline, {})
            for label in sorted(wanted):
                counted = count({k for k in found if k[0] == label}, {k for k in gold if k[0] == label})
                per_label[label] = per_label.get(label, PRF()) + counted
    # Nothing says that anybody looked for relations in documents that have none.
    if not any(prf.gold for prf in counts.get(DEFAULT_GUIDELINE, {}).values()):
        counts.pop(DEFAULT_GUIDELINE, None)
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


def _keys(relations: Iterable[Relation], is_symmetric: bool) -> set[tuple[str, tuple[object, ...]]]:
    return {
        (relation.label, relation_key(end_key(relation.head), end_key(relation.tail), is_symmetric))
        for relation in relations
    }


def _numbers(prf: PRF) -> dict[str, float]:
    return {"p": prf.precision, "r": prf.recall, "f": prf.f1}
