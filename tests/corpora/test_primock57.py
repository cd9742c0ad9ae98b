import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.primock57 import read_primock57, read_text_grid
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 9.5
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "Speaker"
        xmin = 0
        xmax = 9.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "Hello, 2 of ""you""."
        intervals [2]:
            xmin = 2.5
            xmax = 4e0
            text = ""
        intervals [3]:
            xmin = 4e0
            xmax = 9.5
            text = "<UNIN/> How
long?"
"""
SHORT = '"ooTextFile"\n"TextGrid"\n0\n9\n<exists>\n1\n"IntervalTier"\n"x"\n0\n9\n1\n3\n4\n"Days."\n'
NOTE = {"day": 1, "note": "Cough.", "highlights": ["Cough"]}


def consultation(write, doctor=LONG, patient=SHORT, note=None):
    path = write("grids/c1_doctor.TextGrid", doctor).parent
    write("grids/c1_patient.TextGrid", patient)
    write("grids/._c1_patient.TextGrid", "x")
    return path, write("notes/c1.json", json.dumps(NOTE) if note is None else note).parent


def test_read_text_grid():
    assert read_text_grid(LONG, "a") == [
        ("0", "2.5", 'Hello, 2 of "you".'),
        ("2.5", "4e0", ""),
        ("4e0", "9.5", "<UNIN/> How\nlong?"),
    ]
    assert read_text_grid(SHORT, "a") == [("3", "4", "Days.")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ooTextFile", "Text", "line 2.*does not begin"),
        ("<exists>", "<absent>", "line 6.*no tiers"),
        ("IntervalTier", "TextTier", "line 10.*points"),
        ("size = 3", "size = 4", "it ends where a number is wanted"),
        ("size = 3", "size = 999999999", "number of items"),
        ("size = 3", "size = 3.5", "'3.5' stands where a number of items"),
        ("xmin = 2.5", 'xmin = "2.5"', "line 20.*where a number is wanted"),
        ('text = ""', "text = 7", "line 22.*'7' stands where a text"),
        ('long?"', "long?", "it ends where a text in quotes is wanted"),
    ],
)
def test_read_text_grid_says_what_is_wrong(old, new, said):
    with pytest.raises(BiomedplmError, match=f"B428.*{said}"):
        read_text_grid(LONG.replace(old, new), "a")


def test_read_primock57(write, vocab):
    path, notes = consultation(write)
    (record,) = read_primock57(path, notes=notes)
    assert record.doc_id == "c1"
    assert [(record.text[p.start : p.end], dict(p.infons)) for p in record.passages] == [
        ('Hello, 2 of "you".', {"speaker": "doctor", "start": "0", "end": "2.5"}),
        ("Days.", {"speaker": "patient", "start": "3", "end": "4"}),
        ("<UNIN/> How\nlong?", {"speaker": "doctor", "start": "4e0", "end": "9.5"}),
    ]
    assert record.infons == {"ideal_answers": '["Cough."]', "day": "1", "highlights": '["Cough"]'}
    assert make_record(make_doc(vocab, record)) == record
    (record,) = read_primock57(path)
    assert record.infons == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"note": "{"}, "B460"),
        ({"note": "[]"}, "B461"),
        ({"note": '{"day": 1}'}, "B461.*note"),
        ({"patient": "nothing"}, "B428.*c1_patient.TextGrid"),
        ({"doctor": LONG.encode("utf-16")}, "B402.*utf-16"),
    ],
)
def test_read_primock57_says_what_is_wrong(write, changes, said):
    path, notes = consultation(write, **changes)
    with pytest.raises(BiomedplmError, match=said):
        list(read_primock57(path, notes=notes))
    with pytest.raises(BiomedplmError, match=r"B438|B408"):
        list(read_primock57(path, notes=notes, report=Report(errors="skip")))


def test_read_primock57_wants_both_speakers_and_a_note(write):
    path, notes = consultation(write)
    write("grids/c2_doctor.TextGrid", LONG)
    write("grids/c3.TextGrid", LONG)
    write("notes/c4.json", json.dumps(NOTE))
    with pytest.raises(BiomedplmError, match=r"B411.*'c3.TextGrid'"):
        list(read_primock57(path, notes=notes))
    report = Report(errors="skip")
    assert [record.doc_id for record in read_primock57(path, notes=notes, report=report)] == ["c1"]
    missing = [problem.detail.partition("partner ")[2].partition(". A")[0] for problem in report.problems]
    assert missing == [
        "'ID_doctor.TextGrid and ID_patient.TextGrid'",
        "'c2_patient.TextGrid, c2.json'",
        "'c4_doctor.TextGrid, c4_patient.TextGrid'",
    ]


@given(st.integers(0, len(LONG)), st.text(max_size=8))
@settings(max_examples=200)
def test_read_text_grid_raises_its_own_error_only(at, change):
    try:
        read_text_grid(LONG[:at] + change + LONG[at + len(change) :], "a")
    except BiomedplmError:
        return
