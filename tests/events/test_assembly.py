from collections.abc import Callable

import pytest
from spacy.tokens import Doc

from spacy_biomedplm.events import assembly
from spacy_biomedplm.events.assembly import assemble, levels, propose
from spacy_biomedplm.events.gold import GoldGraph, gold_graph
from spacy_biomedplm.events.graph import Edge, Filled, Graph, Node, Structure, canonical
from spacy_biomedplm.events.schemes import EventScheme, infer_schemes


def with_gold(gold: GoldGraph, scheme: EventScheme) -> tuple[list[int], int]:
    """Numbers of the gold events that a judge who knows them lets pass, and how many candidates it saw."""
    index = {structure: number for number, structure in enumerate(gold.events)}
    passed: list[int] = []
    seen = 0
    steps = assemble(Graph(gold.nodes, gold.edges), scheme)
    decisions: list[bool] | None = None
    while True:
        try:
            candidates = steps.send(decisions)  # type: ignore[arg-type]
        except StopIteration:
            return passed, seen
        seen += len(candidates)
        decisions = []
        for trigger, arguments in candidates:
            told = [Filled(role, node, passed[event] if event >= 0 else -1) for role, node, event in arguments]
            number = index.get(Structure(trigger, canonical(told, gold.nodes)))
            decisions.append(number is not None)
            if number is not None:
                passed.append(number)


def test_gold_events_are_among_the_candidates(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    passed, seen = with_gold(gold, scheme)
    assert sorted(passed) == list(range(6))
    # Phosphorylation of two proteins with and without the site, three pairs that may bind, regulation of what is right.
    assert seen == 4 + 3 + 2


def test_inner_events_come_first(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    labels = [[gold.nodes[number].label for number, _ in level] for level in levels(gold)]
    assert labels == [["Phosphorylation", "Binding"], ["Positive_regulation"]]
    for number, (_, arguments) in enumerate(gold.events):
        assert all(event < number for _, _, event in arguments)


def nodes(*labels: str) -> list[Node]:
    return [Node(place, place + 1, label, label.isupper(), not label.isupper()) for place, label in enumerate(labels)]


def test_the_weakest_role_of_a_circle_is_left_out() -> None:
    edges = [Edge(0, "Theme", 1, 0.9), Edge(1, "Theme", 2, 0.6), Edge(2, "Theme", 0, 0.7), Edge(2, "Theme", 2, 0.99)]
    found = list(levels(Graph(nodes("A", "B", "C"), edges)))
    assert [[number for number, _ in level] for level in found] == [[1], [0], [2]]
    assert {edge for level in found for _, of in level for edge in of} == {edges[0], edges[2]}


def test_chains_may_be_deep() -> None:
    size = 3000
    edges = [Edge(number, "Theme", number + 1, 0.5) for number in range(size - 1)]
    assert len(list(levels(Graph(nodes(*["A"] * size), edges)))) == size


def test_candidates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(nodes("A", *["p"] * 100), [])
    edges = [Edge(0, "Theme", number, number / 101) for number in range(1, 101)]
    scheme = EventScheme(
        "g", ("A",), structures={"A": (("Theme",), ("Theme", "Theme2"), ("Theme", "Theme2", "Theme3"))}
    )
    found, left_out = propose(graph, 0, edges, {}, scheme)
    assert len(found) == assembly.MOST_CANDIDATES
    # Of 100 + 4,950 + 161,700 ways.
    assert left_out == 166_750 - assembly.MOST_CANDIDATES
    assert found[0] == Structure(0, (Filled("Theme", 100, -1),))
    # Each set of arguments once, in the order of the text.
    assert len(set(found)) == len(found)
    assert all([one.node for one in arguments] == sorted({one.node for one in arguments}) for _, arguments in found)


def test_one_thing_has_one_role_in_an_event() -> None:
    graph = Graph(nodes("A", "p"), [])
    scheme = EventScheme("g", ("A",), structures={"A": (("Cause", "Theme"), ())})
    edges = [Edge(0, "Theme", 1), Edge(0, "Cause", 1)]
    assert propose(graph, 0, edges, {}, scheme) == ([Structure(0, ())], 0)


def test_numbers_that_tie_arguments_stay() -> None:
    row = nodes("A", "p", "p", "s")
    tied = [Filled("Theme2", 1, -1), Filled("Theme", 2, -1), Filled("Site2", 3, -1)]
    assert [one.node for one in canonical(tied, row)] == [3, 2, 1]
    free = [Filled("Theme2", 1, -1), Filled("Theme", 2, -1)]
    assert canonical(free, row) == (Filled("Theme", 1, -1), Filled("Theme2", 2, -1))
    scheme = EventScheme("g", ("A",), structures={"A": (("Site2", "Theme", "Theme2"),)})
    edges = [Edge(0, "Theme", 1), Edge(0, "Theme", 2), Edge(0, "Site", 3)]
    assert len(propose(Graph(row, []), 0, edges, {}, scheme)[0]) == 2


def test_many_arguments_are_not_all_tried() -> None:
    names = [f"{role}{number}" for role in ("Site", "Theme") for number in ("", 2, 3, 4)]
    graph = Graph(nodes("A", *["p"] * 120), [])
    scheme = EventScheme("g", ("A",), structures={"A": (tuple(names),)})
    # With eight roles of 0.5 no way is more probable than 0.004: none of those that are left out is missed.
    for score, least, most in ((0.9, 10**12, 10**30), (0.5, 0, 0)):
        edges = [Edge(0, "Theme" if number % 2 else "Site", number, score) for number in range(1, 121)]
        found, left_out = propose(graph, 0, edges, {}, scheme)
        assert 0 < len(found) <= assembly.MOST_CANDIDATES
        assert least <= left_out <= most
