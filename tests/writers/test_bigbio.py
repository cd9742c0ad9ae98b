import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.bigbio import read_bigbio
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.bigbio import format_bigbio, write_bigbio

TEXT = "IL-4 binds STAT6.\nNot STAT5."
RECORD = DocumentRecord(
    "17",
    TEXT,
    mentions=(
        MentionRecord("T1", "Gene", ((0, 4),), concepts=(ConceptRecord("NCBI", "3565", "IL4"),)),
        MentionRecord("T2", "Gene", ((11, 15), (26, 27)), text="STAT 5!", infons={"a": "b"}),
        MentionRecord("T3", "Gene", ((11, 16),), text="stat6"),
        MentionRecord("T4", "Bind", ((5, 10),), is_trigger=True),
        MentionRecord("T5", "Not", ((18, 21),), is_trigger=True),
    ),
    relations=(
        RelationRecord("R1", "r", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Object", "T2"))),
        RelationRecord("R2", "r", (ArgumentRecord("", "D1", "concept"), ArgumentRecord("", "D2", "concept"))),
        RelationRecord("R3", "r", (ArgumentRecord("Arg1", "T1"),), {"a": "b"}),
    ),
    events=(
        EventRecord("E1", "Binding", "T4", (ArgumentRecord("Theme", "T1"), ArgumentRecord("Site", "D1", "concept"))),
    ),
    attributes=(AttributeRecord("A1", "Negation", "E1"),),
    equivalences=(EquivalenceRecord(("T2", "T3"), "Alias"),),
    passages=(
        PassageRecord(0, 17, "title", {"x": "y"}),
        PassageRecord(5, 10, "verb"),
        PassageRecord(18, 28, "abstract"),
    ),
    infons={"journal": "J"},
)


def test_bigbio_writes_what_the_schema_has() -> None:
    losses: Counter[str] = Counter()
    row = json.loads(format_bigbio(RECORD, losses))
    assert list(row) == ["id", "document_id", "passages", "entities", "events", "coreferences", "relations"]
    assert [(p["id"], p["type"], p["text"]) for p in row["passages"]] == [
        ("17_passage1", "title", ["IL-4 binds STAT6."]),
        ("17_passage2", "abstract", ["Not STAT5."]),
    ]
    assert row["entities"][0] == {
        "id": "17_T1",
        "type": "Gene",
        "text": ["IL-4"],
        "offsets": [[0, 4]],
        "normalized": [{"db_name": "NCBI", "db_id": "3565"}],
    }
    assert row["entities"][1]["text"] == ["STAT", "5"]
    assert row["events"][0]["arguments"] == [{"role": "Theme", "ref_id": "17_T1"}]
    assert losses == {
        "attributes": 1,
        "concepts as arguments": 1,
        "document infons": 1,
        "labels of equivalences": 1,
        "labels of triggers": 1,
        "line breaks between passages": 1,
        "mention infons": 1,
        "mention texts": 1,
        "names of concepts": 1,
        "passage infons": 1,
        "passages": 1,
        "relations between concepts": 1,
        "relations without two arguments": 1,
        "roles of relations": 1,
        "triggers without an event": 1,
    }


def test_bigbio_identifiers_are_unique_in_the_file(tmp_path: Path) -> None:
    write_bigbio([RECORD, RECORD, RECORD], tmp_path / "a.json", Counter())
    rows = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    parts = ("passages", "entities", "events", "coreferences", "relations")
    ids = [item["id"] for row in rows for item in (row, *(item for part in parts for item in row[part]))]
    assert len(ids) == len(set(ids))
    assert [row["document_id"] for row in rows] == ["17", "17", "17"]


@pytest.mark.parametrize("ends", [[], [(0, 27)], [(0, 10), (10, 28)], [(0, 10), (12, 28)], [(1, 28)]])
def test_bigbio_passages_that_do_not_make_the_text(ends: list[tuple[int, int]]) -> None:
    passages = tuple(PassageRecord(start, end, "x") for start, end in ends)
    losses: Counter[str] = Counter()
    row = json.loads(format_bigbio(DocumentRecord("1", TEXT, passages=passages), losses))
    assert [(p["type"], p["text"]) for p in row["passages"]] == [("document", [TEXT])]
    assert losses["passages"] == len(ends)


names = st.sampled_from(["1", "2", "3", "4"])
words = st.text("ab -é😀", max_size=3)


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    parts = draw(st.lists(words, min_size=1, max_size=3))
    text = " ".join(parts)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    fragments = st.lists(places, min_size=1, max_size=2).map(tuple)
    concepts = st.lists(st.builds(ConceptRecord, words, words), max_size=2).map(tuple)
    mentions = [
        MentionRecord(f"{n}", draw(words), draw(fragments), concepts=draw(concepts))
        for n in range(draw(st.integers(0, 3)))
    ]
    known = st.sampled_from([mention.id for mention in mentions])
    triggers, events = [], []
    for n in range(draw(st.integers(0, 2)) if mentions else 0):
        trigger = MentionRecord(f"e{n}_trigger", f"label{n}", draw(fragments), is_trigger=True)
        arguments = tuple(ArgumentRecord(draw(words), draw(known)) for _ in range(draw(st.integers(0, 2))))
        triggers.append(trigger)
        events.append(EventRecord(f"e{n}", trigger.label, trigger.id, arguments))
    relations = [
        RelationRecord("r1", "r", (ArgumentRecord("Arg1", draw(known)), ArgumentRecord("Arg2", draw(known))))
        for _ in mentions[:1]
    ]
    starts = [sum(len(part) + 1 for part in parts[:n]) for n in range(len(parts))]
    passages = tuple(
        PassageRecord(start, start + len(part), "p", {"id": f"p{start}"})
        for start, part in zip(starts, parts, strict=True)
    )
    infons = {"bigbio_id": draw(words), **({"coreference_ids": '["c"]'} if mentions else {})}
    groups = tuple(EquivalenceRecord((draw(known),)) for _ in mentions[:1])
    return DocumentRecord(
        "1", text, (*mentions, *triggers), tuple(relations), tuple(events), (), groups, (), passages, infons=infons
    )


@settings(max_examples=200)
@given(record=records())
def test_bigbio_loses_nothing_that_it_can_hold(record: DocumentRecord) -> None:
    losses: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        write_bigbio([record], path, losses)
        (found,) = read_bigbio(path)
    assert found == record
    assert not losses
