import json
from collections.abc import Callable

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import Argument, Event, Link, score_key, set_links
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
)

RECORD = DocumentRecord(
    "1",
    "IL-4 increases phosphorylation of STAT 6.",
    (
        MentionRecord("T1", "Protein", ((0, 4),), concepts=(ConceptRecord("NCBIGene", "3565"),)),
        MentionRecord("T2", "Protein", ((34, 38), (39, 40))),
        MentionRecord("T3", "Positive_regulation", ((5, 14),), is_trigger=True),
        MentionRecord("T4", "Phosphorylation", ((15, 30),), is_trigger=True),
    ),
    events=(
        EventRecord(
            "E2", "Positive_regulation", "T3", (ArgumentRecord("Theme", "E1", "event"), ArgumentRecord("Cause", "T1"))
        ),
        EventRecord("E1", "Phosphorylation", "T4", (ArgumentRecord("Theme", "T2"),), score=0.75),
    ),
    attributes=(AttributeRecord("M1", "Negation", "E2"),),
)
INNER = {
    "id": "E1",
    "type": "Phosphorylation",
    "trigger": {"text": "phosphorylation", "start": 15, "end": 30},
    "arguments": [
        {
            "role": "Theme",
            "kind": "mention",
            "target": {
                "id": "T2",
                "guideline": None,
                "label": "Protein",
                "text": "STAT 6",
                "start": 34,
                "end": 40,
                "fragments": [[34, 38], [39, 40]],
                "concepts": [],
            },
        }
    ],
    "negated": False,
    "speculated": False,
    "score": 0.75,
    "guideline": None,
}


@pytest.fixture
def doc() -> Doc:
    return make_doc(spacy.blank("en").vocab, RECORD)


@pytest.mark.parametrize("nested", [True, False])
def test_event_is_plain_data(doc: Doc, nested: bool) -> None:
    cause = {"id": "T1", "guideline": None, "label": "Protein", "text": "IL-4", "start": 0, "end": 4}
    cause["concepts"] = ["3565"]
    found = doc._.events[0].to_dict(nested=nested)
    assert json.loads(json.dumps(found)) == {
        "id": "E2",
        "type": "Positive_regulation",
        "trigger": {"text": "increases", "start": 5, "end": 14},
        "arguments": [
            {"role": "Theme", "kind": "event", "target": INNER if nested else "E1"},
            {"role": "Cause", "kind": "mention", "target": cause},
        ],
        "negated": True,
        "speculated": False,
        "score": None,
        "guideline": None,
    }


def test_event_has_the_concepts_of_linkers(doc: Doc) -> None:
    span = doc.spans["entities"][0]
    set_links(doc, "linker", {score_key(span): [Link("a|b", 0.9), Link("c", 0.1)]})
    _, cause = doc._.events[0].to_dict()["arguments"]
    assert cause["target"]["concepts"] == ["a", "b", "c"]


def test_event_of_concepts_is_plain_data() -> None:
    doc = spacy.blank("en").make_doc("binds")
    event = Event(Span(doc, 0, 1, label="Binding"), "Binding", (Argument("Theme", "MESH:D1"),))
    assert event.to_dict()["arguments"] == [{"role": "Theme", "kind": "concept", "target": "MESH:D1"}]


def test_event_nests_deeper_than_the_stack(make_chain: Callable[[int], Event]) -> None:
    found = make_chain(5_000).to_dict()
    for _ in range(4_999):
        (argument,) = found["arguments"]
        found = argument["target"]
    assert found["arguments"] == []


def test_event_that_takes_part_twice_is_read_once(make_chain: Callable[[int], Event]) -> None:
    event = make_chain(1)
    for _ in range(60):  # 2 ** 60 paths lead to the innermost.
        event = event._replace(arguments=(Argument("Theme", event), Argument("Cause", event)))
    first, second = event.to_dict()["arguments"]
    assert first["target"] is second["target"]


@pytest.fixture
def make_chain() -> Callable[[int], Event]:
    doc = spacy.blank("en").make_doc("increases")
    trigger = Span(doc, 0, 1, label="Positive_regulation")

    def make(depth: int) -> Event:
        event = Event(trigger, trigger.label_)
        for _ in range(depth - 1):
            event = Event(trigger, trigger.label_, (Argument("Theme", event),))
        return event

    return make
