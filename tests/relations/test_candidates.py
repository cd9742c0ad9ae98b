from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Span

from spacy_biomedplm.attributes import ENTITIES_KEY, PASSAGES_KEY
from spacy_biomedplm.documents import sentence_starts
from spacy_biomedplm.relations import candidates
from spacy_biomedplm.relations.candidates import create_pair_candidates
from spacy_biomedplm.relations.schemes import Scheme

SAME = {label: label for label in ("A", "B", "C")}


def scheme(*ends: tuple[str, str], **fields: Any) -> Scheme:
    return Scheme("toy", ("X",), ends, **fields)


def shown(proposal: Any) -> list[tuple[str, str]]:
    return [(str(pair.head.target), str(pair.tail.target)) for pair in proposal.pairs]


def test_pairs_of_a_sentence(make_doc: Any) -> None:
    doc = make_doc("[a1|A] with [b1|B] . Then [a2|A] [b2|B]")
    propose = create_pair_candidates()
    assert shown(propose(doc, scheme(("A", "B")), SAME)) == [("a1", "b1"), ("a2", "b2")]
    assert shown(propose(doc, scheme(("B", "A")), SAME)) == [("b1", "a1"), ("b2", "a2")]
    everywhere = scheme(("A", "B"), scope="document")
    assert shown(propose(doc, everywhere, SAME)) == [("a1", "b1"), ("a1", "b2"), ("a2", "b1"), ("a2", "b2")]
    near = create_pair_candidates(max_distance_tokens=1)
    assert shown(near(doc, everywhere, SAME)) == [("a1", "b1"), ("a2", "b2")]


def test_pairs_that_can_be_turned_round_are_there_once(make_doc: Any) -> None:
    doc = make_doc("[a1|A] [b1|B] [a2|A]")
    propose = create_pair_candidates()
    assert shown(propose(doc, scheme(("A", "A"), symmetric=True), SAME)) == [("a1", "a2")]
    assert shown(propose(doc, scheme(("A", "A")), SAME)) == [("a1", "a2"), ("a2", "a1")]
    assert shown(propose(doc, scheme(("A", "B"), symmetric=True), SAME)) == [("a1", "b1"), ("b1", "a2")]


def test_contexts(make_doc: Any) -> None:
    doc = make_doc("One . [A1|A] two . [B1|B] three . Four")
    doc.spans[PASSAGES_KEY] = [Span(doc, 0, 5, label="title"), Span(doc, 5, 9, label="abstract")]
    everywhere = scheme(("A", "B"), scope="document")
    for context, wanted in (("sentence", (2, 8)), ("passage", (0, 9)), ("document", (0, 9))):
        (pair,) = create_pair_candidates(context)(doc, everywhere, SAME).pairs  # type: ignore[arg-type]
        assert pair.context == wanted
        assert pair.distance == 2


def test_concepts_are_as_near_as_their_nearest_mentions(make_doc: Any) -> None:
    doc = make_doc("[a|A|1] x x x [b|B|2] [a|A|1] . [b|B|3]")
    found = create_pair_candidates()(doc, scheme(("A", "B"), level="concept", scope="document"), SAME)
    assert [(pair.head.target, pair.tail.target, pair.distance) for pair in found.pairs] == [
        ("1", "2", 0),
        ("1", "3", 1),
    ]
    assert found.pairs[0].head.mentions == ((0, 1), (5, 6))


def test_alternatives_can_be_left_out(make_doc: Any) -> None:
    doc = make_doc("[a1|A] , [a2|A] and [a3|A] raise [a4|A] ( [a5|A] ) and [a1|A]")
    both = scheme(("A", "A"), symmetric=True)
    assert len(create_pair_candidates()(doc, both, SAME).pairs) == 15
    left = shown(create_pair_candidates(skip_alternatives=True)(doc, both, SAME))
    assert ("a1", "a4") in left
    assert not {("a1", "a2"), ("a1", "a3"), ("a2", "a3"), ("a4", "a5"), ("a1", "a1")} & set(left)


def test_thousands_of_entities_are_bounded_with_alternatives_left_out(make_doc: Any) -> None:
    doc = make_doc(" ".join(f"[a{n}|A] hits [b{n}|B]" for n in range(1000)))
    proposal = create_pair_candidates(skip_alternatives=True)(doc, scheme(("A", "B")), SAME)
    assert len(proposal.pairs) + proposal.left_out == 1000 * 1000
    assert len(proposal.pairs) == 20_000


def test_the_nearest_are_kept_of_too_many(make_doc: Any) -> None:
    doc = make_doc("[a1|A] x [b1|B] x x x [b2|B] [a2|A]")
    proposal = create_pair_candidates(max_pairs=2)(doc, scheme(("A", "B")), SAME)
    assert shown(proposal) == [("a1", "b1"), ("a2", "b2")]
    assert proposal.left_out == 2


@given(
    words=st.lists(st.sampled_from(["x", ".", "X", "[a|A|1]", "[b|B|2]", "[c c|C|3]", "[a|B|1]"]), max_size=14),
    symmetric=st.booleans(),
    level=st.sampled_from(["mention", "concept"]),
    scope=st.sampled_from(["sentence", "document"]),
)
@settings(max_examples=80)
def test_pairs_are_all_that_fit(make_doc: Any, words: list[str], symmetric: bool, level: Any, scope: Any) -> None:
    doc = make_doc(" ".join(words))
    one = scheme(("A", "B"), ("B", "C"), symmetric=symmetric, level=level, scope=scope)
    found = create_pair_candidates()(doc, one, SAME).pairs
    sentence = np.searchsorted(sentence_starts(doc), np.arange(len(doc)), side="right")
    spans = doc.spans[ENTITIES_KEY]
    wanted = set()
    for head, tail in product(spans, spans):
        fits = (head.label_, tail.label_) in one.ends or (symmetric and (tail.label_, head.label_) in one.ends)
        if not fits or (scope == "sentence" and sentence[head.start] != sentence[tail.start]):
            continue
        ends = [(s.kb_id_, s.label_) if level == "concept" else (s.start, s.label_) for s in (head, tail)]
        if ends[0][0] != ends[1][0]:
            wanted.add(frozenset(ends) if symmetric else tuple(ends))
    keys = [
        [(e.target, e.type) if level == "concept" else (e.target.start, e.type) for e in (p.head, p.tail)]
        for p in found
    ]
    made = [frozenset(key) if symmetric else tuple(key) for key in keys]
    assert set(made) == wanted
    assert len(made) == len(wanted)


def test_distances_are_computed_in_blocks(make_doc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    doc = make_doc("[a|A|1] x [b|B|2] x [a|A|3] [b|B|2] [b|B|4]")
    for level in ("mention", "concept"):
        one = scheme(("A", "B"), level=level, scope="document")
        whole = create_pair_candidates()(doc, one, SAME)
        monkeypatch.setattr(candidates, "_MOST_CELLS", 6)
        assert create_pair_candidates()(doc, one, SAME) == whole
        monkeypatch.undo()
