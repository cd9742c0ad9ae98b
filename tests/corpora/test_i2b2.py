from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.i2b2 import read_i2b2
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, AttributeRecord, MentionRecord, RelationRecord

TEXT = "Reason for Visit :\nNo  fever or Chills .\n\nShe took Kelvanol 5 mg for her sore\nknee , which eased it ."
CONCEPTS = (
    'c="fever" 2:1 2:1||t="problem"\n'
    'c="chills" 2:3 2:3||t="problem"\n'
    'c="kelvanol" 4:2 4:2||t="treatment"\n'
    'c="her sore knee" 4:6 5:0||t="problem"\n'
)
ASSERTIONS = (
    'c="fever" 2:1 2:1||t="problem"||a="absent"\n'
    'c="chills" 2:3 2:3||t="problem"||a="absent"\n'
    'c="her sore knee" 4:6 5:0||t="problem"||a="present"\n'
)
RELATIONS = 'c="kelvanol" 4:2 4:2||r="TrIP"||c="her sore knee" 4:6 5:0\n'
FILES = {"note-1.txt": TEXT, "note-1.con": CONCEPTS, "note-1.ast": ASSERTIONS, "note-1.rel": RELATIONS}
Write = Callable[..., Path]


def _write_all(write: Write, files: dict[str, str], folder: str = "set") -> Path:
    path = Path()
    for name, content in files.items():
        path = write(f"{folder}/{name}", content)
    return path.parents[len(Path(name).parts) - 1]


def test_read_i2b2_reads_all_layers(write: Write) -> None:
    (record,) = (fit(record, Report()) for record in read_i2b2(_write_all(write, FILES)))
    assert (record.doc_id, record.text) == ("note-1", TEXT)
    assert [(m.id, m.label, record.text_of(m), m.text) for m in record.mentions] == [
        ("T1", "problem", "fever", None),
        ("T2", "problem", "Chills", None),
        ("T3", "treatment", "Kelvanol", None),
        ("T4", "problem", "her sore\nknee", None),
    ]
    assert record.attributes == (
        AttributeRecord("A1", "Assertion", "T1", "absent"),
        AttributeRecord("A2", "Assertion", "T2", "absent"),
        AttributeRecord("A3", "Assertion", "T4", "present"),
    )
    ends = (ArgumentRecord("Arg1", "T3"), ArgumentRecord("Arg2", "T4"))
    assert record.relations == (RelationRecord("R1", "TrIP", ends),)


@pytest.mark.parametrize(
    "folders",
    [
        {".txt": "beth/txt", ".con": "beth/concept", ".ast": "beth/ast", ".rel": "beth/rel"},
        {".txt": "test_data", ".con": "reference/concepts", ".ast": "reference/ast", ".rel": "reference/rel"},
        {".txt": "", ".con": "concept", ".ast": "ast", ".rel": "rel"},
    ],
)
def test_read_i2b2_finds_files_in_sibling_folders(write: Write, tmp_path: Path, folders: dict[str, str]) -> None:
    for name, content in FILES.items():
        write(f"set/{folders[Path(name).suffix]}/{name}", content)
        write(f"set/{folders[Path(name).suffix]}/._{name}", b"\x00\xff")
    (record,) = read_i2b2(tmp_path / "set")
    assert (len(record.mentions), len(record.attributes), len(record.relations)) == (4, 3, 1)


def test_read_i2b2_keeps_documents_of_the_same_name_apart(write: Write, tmp_path: Path) -> None:
    for group, word in (("beth", "fever"), ("partners", "cough")):
        write(f"set/{group}/txt/r.txt", word)
        write(f"set/{group}/concept/r.con", f'c="{word}" 1:0 1:0||t="problem"')
    records = list(read_i2b2(tmp_path / "set"))
    assert [(r.text, [r.text_of(m) for m in r.mentions]) for r in records] == [
        ("fever", ["fever"]),
        ("cough", ["cough"]),
    ]


def test_read_i2b2_takes_texts_from_elsewhere(write: Write, tmp_path: Path) -> None:
    write("texts/note-1.txt", TEXT)
    write("set/note-1.con", CONCEPTS)
    (record,) = read_i2b2(tmp_path / "set", texts=tmp_path / "texts")
    assert len(record.mentions) == 4


def test_read_i2b2_takes_concepts_from_assertions_if_there_is_nothing_else(write: Write) -> None:
    (record,) = read_i2b2(_write_all(write, {"a.txt": TEXT, "a.ast": ASSERTIONS}))
    assert [(m.label, a.value) for m, a in zip(record.mentions, record.attributes, strict=True)] == [
        ("problem", "absent"),
        ("problem", "absent"),
        ("problem", "present"),
    ]


def test_read_i2b2_keeps_a_text_that_differs(write: Write) -> None:
    files = {"a.txt": 'He has "odd" signs.', "a.con": 'c=""odd" sign" 1:2 1:3||t="problem"\n'}
    (record,) = read_i2b2(_write_all(write, files))
    assert record.mentions == (MentionRecord("T1", "problem", ((7, 19),), '"odd" sign'),)


def test_read_i2b2_gives_each_of_two_equal_concepts_its_assertion(write: Write) -> None:
    line = 'c="fever" 1:0 1:0||t="problem"'
    files = {"a.txt": "Fever .", "a.con": f"{line}\n{line}\n", "a.ast": f'{line}||a="present"\n{line}||a="absent"\n'}
    (record,) = read_i2b2(_write_all(write, files))
    assert [(a.target, a.value) for a in record.attributes] == [("T1", "present"), ("T2", "absent")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a.con": 'c="fever" 2:1 2:1||t="problem\n'}, r"B471.*a\.con', line 1"),
        ({"a.con": 'c="fever" 2:1||t="problem"\n'}, r"B471.*line 1"),
        ({"a.con": '\n\nc="fever" 9:1 9:1||t="problem"\n'}, r"B472.*line 3.*9:1 9:1"),
        ({"a.con": 'c="fever" 2:2 2:1||t="problem"\n'}, r"B472.*2:2 2:1"),
        ({"a.con": 'c="fever" 2:1 2:99||t="problem"\n'}, r"B472.*it ends with the last token"),
        ({"a.con": 'c="fever" 0:1 2:1||t="problem"\n'}, r"B472"),
        ({"a.con": f'c="fever" 2:{"9" * 5000} 2:1||t="problem"\n'}, r"B471"),
        ({"a.con": 'c="cough" 2:1 2:1||t="problem"\n'}, r"B405.*'cough'"),
        ({"a.ast": 'c="fever" 2:1 2:1||t="problem"\n'}, r"B471.*a\.ast', line 1"),
        ({"a.ast": 'c="no" 2:0 2:0||t="problem"||a="absent"\n'}, r"B473.*a\.ast', line 1.*2:0 2:0"),
        ({"a.ast": 'c="fever" 2:1 2:1||t="test"||a="absent"\n'}, r"B473"),
        ({"a.rel": 'c="fever" 2:1 2:1||r="PIP"\n'}, r"B471.*a\.rel"),
        ({"a.rel": 'c="fever" 2:1 2:1||r="PIP"||c="no" 2:0 2:0\n'}, r"B473.*a\.rel"),
    ],
)
def test_read_i2b2_names_file_and_line_of_a_mistake(write: Write, change: dict[str, str], message: str) -> None:
    folder = _write_all(write, {"a.txt": TEXT, "a.con": CONCEPTS, **change})
    with pytest.raises(BiomedplmError, match=message):
        [fit(record, Report()) for record in read_i2b2(folder)]
    report = Report(errors="skip")
    assert len([fit(record, report) for record in read_i2b2(folder, report=report)]) == 1
    assert report.counts["dropped"] >= 1


def test_read_i2b2_repairs_a_place_beyond_the_line(write: Write) -> None:
    files = {"a.txt": TEXT, "a.con": 'c="chills ." 2:3 2:7||t="problem"\n'}
    report = Report(errors="repair")
    (record,) = (fit(record, report) for record in read_i2b2(_write_all(write, files), report=report))
    assert [record.text_of(mention) for mention in record.mentions] == ["Chills ."]
    assert report.counts == {"repaired": 1}


def test_read_i2b2_wants_pairs(write: Write, tmp_path: Path) -> None:
    write("one/a.txt", TEXT)
    write("two/a.con", CONCEPTS)
    (tmp_path / "three").mkdir()
    for folder, message in (("one", r"B411.*a\.con"), ("two", r"B411.*a\.txt"), ("three", "B408"), ("no", "B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_i2b2(tmp_path / folder))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_i2b2_raises_only_errors_of_the_package(write: Write, tmp_path: Path, data: st.DataObject) -> None:
    for name, content in FILES.items():
        raw = content.encode()
        at, size = data.draw(st.integers(0, len(raw))), data.draw(st.sampled_from([0, 0, 1, 9]))
        junk = data.draw(st.sampled_from([b"", b'"', b"||", b":", b"\n", b"9", b"\xff", b"\xef\xbb\xbf", b'c="']))
        write(f"set/{name}", raw[:at] + junk + raw[at + size :])
    for mode in ("raise", "skip", "repair"):
        report = Report(errors=mode)  # type: ignore[arg-type]
        try:
            [fit(record, report) for record in read_i2b2(tmp_path / "set", report=report)]
        except BiomedplmError:
            pass
