from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.classification import (
    HOC_SENTENCE,
    best_label,
    merge_documents,
    score_classes,
    score_labels,
    score_macro,
    score_pairs,
    score_positive,
    score_ranks,
    score_samples,
    score_similarity,
)
from spacy_biomedplm.types import DocumentRecord


def one(label, number, labels=("yes", "no", "maybe")):
    return DocumentRecord(str(number), "", labels={name: float(name == label) for name in labels} if label else {})


def classes(*labels, **options):
    return [one(label, number, **options) for number, label in enumerate(labels)]


def several(*sets, prefix=""):
    return [
        DocumentRecord(f"{prefix}{number}", "", labels={name: float(name in found) for name in "abc"})
        for number, found in enumerate(sets)
    ]


def test_best_label_is_the_first_of_the_highest():
    assert best_label({"a": 0.2, "b": 0.5, "c": 0.5}) == "b"
    assert best_label({}) == ""


def test_score_classes_is_accuracy_and_mean_f1():
    gold = classes("yes", "yes", "no", "maybe", "")
    predicted = classes("yes", "no", "no", "", "yes")
    score = score_classes(gold, predicted)
    assert score.main == 2 / 4
    # yes: 1 of 1 and 1 of 2; no: 1 of 2 and 1 of 1; maybe: never.
    assert score.more["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert score_macro(gold, predicted).main == score.more["macro_f1"]
    assert score_macro(gold, predicted).more["accuracy"] == score.main


def test_score_positive_counts_one_class():
    labels = ("positive", "negative")
    gold = classes("positive", "positive", "negative", "negative", labels=labels)
    predicted = classes("positive", "negative", "positive", "negative", labels=labels)
    score = score_positive(gold, predicted)
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (1, 1, 1)
    assert score.main == 0.5
    numbers = [replace(r, labels=dict(zip("10", r.labels.values(), strict=True))) for r in gold + predicted]
    assert score_positive(numbers[:4], numbers[4:]).main == 0.5
    assert score_positive(gold, predicted, positive="negative").main == 0.5
    assert score_positive(classes("negative", labels=labels), classes("negative", labels=labels)).main == 0.0


def test_score_pairs_leaves_classes_out():
    gold, predicted = classes("yes", "no", "maybe"), classes("yes", "yes", "maybe")
    score = score_pairs(gold, predicted, labels=["yes"])
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (1, 1, 0)


def test_score_labels_micro_and_sample_averages():
    gold, predicted = several("ab", "c", "", "a"), several("a", "bc", "a", "")
    score = score_labels(gold, predicted)
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (2, 2, 2)
    # Documents with a gold label: precision 1, 1/2, 0; recall 1/2, 1, 0.
    assert score.more["sample_precision"] == pytest.approx(1.5 / 3)
    assert score.more["sample_recall"] == pytest.approx(1.5 / 3)
    assert score.more["sample_f1"] == pytest.approx(0.5)
    assert score.more["example_f1"] == pytest.approx((2 / 3 + 2 / 3) / 3)
    assert score_samples(gold, predicted).main == score.more["sample_f1"]
    assert score_samples(gold, predicted).more["micro_f1"] == score.main


def test_score_labels_joins_sentences():
    gold = several("a", "", prefix="7_s") + several("b", prefix="8_s")
    predicted = several("", "a", prefix="7_s") + several("c", prefix="8_s")
    assert score_labels(gold, predicted).main == 0.0
    joined = score_labels(gold, predicted, group=HOC_SENTENCE)
    assert (joined.counts.tp, joined.counts.fp, joined.counts.fn) == (1, 1, 1)


def test_merge_documents():
    merged = merge_documents(several("a", "b", prefix="7_s") + several("c", prefix="x"), HOC_SENTENCE)
    assert [(record.doc_id, record.labels) for record in merged] == [
        ("7", {"a": 1.0, "b": 1.0, "c": 0.0}),
        ("x0", {"a": 0.0, "b": 0.0, "c": 1.0}),
    ]
    for group in ("(", "abc"):
        with pytest.raises(BiomedplmError, match="B721"):
            merge_documents([], group)


def numbers(*values):
    return [DocumentRecord(str(n), "", labels={"similarity": value}) for n, value in enumerate(values)]


def test_score_similarity():
    # Deviations (-1, 0, 1) and (-1, 1, 0) by hand: 1 / (sqrt 2 · sqrt 2).
    score = score_similarity(numbers(1, 2, 3), numbers(10, 30, 20))
    assert score.main == pytest.approx(0.5)
    assert score.more["spearman"] == pytest.approx(0.5)
    # Ranks 1.5, 1.5, 3 and 1, 2, 3.
    assert score_ranks(numbers(0, 0, 5), numbers(1, 2, 3)).main == pytest.approx(1.5 / (1.5 * 2) ** 0.5)
    assert score_similarity(numbers(1, 1), numbers(1, 2)).main == 0.0


@pytest.mark.parametrize(
    "predicted", [[DocumentRecord("0", ""), *numbers(1, 2)[1:]], numbers(1, float("nan")), numbers(float("inf"), 1)]
)
def test_score_similarity_needs_numbers(predicted):
    with pytest.raises(BiomedplmError, match="B722"):
        score_similarity(numbers(1, 2), predicted)


def test_score_similarity_needs_two():
    with pytest.raises(BiomedplmError, match="B722"):
        score_similarity(numbers(1), numbers(1))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=20))
def test_score_similarity_invariants(pairs):
    left, right = zip(*pairs, strict=True)
    score = score_similarity(numbers(*left), numbers(*right))
    assert -1.000001 <= score.main <= 1.000001
    assert score_similarity(numbers(*right), numbers(*left)).main == pytest.approx(score.main)
    scaled = score_similarity(numbers(*left), numbers(*(3 * value + 1 for value in right)))
    assert scaled.main == pytest.approx(score.main)
    monotonous = score_similarity(numbers(*left), numbers(*(float(np.exp(value)) for value in right)))
    assert monotonous.more["spearman"] == pytest.approx(score.more["spearman"])


SETS = st.lists(st.sets(st.sampled_from("abc")), min_size=1, max_size=6)


@given(SETS)
def test_score_labels_of_itself(sets):
    records = several(*sets)
    found = score_labels(records, records)
    assert found.main == (1.0 if any(sets) else 0.0)
    assert found.more["sample_f1"] == (1.0 if any(sets) else 0.0)


@given(st.lists(st.tuples(st.sampled_from(["yes", "no"]), st.sampled_from(["yes", "no", ""])), max_size=8))
def test_score_classes_invariants(pairs):
    gold, predicted = (classes(*side) for side in (zip(*pairs, strict=True) if pairs else ((), ())))
    score = score_classes(gold, predicted)
    assert 0 <= score.main <= 1
    assert score.main * len(pairs) == pytest.approx(sum(one == other for one, other in pairs))
