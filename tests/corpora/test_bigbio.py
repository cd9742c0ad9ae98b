import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, containers, fit
from spacy_biomedplm.corpora.bigbio import read_bigbio
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)

Write = Callable[..., Path]


def passage(start: int, text: str, kind: str = "title") -> dict[str, Any]:
    return {"id": f"p{start}", "type": kind, "text": [text], "offsets": [[start, start + len(text)]]}


def entity(name: str, kind: str, *places: tuple[int, int, str]) -> dict[str, Any]:
    offsets, texts = [[start, end] for start, end, _ in places], [text for _, _, text in places]
    return {"id": name, "type": kind, "text": texts, "offsets": offsets, "normalized": []}


def event(name: str, *arguments: tuple[str, str]) -> dict[str, Any]:
    rows = [{"role": role, "ref_id": target} for role, target in arguments]
    return {"id": name, "type": "Binding", "trigger": {"text": ["binds"], "offsets": [[5, 10]]}, "arguments": rows}


SAMPLE: dict[str, Any] = {
    "id": "0",
    "document_id": "17",
    "passages": [passage(0, "IL-4 binds STAT6"), passage(17, "Not STAT5.", "abstract")],
    "entities": [
        {**entity("1", "Gene", (0, 4, "IL-4")), "normalized": [{"db_name": "NCBI", "db_id": "3565"}]},
        entity("2", "Gene", (11, 15, "STAT"), (25, 26, "5")),
        {**entity("3", "Gene", (11, 16, "stat6")), "who": "A"},
    ],
    "events": [event("4", ("Theme", "1"), ("Theme", "5")), event("5", ("Theme", "3"))],
    "coreferences": [{"id": "6", "entity_ids": ["2", "3"]}],
    "relations": [
        {"id": "7", "type": "r", "arg1_id": "1", "arg2_id": "4", "normalized": [{"db_name": "d", "db_id": "x"}]}
    ],
    "split": "train",
}


@pytest.mark.parametrize("layout", ["list", "lines", "pretty", "packed"])
def test_read_bigbio(layout: str, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "CHUNK_BYTES", 7)
    rows = [SAMPLE, {**SAMPLE, "id": "1", "document_id": None}]
    lines = "\n".join(map(json.dumps, rows)).encode()
    content = {"lines": lines, "packed": gzip.compress(lines)}.get(layout)
    content = content or json.dumps(rows, indent=1 if layout == "pretty" else None).encode()
    first, second = read_bigbio(write("a.json.gz" if layout == "packed" else "a.json", content))
    assert (first.doc_id, first.text) == ("17", "IL-4 binds STAT6 Not STAT5.")
    assert (second.doc_id, second.text) == ("1", first.text)
    assert first.mentions == (
        MentionRecord("1", "Gene", ((0, 4),), concepts=(ConceptRecord("NCBI", "3565"),)),
        MentionRecord("2", "Gene", ((11, 15), (25, 26))),
        MentionRecord("3", "Gene", ((11, 16),), "stat6", infons={"who": "A"}),
        MentionRecord("4_trigger", "Binding", ((5, 10),), is_trigger=True),
    )
    assert first.events == (
        EventRecord("4", "Binding", "4_trigger", (ArgumentRecord("Theme", "1"), ArgumentRecord("Theme", "5", "event"))),
        EventRecord("5", "Binding", "4_trigger", (ArgumentRecord("Theme", "3"),)),
    )
    arguments = (ArgumentRecord("Arg1", "1"), ArgumentRecord("Arg2", "4", "event"))
    assert first.relations == (RelationRecord("7", "r", arguments, {"normalized": '[{"db_name": "d", "db_id": "x"}]'}),)
    assert first.equivalences == (EquivalenceRecord(("2", "3")),)
    assert first.passages == (
        PassageRecord(0, 16, "title", {"id": "p0"}),
        PassageRecord(17, 27, "abstract", {"id": "p17"}),
    )
    assert first.infons == {"bigbio_id": "0", "split": "train", "coreference_ids": '["6"]'}
    pretty = json.dumps([SAMPLE], indent=1).count("\n") + 1
    assert [mention.line for mention in second.mentions[:1]] == [{"list": 1, "pretty": pretty}.get(layout, 2)]
    assert fit(first, Report()) == first


@pytest.mark.parametrize(
    ("passages", "text"),
    [
        ([], ""),
        ([{"type": "t", "text": "one"}, {"type": "t", "text": ["two", "three"]}], "one two three"),
        ([passage(5, "two"), passage(0, "one"), passage(1, "ne")], "one  two"),
    ],
)
def test_passages_make_the_text(passages: list[dict[str, Any]], text: str, write: Write) -> None:
    (record,) = read_bigbio(write("a.json", json.dumps([{"passages": passages}])))
    assert (record.doc_id, record.text) == ("a-00000", text)
    assert fit(record, Report()) == record


MISFITS = [
    ([passage(0, "one"), {**passage(4, "two"), "offsets": [[4, 8]]}], r"4-8 has a text of another length"),
    ([passage(0, "one"), passage(2, "two")], r"2-5 contradicts"),
    ([passage(0, "one"), passage(10**9, "two")], r"999999997 characters behind"),
    ([passage(0, "one"), {**passage(4, "two"), "offsets": []}], r"1 texts and 0 offsets"),
]


@pytest.mark.parametrize(("passages", "message"), MISFITS)
def test_passages_that_do_not_fit(passages: list[dict[str, Any]], message: str, write: Write) -> None:
    path = write("a.json", json.dumps([{"id": "x", "passages": passages}]))
    with pytest.raises(BiomedplmError, match=rf"B465.*a\.json.*document x.*{message}"):
        list(read_bigbio(path))
    with pytest.raises(BiomedplmError, match=r"B438.*B465"):
        list(read_bigbio(path, report=Report(errors="skip")))
    (record,) = read_bigbio(path, report=Report(errors="repair"))
    assert (record.text, record.passages[1].start) == ("one two", 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "B408"),
        (b"[]", "B408"),
        (b"[{}", "B460.*line 1.*the list does not end"),
        (b'[{}\n,\n{"a" 1}]', "B460.*line 3.*Expecting ':'"),
        (b"[{}] x", "B460"),
        (b'{"id": "1", "id": "2"}', "B460.*twice"),
        (b'{"id":\n"\xff"}', "B402.*line 2"),
        (b"[" * 100_000, "B460.*nested too deeply"),
        (b"[5]", "B461.*document 0 is a number"),
        (b'{"passages": [{"text": 5}]}', r"B461.*passages\[0\].text is a number"),
        (b'{"entities": [{"id": "1", "offsets": [[0, "1"]]}]}', r"B461.*entities\[0\].offsets is text"),
        (b'{"relations": [{"id": "1", "arg1_id": "x"}]}', r"B461.*relations\[0\].arg2_id is missing"),
    ],
)
def test_a_mistake_is_named(content: bytes, message: str, write: Write) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_bigbio(write("a.json", content)))


keys = st.sampled_from(
    "id document_id passages entities events coreferences relations type text offsets normalized db_name db_id trigger "
    "arguments role ref_id entity_ids arg1_id arg2_id x".split()
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["1", "a", "some text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=200)
@given(
    change=st.dictionaries(keys, values, max_size=3),
    cut=st.integers(0, 900),
    errors=st.sampled_from(["raise", "skip", "repair"]),
)
def test_nothing_but_its_own_error_is_raised(change: dict[str, Any], cut: int, errors: Any) -> None:
    content = json.dumps([SAMPLE, {**SAMPLE, **change}])
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        path.write_text(content[: -cut or None], encoding="utf-8")
        report = Report(errors=errors)
        try:
            for record in read_bigbio(path, report=report):
                fit(record, report)
        except BiomedplmError:
            return
