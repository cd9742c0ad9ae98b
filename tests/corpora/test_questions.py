import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.questions import read_answers, read_bioasq, read_pubmedqa
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

SNIPPET = {"text": "It does.", "document": "http://x/1", "offsetInBeginSection": 3, "offsetInEndSection": 11}
QUESTIONS = [
    {
        "id": "a",
        "body": "Does it?",
        "type": "yesno",
        "exact_answer": "Yes",
        "ideal_answer": "It does.",
        "snippets": [SNIPPET],
    },
    {"id": "b", "body": "Which?", "type": "factoid", "exact_answer": ["p53", "TP53"], "documents": ["u", "v"]},
    {"id": "c", "body": "Which?", "type": "list", "exact_answer": [["a", "A"], "b"], "ideal_answer": ["x", "y"]},
    {"id": "d", "body": "What?", "type": "summary", "ideal_answer": ["z"], "concepts": None},
]
PUBMEDQA = {
    "7": {
        "QUESTION": "Does it?",
        "CONTEXTS": ["One.", "Two."],
        "LABELS": ["METHODS"],
        "final_decision": "maybe",
        "LONG_ANSWER": "Perhaps.",
        "MESHES": ["Mice"],
    },
    "8": {"QUESTION": "Why?", "CONTEXTS": []},
}


def parts(record):
    return [(p.kind, record.text[p.start : p.end], dict(p.infons)) for p in record.passages]


def test_read_bioasq(write, vocab):
    path = write("q.json", json.dumps({"questions": QUESTIONS}))
    one, two, three, four = read_bioasq(path)
    details = {"document": "http://x/1", "offsetInBeginSection": "3", "offsetInEndSection": "11"}
    assert parts(one) == [("question", "Does it?", {}), ("snippet", "It does.", details)]
    assert one.labels == {"yes": 1.0, "no": 0.0}
    assert json.loads(one.infons["ideal_answers"]) == ["It does."]
    assert (two.answers, two.labels) == ((("p53", "TP53"),), {})
    assert two.infons == {"type": "factoid", "documents": '["u", "v"]'}
    assert three.answers == (("a", "A"), ("b",))
    assert four.infons == {"type": "summary", "concepts": "", "ideal_answers": '["z"]'}
    for record in (one, two, three, four):
        assert make_record(make_doc(vocab, fit(record, Report()))) == record
    assert [record.doc_id for record in read_bioasq(path, type="list")] == ["c"]
    packed = write("q.json.gz", gzip.compress(path.read_bytes()))
    assert list(read_bioasq(packed)) == [one, two, three, four]


@pytest.mark.parametrize(
    ("exact", "one", "wanted"),
    [
        ("a", True, (("a",),)),
        (["a", "b"], True, (("a", "b"),)),
        (["a", "b"], False, (("a",), ("b",))),
        ([["a", "b"], ["c"], []], True, (("a", "b"), ("c",))),
        (None, True, ()),
        ([1, ["a"]], False, (("a",),)),
    ],
)
def test_read_answers(exact, one, wanted):
    assert read_answers(exact, one=one) == wanted


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", "B460"),
        ("[]", "B428"),
        ('{"questions": []}', "B408"),
        ('{"questions": [1]}', "B428"),
        ('{"questions": [{"id": "a", "body": "b"}]}', "B428"),
        ('{"questions": [{"id": "a", "body": "b", "type": "x"}]}', "B428"),
        ('{"questions": [{"id": "a", "body": "b", "type": "list", "snippets": [{}]}]}', "B428"),
        ("[" * 100_000, "B460"),
    ],
)
def test_read_bioasq_refuses(write, content, code):
    with pytest.raises(BiomedplmError, match=code):
        list(read_bioasq(write("q.json", content)))


def test_read_bioasq_refuses_an_unknown_type_and_skips_broken_questions(write):
    path = write("q.json", json.dumps({"questions": [1, *QUESTIONS]}))
    with pytest.raises(BiomedplmError, match="B429"):
        list(read_bioasq(path, type="essay"))
    report = Report(errors="skip")
    assert len(list(read_bioasq(path, report=report))) == 4
    assert report.counts["dropped"] == 1


def test_read_pubmedqa(write):
    path = write("q.json", json.dumps(PUBMEDQA))
    one, two = read_pubmedqa(path)
    assert parts(one) == [
        ("question", "Does it?", {}),
        ("context", "One.", {"label": "METHODS"}),
        ("context", "Two.", {}),
    ]
    assert one.labels == {"yes": 0.0, "no": 0.0, "maybe": 1.0}
    assert one.infons == {"LONG_ANSWER": "Perhaps.", "MESHES": '["Mice"]'}
    assert (two.text, two.labels) == ("Why?", {})
    ids = write("ids.json", '{"7": "maybe"}')
    assert [record.doc_id for record in read_pubmedqa(path, ids=ids)] == ["7"]
    assert [record.doc_id for record in read_pubmedqa(path, exclude=write("l.json", '["7"]'))] == ["8"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "B428"),
        ("{}", "B408"),
        ('{"7": {"QUESTION": "a"}}', "B428"),
        ('{"7": {"CONTEXTS": []}}', "B428"),
        ('{"7": {"QUESTION": "a", "CONTEXTS": [], "final_decision": "perhaps"}}', "B428"),
    ],
)
def test_read_pubmedqa_refuses(write, content, code):
    with pytest.raises(BiomedplmError, match=code):
        list(read_pubmedqa(write("q.json", content)))


def test_read_pubmedqa_refuses_other_identifiers(write):
    path = write("q.json", json.dumps(PUBMEDQA))
    with pytest.raises(BiomedplmError, match="B428"):
        list(read_pubmedqa(path, ids=write("ids.json", "7")))
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_pubmedqa(path, ids=write("ids.json", '["9"]')))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "type", "id"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = ["id", "body", "type", "exact_answer", "snippets", "QUESTION", "CONTEXTS", "LABELS", "final_decision"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["list", "yesno", "factoid"])),
    st.binary(max_size=50),
)
@settings(max_examples=200)
def test_readers_raise_their_own_error_only(tmp_path_factory, fields, data):
    folder = tmp_path_factory.mktemp("json")
    whole = {"id": "a", "body": "b", "type": "list", "QUESTION": "q", "CONTEXTS": ["c"], **fields}
    (folder / "q.json").write_text(json.dumps({"questions": [whole], "7": whole}), encoding="utf8")
    (folder / "bytes.json").write_bytes(data)
    for path in (folder / "q.json", folder / "bytes.json"):
        for read in (read_bioasq, read_pubmedqa):
            for report in (Report(), Report(errors="repair")):
                try:
                    for record in read(path, report=report):
                        fit(record, report)
                except BiomedplmError:
                    continue
