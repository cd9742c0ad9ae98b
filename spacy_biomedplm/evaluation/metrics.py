"""The metrics by name: what each is, which function computes it, and what a prediction must have for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation import answers, classification, concepts, entities, relations, residues
from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events
from spacy_biomedplm.evaluation.event_scores import EventRule
from spacy_biomedplm.evaluation.scores import Score, macro
from spacy_biomedplm.types import DocumentRecord

Layer = Literal["mentions", "concepts", "relations", "events", "labels", "similarity", "answers", "summary"]
Scorer: TypeAlias = Callable[[Sequence[DocumentRecord], Sequence[DocumentRecord]], Score]


@dataclass(frozen=True)
class Metric:
    """One metric.

    name (str): As corpora and suites name it.
    title (str): What ``Score.main`` is, such as "micro F1".
    score (Scorer): From gold documents and answers to them, in the same order.
    needs (tuple[Layer, ...]): What the answers must have; a pipeline needs a component for each.
    given (tuple[Layer, ...]): What the task gives its participants besides the text: gold mentions, as a rule.
    """

    name: str
    title: str
    score: Scorer
    needs: tuple[Layer, ...]
    given: tuple[Layer, ...] = ()


def _score_ddi_macro(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    return macro(relations.score_relations(gold, predicted, labels=relations.DDI_LABELS))


_HOC_SENTENCE = classification.HOC_SENTENCE
_LIST = (
    Metric("entity-exact", "micro F1", entities.score_entities, ("mentions",)),
    Metric("entity-span", "micro F1", partial(entities.score_entities, labelled=False), ("mentions",)),
    Metric("entity-overlap", "micro F1", partial(entities.score_entities, matching="overlap"), ("mentions",)),
    Metric("entity-left", "micro F1", partial(entities.score_entities, matching="left"), ("mentions",)),
    Metric("entity-right", "micro F1", partial(entities.score_entities, matching="right"), ("mentions",)),
    Metric("pico-word-macro-f1", "macro F1 of words", entities.score_words, ("mentions",)),
    Metric(
        "concept-f1",
        "micro F1",
        partial(concepts.score_document_concepts, gold_documents_only=True),
        ("mentions", "concepts"),
    ),
    Metric(
        "ncbi-concept-f1",
        "micro F1",
        partial(concepts.score_document_concepts, separators="|+"),
        ("mentions", "concepts"),
    ),
    Metric("linking", "recall@1", partial(concepts.score_linking, separators="|+"), ("concepts",), ("mentions",)),
    Metric(
        "linking-any",
        "recall@1",
        partial(concepts.score_linking, separators="|+", composite=False),
        ("concepts",),
        ("mentions",),
    ),
    Metric(
        "linking-end-to-end", "recall@1", partial(concepts.score_linking, separators="|+"), ("mentions", "concepts")
    ),
    Metric("relation-f1", "micro F1", relations.score_relations, ("relations",), ("mentions",)),
    Metric(
        "chemprot-f1",
        "micro F1",
        partial(relations.score_relations, labels=relations.CHEMPROT_LABELS, directed=True),
        ("relations",),
        ("mentions",),
    ),
    Metric(
        "drugprot-f1",
        "micro F1",
        partial(relations.score_relations, labels=relations.DRUGPROT_LABELS),
        ("relations",),
        ("mentions",),
    ),
    Metric(
        "ddi-f1",
        "micro F1",
        partial(relations.score_relations, labels=relations.DDI_LABELS),
        ("relations",),
        ("mentions",),
    ),
    Metric("ddi-macro-f1", "macro F1", _score_ddi_macro, ("relations",), ("mentions",)),
    Metric("cid-f1", "micro F1", relations.score_concept_relations, ("relations",)),
    Metric("biored", "F1 of pair, type and novelty", relations.score_biored, ("relations",), ("mentions", "concepts")),
    Metric("positive-f1", "F1 of the positive class", classification.score_positive, ("labels",)),
    Metric("accuracy", "accuracy", classification.score_classes, ("labels",)),
    Metric("macro-f1", "macro F1", classification.score_macro, ("labels",)),
    Metric("pubmedqa", "accuracy", classification.score_classes, ("labels",)),
    Metric("chemprot-pairs-f1", "micro F1", classification.score_pairs, ("labels",)),
    Metric("multilabel-micro-f1", "micro F1", classification.score_labels, ("labels",)),
    Metric("hoc-micro-f1", "micro F1", partial(classification.score_labels, group=_HOC_SENTENCE), ("labels",)),
    Metric(
        "hoc-sample-f1", "sample-averaged F1", partial(classification.score_samples, group=_HOC_SENTENCE), ("labels",)
    ),
    Metric("pearson", "Pearson", classification.score_similarity, ("similarity",)),
    Metric("spearman", "Spearman", classification.score_ranks, ("similarity",)),
    Metric("bioasq-yesno", "accuracy", answers.score_yes_no, ("labels",)),
    Metric("bioasq-factoid", "MRR", answers.score_factoids, ("answers",)),
    Metric("bioasq-list", "mean F1", answers.score_lists, ("answers",)),
    Metric("bioasq-summary-rouge", "ROUGE-2 F1", partial(answers.score_rouge, main="rouge2"), ("summary",)),
    Metric("rouge", "ROUGE-L F1", answers.score_rouge, ("summary",)),
    Metric("residue-accuracy", "accuracy of residues", residues.score_residues, ("mentions",)),
    Metric("binding-f1", "mean F1 of proteins", residues.score_binding, ("mentions",)),
)


def _score_events(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, rule: EventRule, task: str
) -> Score:
    found = score_events(gold, predicted, rule=rule, task=task)
    more = {"precision": found.total.precision, "recall": found.total.recall}
    more |= {f"{name} F1": counts.f1 for name, counts in (found.totals | found.by_type).items()}
    return Score(found.total.f1, None, {}, more)


def _event_metrics() -> Iterator[Metric]:
    """Yield "events-ge11" for the primary task of each rule, and "events-ge11-2" for each of its tasks."""
    for rule in EVENT_RULES.values():
        for task in ("", *rule.tasks):
            name = "-".join(filter(None, ("events", rule.name.lower(), task)))
            score = partial(_score_events, rule=rule, task=task)
            yield Metric(name, "F1", score, ("events",), ("mentions",))


METRICS: Mapping[str, Metric] = {metric.name: metric for metric in (*_LIST, *_event_metrics())}


def get_metric(name: str) -> Metric:
    """Return a metric.

    name (str): One of METRICS.
    RAISES (BiomedplmError): B725 if there is none of that name.
    """
    if name not in METRICS:
        raise BiomedplmError(coded("B725", name=name, known=", ".join(METRICS)))
    return METRICS[name]
