from typing import Any

import pytest
from spacy.tokens import Span

from spacy_biomedplm.attributes import ENTITIES_KEY, Event, Relation
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


@pytest.mark.parametrize("own", [[], ["ACTIVATOR", "INHIBITOR"], ["ACTIVATOR", "BINDS", "INHIBITOR"]])
def test_unknown_label_is_an_error(own: list[str], make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "BINDS", 1)], {"relations": {"toy": own}})
    with pytest.raises(BiomedplmError, match=r"(?s)B223.*BINDS.*ACTIVATOR, INHIBITOR"):
        answer(doc, doc)


def test_unknown_label_of_a_document_that_says_nothing_is_an_error(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "BINDS", 1)], None)
    with pytest.raises(BiomedplmError, match=r"(?s)B223.*'BINDS'.*'default' for: ACTIVATOR\."):
        answer(doc, doc, Scheme("default", ("ACTIVATOR",), SCHEME.ends))


def test_guideline_that_names_no_labels_has_all(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)], {"relations": {"toy": []}})
    found = answer(doc, doc)
    assert found.labels.tolist() == [[True, False]]
    assert found.known.tolist() == [True, True]


def test_labels_of_another_guideline_are_not_right(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)], {"relations": {"toy": ["INHIBITOR"], "other": ["ACTIVATOR"]}})
    found = answer(doc, doc)
    assert found.labels.tolist() == [[False, False]]
    assert found.known.tolist() == [False, True]


def test_words_with_two_labels_are_told_apart(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)])
    first, second = doc.spans[ENTITIES_KEY]
    doc.spans[ENTITIES_KEY] = [first, Span(doc, 0, 1, label="B"), second]
    both = Scheme("toy", SCHEME.labels, (("A", "B"), ("B", "B")), symmetric=True)
    pairs = create_pair_candidates()(doc, both, TYPES).pairs
    found = gold_pairs(doc, pairs, both)
    assert found is not None
    right = [pair.head.type for pair, row in zip(pairs, found.labels, strict=True) if row.any()]
    assert (len(pairs), right) == (2, ["A"])


def test_ends_that_are_events_are_missed(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B] c")
    doc._.events = [Event(doc[2:3], "E", ())]
    doc._.relations = [Relation(doc.spans[ENTITIES_KEY][0], "ACTIVATOR", doc._.events[0])]
    found = answer(doc, doc)
    assert (found.labels.any(), found.missed) == (False, 1)


def test_rare_answers_count_more(make_doc: Any) -> None:
    docs = [make_doc("[a|A] [b|B] " + "[b|B] " * 4, [(0, "ACTIVATOR", 1)]), make_doc("[a|A] [b|B]")]
    (weights,) = weigh_answers({"toy": [answer(doc, doc) for doc in docs]}).values()
    # Five pairs without, one with the first label, none with the second, which counts as one.
    assert weights[1] == weights[2] == pytest.approx(5**0.5 * weights[0], rel=1e-3)
    assert (5 * weights[0] + weights[1] + weights[2]) / 7 == pytest.approx(1.0, rel=1e-3)
