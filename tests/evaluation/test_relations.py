import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.evaluation.relations import (
    CHEMPROT_LABELS,
    DDI_LABELS,
    DRUGPROT_LABELS,
    score_biored,
    score_concept_relations,
    score_relations,
)
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, MentionRecord, RelationRecord

TEXT = "Aspirin and lithium act on COX and GSK in fever"
SPANS = {"T1": ("Chemical", (0, 7)), "T2": ("Chemical", (12, 19)), "T3": ("Gene", (27, 30)), "T4": ("Gene", (35, 38))}


def document(*relations, doc_id="1", ids=None, concepts=None):
    ids = ids or {name: name for name in SPANS}
    mentions = tuple(
        MentionRecord(
            ids[name], label, (span,), concepts=tuple(ConceptRecord("", c) for c in (concepts or {}).get(name, ()))
        )
        for name, (label, span) in SPANS.items()
    )
    records = tuple(
        RelationRecord(
            f"R{n}",
            label,
            (ArgumentRecord("", ids.get(one, one), kind), ArgumentRecord("", ids.get(two, two), kind)),
            i,
        )
        for n, (label, one, two, i) in enumerate(
            ((r[0], r[1], r[2], dict(r[3:4] and r[3])) for r in relations), start=1
        )
        for kind in ["mention" if one in ids else "concept"]
    )
    return DocumentRecord(doc_id, TEXT, mentions, records)


def counts(prf):
    return prf.tp, prf.fp, prf.fn


def test_score_relations_compares_characters_not_identifiers():
    gold = document(("CPR:3", "T1", "T3"), ("CPR:4", "T2", "T4"), ("CPR:10", "T1", "T4"))
    other = dict(zip(SPANS, ("A", "B", "C", "D"), strict=True))
    predicted = document(("CPR:3", "T3", "T1"), ("CPR:3", "T1", "T3"), ("CPR:9", "T2", "T4"), ids=other)
    score = score_relations([gold], [predicted], labels=CHEMPROT_LABELS)
    assert counts(score.counts) == (1, 1, 1)
    assert counts(score.labels["CPR:4"]) == (0, 0, 1)
    assert "CPR:10" not in score.labels
    # Without the labels of relations, both pairs are found.
    assert score.more["detection_f1"] == 1.0
    assert counts(score_relations([gold], [predicted]).counts) == (1, 1, 2)


def test_score_relations_directed():
    gold, predicted = document(("x", "T1", "T3")), document(("x", "T3", "T1"))
    assert score_relations([gold], [predicted]).main == 1.0
    assert score_relations([gold], [predicted], directed=True).main == 0.0


def test_score_relations_needs_the_right_mentions():
    gold = document(("x", "T1", "T3"))
    moved = MentionRecord("T1", "Chemical", ((0, 6),))
    predicted = document(("x", "T1", "T3"))
    predicted = DocumentRecord("1", TEXT, (moved, *predicted.mentions[1:]), predicted.relations)
    assert counts(score_relations([gold], [predicted]).counts) == (0, 1, 1)


def test_numbers_of_classes():
    assert (len(CHEMPROT_LABELS), len(DRUGPROT_LABELS), len(DDI_LABELS)) == (5, 13, 4)


def test_score_concept_relations_counts_pairs_of_concepts():
    gold = [document(("CID", "D1", "D2"), ("CID", "D1", "D3")), document(doc_id="2")]
    predicted = [
        document(("CID", "MESH:D1", "D2"), ("CID", "D2", "D1"), ("CID", "D1", "-1"), ("other", "D1", "D3")),
        document(("CID", "D1", "D2"), doc_id="2"),
    ]
    assert counts(score_concept_relations(gold, predicted).counts) == (1, 1, 1)
    assert counts(score_concept_relations(gold, predicted, gold_documents_only=False).counts) == (1, 2, 1)


def test_score_concept_relations_takes_concepts_of_mentions():
    predicted = document(("CID", "T1", "T3"), concepts={"T1": ["D1"], "T3": ["D2|D3"]})
    gold = document(("CID", "D1", "D2"), ("CID", "D1", "D3"))
    assert counts(score_concept_relations([gold], [predicted]).counts) == (2, 0, 0)


def test_score_biored_compares_pair_type_and_novelty():
    new, old = {"novelty": "Novel"}, {"novelty": "No"}
    gold = document(("Association", "1", "2", new), ("Bind", "2", "3", old), ("Bind", "3", "4", new))
    predicted = document(("Association", "2", "1", new), ("Bind", "2", "3", new), ("Association", "3", "4", new))
    score = score_biored([gold], [predicted])
    assert score.more["pair_f1"] == 1.0
    assert score.more["pair_type_f1"] == pytest.approx(2 / 3)
    assert score.more["pair_novelty_f1"] == pytest.approx(2 / 3)
    assert counts(score.counts) == (1, 2, 2)
    assert counts(score.labels["Bind"]) == (1, 0, 1)


PAIRS = st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(["T1", "T2"]), st.sampled_from(["T3", "T4"])))


@given(PAIRS, PAIRS)
def test_score_relations_invariants(gold, predicted):
    sides = [document(*gold)], [document(*predicted)]
    score = score_relations(*sides)
    assert score.main == pytest.approx(score_relations(*reversed(sides)).main)
    assert score.counts.gold == len(set(gold))
    assert score.more["detection_f1"] >= 0
    assert score_relations(sides[0], sides[0]).main == (1.0 if gold else 0.0)
