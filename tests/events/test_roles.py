from collections.abc import Callable

import numpy as np
from spacy.tokens import Doc

from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.graph import Node
from spacy_biomedplm.events.roles import find_edges, pair_arrays, propose_pairs, role_targets
from spacy_biomedplm.events.schemes import infer_schemes
from spacy_biomedplm.layers.pairs import Ints


def sentences(doc: Doc) -> Ints:
    return np.array([0, *(token.i + 1 for token in doc[:-3] if token.text == ".")])


def test_pairs_of_a_sentence_that_the_guideline_knows(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    pairs, _ = propose_pairs(gold.nodes, sentences(doc), scheme, 100)
    shown = {(gold.nodes[head].label, doc[gold.nodes[tail].start : gold.nodes[tail].stop].text) for head, tail in pairs}
    assert ("Positive_regulation", "phosphorylation") in shown
    assert ("Phosphorylation", "Y641") in shown
    # No binding regulates; nothing is phosphorylated by a trigger; the second sentence is another one.
    assert ("Positive_regulation", "bind") not in shown
    assert ("Phosphorylation", "increases") not in shown
    border = sentences(doc)[1]
    assert all((gold.nodes[head].start < border) == (gold.nodes[tail].start < border) for head, tail in pairs)
    targets = role_targets(gold, pairs, scheme)
    assert targets.sum() == len(gold.edges)
    edges = find_edges(pairs, targets.astype(np.float32), gold.nodes, scheme, 0.5)
    assert {edge[:3] for edge in edges} == {edge[:3] for edge in gold.edges}


def test_the_nearest_of_too_many_pairs_are_taken(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    nodes = gold_graph(doc, scheme).nodes
    pairs, left_out = propose_pairs(nodes, sentences(doc), scheme, 100)
    near, more = propose_pairs(nodes, sentences(doc), scheme, 5)
    assert (left_out, more) == (0, len(pairs) - 5)

    def distance(pair: tuple[int, int]) -> int:
        return abs(nodes[pair[0]].start - nodes[pair[1]].start)

    assert sorted(map(distance, near)) == sorted(map(distance, pairs))[:5]
    assert near == [pair for pair in pairs if pair in near]


def test_roles_that_the_guideline_forbids_are_left_out(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    pairs, _ = propose_pairs(gold.nodes, sentences(doc), scheme, 100)
    edges = find_edges(pairs, np.ones((len(pairs), 3), dtype=np.float32), gold.nodes, scheme, 0.5)
    labels = {(gold.nodes[trigger].label, role, gold.nodes[node].label) for trigger, role, node, _ in edges}
    assert labels <= set(scheme.participants)
    assert ("Binding", "Theme", "Protein") in labels
    assert ("Binding", "Cause", "Protein") not in labels


def test_arrays_of_several_documents() -> None:
    nodes = [
        Node(1, 2, "A", True, False),
        Node(4, 6, "p", False, True),
        Node(0, 1, "q", False, True),
        Node(1, 3, "p", False, True),
    ]
    one = (0, 8, nodes, np.array([0, 7]), [(0, 1), (0, 2), (0, 3)])
    other = (8, 8, nodes, np.array([0, 3]), [(0, 2)])
    arrays = pair_arrays([one, other], {"A": 1, "p": 2})
    assert arrays.spans.tolist() == [[1, 2], [4, 6], [1, 2], [0, 1], [1, 2], [1, 3], [9, 10], [8, 9]]
    assert arrays.contexts.tolist() == [[0, 7], [0, 7], [0, 7], [8, 11]]
    assert arrays.types.tolist() == [[1, 2], [1, 0], [1, 2], [1, 0]]
    # To the right, a neighbour to the left, the same place.
    assert arrays.gaps.tolist() == [2, 0, 0, 0]
    assert arrays.owners.tolist() == list(range(8))
    assert len(pair_arrays([], {})) == 0
