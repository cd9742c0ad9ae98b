from typing import Any

from spacy.training import Example

from spacy_biomedplm.relations.scorer import score_relations


def test_recall_is_of_all_gold(make_doc: Any) -> None:
    text = "[a|A] [b|B] . [c|B]"
    gold = make_doc(text, [(0, "ACTIVATOR", 1), (0, "INHIBITOR", 2)])
    found = make_doc(text, [(1, "ACTIVATOR", 0), (1, "INHIBITOR", 2), (0, "OTHER", 1)])
    scores = score_relations([Example(found, gold)])
    assert (scores["rels_p"], scores["rels_r"], scores["rels_f"]) == (0.5, 0.5, 0.5)
    assert scores["rels_per_guideline"]["toy"]["labels"]["ACTIVATOR"]["f"] == 1.0


def test_documents_nobody_annotated_do_not_count(make_doc: Any) -> None:
    silent = make_doc("[a|A] [b|B]", (), {})
    found = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)])
    assert score_relations([Example(found, silent)])["rels_f"] is None


def test_plain_documents_are_scored_by_their_relations(make_doc: Any) -> None:
    gold = make_doc("[a|A] [b|B]", [(0, "X", 1)], None)
    assert score_relations([Example(gold, gold)])["rels_f"] == 1.0
