import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.jsonl import read_jsonl
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    RelationRecord,
)

Write = Callable[..., Path]
TEXT = "IL-4 binds STAT6"


def _lines(*rows: Any) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def test_a_text_is_enough(write: Write) -> None:
    path = write("notes.jsonl.gz", gzip.compress(b'{"text": "a"}\n\n \t\n{"id": 5, "text": "b", "title": null}'))
    assert list(read_jsonl(path)) == [DocumentRecord("notes:1", "a"), DocumentRecord("5", "b")]


def test_entities_are_read_where_there_are_no_spans(write: Write) -> None:
    gene = {"start": 0, "end": 4, "text": "IL-4", "label": "GENE", "score": 0.5, "guideline": "toy", "kb_id": "3565"}
    other = {"start": 11, "end": 16, "label": "GENE", "id": "T1"}
    row = {"id": "1", "source": "a.txt", "title": "IL-4", "text": TEXT, "entities": [gene, other], "spans": {}}
    (record,) = read_jsonl(write("a.jsonl", _lines(row)))
    concepts = (ConceptRecord("", "3565"),)
    first = MentionRecord("T2", "GENE", ((0, 4),), None, concepts, {"guideline": "toy"}, 0.5)
    second = MentionRecord("T1", "GENE", ((11, 16),))
    assert record == DocumentRecord("1", TEXT, (first, second), infons={"source": "a.txt", "title": "IL-4"})
    (other_record,) = read_jsonl(write("b.jsonl", _lines({**row, "spans": {"entities": [other], "rules": [gene]}})))
    assert [(m.id, m.infons.get("group")) for m in other_record.mentions] == [("T1", None), ("T2", "rules")]


def test_what_has_no_meaning_is_kept(write: Write) -> None:
    row = {
        "text": "a",
        "year": 2001,
        "journal": "J",
        "infons": {"x": "y"},
        "passages": [{"start": 0, "end": 1, "n": [1]}],
    }
    (record,) = read_jsonl(write("a.jsonl", _lines(row)))
    assert record.infons == {"x": "y", "year": "2001", "journal": "J"}
    assert record.passages[0].infons == {"n": "[1]"}


def test_identifiers_and_kinds_may_be_left_out(write: Write) -> None:
    spans = {"entities": [{"start": 0, "end": 4}, {"start": 11, "end": 16}], "triggers": [{"start": 5, "end": 10}]}
    binding = {"id": "E1", "label": "Binding", "trigger": "T3", "arguments": [{"role": "Theme", "target": "T1"}]}
    outer = {"trigger": "T3", "arguments": [{"target": "E1"}]}
    relation = {"label": "binds", "arguments": [{"target": "T1"}, {"target": "D1", "kind": "concept"}]}
    row = {"text": TEXT, "spans": spans, "events": [binding, outer], "relations": [relation]}
    (record,) = read_jsonl(write("a.jsonl", _lines(row)))
    assert [(m.id, m.is_trigger) for m in record.mentions] == [("T1", False), ("T2", False), ("T3", True)]
    assert record.events == (
        EventRecord("E1", "Binding", "T3", (ArgumentRecord("Theme", "T1"),)),
        EventRecord("E2", "", "T3", (ArgumentRecord("", "E1", "event"),)),
    )
    arguments = (ArgumentRecord("", "T1"), ArgumentRecord("", "D1", "concept"))
    assert record.relations == (RelationRecord("R1", "binds", arguments),)
    assert fit(record, Report()) == record


SPAN = {"start": 0, "end": 1}
BROKEN: list[tuple[Any, str]] = [
    ("", r"B408"),
    ("{", r"B460.*line 1: not valid JSON"),
    ('{"text": "a"} {}', r"B460.*line 1.*Extra data"),
    ('{"text": "a", "text": "b"}', r"B460.*the key 'text' is there twice"),
    ('{"text": "a", "labels": {"a": NaN}}', r"B460.*NaN is no number"),
    ('{"text": "a", "x": ' + "9" * 5000 + "}", r"B460.*a number is too long"),
    ('{"text": "a", "x": ' + "[" * 100_000, r"B460.*nested too deeply"),
    (b'{"text": "\xff"}', r"B402.*0xff"),
    ([1], r"B461.*is a list, wanted an object"),
    ({"id": "7"}, r"B461.*document 7: text is missing or null, wanted text"),
    ({"text": 5}, r"B461.*text is a number \(5\), wanted text"),
    ({"text": "a", "id": True}, r"B461.*id is true or false"),
    ({"text": "a", "id": "\ud800"}, r"B461.*surrogate"),
    ({"text": "a", "schema": 2}, r"B462.*schema 2, this version reads schema 1"),
    ({"text": "a", "schema": "1"}, r"B461.*schema is text"),
    ({"text": "a", "labels": {"a": True}}, r"B461.*labels.a is true or false \(True\), wanted a number"),
    ('{"text": "a", "labels": {"a": 1e999}}', r"B461.*wanted a number below 1e308"),
    ({"text": "a", "answers": ["yes"]}, r"B461.*answers is text"),
    ({"text": "a", "infons": {"a": 1.5}}, r"B461.*infons.a is a number"),
    ({"text": "a", "infons": {"b": "c"}, "b": "d"}, r"B461.*b is text.*not among the infons"),
    ({"text": "a", "entities": SPAN}, r"B461.*entities is an object, wanted a list"),
    ({"text": "a", "entities": [{"start": 0}]}, r"B461.*entities\[0\].end is missing or null, wanted a whole number"),
    ({"text": "a", "entities": [{**SPAN, "end": 1.0}]}, r"B461.*entities\[0\].end is a number \(1.0\)"),
    ({"text": "a", "entities": [{**SPAN, "fragments": [[0]]}]}, r"B461.*fragments is a list"),
    ({"text": "a", "entities": [{**SPAN, "concepts": [{"id": "x", "y": 1}]}]}, r"B461.*concepts\[0\].y is a number"),
    (
        {"text": "a", "spans": {"entities": [SPAN]}, "order": [1]},
        r"B461.*order is a list, wanted each number from 0 to 0",
    ),
    ({"text": "a", "relations": [{"arguments": [{"target": "x", "kind": "y"}]}]}, r"B461.*kind is text \('y'\)"),
    ({"text": "a", "events": [{"id": "E1"}]}, r"B461.*events\[0\].trigger is missing"),
    ({"text": "a", "notes": [{"text": "x", "who": "me"}]}, r"B461.*notes\[0\].who is text"),
]


@pytest.mark.parametrize(("row", "message"), BROKEN)
def test_a_mistake_is_named(row: Any, message: str, write: Write) -> None:
    path = write("broken.jsonl", row if isinstance(row, bytes) else _lines(row) if row else "")
    with pytest.raises(BiomedplmError, match=message) as caught:
        list(read_jsonl(path))
    assert str(path) in str(caught.value)


def test_broken_lines_and_items_are_left_out(write: Write) -> None:
    rows = (
        "{",
        {"text": "a", "entities": [SPAN, {"start": "0"}, {**SPAN, "id": "X"}]},
        {"text": 1},
        {"text": "\ud800b"},
    )
    report = Report(errors="repair")
    first, second = (fit(record, report) for record in read_jsonl(write("a.jsonl", _lines(*rows)), report=report))
    assert [mention.id for mention in first.mentions] == ["T1", "X"]
    assert second.text == "\ufffdb"
    assert report.counts == {"dropped": 3, "repaired": 1}
    assert [problem.line for problem in report.problems] == [1, 2, 3, 0]


keys = st.sampled_from(
    "schema id title text entities spans order relations events attributes equivalences notes passages labels answers "
    "infons start end label score guideline kb_id fragments concepts trigger triggers arguments role target kind "
    "targets value resource name x".split()
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.sampled_from(["T1", "E1", "a", "mention"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
documents = st.dictionaries(keys, values, max_size=6).map(lambda row: {"text": "some text", **row})


@settings(max_examples=200)
@given(row=documents | values, errors=st.sampled_from(["raise", "skip", "repair"]))
def test_nothing_but_its_own_error_is_raised(row: Any, errors: Any) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_text(_lines(row), encoding="utf-8")
        report = Report(errors=errors)
        try:
            for record in read_jsonl(path, report=report):
                fit(record, report)
        except BiomedplmError:
            return
