import json

import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.summaries import read_mediqa_answers, read_ms2
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

REVIEW = {
    "docid": "7",
    "title": "Tea",
    "pmid": 77,
    "structured_abstract": [
        ["BACKGROUND", "Many drink <int> tea </int> .", {"BACKGROUND": 1}],
        ["GOAL", "</out> To see <pop> <out> why </out> </pop> ."],
        ["METHODS", "We asked ."],
        ["EFFECT", "It <out> helps </out> ."],
        ["EFFECT", "A little ."],
    ],
    "included_studies": [
        {"references": [{"title": "Of tea", "abstract": "It <int> helped </int> .", "pmid": "78"}]},
        {"references": [{"title": "Of milk", "abstract": None, "pmid": None}]},
        {"references": []},
    ],
}
ANSWERS = 'question,id,answer\n3,3_2,"Rest, and tea."\n4,4_1,Nothing.\n3,3_1,Sleep.\n'
QUESTIONS = "3||What helps?\n4||What else?\n"
SUMMARIES = "3||Rest || tea.\n\n4|| Nothing.\n"


def parts(record):
    return [(p.kind, record.text[p.start : p.end], dict(p.infons)) for p in record.passages]


@pytest.mark.parametrize("content", [REVIEW, [REVIEW]])
def test_read_ms2(write, vocab, content):
    (record,) = read_ms2(write("a.json", json.dumps(content)))
    assert record.doc_id == "7"
    assert parts(record) == [
        ("background", "Many drink tea .", {}),
        ("background", "To see why .", {}),
        ("title", "Of tea", {"pmid": "78"}),
        ("abstract", "It helped .", {"pmid": "78"}),
        ("title", "Of milk", {}),
    ]
    assert record.infons == {"title": "Tea", "pmid": "77", "ideal_answers": '["It helps . A little ."]'}
    assert make_record(make_doc(vocab, record)) == record


def test_read_ms2_without_a_summary(write):
    (record,) = read_ms2(write("a.json", json.dumps({"docid": 1, "structured_abstract": [["GOAL", "See ."]]})))
    assert (record.doc_id, record.text, record.infons) == ("1", "See .", {})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"docid": None}, "B461.*docid"),
        ({"structured_abstract": [["GOAL"]]}, r"B461.*document 7: structured_abstract\[0\]"),
        ({"structured_abstract": [["GOAL", 2.5]]}, "B461"),
        ({"included_studies": [1]}, "B461"),
        ({"included_studies": [{"references": [{"title": []}]}]}, "B461.*title"),
    ],
)
def test_read_ms2_says_what_is_wrong(write, change, said):
    path = write("a.json", json.dumps([{**REVIEW, **change}, REVIEW]))
    with pytest.raises(BiomedplmError, match=said):
        list(read_ms2(path))
    report = Report(errors="repair")
    assert len(list(read_ms2(path, report=report))) == 1
    assert report.counts == {"dropped": 1}


def lists(write, questions=QUESTIONS, summaries=SUMMARIES, extracts="3||Rest.\n4||Nothing.\n"):
    return {
        "questions": write("questions.txt", questions),
        "summaries": write("summaries.txt", summaries),
        "extracts": write("extracts.txt", extracts),
    }


def test_read_mediqa_answers(write, vocab):
    path = write("a.csv", ANSWERS)
    first, second = read_mediqa_answers(path, **lists(write))
    assert (first.doc_id, parts(first)) == (
        "3",
        [
            ("question", "What helps?", {}),
            ("answer", "Rest, and tea.", {"id": "3_2"}),
            ("answer", "Sleep.", {"id": "3_1"}),
        ],
    )
    assert first.infons == {"ideal_answers": '["Rest || tea."]', "extractive_summary": "Rest."}
    assert second.infons["ideal_answers"] == '["Nothing."]'
    assert make_record(make_doc(vocab, first)) == first
    (first, _) = read_mediqa_answers(path, questions=write("questions.txt", QUESTIONS))
    assert first.infons == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"questions": "3||What helps?\n"}, "B427.*line 3, document 4: no question"),
        ({"questions": QUESTIONS, "summaries": "3||Rest.\n", "extracts": "3||Rest.\n"}, "no summary and no extract"),
    ],
)
def test_read_mediqa_answers_wants_everything_of_a_question(write, changes, said):
    path = write("a.csv", ANSWERS)
    files = lists(write, **changes)
    with pytest.raises(BiomedplmError, match=said):
        list(read_mediqa_answers(path, **files))
    report = Report(errors="skip")
    assert [record.doc_id for record in read_mediqa_answers(path, report=report, **files)] == ["3"]
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize("line", ["5|What?", "||What?", "5||", "3||Again"])
def test_read_mediqa_answers_says_which_line_is_wrong(write, line):
    path, files = write("a.csv", ANSWERS), lists(write, questions=f"{QUESTIONS}{line}\n")
    with pytest.raises(BiomedplmError, match=r"B471.*line 3"):
        list(read_mediqa_answers(path, **files))
    assert len(list(read_mediqa_answers(path, report=Report(errors="skip"), **files))) == 2


def test_read_mediqa_answers_wants_three_columns(write):
    path = write("a.csv", "question,answer\n3,Rest.\n")
    with pytest.raises(BiomedplmError, match=r"B425.*2 columns, wanted 3"):
        list(read_mediqa_answers(path, **lists(write)))
