from dataclasses import replace
from typing import Any

import pytest

from spacy_biomedplm.corpora.placement import fit, place
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.pairs import NEGATIVE_PAIRS, Pair, pack_pairs
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)

TEXT = "the ABC1 gene binds TP53"


def mention(start: int, end: int, text: str | None = None, name: str = "T1", **other: Any) -> MentionRecord:
    return MentionRecord(name, "G", ((start, end),), text, **other)


def record(*mentions: MentionRecord, text: str = TEXT, **other: Any) -> DocumentRecord:
    return DocumentRecord("17", text, mentions, path="toy.txt", **other)


@pytest.mark.parametrize(
    ("text", "given", "wanted"),
    [
        ("the ABC1 gene", mention(4, 8, "ABC1"), (4, 8)),
        ("the Abc1 gene", mention(4, 8, "ABC1"), (4, 8)),
        ("an IL 2 gene", mention(3, 7, "IL-2"), (3, 7)),
        ('the "TATA" box', mention(4, 14, " TATA  box"), (4, 14)),
        ("the ABC1 gene", mention(5, 9, "ABC1"), (4, 8)),
        ("the abc1 gene", mention(6, 10, "ABC1"), (4, 8)),
        ("the ABC1gene", mention(5, 9, "ABC1"), (4, 8)),
        ("ABC1 or ABC1", mention(6, 10, "ABC1"), (8, 12)),
        ("ABC1ABC1", mention(3, 7, "ABC1"), None),
        ("AN y AN", mention(1, 3, "AN"), (0, 2)),
        ("death domain here", mention(0, 12, "death domain (DD) protein"), (0, 12)),
        ("death domain here", mention(0, 9, "death domain (DD) protein"), None),
        ("short", mention(2, 99), None),
        ("short", mention(90, 95, "short"), None),
        ("TP53 ab TP53", mention(4, 8, "TP53"), None),
        ("İİİ abc1", mention(5, 9, "ABC1"), (4, 8)),
    ],
)
def test_place_moves_only_where_it_is_certain(text: str, given: MentionRecord, wanted: tuple[int, int] | None) -> None:
    assert place(text, given) == wanted


def test_what_fits_stays_as_it_is() -> None:
    whole = record(
        mention(4, 8, "ABC1"),
        mention(20, 24, "tp53", "T2"),
        MentionRecord("T3", "bind", ((14, 19),), "binds", is_trigger=True),
        relations=(RelationRecord("R1", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "D1", "concept"))),),
        events=(EventRecord("E1", "bind", "T3", (ArgumentRecord("Theme", "T1"),)),),
        attributes=(AttributeRecord("M1", "Negation", "E1"),),
        equivalences=(EquivalenceRecord(("T1", "T2")),),
        notes=(NoteRecord("#1", "n", "", "of the document"),),
        passages=(PassageRecord(0, 0, "title"),),
    )
    fitted = fit(whole, Report())
    assert [m.text for m in fitted.mentions] == [None, "tp53", None]
    assert fit(fitted, Report()) == fitted


BROKEN = [
    (record(mention(5, 9, "ABC1", line=3)), r"B405.*line 3, document 17: 'ABC1' at 5-9.*'BC1 '", True),
    (record(mention(0, 3, "BRCA1")), r"B405.*'BRCA1' at 0-3", False),
    (record(mention(0, 99)), r"B430.*T1 lies at 0-99.*24 characters", False),
    (record(MentionRecord("T1", "G", ((0, 3), (4, 8)), "something else")), "B405.*'something else' at 0-3;4-8", False),
    (record(MentionRecord("T1", "G", ((3, 8), (14, 18)), "ABC1 binds")), "B405.*'ABC1 binds' at 3-8;14-18", False),
    (record(MentionRecord("T1", "G", ((5, 9), (21, 25)), "ABC1 TP53")), r"B405.*'ABC1 TP53' at 5-9;21-25", True),
    (record(mention(4, 8, "Ca2-"), text="the Ca2+ ion"), "B405.*'Ca2-' at 4-8 does not fit the text 'Ca2\\+'", True),
    (record(mention(0, 3), mention(4, 8)), "B431.*T1", False),
    (record(relations=(RelationRecord("R1", "r", (ArgumentRecord("a", "T9"),)),)), "B434.*R1 refers to T9", False),
    (record(events=(EventRecord("E1", "e", "T9"),)), "B434.*E1 refers to T9", False),
    (record(attributes=(AttributeRecord("A1", "Negation", "E9"),)), "B434.*A1 refers to E9", False),
    (record(notes=(NoteRecord("#1", "n", "T9", "x"),)), "B434.*#1 refers to T9", False),
    (record(equivalences=(EquivalenceRecord(("T8", "T9")),)), "B434.*Equiv refers to T8", False),
    (record(passages=(PassageRecord(0, 99, "title"),)), "B430.*title lies at 0-99", False),
    (record(text="a\ud800b"), r"B432.*U\+D800", True),
    (
        record(
            mention(0, 3),
            events=(
                EventRecord("E1", "e", "T1", (ArgumentRecord("x", "E2", "event"),), line=7),
                EventRecord("E2", "e", "T1", (ArgumentRecord("x", "E1", "event"),), line=8),
            ),
        ),
        "B445.*line 8.*E1 → E2 → E1",
        False,
    ),
]


@pytest.mark.parametrize(("broken", "message", "mendable"), BROKEN)
def test_what_is_broken_is_refused_left_out_or_mended(broken: DocumentRecord, message: str, mendable: bool) -> None:
    with pytest.raises(BiomedplmError, match=message):
        fit(broken, Report())
    for errors in ("skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        again = fit(broken, report)
        kinds = {problem.kind for problem in report.problems}
        assert report.problems[0].kind == ("repaired" if mendable and errors == "repair" else "dropped")
        assert kinds <= {"repaired", "dropped", "excluded"}
        assert fit(again, Report()) == again, "nothing broken is left"


@pytest.mark.parametrize(
    ("text", "given", "wanted"),
    [
        (TEXT, MentionRecord("T1", "G", ((5, 9), (21, 25)), "ABC1 TP53"), ((4, 8), (20, 24))),
        (TEXT, MentionRecord("T1", "G", ((2, 6), (18, 22)), "abc1 ... tp53"), ((4, 8), (20, 24))),
        ("x (R) or S -drug y", MentionRecord("T1", "G", ((1, 5), (10, 15)), "(R)-drug"), ((2, 6), (11, 16))),
        (TEXT, MentionRecord("T1", "G", ((4, 8), (13, 18), (21, 25)), "ABC1 binds TP53"), ((4, 8), (14, 19), (20, 24))),
        (TEXT, MentionRecord("T1", "G", ((3, 7), (18, 22)), "TP53 ABC1"), None),
        (TEXT, MentionRecord("T1", "G", ((3, 7), (19, 22)), "ABC1 TP53"), None),
        (TEXT, MentionRecord("T1", "G", ((99, 103), (115, 119)), "ABC1 TP53"), None),
        ("aXbaXba", MentionRecord("T1", "G", ((1, 2), (4, 5)), "a a"), ((0, 1), (3, 4))),
        ("a b c b a b c", MentionRecord("T1", "G", ((4, 5), (8, 9)), "b b"), None),
        ("Ca2+ and Ca2-", mention(0, 4, "Ca2-"), ((9, 13),)),
        ("the Ca2+ ion", mention(4, 8, "Ca2-"), ((4, 8),)),
        ("the CD4\u2212 cell", mention(4, 8, "CD4-"), ((4, 8),)),
        ("p < 5", mention(0, 5, "p > 5"), ((0, 5),)),
        ("5 mV", mention(0, 4, "-5 mV"), ((0, 4),)),
    ],
)
def test_fit_moves_fragments_and_heeds_signs(
    text: str, given: MentionRecord, wanted: tuple[tuple[int, int], ...] | None
) -> None:
    report = Report(errors="repair")
    fitted = fit(record(given, text=text), report)
    assert [found.fragments for found in fitted.mentions] == ([] if wanted is None else [wanted])
    spelled_otherwise = given.fragments == wanted and "\u2212" in text
    assert report.counts == ({} if spelled_otherwise else {"repaired" if wanted else "dropped": 1})


def test_only_lost_mentions_are_told_from_the_rest() -> None:
    for broken, _, _ in BROKEN:
        report = Report(errors="skip")
        lost = len(broken.mentions) - len(fit(broken, report).mentions)
        assert sum(problem.is_mention for problem in report.problems) == lost


def test_of_every_circle_one_event_is_left_out_and_long_ones_are_shown_in_part() -> None:
    def event(number: int, *targets: int) -> EventRecord:
        arguments = tuple(ArgumentRecord("x", f"E{target}", "event") for target in targets)
        return EventRecord(f"E{number}", "e", "T1", arguments)

    for events, dropped in (
        ([event(number, number) for number in range(4000)], 4000),
        ([event(number, number + 1 - number % 2 * 2) for number in range(4000)], 4000),
        # Each has the first as argument: all but the first close a circle, and then the first refers to one of them.
        ([event(0, 1), *(event(number, number + 1, 0) for number in range(1, 3999)), event(3999, 0)], 4000),
    ):
        report = Report(errors="skip")
        assert fit(record(mention(0, 3), events=tuple(events)), report).events == ()
        assert report.counts == {"dropped": dropped}
        assert max(len(problem.detail) for problem in report.problems) < 300
    assert "E0 → E1 → E2 → E3 → E4 → E5 → E6 → E7 → E8 → E9 → (3989 more) → E3999 → E0" in report.problems[0].detail


def test_what_refers_to_something_dropped_goes_with_it() -> None:
    report = Report(errors="skip")
    broken = record(
        mention(0, 99),
        mention(4, 8, name="T2"),
        relations=(RelationRecord("R1", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T2"))),),
        events=(
            EventRecord("E1", "e", "T2", (ArgumentRecord("x", "E2", "event"),)),
            EventRecord("E2", "e", "T1"),
        ),
        attributes=(AttributeRecord("M1", "Negation", "E1"),),
    )
    fitted = fit(broken, report)
    assert [m.id for m in fitted.mentions] == ["T2"]
    assert fitted.relations == fitted.events == fitted.attributes == ()
    assert report.counts == {"dropped": 5}


def test_pairs_without_interaction_go_with_their_mentions() -> None:
    kept, lost = Pair("p1", "T1", "T2"), Pair("p2", "T1", "T3", {"type": "x"})
    passages = (
        PassageRecord(0, 24, "sentence", {"id": "s1", NEGATIVE_PAIRS: pack_pairs([kept, lost])}),
        PassageRecord(24, 24, "sentence", {"id": "s2", NEGATIVE_PAIRS: pack_pairs([lost])}),
        PassageRecord(24, 24, "sentence", {NEGATIVE_PAIRS: "{"}),
    )
    mentions = (mention(0, 3), mention(4, 8, name="T2"), mention(0, 99, name="T3"))
    report = Report(errors="skip")
    fitted = fit(record(*mentions, passages=passages), report)
    assert [passage.infons for passage in fitted.passages] == [
        {"id": "s1", NEGATIVE_PAIRS: pack_pairs([kept])},
        {"id": "s2"},
        {NEGATIVE_PAIRS: "{"},
    ]
    assert report.counts == {"dropped": 3}
    assert "p2 refers to T3" in report.problems[1].detail


def test_what_only_dropped_events_named_as_trigger_is_an_entity_if_its_label_says_so() -> None:
    report = Report(errors="skip")
    protein, trigger = (mention(4, 8, is_trigger=True), MentionRecord("T2", "Binding", ((14, 19),), is_trigger=True))
    events = (EventRecord("E1", "Binding", "T1", (ArgumentRecord("x", "T9"),)), EventRecord("E2", "Binding", "T2"))
    fitted = fit(record(protein, trigger, events=events), report)
    assert [(m.id, m.is_trigger) for m in fitted.mentions] == [("T1", False), ("T2", True)]
    assert report.counts == {"dropped": 1, "repaired": 1}
    alone = fit(record(trigger, events=(replace(events[0], trigger="T2"),)), Report(errors="skip"))
    assert [m.is_trigger for m in alone.mentions] == [True]
    both = fit(record(protein, events=(events[0], EventRecord("E3", "x", "T1"))), Report(errors="skip"))
    assert [m.is_trigger for m in both.mentions] == [True]


def test_what_refers_to_another_kind_is_broken() -> None:
    event = EventRecord("E1", "e", "T1")
    relation = RelationRecord("R1", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T1")))
    for wrong in (
        {"relations": (RelationRecord("R2", "r", (ArgumentRecord("a", "E1"), ArgumentRecord("b", "T1"))),)},
        {
            "events": (event, EventRecord("E2", "e", "T1", (ArgumentRecord("x", "R1", "event"),))),
            "relations": (relation,),
        },
    ):
        with pytest.raises(BiomedplmError, match="B434"):
            fit(record(mention(0, 3), **{"events": (event,), **wrong}), Report())


def test_references_to_relations_and_attributes_go_too_and_are_listed() -> None:
    report = Report(errors="skip")
    fitted = fit(
        record(
            mention(0, 3),
            mention(4, 8, name="T2"),
            mention(90, 99, name="T3"),
            relations=(
                RelationRecord("R1", "r", (ArgumentRecord("a", "T3"), ArgumentRecord("b", "T1"))),
                RelationRecord("R2", "r", (ArgumentRecord("a", "R1", "event"), ArgumentRecord("b", "T1"))),
            ),
            attributes=(AttributeRecord("A1", "x", "R2"), AttributeRecord("A2", "y", "A1")),
            notes=(NoteRecord("#1", "n", "A2", "why"),),
            equivalences=(EquivalenceRecord(("T1", "T2", "T3")),),
        ),
        report,
    )
    assert (fitted.relations, fitted.attributes, fitted.notes) == ((), (), ())
    assert fitted.equivalences == (EquivalenceRecord(("T1", "T2")),)
    assert report.counts == {"dropped": 7}
    assert fit(fitted, Report()) == fitted
