import random

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import EVENTS_KEY, RECORD_KEY, Argument, Event, Relation
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.event_ids import number_events

WORDS = "IL-4 increases phosphorylation of STAT6 and JAK1 and binding of both .".split()


def make_events(order: list[int]) -> Doc:
    """Events of one document, in any order."""
    doc = Doc(spacy.blank("en").vocab, words=WORDS)
    cause, stat, jak = (Span(doc, place, place + 1, label="Protein", span_id=f"T{place}") for place in (0, 4, 6))
    up, phosphorylation, binding = (
        Span(doc, place, place + 1, label=label)
        for place, label in ((1, "Positive_regulation"), (2, "Phosphorylation"), (8, "Binding"))
    )
    first = Event(phosphorylation, "Phosphorylation", (Argument("Theme", stat),))
    second = Event(phosphorylation, "Phosphorylation", (Argument("Theme", jak),), speculated=True)
    events = [
        first,
        second,
        Event(up, "Positive_regulation", (Argument("Theme", first), Argument("Cause", cause))),
        Event(up, "Positive_regulation", (Argument("Theme", second), Argument("Cause", cause)), negated=True),
        Event(binding, "Binding", (Argument("Theme", stat), Argument("Theme2", jak)), negated=True, speculated=True),
    ]
    doc.spans["entities"] = [cause, stat, jak]
    doc.spans["triggers"] = [up, phosphorylation, binding]
    doc._.events = [events[place] for place in order]
    return doc


@given(st.permutations(range(5)))
def test_number_events_is_the_same_in_any_order(order: list[int]) -> None:
    doc, wanted = make_events(order), make_events([0, 1, 2, 3, 4])
    number_events(doc)
    number_events(wanted)
    found = make_record(doc)
    assert found == make_record(wanted)
    assert [(event.id, event.label) for event in found.events] == [
        ("E1", "Phosphorylation"),
        ("E2", "Phosphorylation"),
        ("E3", "Binding"),
        ("E4", "Positive_regulation"),
        ("E5", "Positive_regulation"),
    ]
    assert [(one.id, one.label, one.target) for one in found.attributes] == [
        ("M1", "Speculation", "E2"),
        ("M2", "Negation", "E3"),
        ("M3", "Speculation", "E3"),
        ("M4", "Negation", "E5"),
    ]


def test_number_events_again_changes_nothing() -> None:
    doc = make_events([4, 3, 2, 1, 0])
    number_events(doc)
    before = make_record(doc)
    number_events(doc)
    assert make_record(doc) == before


def test_number_events_names_ends_of_relations_and_notes() -> None:
    doc = make_events([4, 3, 2, 1, 0])
    binding = next(event for event in doc._.events if event.label == "Binding")
    doc._.relations = [Relation(binding, "Coreference", doc.spans["entities"][0])]
    doc.user_data[RECORD_KEY]["notes"] = [["#1", "AnnotatorNotes", binding.id, "sure"]]
    number_events(doc)
    record = make_record(doc)
    assert (record.relations[0].arguments[0].target, record.notes[0].target) == ("E3", "E3")


@pytest.mark.parametrize("depth", [0, 3_000])
def test_number_events_takes_any_depth(depth: int) -> None:
    doc = Doc(spacy.blank("en").vocab, words=["increases"])
    event = Event(doc[0:1], "Positive_regulation")
    for _ in range(depth):
        event = Event(doc[0:1], "Positive_regulation", (Argument("Theme", event),))
    doc._.events = [event] if depth else []
    rows = doc.user_data[EVENTS_KEY]
    random.Random(1).shuffle(rows)
    number_events(doc)
    names = [row["id"] for row in doc.user_data[EVENTS_KEY]]
    assert names == [f"E{number}" for number in range(1, len(names) + 1)]
    assert len(names) == (depth + 1 if depth else 0)
