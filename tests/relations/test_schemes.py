from typing import Any

import pytest

from spacy_biomedplm.attributes import Event, Relation
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.relations.schemes import Scheme, infer_schemes, lay_out, make_schemes

TYPES: dict[str, str] = {}


def test_directed_and_symmetric_are_told_apart(make_doc: Any) -> None:
    forward = make_doc("[a|A] [b|A] [c|B]", [(0, "ACTIVATOR", 1), (0, "INHIBITOR", 2)])
    (scheme,) = infer_schemes([forward], {}, TYPES)
    assert scheme.symmetric
    assert scheme.labels == ("ACTIVATOR", "INHIBITOR")
    back = make_doc("[a|A] [b|A]", [(1, "ACTIVATOR", 0)])
    (scheme,) = infer_schemes([back], {}, TYPES)
    assert not scheme.symmetric
    (scheme,) = infer_schemes([make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)])], {}, TYPES)
    assert not scheme.symmetric


def test_documents_that_say_nothing_have_the_default_guideline(make_doc: Any) -> None:
    docs = [make_doc("[a|A] [b|B]", [(0, "X", 1)], None), make_doc("[a|A] [b|B]", [(0, "Y", 1)], None)]
    (scheme,) = infer_schemes(docs, {}, TYPES)
    assert (scheme.name, scheme.labels, scheme.multiple) == ("default", ("X", "Y"), False)
    both = make_doc("[a|A] [b|B]", [(0, "X", 1), (0, "Y", 1)], None)
    assert infer_schemes([both], {}, TYPES)[0].multiple
    assert not infer_schemes([make_doc("[a|A]", (), None)], {}, TYPES)


def test_what_is_given_goes_before_what_is_found(make_doc: Any) -> None:
    doc = make_doc("[a|A] [b|B]", [(0, "ACTIVATOR", 1)])
    given = {"toy": {"scope": "document", "ends": [["A", "B"], ["B", "B"]], "symmetric": True}}
    (scheme,) = infer_schemes([doc], given, TYPES)
    assert (scheme.scope, scheme.symmetric, scheme.ends) == ("document", True, (("A", "B"), ("B", "B")))
    assert scheme.admits("B", "A")
    assert make_schemes({scheme.name: scheme.to_dict()}) == [scheme]


def test_ends_of_different_kinds(make_doc: Any) -> None:
    doc = make_doc("[a|A|D1] [b|B|D2] c", [(0, "X", "D2")], None)
    (scheme,) = infer_schemes([doc], {}, TYPES)
    assert (scheme.level, scheme.ends) == ("concept", (("A", "B"),))
    spelled = make_doc("[a|A|D1] [b|B|D2]", [("MESH:D1", "X", "D2")], None)
    assert infer_schemes([spelled], {}, TYPES)[0].ends == (("A", "B"),)
    event = make_doc("[a|A] [b|B] c", [(0, "X", 1)], None)
    event._.events = [Event(event[2:3], "E", ())]
    event._.relations = [*event._.relations, Relation(event._.events[0], "X", event.spans["entities"][0])]
    assert infer_schemes([event], {}, TYPES)[0].ends == (("A", "B"),)


def test_guideline_whose_ends_nothing_shows_is_left_out_aloud(make_doc: Any) -> None:
    docs = [make_doc("[a|A|D1]", [("D8", "X", "D9")], {"relations": {"lost": ["X"]}})]
    with pytest.warns(UserWarning, match=r"W614.*'lost'.*labels X"):
        assert not infer_schemes(docs, {}, TYPES)


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": "X"},
        {"labels": ["X", "X"]},
        {"labels": [""]},
        {"values": 1},
        {"values": ["No"]},
        {"attribute": 1},
        {"attribute": "novelty"},
        {"attribute": "guideline", "values": ["a"]},
        {"scope": "abstract"},
        {"x": 1},
    ],
    ids=str,
)
def test_fields_that_cannot_be(fields: dict[str, Any]) -> None:
    with pytest.raises(BiomedplmError, match=r"B222.*schemes\.toy"):
        make_schemes({"toy": fields})


def test_columns_follow_each_other() -> None:
    schemes = [Scheme("a", ("X", "Y"), ()), Scheme("b", ("Z",), (), values=("No", "Novel"))]
    assert lay_out(schemes) == [(slice(0, 3), slice(3, 3)), (slice(3, 5), slice(5, 7))]
