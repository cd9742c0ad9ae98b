"""Exact-match scores of entities, per guideline, counted against all gold."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from spacy_biomedplm.attributes import MENTIONS_KEY
from spacy_biomedplm.ner.gold import DEFAULT_GUIDELINE, annotated_labels, gold_mentions
from spacy_biomedplm.scoring import PRF, count


def create_entity_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.entity_scorer.v1"."""
    return score_entities


def score_entities(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return exact-match scores of the mentions of every guideline.

    examples (Iterable[Example]): Predicted and gold documents; a document counts only for the guidelines and
        labels that it was annotated for. A mention is right if first and last character and label are. Plain
        ``doc.ents`` of a document that names no guideline are compared with those of the prediction, unless the
        component learned from such documents.
    RETURNS (dict[str, Any]): "ents_p", "ents_r", "ents_f" over all guidelines together, "guidelines_f" the mean of
        their F1, "ents_per_guideline" with p, r, f of each and of each of its labels.
    """
    counts: dict[str, dict[str, PRF]] = {}
    for example in examples:
        for guideline, labels in annotated_labels(example.reference).items():
            gold = {(s.start_char, s.end_char, s.label_) for s in gold_mentions(example.reference)}
            found = example.predicted.user_data.get(MENTIONS_KEY, {})
            predicted = {(start, end, label) for start, end, label, _ in found.get(guideline, [])}
            if guideline == DEFAULT_GUIDELINE and guideline not in found:
                predicted = {(ent.start_char, ent.end_char, ent.label_) for ent in example.predicted.ents}
            if guideline != DEFAULT_GUIDELINE:
                gold = {key for key in gold if key[2] in labels}
                predicted = {key for key in predicted if key[2] in labels}
            per_label = counts.setdefault(guideline, {})
            for label in sorted({key[2] for key in gold | predicted} | set(labels)):
                counted = count({k for k in predicted if k[2] == label}, {k for k in gold if k[2] == label})
                per_label[label] = per_label.get(label, PRF()) + counted
    if not counts:
        return {"ents_p": None, "ents_r": None, "ents_f": None, "guidelines_f": None, "ents_per_guideline": {}}
    micro = {name: sum(labels.values(), PRF()) for name, labels in counts.items()}
    overall = sum(micro.values(), PRF())
    return {
        "ents_p": overall.precision,
        "ents_r": overall.recall,
        "ents_f": overall.f1,
        "guidelines_f": sum(prf.f1 for prf in micro.values()) / len(micro),
        "ents_per_guideline": {
            name: {**_numbers(micro[name]), "labels": {label: _numbers(prf) for label, prf in labels.items()}}
            for name, labels in counts.items()
        },
    }


def _numbers(prf: PRF) -> dict[str, float]:
    return {"p": prf.precision, "r": prf.recall, "f": prf.f1}
