import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.dialogues import read_cmdd, read_consultations, read_dialogue_lists
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

TURNS = [
    {"speaker": "医生", "sentence": "咳嗽发热？", "label": "BIIBO", "normalized": ["咳嗽", "发热"], "type": ["3", "1"]},
    {"speaker": "患者", "sentence": "没有", "label": "OO", "normalized": [], "type": []},
    {"speaker": "患者", "sentence": "就是吐", "label": "OOI", "normalized": ["呕吐"], "type": ["1"]},
]
TALKS = (
    "id=1\nhttps://x.org/1\n\nDoctor faculty\nA ward\n\nDescription\nA cough.\n\nFor days.\n\nDialogue\nPatient:\n"
    + ("Help, \nplease.\nDoctor:\n\nTea.\n\nDialogue\nBooked.\n\nid=1\n\nDescription\nPatient:\n")
)


def dialogue(*turns, **more):
    return json.dumps({"example-id": "12", "dialogue-content": turns or TURNS, **more}, ensure_ascii=False)


def parts(record):
    return [(p.kind, record.text[p.start : p.end], p.infons.get("speaker")) for p in record.passages]


def test_read_cmdd(write, vocab):
    report = Report()
    write("a/1.json", dialogue(**{"data-split": "dev"}))
    (record,) = (fit(record, report) for record in read_cmdd(write("a/readme.md", "").parent, report=report))
    assert (record.doc_id, record.infons) == ("12", {"data-split": "dev"})
    assert parts(record) == [("turn", "咳嗽发热？", "医生"), ("turn", "没有", "患者"), ("turn", "就是吐", "患者")]
    assert [(m.label, record.text_of(m), [c.id for c in m.concepts]) for m in record.mentions] == [
        ("Symptom", "咳嗽发", ["咳嗽"]),
        ("Symptom", "热", ["发热"]),
        ("Symptom", "吐", ["呕吐"]),
    ]
    assert [(a.label, a.target, a.value) for a in record.attributes] == [
        ("Status", "T1", "3"),
        ("Status", "T2", "1"),
        ("Status", "T3", "1"),
    ]
    assert make_record(make_doc(vocab, record)) == record


@pytest.mark.parametrize(
    ("change", "said", "mentions", "concepts"),
    [
        ({"normalized": ["咳嗽"]}, r"B427.*document 12: dialogue-content\[0\]: 1 names and 2 numbers, wanted 2", 3, 1),
        ({"type": []}, "B427.*2 names and 0 numbers", 3, 1),
        ({"label": "BII"}, r"B427.*the tags 'BII', wanted B, I or O for each of 5 characters", 1, 1),
        ({"label": "BIXBO"}, "B427.*the tags 'BIXBO'", 1, 1),
    ],
)
def test_read_cmdd_says_which_turn_does_not_fit(write, change, said, mentions, concepts):
    path = write("1.json", dialogue({**TURNS[0], **change}, *TURNS[1:]))
    with pytest.raises(BiomedplmError, match=said):
        list(read_cmdd(path))
    report = Report(errors="repair")
    (record,) = read_cmdd(path, report=report)
    assert (len(record.mentions), sum(len(m.concepts) for m in record.mentions)) == (mentions, concepts)
    assert len(record.passages) == 3
    assert report.counts["dropped"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "B461"),
        ("{", "B460"),
        ('{"dialogue-content": []}', "B461"),
        ('{"example-id": "1", "dialogue-content": [1]}', "B461"),
        (dialogue({**TURNS[0], "sentence": 1.5}), "B461"),
        (dialogue({**TURNS[0], "normalized": [None, None]}), "B461"),
        (b"\xff\xfe", "B402"),
    ],
)
def test_read_cmdd_wants_dialogues(write, content, code):
    path = write("1.json", content)
    with pytest.raises(BiomedplmError, match=code):
        list(read_cmdd(path))
    with pytest.raises(BiomedplmError, match="B438"):
        list(read_cmdd(path, report=Report(errors="skip")))


def test_read_dialogue_lists(write):
    path = write("a.json", json.dumps([["病人：咳嗽：三天", "医生: 喝水。"], ["Patient:\nHelp."]], ensure_ascii=False))
    first, second = read_dialogue_lists(path)
    assert (first.doc_id, parts(first)) == ("1", [("turn", "咳嗽：三天", "病人"), ("turn", "喝水。", "医生")])
    assert (second.doc_id, second.text) == ("2", "Help.")


@pytest.mark.parametrize(
    ("content", "code", "kept"),
    [
        ('[["医生：好"], ["好"]]', "B427.*document 2.*'好'", 1),
        ('[["医生：好"], []]', "B461.*document 2", 1),
        ('[["医生：好"], [1]]', "B427.*document 2", 1),
        ('[["医生：好"], "医生：好"]', "B461", 1),
        ('{"1": []}', "B461.*a list of dialogues", 0),
    ],
)
def test_read_dialogue_lists_says_what_is_wrong(write, content, code, kept):
    path = write("a.json", content)
    with pytest.raises(BiomedplmError, match=code):
        list(read_dialogue_lists(path))
    if kept:
        report = Report(errors="skip")
        assert len(list(read_dialogue_lists(path, report=report))) == kept
        assert report.counts == {"dropped": 1}


def test_read_consultations(write):
    report = Report(errors="skip")
    record, other = read_consultations(write("a.txt", TALKS), report=report)
    assert (other.doc_id, parts(other)) == ("1#2", [("description", "Patient:", None)])
    assert (record.doc_id, record.infons) == ("1", {"url": "https://x.org/1"})
    assert parts(record) == [
        ("faculty", "A ward", None),
        ("description", "A cough.\n\nFor days.", None),
        ("turn", "Help, \nplease.", "Patient"),
        ("turn", "Tea.", "Doctor"),
        ("dialogue", "Booked.", None),
    ]
    assert report.counts == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Hello\n" + TALKS, r"B471.*line 1.*'Hello'"),
        (TALKS.replace("Doctor faculty\n", ""), r"B471.*line 4.*'A ward'"),
        (TALKS + "\nid=3\n\n", "B427.*document 3: no text"),
    ],
)
def test_read_consultations_says_what_is_wrong(write, content, said):
    path = write("a.txt", content)
    with pytest.raises(BiomedplmError, match=said):
        list(read_consultations(path))
    report = Report(errors="repair")
    assert len(list(read_consultations(path, report=report))) == 2
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize("read", [read_cmdd, read_dialogue_lists, read_consultations])
@given(data=st.data())
@settings(max_examples=100)
def test_dialogue_readers_raise_their_own_error_only(tmp_path_factory, read, data):
    path = tmp_path_factory.mktemp("bytes") / "a.txt"
    content = data.draw(st.binary(max_size=60))
    start = data.draw(
        st.sampled_from([b"", b"id=1\nDialogue\n", dialogue().encode()[:-2], b'[["\xe5\x8c\xbb\xe7\x94\x9f:'])
    )
    path.write_bytes(start + content)
    try:
        list(read(path))
    except BiomedplmError:
        return
