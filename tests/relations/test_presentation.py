from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.relations.candidates import Pair, create_pair_candidates
from spacy_biomedplm.relations.ends import End
from spacy_biomedplm.relations.presentation import portions, present_apart, present_marked, present_together
from spacy_biomedplm.relations.schemes import Scheme

NUMBERS = {"DRUG": 0, "GENE": 1}
BOTH = Scheme("toy", ("X",), (("DRUG", "GENE"),), scope="document")


def pairs_of(doc: Any, scheme: Scheme = BOTH) -> list[Pair]:
    return create_pair_candidates()(doc, scheme, {"DRUG": "DRUG", "GENE": "GENE"}).pairs


@pytest.mark.parametrize(
    ("markers", "wanted", "head"),
    [
        ("none", "Some aspirin blocks the kinase receptor .", "aspirin"),
        ("plain", "Some @ aspirin @ blocks the # kinase receptor # .", "@ aspirin @"),
        ("typed", "Some @ * drug * aspirin @ blocks the # ^ gene ^ kinase receptor # .", "@ * drug * aspirin @"),
        ("masked", "Some @DRUG$ blocks the @GENE$ .", "@DRUG$"),
    ],
)
def test_copies(markers: Any, wanted: str, head: str, make_doc: Any) -> None:
    doc = make_doc("First . Some [aspirin|DRUG] blocks the [kinase receptor|GENE] . Last")
    (copy,), arrays = present_apart([doc], [pairs_of(doc)], NUMBERS, markers)
    assert copy.text.strip() == wanted
    (a, b), (c, d) = arrays.spans.tolist()
    assert copy[a:b].text == head
    assert "kinase" in copy[c:d].text or copy[c:d].text == "@GENE$"
    assert arrays.contexts.tolist() == [[0, len(copy)]]
    assert arrays.types.tolist() == [[0, 1]]
    assert arrays.gaps.tolist() == [2]


@pytest.mark.parametrize(
    ("markers", "wanted"),
    [
        ("none", "A drug [aspirin] with [kinase] . The [lithium x] [gene] end"),
        ("plain", "A drug [@ aspirin @] with [@ kinase @] . The [@ lithium x @] [@ gene @] end"),
        ("typed", "A drug [@ * drug * aspirin @] with [@ * gene * kinase @] . The [@ * drug * lithium x @] "
        "[@ * gene * gene @] end"),
        ("masked", "A drug [@DRUG$] with [@GENE$] . The [@DRUG$] [@GENE$] end"),
    ],
)  # fmt: skip
def test_marked_documents(markers: Any, wanted: str, make_doc: Any) -> None:
    text = "A drug [aspirin|DRUG] with [kinase|GENE] . The [lithium x|DRUG] [gene|GENE] end"
    docs = [make_doc("Nothing at all ."), make_doc(text)]
    pairs = [[], pairs_of(docs[1], Scheme("toy", ("X",), (("DRUG", "GENE"),)))]
    copies, arrays = present_marked(docs, pairs, NUMBERS, markers)
    assert copies[0].text == docs[0].text
    assert copies[1].text.strip() == wanted.replace("[", "").replace("]", "")
    shown = [copies[1][a - 4 : b - 4].text for a, b in arrays.spans.tolist()]
    assert [f"[{text}]" in wanted for text in shown] == [True] * 4
    contexts = [copies[1][a - 4 : b - 4].text.strip() for a, b in arrays.contexts.tolist()]
    parts = wanted.replace("[", "").replace("]", "").partition(" . ")
    assert contexts == [f"{parts[0]} .", parts[2]]


def test_nested_ends_are_marked_inside_each_other(make_doc: Any) -> None:
    doc = make_doc("an aspirin receptor gene")
    inner, outer = End("a", "DRUG", ((1, 2),)), End("b", "GENE", ((1, 3),))
    pair = Pair(inner, outer, (0, 4), 0)
    (copy,), arrays = present_apart([doc], [[pair]], NUMBERS, "plain")
    assert copy.text.strip() == "an # @ aspirin @ receptor # gene"
    assert [copy[a:b].text for a, b in arrays.spans] == ["@ aspirin @", "# @ aspirin @ receptor #"]
    (copy,), arrays = present_apart([doc], [[pair]], NUMBERS, "masked")
    assert copy.text.strip() == "an @DRUG-GENE$ gene"
    assert arrays.spans.tolist() == [[1, 2], [1, 2]]


def test_no_space_is_lost_or_made(make_doc: Any) -> None:
    doc = make_doc("x")
    doc = type(doc)(doc.vocab, words=["(", "aspirin", ")", "-", "kinase"], spaces=[False, False, False, False, False])
    pair = Pair(End("a", "DRUG", ((1, 2),)), End("b", "GENE", ((4, 5),)), (0, 5), 2)
    (copy,), _ = present_apart([doc], [[pair]], NUMBERS, "plain")
    assert copy.text == "( @ aspirin @)- # kinase #"
    (copy,), _ = present_apart([doc], [[pair]], NUMBERS, "masked")
    assert copy.text == "(@DRUG$)-@GENE$"


def test_pairs_in_their_documents(make_doc: Any) -> None:
    docs = [make_doc("[aspirin|DRUG] and [kinase|GENE]"), make_doc("nothing"), make_doc("[kinase|GENE] [lithium|DRUG]")]
    arrays = present_together(docs, [pairs_of(doc) for doc in docs], NUMBERS)
    assert arrays.spans.tolist() == [[0, 1], [2, 3], [5, 6], [4, 5]]
    assert arrays.owners.tolist() == [0, 1, 2, 3]
    assert arrays.contexts.tolist() == [[0, 3], [4, 6]]
    assert arrays.gaps.tolist() == [1, 0]


@given(st.lists(st.integers(0, 5), max_size=9))
def test_chosen_pairs(make_doc: Any, numbers: list[int]) -> None:
    doc = make_doc("[a|DRUG|1] [b|GENE|2] [a|DRUG|1] x [c|GENE|3] [d|DRUG|4] [e|DRUG|5]")
    scheme = Scheme("toy", ("X",), (("DRUG", "GENE"),), level="concept", scope="document")
    pairs = pairs_of(doc, scheme)
    arrays = present_together([doc], [pairs], NUMBERS)
    wanted = present_together([doc], [[pairs[number] for number in numbers]], NUMBERS)
    found = arrays.chosen(np.array(numbers, dtype=np.int64))
    for name in ("spans", "owners", "contexts", "types", "gaps"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_portions_keep_order_and_size(make_doc: Any) -> None:
    docs = [make_doc("[a|DRUG] [b|GENE] [c|GENE]"), make_doc("x"), make_doc("[a|DRUG] [b|GENE]")]
    pairs = [pairs_of(doc) for doc in docs]
    for most in (1, 4, 7, 100):
        parts = list(portions(docs, pairs, most))
        assert [pair for _, of in parts for one in of for pair in one] == [pair for of in pairs for pair in of]
        for part_docs, of in parts:
            assert len(part_docs) == len(of)
            size = sum(pair.context[1] - pair.context[0] for one in of for pair in one)
            assert size <= most or sum(map(len, of)) == 1
