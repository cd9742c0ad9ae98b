from collections.abc import Callable

import numpy as np
from spacy.tokens import Doc

from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.graph import Edge, Filled, Graph, Node, Structure
from spacy_biomedplm.events.schemes import EventScheme, infer_schemes
from spacy_biomedplm.events.tags import FARTHEST, find_tagged, heads_of, tag_targets, tags_of, unmerge


def test_labels_lead_back_to_roles(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    sentences = np.array([0, *(token.i + 1 for token in doc[:-3] if token.text == ".")])
    targets = tag_targets(gold, gold.nodes, sentences, scheme)
    assert targets.shape == (len(gold.nodes), len(tags_of(scheme)))
    edges = find_tagged(gold.nodes, targets.astype(np.float32), sentences, scheme, 0.5)
    assert {edge[:3] for edge in edges} == {edge[:3] for edge in gold.edges}


def test_triggers_of_a_type_are_counted_to_both_sides() -> None:
    row = [Node(place, place + 1, label, label == "A", label != "A") for place, label in enumerate("AAAAApAp")]
    heads = heads_of(row, np.array([0, 7]))
    assert heads[5] == {("A", -1): 4, ("A", -2): 3, ("A", -3): 2, ("A", 1): 6}
    assert heads[0] == {("A", 1): 1, ("A", 2): 2, ("A", 3): 3}
    # Another sentence.
    assert heads[7] == {}
    assert FARTHEST == 3


def filled(structures: list[Structure]) -> list[list[tuple[str, int]]]:
    return [[(one.role, one.node) for one in structure.arguments] for structure in structures]


def test_events_by_rule() -> None:
    row = [Node(place, place + 1, label, label == "A", label != "A") for place, label in enumerate("ppApps")]
    graph = Graph(row, [])
    themes = [Edge(2, "Theme", place) for place in (0, 1, 3)]
    one_each = EventScheme("g", ("A",), structures={"A": (("Theme",), ("Cause", "Theme"), ("Site", "Theme"))})
    events, left_out = unmerge(graph, 2, themes, {}, one_each)
    assert (filled(events), left_out) == ([[("Theme", 0)], [("Theme", 1)], [("Theme", 3)]], 0)
    with_cause = [*themes[:2], Edge(2, "Cause", 4), Edge(2, "Site", 5)]
    # A Cause and a Site together are in no event that the guideline knows.
    assert filled(unmerge(graph, 2, with_cause, {}, one_each)[0]) == [
        [("Cause", 4), ("Theme", 0)],
        [("Cause", 4), ("Theme", 1)],
    ]
    pairs = EventScheme("g", ("A",), structures={"A": (("Theme",), ("Theme", "Theme2"))})
    assert filled(unmerge(graph, 2, themes, {}, pairs)[0]) == [
        [("Theme", 0), ("Theme2", 3)],
        [("Theme", 1), ("Theme2", 3)],
    ]
    assert filled(unmerge(graph, 2, themes[:2], {}, pairs)[0]) == [[("Theme", 0), ("Theme2", 1)]]
    assert unmerge(graph, 2, [], {}, pairs)[0] == []
    alone = EventScheme("g", ("A",), structures={"A": ((),)})
    assert unmerge(graph, 2, [], {}, alone)[0] == [Structure(2, ())]
    # Two events inside make two outside.
    inner = Graph([Node(0, 1, "A", True, False), Node(1, 2, "A", True, False)], [])
    twice, _ = unmerge(inner, 0, [Edge(0, "Theme", 1)], {1: [4, 7]}, one_each)
    assert twice == [Structure(0, (Filled("Theme", 1, event),)) for event in (4, 7)]
