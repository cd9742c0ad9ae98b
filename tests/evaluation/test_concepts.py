import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.evaluation.concepts import concept_ids, score_document_concepts, score_linking
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord

TEXT = "breast and ovarian cancer, fever, cough and pain"


def document(*mentions, doc_id="1"):
    records = (
        MentionRecord(f"T{n}", label, (span,), concepts=tuple(ConceptRecord("", name) for name in names))
        for n, (label, span, *names) in enumerate(mentions, start=1)
    )
    return DocumentRecord(doc_id, TEXT, tuple(records))


@pytest.mark.parametrize(
    ("concepts", "namespace", "separators", "wanted"),
    [
        ([("", "D1")], "MESH", "|", ["MESH:D1"]),
        ([("", "MESH:D1"), ("", "D1")], "MESH", "|", ["MESH:D1"]),
        ([("OMIM", "77")], "MESH", "|", ["OMIM:77"]),
        ([("", "D1|D2"), ("", "D3+D4")], None, "|", ["D1", "D2", "D3+D4"]),
        ([("", "D1|D2"), ("", "D3+D4")], None, "|+", ["D1", "D2", "D3", "D4"]),
        ([("", "a|b")], None, "", ["a|b"]),
        ([("", "-1"), ("", "-"), ("", " "), ("", "NIL"), ("", "-1|D1")], None, "|", ["D1"]),
    ],
)
def test_concept_ids(concepts, namespace, separators, wanted):
    assert concept_ids([ConceptRecord(*row) for row in concepts], namespace, separators) == wanted


def test_score_document_concepts_counts_each_once_for_a_document():
    gold = [
        document(("Disease", (0, 25), "D1|D2"), ("Disease", (27, 32), "D3"), ("Disease", (34, 39), "-1")),
        document(("Disease", (27, 32), "D3"), doc_id="2"),
        document(doc_id="3"),
    ]
    predicted = [
        document(("Disease", (0, 6), "D1"), ("Disease", (7, 25), "D1"), ("Disease", (27, 32), "MESH:D3")),
        document(("Disease", (27, 32), "D4"), doc_id="2"),
        document(("Disease", (27, 32), "D3"), doc_id="3"),
    ]
    score = score_document_concepts(gold, predicted)
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (2, 2, 2)
    # Documents: 2 of 2 and 2 of 3; 0; 0 (predicted only).
    assert score.more["macro_f1"] == pytest.approx((4 / 5 + 0 + 0) / 3)
    assert score.more["macro_precision"] == pytest.approx(1 / 3)
    kit = score_document_concepts(gold, predicted, gold_documents_only=True)
    assert (kit.counts.tp, kit.counts.fp, kit.counts.fn) == (2, 1, 2)


def test_score_document_concepts_of_some_labels():
    gold = document(("Disease", (27, 32), "D3"), ("Chemical", (34, 39), "D9"))
    score = score_document_concepts([gold], [document(("Chemical", (34, 39), "D3"))], labels=["Disease"])
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (0, 0, 1)


LINKED = document(
    ("Disease", (0, 25), "D1", "D2"), ("Disease", (27, 32), "D3"), ("Disease", (34, 39), "D5"), ("Disease", (44, 48))
)


def test_score_linking_against_all_gold():
    # The first needs both concepts, the second has its own in the second place, the third is not predicted at all.
    predicted = document(
        ("Disease", (0, 25), "D1", "D7", "D2"),
        ("X", (27, 32), "D4", "D3"),
        ("Disease", (34, 38), "D5"),
        ("X", (44, 48)),
    )
    score = score_linking([LINKED], [predicted], ks=(1, 2, 3))
    assert [score.more[f"recall@{k}"] for k in (1, 2, 3)] == pytest.approx([0, 1 / 3, 2 / 3])
    assert [score.more[f"accuracy@{k}"] for k in (1, 2, 3)] == pytest.approx([0, 1 / 2, 1])
    assert score.more["nil_accuracy"] == 1.0
    assert score.main == 0.0
    # Best concepts of the predicted mentions against the four gold pairs.
    assert (score.counts.tp, score.counts.fp, score.counts.fn) == (1, 2, 3)


def test_score_linking_of_alternatives():
    predicted = document(("Disease", (0, 25), "D2"))
    assert score_linking([LINKED], [predicted], composite=False).more["accuracy@1"] == 1.0
    assert score_linking([LINKED], [predicted]).more["accuracy@1"] == 0.0
    assert score_linking([document(("X", (0, 25), "D1|D2"))], [predicted], composite=False).main == 1.0


def test_score_linking_of_nothing():
    score = score_linking([document()], [document()])
    assert score.main == 0.0
    assert "nil_accuracy" not in score.more


IDS = st.lists(st.sampled_from(["D1", "D2", "D3", "-1"]), min_size=1, max_size=4)


@given(IDS, IDS)
def test_score_linking_grows_with_k(gold, ranked):
    score = score_linking([document(("X", (0, 5), *gold))], [document(("X", (0, 5), *ranked))], ks=(1, 2, 4))
    assert score.more["recall@1"] <= score.more["recall@2"] <= score.more["recall@4"]
    assert score.more["recall@4"] == score.more["accuracy@4"]
