from collections.abc import Callable

from spacy.tokens import Doc

from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.graph import Edge, Filled
from spacy_biomedplm.events.schemes import infer_schemes, make_schemes


def test_scheme_is_read_off_gold_documents(make_gold: Callable[..., Doc]) -> None:
    (scheme,) = infer_schemes([make_gold()])
    assert scheme.labels == ("Binding", "Phosphorylation", "Positive_regulation")
    assert scheme.spans == ("Entity",)
    assert scheme.roles == ("Cause", "Site", "Theme")
    assert scheme.modalities
    assert set(scheme.structures["Phosphorylation"]) == {("Theme",), ("Site", "Theme")}
    assert scheme.structures["Binding"] == (("Theme", "Theme2"),)
    assert ("Positive_regulation", "Theme", "Phosphorylation") in scheme.participants
    assert make_schemes({scheme.name: scheme.to_dict()}) == [scheme]


def test_gold_events_are_structures_on_nodes(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    words = {number: doc[node.start : node.stop].text for number, node in enumerate(gold.nodes)}
    shown = [
        (words[trigger], *((role, words[node] if event < 0 else event) for role, node, event in arguments))
        for trigger, arguments in gold.events
    ]
    assert shown == [
        ("phosphorylation", ("Site", "Y641"), ("Theme", "STAT6")),
        ("phosphorylation", ("Theme", "JAK1")),
        ("increases", ("Cause", "IL-4"), ("Theme", 0)),
        ("increases", ("Cause", "IL-4"), ("Theme", 1)),
        ("bind", ("Theme", "STAT6"), ("Theme2", "JAK1")),
        ("bind", ("Theme", "STAT6"), ("Theme2", "IL-4")),
    ]
    assert gold.speculated == [False] * 4 + [True, False]
    assert gold.negated == [False] * 5 + [True]
    given = {words[number] for number, node in enumerate(gold.nodes) if node.is_given}
    assert given == {"IL-4", "STAT6", "JAK1"}
    # Two regulations share their trigger, so its roles are there once.
    assert len(gold.edges) == len(set(gold.edges)) == 8


def test_events_that_say_the_same_are_one(make_gold: Callable[..., Doc]) -> None:
    found = (
        "T7\tBinding 69 73\tbind\nE1\tBinding:T7 Theme:T4 Theme2:T5\nE2\tBinding:T7 Theme:T5 Theme2:T4\n"
        "E3\tBinding:T7 Theme:T4\n"
    )
    doc = make_gold(found=found)
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    assert len(gold.events) == 2
    assert Filled("Theme2", gold.events[0].arguments[1].node, -1) == gold.events[0].arguments[1]
    assert {edge.role for edge in gold.edges} == {"Theme"}
    assert all(isinstance(edge, Edge) for edge in gold.edges)
