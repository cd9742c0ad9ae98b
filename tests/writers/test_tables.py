import csv
import io
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.tables import COLUMNS, MAX_RENDERING, format_header, format_rows

RECORD = DocumentRecord(
    "7",
    "IL-4 increases phosphorylation of STAT6 at Y641",
    (
        MentionRecord("T1", "Protein", ((0, 4),), concepts=(ConceptRecord("NCBIGene", "3565"),), score=0.98765),
        MentionRecord(
            "T2",
            "Protein",
            ((34, 39),),
            concepts=(ConceptRecord("", "A:1"), ConceptRecord("", "B|2")),
            infons={"x": "y"},
        ),
        MentionRecord("T3", "Entity", ((43, 47),), infons={"guideline": "ge"}),
        MentionRecord("T4", "Positive_regulation", ((5, 14),), is_trigger=True),
        MentionRecord("T5", "Phosphorylation", ((15, 30),), is_trigger=True),
    ),
    (
        RelationRecord(
            "R1",
            "Part-of",
            (ArgumentRecord("Arg1", "T3"), ArgumentRecord("Arg2", "MESH:D1;2", "concept")),
            {"novelty": "Novel", "by": "a|b"},
            0.5,
        ),
        RelationRecord("R2", "Three", (ArgumentRecord("", "T1"), ArgumentRecord("", "T2"), ArgumentRecord("", "T3"))),
        RelationRecord("R3", "Between", (ArgumentRecord("", "R1", "event"), ArgumentRecord("", "T3"))),
    ),
    (
        EventRecord(
            "E2", "Positive_regulation", "T4", (ArgumentRecord("Theme", "E1", "event"), ArgumentRecord("Cause", "T1"))
        ),
        EventRecord(
            "E1", "Phosphorylation", "T5", (ArgumentRecord("Theme", "T2"), ArgumentRecord("Site", "T3")), {}, 0.9
        ),
    ),
    (AttributeRecord("M1", "Negation", "E2"), AttributeRecord("M2", "Speculation", "E1")),
)


def read(record: DocumentRecord, table: str, losses: Counter[str] | None = None) -> list[dict[str, str]]:
    lines = format_header(table) + format_rows(record, table, Counter() if losses is None else losses)
    assert lines.count("\n") == len(lines.splitlines())
    return list(csv.DictReader(io.StringIO(lines, newline="")))


def test_events_are_rows() -> None:
    outer, inner = read(RECORD, "events")
    assert outer == {
        "doc_id": "7",
        "event_id": "E2",
        "type": "Positive_regulation",
        "trigger": "increases",
        "start": "5",
        "end": "14",
        "negated": "True",
        "speculated": "False",
        "score": "",
        "guideline": "",
        "themes": "Phosphorylation(Theme: STAT6, Site: Y641) [speculated]",
        "causes": "IL-4",
        "others": "",
        "event": "Positive_regulation(Theme: Phosphorylation(Theme: STAT6, Site: Y641) [speculated], Cause: IL-4)",
        "argument_role": "Theme|Cause",
        "argument_kind": "event|entity",
        "argument_id": "E1|T1",
        "argument_type": "Phosphorylation|Protein",
        "argument_text": "Phosphorylation(Theme: STAT6, Site: Y641) [speculated]|IL-4",
        "argument_start": "15|0",
        "argument_end": "30|4",
        "argument_concepts": "|NCBIGene:3565",
    }
    assert (inner["negated"], inner["speculated"], inner["score"]) == ("False", "True", "0.9")
    assert (inner["themes"], inner["others"]) == ("STAT6", "Site: Y641")
    assert inner["argument_concepts"] == "A:1;B¦2|"


def test_relations_are_rows_and_others_are_counted() -> None:
    losses: Counter[str] = Counter()
    (row,) = read(RECORD, "relations", losses)
    assert [row[name] for name in ("relation_id", "type", "score", "details")] == [
        "R1",
        "Part-of",
        "0.5",
        "novelty=Novel|by=a¦b",
    ]
    assert {name: text for name, text in row.items() if name.startswith("head")} == {
        "head_role": "Arg1",
        "head_kind": "entity",
        "head_id": "T3",
        "head_type": "Entity",
        "head_text": "Y641",
        "head_start": "43",
        "head_end": "47",
        "head_concepts": "",
    }
    assert (row["tail_kind"], row["tail_id"], row["tail_text"]) == ("concept", "MESH:D1,2", "")
    assert losses == {"relations of one, or of more than two": 1, "relations between relations": 1}


def test_entities_are_rows() -> None:
    assert [list(row.values())[1:] for row in read(RECORD, "entities")] == [
        ["T1", "Protein", "IL-4", "0", "4", "0.9877", "", "NCBIGene:3565"],
        ["T2", "Protein", "STAT6", "34", "39", "", "", "A:1;B¦2"],
        ["T3", "Entity", "Y641", "43", "47", "", "ge", ""],
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(sorted(COLUMNS)))
def test_rows_are_lines_whatever_the_text(text: str, table: str) -> None:
    mentions = (
        MentionRecord("T1", text, ((0, len(text)),)),
        MentionRecord("T2", text, ((0, len(text)),), is_trigger=True),
    )
    ends = (ArgumentRecord(text, "T1"), ArgumentRecord(text, text, "concept"))
    record = DocumentRecord(
        text, text, mentions, (RelationRecord("R1", text, ends),), (EventRecord("E1", text, "T2", ends),)
    )
    (row,) = read(record, table)
    assert list(row) == list(COLUMNS[table])
    assert None not in row.values()
    if table == "events":
        assert {row[name].count("|") for name in row if name.startswith("argument_")} == {1}


def test_long_events_are_named_inside_others() -> None:
    events = [EventRecord("E0", "Binding", "T4")]
    for number in range(2_000):
        inner = (ArgumentRecord("Theme", f"E{number}", "event"), ArgumentRecord("Theme2", f"E{number}", "event"))
        events.append(EventRecord(f"E{number + 1}", "Binding", "T4", inner))
    rows = read(DocumentRecord("1", RECORD.text, RECORD.mentions, events=tuple(reversed(events))), "events")
    assert max(len(row["event"]) for row in rows) < 3 * MAX_RENDERING
    assert "Theme: Binding E" in rows[0]["event"] or "Theme: Binding(" in rows[0]["event"]


@pytest.mark.parametrize("table", sorted(COLUMNS))
def test_document_without_anything_has_no_row(table: str) -> None:
    assert format_rows(DocumentRecord("1", ""), table, Counter()) == ""
