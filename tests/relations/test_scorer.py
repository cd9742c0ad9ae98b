from typing import Any

import pytest
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


def test_another_guideline_does_not_count(make_doc: Any) -> None:
    text, annotated = "[a|A] [b|B] [c|B]", {"relations": {"one": ["X"]}}
    gold = make_doc(text, [(0, "X", 1)], annotated)
    found = make_doc(text, [(0, "X", 1), (0, "X", 2)])
    first, second = found._.relations
    found._.relations = [first._replace(infons={"guideline": "one"}), second._replace(infons={"guideline": "two"})]
    assert score_relations([Example(found, gold)])["rels_p"] == 1.0


def test_documents_without_relations_count_if_others_have_some(make_doc: Any) -> None:
    text = "[a|A] [b|B]"
    some, none, found = (make_doc(text, rows, None) for rows in ([(0, "X", 1)], [], [(0, "X", 1)]))
    scores = score_relations([Example(found, some), Example(found, none)])
    assert (scores["rels_p"], scores["rels_r"]) == (0.5, 1.0)
    assert score_relations([Example(found, none)])["rels_f"] is None


@pytest.mark.parametrize(("is_symmetric", "wanted"), [(True, 1.0), (False, 0.0)])
def test_directed_relations_are_not_right_backwards(is_symmetric: bool, wanted: float, make_doc: Any) -> None:
    gold, found = make_doc("[a|A] [b|A]", [(0, "ACTIVATOR", 1)]), make_doc("[a|A] [b|A]", [(1, "ACTIVATOR", 0)])
    schemes = {"toy": {"symmetric": is_symmetric}}
    assert score_relations([Example(found, gold)], schemes=schemes)["rels_f"] == wanted
