import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.entities import score_entities, score_words
from spacy_biomedplm.types import DocumentRecord, MentionRecord

TEXT = "aspirin lowers fever and severe joint pain in mice"


def document(*mentions, doc_id="1", text=TEXT):
    records = (
        MentionRecord(f"T{n}", label, fragments if isinstance(fragments[0], tuple) else (fragments,))
        for n, (label, fragments) in enumerate(mentions, start=1)
    )
    return DocumentRecord(doc_id, text, tuple(records))


def counts(score, label):
    return score.labels[label].tp, score.labels[label].fp, score.labels[label].fn


GOLD = document(("Drug", (0, 7)), ("Sign", (15, 20)), ("Sign", (25, 42)))


@pytest.mark.parametrize(
    ("predicted", "matching", "drug", "sign"),
    [
        ([("Drug", (0, 7)), ("Sign", (15, 20)), ("Sign", (25, 42))], "exact", (1, 0, 0), (2, 0, 0)),
        ([("Sign", (0, 7)), ("Sign", (32, 42))], "exact", (0, 0, 1), (0, 2, 2)),
        ([("Drug", (0, 7)), ("Sign", (32, 42))], "overlap", (1, 0, 0), (1, 0, 1)),
        # One prediction over two gold mentions is right for one of them.
        ([("Sign", (15, 42))], "overlap", (0, 0, 1), (1, 0, 1)),
        # Two predictions in one gold mention: one of them is right.
        ([("Sign", (25, 31)), ("Sign", (32, 42))], "overlap", (0, 0, 1), (1, 1, 1)),
        ([("Sign", (20, 25))], "overlap", (0, 0, 1), (0, 1, 2)),
        ([("Sign", (25, 31))], "left", (0, 0, 1), (1, 0, 1)),
        ([("Sign", (25, 31))], "right", (0, 0, 1), (0, 1, 2)),
        ([("Sign", (32, 42)), ("Sign", (38, 42))], "right", (0, 0, 1), (1, 1, 1)),
        ([], "overlap", (0, 0, 1), (0, 0, 2)),
    ],
)
def test_score_entities_counts_by_the_rule(predicted, matching, drug, sign):
    score = score_entities([GOLD], [document(*predicted)], matching=matching)
    assert counts(score, "Drug") == drug
    assert counts(score, "Sign") == sign
    assert score.main == score.counts.f1


def test_score_entities_pairs_as_many_as_possible():
    # Taken first for (0, 20), the mention (0, 7) would leave (15, 20) without a partner.
    gold = document(("Sign", (0, 20)), ("Sign", (0, 7)))
    predicted = document(("Sign", (0, 7)), ("Sign", (15, 20)))
    assert counts(score_entities([gold], [predicted], matching="overlap"), "Sign") == (2, 0, 0)


def test_score_entities_compares_fragments_and_counts_copies_once():
    gold = document(("Sign", ((25, 31), (38, 42))), ("Sign", (15, 20)))
    predicted = document(("Sign", ((38, 42), (25, 31))), ("Sign", (25, 42)), ("Sign", (15, 20)), ("Sign", (15, 20)))
    assert counts(score_entities([gold], [predicted]), "Sign") == (2, 1, 0)


def test_score_entities_leaves_triggers_and_other_labels_out():
    trigger = MentionRecord("T9", "Drug", ((8, 14),), is_trigger=True)
    gold = DocumentRecord("1", TEXT, (*GOLD.mentions, trigger))
    score = score_entities([gold], [GOLD], labels=["Drug", "Gene"])
    assert list(score.labels) == ["Drug", "Gene"]
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (1, 0, 0)


def test_score_entities_without_labels():
    predicted = document(("Disease", (0, 7)), ("Drug", (15, 20)))
    score = score_entities([GOLD], [predicted], labelled=False)
    assert counts(score, "entity") == (2, 0, 1)


@pytest.mark.parametrize("answers", [[], [document(doc_id="2")]])
def test_score_entities_refuses_other_documents(answers):
    with pytest.raises(BiomedplmError, match=r"B720"):
        score_entities([GOLD], answers)


SPANS = st.lists(
    st.tuples(st.sampled_from(["A", "B"]), st.integers(0, 20), st.integers(1, 6)).map(
        lambda item: (item[0], (item[1], item[1] + item[2]))
    ),
    max_size=8,
)


@given(SPANS, SPANS)
def test_score_entities_invariants(gold, predicted):
    sides = [document(*gold)], [document(*predicted)]
    exact = score_entities(*sides)
    assert score_entities(*reversed(sides)).main == pytest.approx(exact.main)
    for matching in ("overlap", "left", "right"):
        relaxed = score_entities(*sides, matching=matching)
        assert relaxed.counts.tp >= exact.counts.tp
        assert (relaxed.counts.gold, relaxed.counts.predicted) == (exact.counts.gold, exact.counts.predicted)
        assert score_entities(*reversed(sides), matching=matching).counts.tp == relaxed.counts.tp
    assert score_entities(sides[0], sides[0]).main == (1.0 if gold else 0.0)


def test_score_words_is_the_mean_over_labels():
    # Words: aspirin lowers fever and severe joint pain in mice.
    gold = document(("INT", (0, 7)), ("OUT", (25, 42)), ("PAR", (46, 50)))
    predicted = document(("INT", (0, 14)), ("OUT", (32, 42)))
    score = score_words([gold], [predicted])
    assert counts(score, "INT") == (1, 1, 0)
    assert counts(score, "OUT") == (2, 0, 1)
    assert counts(score, "PAR") == (0, 0, 1)
    assert score.main == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)
    assert score.more["precision"] == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_score_words_takes_a_word_by_any_of_its_characters():
    gold = document(("INT", (0, 7)))
    assert score_words([gold], [document(("INT", (3, 4)))], labels=["INT"]).main == 1.0
    assert score_words([gold], [document(("INT", (7, 8)))], labels=["INT"]).main == 0.0
