from collections.abc import Callable

import numpy as np
from spacy.tokens import Doc

from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.graph import Node
from spacy_biomedplm.events.schemes import EventScheme, infer_schemes
from spacy_biomedplm.events.triggers import columns_of, find_nodes, trigger_targets

SCHEME = EventScheme("g", ("Binding", "Growth"), spans=("Site",))


def test_targets_lead_back_to_triggers_and_found_spans(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    (scheme,) = infer_schemes([doc])
    gold = gold_graph(doc, scheme)
    targets, known = trigger_targets(gold, scheme, len(doc))
    assert known.all()
    found = find_nodes(targets.astype(np.float32), scheme, 0.5)
    assert found == sorted(node for node in gold.nodes if not node.is_given)
    assert [node.label for node in found if not node.is_trigger] == ["Entity"]


def test_runs_of_words() -> None:
    probabilities = np.zeros((7, 3), dtype=np.float32)
    probabilities[[0, 1, 4, 6], 0] = 0.9
    probabilities[[1, 2], 1] = 0.5
    probabilities[5:, 2] = 0.8
    assert columns_of(SCHEME) == ("Binding", "Growth", "Site")
    assert find_nodes(probabilities, SCHEME, 0.5) == [
        Node(0, 2, "Binding", True, False),
        Node(1, 3, "Growth", True, False),
        Node(4, 5, "Binding", True, False),
        Node(5, 7, "Site", False, False),
        Node(6, 7, "Binding", True, False),
    ]
    assert len(find_nodes(probabilities, SCHEME, 0.85)) == 3


def test_runs_end_with_their_sentence() -> None:
    probabilities = np.ones((4, 3), dtype=np.float32)
    found = find_nodes(probabilities, SCHEME, 0.5, sentences=[0, 2])
    assert [(node.start, node.stop) for node in found if node.label == "Growth"] == [(0, 2), (2, 4)]
    assert find_nodes(np.zeros((0, 3), dtype=np.float32), SCHEME, 0.5) == []
