from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.relations.candidates import create_pair_candidates
from spacy_biomedplm.relations.gold import gold_pairs, weigh_answers
from spacy_biomedplm.relations.schemes import Scheme

SCHEME = Scheme("toy", ("ACTIVATOR", "INHIBITOR"), (("A", "B"),))
TYPES = {"A": "A", "B": "B"}


def answer(doc: Any, reference: Any, scheme: Scheme = SCHEME) -> Any:
    return gold_pairs(reference, create_pair_candidates()(doc, scheme, TYPES).pairs, scheme)


def test_duplicate_and_contradictory_gold(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1), (0, "ACTIVATOR", 1), (0, "INHIBITOR", 1)])
    found = answer(doc, doc)
    assert found.labels.tolist() == [[True, True]]
    assert found.missed == 0


def test_gold_outside_of_the_candidates_is_counted(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B] . Then [b2|B]", [(0, "ACTIVATOR", 1), (0, "ACTIVATOR", 2), (1, "INHIBITOR", 0)])
    found = answer(doc, doc)
    assert found.labels.tolist() == [[True, False]]
    assert found.missed == 2
    turned = Scheme("toy", SCHEME.labels, SCHEME.ends, symmetric=True)
    assert answer(doc, doc, turned).labels.tolist() == [[True, True]]


def test_ends_that_are_no_entities_are_missed(make_doc: Any) -> None:
    reference = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)])
    found = answer(make_doc("a [b|B]"), reference)
    assert (len(found.labels), found.missed) == (0, 1)


def test_who_was_not_annotated_has_no_answers(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)], {"relations": {"other": ["X"]}})
    assert answer(doc, doc) is None
    partly = make_doc("[a|A] [b|B]", (), {"relations": {"toy": ["INHIBITOR"]}})
    assert answer(partly, partly).known.tolist() == [False, True]


def test_unknown_label_is_an_error(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "BINDS", 1)], {"relations": {"toy": []}})
    with pytest.raises(BiomedplmError, match=r"(?s)B223.*BINDS.*ACTIVATOR, INHIBITOR"):
        answer(doc, doc)


def test_rare_answers_count_more(make_doc: Any) -> None:
    docs = [make_doc("[a|A] [b|B] " + "[b|B] " * 4, [(0, "ACTIVATOR", 1)]), make_doc("[a|A] [b|B]")]
    (weights,) = weigh_answers({"toy": [answer(doc, doc) for doc in docs]}).values()
    # Five pairs without, one with the first label, none with the second, which counts as one.
    assert weights[1] == weights[2] == pytest.approx(5**0.5 * weights[0], rel=1e-3)
    assert (5 * weights[0] + weights[1] + weights[2]) / 7 == pytest.approx(1.0, rel=1e-3)
