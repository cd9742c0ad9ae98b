"""Scores of labels of documents: one class of two or more, several labels (HoC), and numbers (BIOSSES)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.scores import Score, harmonic_mean, mean, micro, pair_up
from spacy_biomedplm.scoring import PRF, count_by_label
from spacy_biomedplm.types import DocumentRecord

POSITIVE = ("positive", "1")
"""Names that corpora give the positive one of two classes."""
SIMILARITY = "similarity"
THRESHOLD = 0.5
HOC_SENTENCE = r"(.+)_s\d+"
"""Identifier of a sentence of the Hallmarks of Cancer, as BLUE and BLURB name them; group 1 is its abstract."""


def best_label(labels: Mapping[str, float]) -> str:
    """Return the label with the highest number, the first of several; empty if there is none.

    labels (Mapping[str, float]): Labels of a document.
    """
    return max(labels, key=lambda label: labels[label], default="")


def score_classes(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return accuracy where every document has one class: MedNLI, PubMedQA, MEDIQA-RQE, questions with yes or no.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. The class is the label
        with the highest number; gold documents without any are left out.
    RETURNS (Score): A document without a predicted label is wrong. ``labels`` has the counts of each class, "macro_f1"
        in ``more`` the mean of their F1 over all classes that are gold or predicted, as PubMedQA's evaluation.py.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    sides: tuple[set[tuple[int, str]], set[tuple[int, str]]] = (set(), set())
    for number, wanted, found in pair_up(gold, predicted):
        if not wanted.labels:
            continue
        sides[0].add((number, best_label(wanted.labels)))
        if found.labels:
            sides[1].add((number, best_label(found.labels)))
    labels = count_by_label(sides[1], sides[0], lambda key: key[1])
    total = len(sides[0])
    accuracy = len(sides[0] & sides[1]) / total if total else 0.0
    more = {"macro_f1": mean([prf.f1 for prf in labels.values()]), "documents": float(total)}
    return Score(accuracy, None, labels, more)


def score_macro(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return the mean of the classes' F1, as ``score_classes``, with accuracy among the further numbers.

    gold, predicted (Sequence[DocumentRecord]): As for ``score_classes``.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    found = score_classes(gold, predicted)
    return Score(found.more["macro_f1"], None, found.labels, {**found.more, "accuracy": found.main})


def score_positive(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, positive: str | None = None
) -> Score:
    """Return F1 of the positive class of two: GAD and EU-ADR, as BLURB and BioBERT score them.

    gold, predicted (Sequence[DocumentRecord]): As for ``score_classes``.
    positive (str | None): Name of the class; None takes "positive" or "1", whichever gold documents have.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    found = score_classes(gold, predicted)
    if positive is None:
        known = {label for record in gold for label in record.labels}
        positive = next((name for name in POSITIVE if name in known), POSITIVE[0])
    counts = found.labels.get(positive, PRF())
    return Score(counts.f1, counts, found.labels, {"accuracy": found.main})


def score_pairs(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, labels: Sequence[str] | None = None
) -> Score:
    """Return micro-averaged F1 of one class for each document, over the classes that count.

    gold, predicted (Sequence[DocumentRecord]): As for ``score_classes``; each is a pair of marked mentions.
    labels (Sequence[str] | None): Classes that count; None takes all.
    RETURNS (Score): A class that does not count is as good as none: where gold has it, a counted class is only wrong
        for being predicted.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    found = score_classes(gold, predicted)
    return micro({label: prf for label, prf in found.labels.items() if labels is None or label in labels})


def score_labels(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, group: str | None = None
) -> Score:
    r"""Return micro-averaged F1 of labels of which a document may have several.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. A label applies from
        0.5 on.
    group (str | None): Pattern for identifiers: documents that follow each other and share its group 1 are one, with
        the labels of all of them; None joins none. HoC's sentences are joined to abstracts by "(.+)_s\\d+".
    RETURNS (Score): ``more`` has BLUE's sample averages: "sample_precision" and "sample_recall" are means over the
        documents with a gold label (precision is 0 where nothing is predicted), "sample_f1" their harmonic mean; and
        "example_f1", the mean of the F1 of these documents.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together, B721 for a pattern without a group.

    BLURB scores HoC by the micro average over abstracts, BLUE's eval_hoc.py by the sample average over the 315 of its
    test abstracts that have a label.
    """
    if group is not None:
        gold, predicted = merge_documents(gold, group), merge_documents(predicted, group)
    sides: tuple[set[tuple[int, str]], set[tuple[int, str]]] = (set(), set())
    samples: list[PRF] = []
    names: set[str] = set()
    for number, wanted, found in pair_up(gold, predicted):
        names.update(wanted.labels)
        chosen = [{label for label, value in record.labels.items() if value >= THRESHOLD} for record in (wanted, found)]
        for keys, labels in zip(sides, chosen, strict=True):
            keys.update((number, label) for label in labels)
        right = len(chosen[0] & chosen[1])
        if chosen[0]:
            samples.append(PRF(right, len(chosen[1]) - right, len(chosen[0]) - right))
    precision, recall = (mean([getattr(prf, name) for prf in samples]) for name in ("precision", "recall"))
    return micro(
        count_by_label(sides[1], sides[0], lambda key: key[1], names),
        sample_precision=precision,
        sample_recall=recall,
        sample_f1=harmonic_mean(precision, recall),
        example_f1=mean([prf.f1 for prf in samples]),
    )


def score_samples(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, group: str | None = None
) -> Score:
    """Return the sample-averaged F1 of ``score_labels``, with the micro average among the further numbers.

    gold, predicted, group: As for ``score_labels``.
    RAISES (BiomedplmError): As ``score_labels``.
    """
    found = score_labels(gold, predicted, group=group)
    return Score(found.more["sample_f1"], None, found.labels, {**found.more, "micro_f1": found.main})


def merge_documents(records: Sequence[DocumentRecord], group: str) -> list[DocumentRecord]:
    """Return documents that follow each other and share a part of their identifier as one, with all their labels.

    records (Sequence[DocumentRecord]): Such as sentences.
    group (str): Pattern for identifiers; group 1 is what they share. One that does not match stays alone.
    RETURNS (list[DocumentRecord]): Only identifiers and labels are merged; the text is that of the first.
    RAISES (BiomedplmError): B721 for a pattern without a group.
    """
    try:
        pattern = re.compile(group)
    except re.error as err:
        raise BiomedplmError(coded("B721", name="group", value=group, wanted=f"a pattern ({err})")) from err
    if not pattern.groups:
        raise BiomedplmError(coded("B721", name="group", value=group, wanted="a pattern with a group"))

    def key(record: DocumentRecord) -> str:
        match = pattern.fullmatch(record.doc_id)
        return (match.group(1) if match else None) or record.doc_id

    merged = []
    for name, found in groupby(records, key):
        members = list(found)
        labels: dict[str, float] = {}
        for member in members:
            for label, value in member.labels.items():
                labels[label] = max(value, labels.get(label, value))
        merged.append(replace(members[0], doc_id=name, labels=labels))
    return merged


def score_similarity(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return Pearson's correlation of the numbers of pairs of sentences (BIOSSES), with Spearman's.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order, each with the label
        "similarity".
    RETURNS (Score): "spearman" in ``more`` is Pearson's correlation of ranks, ties sharing the mean of theirs. Both are
        0 where one side does not vary.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together, B722 if a number is missing or there
        are fewer than two.
    """
    values: list[tuple[float, float]] = []
    for _, wanted, found in pair_up(gold, predicted):
        for record in (wanted, found):
            if not np.isfinite(record.labels.get(SIMILARITY, np.nan)):
                raise BiomedplmError(coded("B722", doc_id=record.doc_id, label=SIMILARITY))
        values.append((wanted.labels[SIMILARITY], found.labels[SIMILARITY]))
    if len(values) < 2:
        raise BiomedplmError(coded("B722", doc_id=f"all {len(values)}", label=f"{SIMILARITY}, at least two"))
    left, right = np.array(values, dtype=np.float64).T
    pearson = _correlate(left, right)
    return Score(pearson, None, {}, {"pearson": pearson, "spearman": _rank_correlation(left, right)})


def score_ranks(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return Spearman's correlation, as ``score_similarity``.

    gold, predicted (Sequence[DocumentRecord]): As for ``score_similarity``.
    RAISES (BiomedplmError): As ``score_similarity``.
    """
    found = score_similarity(gold, predicted)
    return Score(found.more["spearman"], None, {}, found.more)


def _correlate(left: np.ndarray, right: np.ndarray) -> float:
    from scipy.stats import pearsonr

    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(pearsonr(left, right).statistic)


def _rank_correlation(left: np.ndarray, right: np.ndarray) -> float:
    from scipy.stats import rankdata

    return _correlate(rankdata(left), rankdata(right))
