import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.bioc import read_bioc_json
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, PassageRecord

Write = Callable[..., Path]

PUBTATOR3: dict[str, Any] = {
    "_id": "7|None",
    "id": "7",
    "infons": {},
    "pmid": 7,
    "passages": [
        {
            "offset": 0,
            "infons": {"type": "title", "year": 2024},
            "text": "Abenol heals",
            "sentences": [],
            "annotations": [
                {
                    "id": "2",
                    "infons": {"identifier": "MESH:D1", "type": "Chemical", "valid": True, "normalized": ["D1"]},
                    "text": "Abenol",
                    "locations": [{"offset": 0, "length": 6}],
                }
            ],
            "relations": [],
        }
    ],
    "relations": [
        {
            "id": "R1",
            "infons": {
                "score": "0.5",
                "role1": {"identifier": "MESH:D1", "type": "Chemical"},
                "role2": {"identifier": "MESH:D2", "type": "Disease"},
                "type": "Treats",
            },
            "nodes": [{"refid": "0", "role": "0,1"}],
        }
    ],
}


def read_json(write: Write, value: Any, report: Report | None = None) -> list[DocumentRecord]:
    content = value if isinstance(value, str | bytes) else json.dumps(value)
    return list(read_bioc_json(write("toy.json", content), report=report))


def test_read_bioc_json_reads_what_pubtator_3_gives(write: Write) -> None:
    (record,) = read_json(write, {"PubTator3": [PUBTATOR3]})
    assert (record.doc_id, record.text) == ("7", "Abenol heals")
    assert record.infons == {"member._id:json": '"7|None"', "member.pmid:json": "7"}
    assert record.passages == (PassageRecord(0, 12, "title", {"year:json": "2024"}),)
    (mention,) = record.mentions
    assert mention.concepts == (ConceptRecord("MESH", "D1"),)
    assert mention.infons == {"valid:json": "true", "normalized:json": '["D1"]'}
    (relation,) = record.relations
    assert (relation.label, relation.score) == ("Treats", 0.5)
    assert [(a.role, a.target, a.kind) for a in relation.arguments] == [
        ("role1", "MESH:D1", "concept"),
        ("role2", "MESH:D2", "concept"),
    ]
    assert fit(record, Report()).relations == record.relations


COLLECTION = {
    "bioctype": "BioCCollection",
    "source": "toy",
    "date": "",
    "key": "",
    "version": "1.0",
    "infons": {"a": "b"},
}


@pytest.mark.parametrize(
    "value",
    [
        {**COLLECTION, "documents": [PUBTATOR3, PUBTATOR3]},
        {"documents": [PUBTATOR3, PUBTATOR3], **COLLECTION},
        [{**COLLECTION, "documents": [PUBTATOR3]}, {**COLLECTION, "documents": [PUBTATOR3]}],
    ],
)
def test_read_bioc_json_reads_collections(value: Any, write: Write) -> None:
    first, second = read_json(write, value)
    assert first == second
    assert (first.infons["collection.source"], first.infons["collection.infons.a"]) == ("toy", "b")


@pytest.mark.parametrize("between", ["\n", "", "\n\n  "])
def test_read_bioc_json_reads_one_document_after_the_other(between: str, write: Write) -> None:
    assert len(read_json(write, between.join([json.dumps(PUBTATOR3)] * 3))) == 3
    assert len(read_json(write, "\ufeff" + json.dumps(PUBTATOR3))) == 1


def test_read_bioc_json_reads_documents_longer_than_a_chunk(write: Write) -> None:
    text = 'α"\\ 😀 ' * 100_000
    document = {"id": "1", "passages": [{"offset": 0, "infons": {}, "text": text}]}
    records = read_json(write, json.dumps({"source": "x", "documents": [document, document]}, ensure_ascii=False))
    assert [record.text for record in records] == [text] * 2


def test_read_bioc_json_replaces_half_surrogate_pairs(write: Write) -> None:
    annotation = {"id": "1", "text": "x\ud800", "locations": [{"offset": 0, "length": 2}]}
    passage = {"offset": 0, "text": "x.", "annotations": [annotation]}
    (record,) = read_json(write, {"id": "\ud800", "infons": {"a": "\udc00"}, "passages": [passage]})
    assert (record.doc_id, record.infons, record.mentions[0].text) == ("�", {"a": "�"}, "x�")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"passages": 5}, '"passages" of the document is no list'),
        ({"passages": [5]}, 'an item of "passages" of the document is no object'),
        ({"passages": [{"text": "a"}]}, 'a passage has no "offset"'),
        ({"passages": [{"offset": "1.5"}]}, 'a passage has no "offset"'),
        ({"passages": [{"offset": 0, "text": ["a"]}]}, '"text" is no text'),
        ({"infons": 5}, '"infons" of the document are no object'),
        ({"annotations": [{"id": "1", "locations": [{"offset": 0}]}]}, "the annotation 1 has a location without"),
        ({"relations": [{"id": 1, "nodes": [1]}]}, 'an item of "nodes" of the relation 1 is no object'),
    ],
)
def test_read_bioc_json_names_what_is_not_of_bioc(change: dict[str, Any], reason: str, write: Write) -> None:
    document = {"id": "7", "passages": [], **change}
    with pytest.raises(BiomedplmError, match=rf"B453.*document 7: {reason}"):
        read_json(write, document)
    report = Report("skip")
    assert len(read_json(write, document, report)) == 1
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "B408"),
        ("[]", "B408"),
        ("5", "B452"),
        ("no json", "B452"),
        ("{}", "B452.*no members"),
        ('{"text": "a", "entities": []}', 'B452.*"text", "entities".*"documents"'),
        ('{"documents": [{"id": "1"', "B450.*line 1.*JSON"),
        ('{"source": "a"\n"documents": []}', "B450.*line 2"),
        ('{"source": "a", "documents": [\n{"id": }]}', "B450.*line 2"),
        ('{"source": "unterminated', "B450"),
        ('{"documents": [' + "[" * 100_000 + "]}", "B450.*too deep"),
        ('{"documents": [{"id": ' + "9" * 5000 + "}]}", "B450.*digits"),
        (b'{"source":\n"\xff"}', "B402.*line 2"),
        ("[[{}]]", "B452"),
        ("{1: 2}", "B450"),
    ],
)
def test_read_bioc_json_refuses_what_is_no_bioc(content: str | bytes, message: str, write: Write) -> None:
    with pytest.raises(BiomedplmError, match=message):
        read_json(write, content, Report("repair"))


@pytest.mark.parametrize("key", ["order", "passages", "labels", "answers"])
@pytest.mark.parametrize(
    "value", ["", "5", "[", '{"a": [1]}', '[["a", 1]]', '["\\ud800"]', '[[0, 99, "", {}]]', "[" * 10_000]
)
def test_read_bioc_refuses_infons_that_it_cannot_have_written(key: str, value: str, write: Write) -> None:
    document = {"id": "7", "passages": [{"offset": 0, "text": "x"}], "infons": {f"biomedplm.{key}": value}}
    with pytest.raises(BiomedplmError, match=rf"B456.*biomedplm.{key}"):
        read_json(write, document)
    report = Report("skip")
    assert [record.infons for record in read_json(write, document, report)] == [{}]
    assert report.counts == {"dropped": 1}


SAMPLE = json.dumps({"PubTator3": [PUBTATOR3]})
JUNK = st.sampled_from(
    ["0", "-1", "x", "", "<", ">", "&", "</text>", "<infon>", '"', "{", "]", "null", "\x00", "9" * 20]
)


@settings(max_examples=200)
@given(
    cut=st.tuples(st.integers(0, 3000), st.integers(0, 40)),
    junk=JUNK | st.text(max_size=4),
    noise=st.none() | st.binary(max_size=80),
)
def test_read_bioc_json_raises_its_own_error_only(
    cut: tuple[int, int], junk: str, noise: bytes | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bioc") / "toy"
    at = cut[0] % len(SAMPLE)
    content = SAMPLE[:at] + junk + SAMPLE[at + cut[1] :]
    path.write_bytes(content.encode("utf8", "surrogatepass") if noise is None else noise)
    for errors in ("raise", "skip", "repair"):
        report = Report(errors)
        try:
            for record in read_bioc_json(path, report=report):
                fit(record, report)
        except BiomedplmError:
            continue
