import pytest

from spacy_biomedplm.evaluation.bionlp import EVENT_RULES
from spacy_biomedplm.evaluation.event_records import (
    EventDocument,
    Surroundings,
    group_by_start,
    split_role,
    without_repeats,
)


@pytest.mark.parametrize(
    ("text", "span", "others", "wanted", "genia"),
    [
        ("one two three", (4, 7), "", (0, 13), (0, 13)),
        ("one  two  three", (5, 8), "", (4, 9), (4, 9)),
        ("one. two, three", (5, 8), "", (4, 9), (4, 9)),
        ("a one two three b", (6, 9), "", (2, 15), (2, 15)),
        ("one two three", (4, 7), "T9 Protein 0 3", (3, 13), (3, 13)),
        ("one two three", (4, 7), "T9 Protein 1 3", (3, 13), (3, 13)),
        ("one two-three", (4, 7), "T9 Protein 7 8", (0, 7), (0, 13)),
        ("one\ntwo\nthree", (4, 7), "", (0, 13), (0, 13)),
        ("a\none two three\nb", (6, 9), "", (2, 15), (0, 17)),
        ("two", (0, 3), "", (0, 3), (-1, 4)),
    ],
)
def test_surroundings_extend_spans(make_events, text, span, others, wanted, genia):
    lines = f"T1 Binding {span[0]} {span[1]}\n{others}"
    around = Surroundings(make_events(lines, text))
    assert around.extend(*span) == wanted
    assert around.extend_genia(*span) == genia


def test_group_by_start_finds_the_spans_around_an_offset():
    found = group_by_start([5, 1, 5, 9], [((0, 4), "a"), ((5, 5), "b"), ((4, 9), "c"), ((10, 12), "d")])
    assert found == {1: ["a"], 5: ["b", "c"], 9: ["c"]}


@pytest.mark.parametrize(
    ("role", "wanted"), [("Theme", ("Theme", "")), ("Theme12", ("Theme", "12")), ("", ("", "")), ("7", ("", "7"))]
)
def test_split_role(role, wanted):
    assert split_role(role) == wanted


def test_event_document_finds_given_mentions_by_identifier_or_place(make_events):
    rule = EVENT_RULES["GE11"]
    gold = EventDocument(
        make_events("T1 Protein 0 3\nT2 Protein 0 3\nT3 Protein 4 7\nT4 Entity 8 9", "abc def g"), rule
    )
    lines = "T2 Protein 0 3\nT3 Protein 8 9\nT5 Protein 4 7\nT6 Protein 0 3\nT4 Entity 8 9"
    answer = EventDocument(make_events(lines, "abc def g"), rule, gold)
    assert gold.given == {"T1": "T1", "T2": "T2", "T3": "T3"}
    assert answer.given == {"T2": "T2", "T5": "T3", "T6": "T1"}


def test_event_document_puts_inner_events_first_and_leaves_other_attributes_out(make_events):
    lines = "T1 Binding 0 3\nT2 Protein 4 7\nE1 Binding:T1 Theme:E2\nE2 Binding:T1 Theme:T2\nM1 Negation E1\nA1 Sure E1"
    document = EventDocument(make_events(lines, "abc def"), EVENT_RULES["GE11"])
    assert list(document.events) == ["E2", "E1"]
    assert [said.id for said in document.modifications] == ["M1"]


def test_event_document_reads_some_roles_as_others(make_events):
    lines = "T1 Pathway 0 3\nT2 Cancer 4 7\nE1 Pathway:T1 Theme2:T2 Cause2:T2 Cause:T2"
    document = EventDocument(make_events(lines, "abc def"), EVENT_RULES["CG13"])
    roles = [role for role, _, _ in document.arguments(document.events["E1"])]
    assert roles == ["Participant", "Cause", "Cause"]


def test_without_repeats_keeps_mentions_that_are_given_or_referred_to(make_events):
    rule = EVENT_RULES["EPI11"]
    lines = "T1 Protein 0 1\nT2 Catalysis 2 3\nT3 Entity 4 5\nT4 Entity 6 7\nT5 Catalysis 2 3\nE1 Catalysis:T2 Site:T3"
    record = without_repeats(make_events(lines, "a b c d"), rule, rule.tasks["core"])
    assert [mention.id for mention in record.mentions] == ["T1", "T2"]
    assert record.events[0].arguments == ()


def test_without_repeats_leaves_repeated_mentions_out_in_2009(make_events):
    rule = EVENT_RULES["GE09"]
    lines = (
        "T1 Protein 0 1\nT2 Binding 2 3\nT3 Entity 4 5\nT5 Binding 2 3\n"
        "E1 Binding:T2 Theme:T1\nE2 Binding:T5 Theme:T1\nE3 Regulation:T2 Theme:E2\nE4 Regulation:T2 Theme:E1"
    )
    document = make_events(lines, "a b c d")
    record = without_repeats(document, rule, rule.tasks["1"])
    assert [mention.id for mention in record.mentions] == ["T1", "T2"]
    assert [event.id for event in record.events] == ["E1", "E4"]
    assert len(without_repeats(document, rule, rule.tasks["2"]).mentions) == 3
