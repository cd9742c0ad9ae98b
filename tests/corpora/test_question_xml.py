import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.question_xml import read_liveqa, read_mediqa_qa, read_mediqa_rqe, read_medquad
from spacy_biomedplm.errors import BiomedplmError

RQE = (
    '<set><pair pid="1" type="t" value="true"><chq>\n Is it flu? </chq><faq>What is flu?</faq></pair>'
    '<pair pid="1"><chq>Why &lt; 3?</chq><faq/></pair></set>'
)
QA = (
    '<set><Question QID="4"><QuestionText>What is flu?</QuestionText><AnswerList>'
    '<Answer AID="4_1" SystemRank="1" ReferenceScore="3"><AnswerURL>http://x</AnswerURL>'
    "<AnswerText>A virus.</AnswerText></Answer></AnswerList></Question></set>"
)
MEDQUAD = (
    '<Document id="02" source="GARD" url="http://y"><!-- note --><Focus>Flu</Focus><FocusAnnotations><UMLS><CUIs>'
    "<CUI>C1</CUI><CUI>C2</CUI></CUIs></UMLS></FocusAnnotations><QAPairs>"
    '<QAPair pid="1"><Question qid="02-1" qtype="cause">Why?</Question><Answer>So.</Answer></QAPair>'
    '<QAPair pid="2"><Question qtype="other">How?</Question></QAPair></QAPairs></Document>'
)
LIVE = (
    '<set><NLM-QUESTION qid="TQ1"><Original-Question><SUBJECT>Flu</SUBJECT><MESSAGE>Is it bad?</MESSAGE>'
    "</Original-Question><NIST-PARAPHRASE>Is flu bad?</NIST-PARAPHRASE><ANNOTATIONS>"
    '<FOCUS fid="F1">flu</FOCUS><TYPE tid="T1" hasFocus="F1">EFFECT</TYPE></ANNOTATIONS><ReferenceAnswers>'
    '<ReferenceAnswer aid="A1"><ANSWER> Yes. </ANSWER><AnswerURL>http://z</AnswerURL></ReferenceAnswer>'
    "</ReferenceAnswers></NLM-QUESTION></set>"
)


def parts(record):
    return [(p.kind, record.text[p.start : p.end], dict(p.infons)) for p in record.passages]


def test_read_mediqa_rqe(write):
    first, second = read_mediqa_rqe(write("a.xml", RQE))
    assert parts(first) == [("question1", "Is it flu?", {}), ("question2", "What is flu?", {})]
    assert (first.doc_id, first.labels, first.infons) == ("1", {"true": 1.0, "false": 0.0}, {"type": "t"})
    assert (second.doc_id, second.text, second.labels) == ("1#2", "Why < 3?\n", {})


def test_read_mediqa_qa(write):
    (record,) = read_mediqa_qa(write("a.xml", QA))
    about = {"AID": "4_1", "SystemRank": "1", "ReferenceScore": "3", "AnswerURL": "http://x"}
    assert parts(record) == [("question", "What is flu?", {}), ("answer", "A virus.", about)]


@pytest.mark.parametrize("lower", [False, True])
def test_read_medquad(write, lower):
    content = MEDQUAD
    if lower:
        for name in ("Document", "Question", "Answer"):
            content = content.replace(f"<{name}", f"<{name.lower()}").replace(f"</{name}", f"</{name.lower()}")
        content = content.replace("QAPair>", "pair>").replace("<QAPair ", "<pair ")
    first, second = read_medquad(write("a.xml", content))
    assert (first.doc_id, second.doc_id) == ("GARD:02-1", "GARD:02-2")
    assert parts(first) == [("question", "Why?", {}), ("answer", "So.", {})]
    assert first.infons == {"source": "GARD", "url": "http://y", "focus": "Flu", "cui": "C1; C2", "qtype": "cause"}
    assert parts(second)[1] == ("answer", "", {})


def test_read_liveqa(write):
    (record,) = read_liveqa(write("a.xml", LIVE))
    assert [part[:2] for part in parts(record)] == [
        ("subject", "Flu"),
        ("message", "Is it bad?"),
        ("paraphrase", "Is flu bad?"),
        ("answer", "Yes."),
    ]
    assert parts(record)[-1][2] == {"aid": "A1", "AnswerURL": "http://z"}
    assert record.infons == {"focus": "F1 flu", "type": "T1 F1 EFFECT"}


READERS = [read_mediqa_rqe, read_mediqa_qa, read_medquad, read_liveqa]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<a/>", "B408"),
        ("<a>", "B428"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "B428"),
        ('<?xml version="1.0" encoding="nonsense"?><a/>', "B428"),
        ("<a><pair/><Question/><QAPair/><NLM-QUESTION/></a>", "B428"),
    ],
)
def test_readers_refuse(write, read, content, code):
    with pytest.raises(BiomedplmError, match=code):
        list(read(write("a.xml", content)))


def test_read_mediqa_rqe_refuses_other_values(write):
    with pytest.raises(BiomedplmError, match="B428"):
        list(read_mediqa_rqe(write("a.xml", RQE.replace('"true"', '"perhaps"'))))


@given(st.binary(max_size=30), st.integers(0, 300))
@settings(max_examples=200)
def test_readers_raise_their_own_error_only(tmp_path_factory, data, place):
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    for read, sample in zip(READERS, (RQE, QA, MEDQUAD, LIVE), strict=True):
        raw = sample.encode()
        path.write_bytes(raw[:place] + data + raw[place:])
        for report in (Report(), Report(errors="repair")):
            try:
                for record in read(path, report=report):
                    fit(record, report)
            except BiomedplmError:
                continue
