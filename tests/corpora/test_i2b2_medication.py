from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.i2b2_medication import read_i2b2_medication, split_fields
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, EventRecord

TEXT = "ADMITTED ON Kelvanol 81 mg PO daily.\nOld and new\nzorbitol, by mouth, for gout for 3 weeks or\nmore."
ENTRIES = (
    'm="kelvanol" 1:2 1:2||do="81 mg" 1:3 1:4||mo="po" 1:5 1:5||f="daily" 1:6 1:6||du="nm"||r="nm"||ln="list"\n'
    'm="old ... zorbitol," 2:0 2:0,3:0 3:0||do="nm"||mo="by mouth" 3:1 3:2||f="nm"||du="for 3 weeks or more" 3:5 4:0'
    '||r="gout" 3:4 3:4||e="start"||t="past"||c="factual"||ln="narrative"\n'
    'm="new zorbitol" 2:2 3:0||do="some"||mo="by mouth" 3:1 3:2|||f="nm" ||du="nm"||r="nm"||ln="narrative"\n'
)
Write = Callable[..., Path]


def test_read_i2b2_medication_makes_an_event_of_each_entry(write: Write, tmp_path: Path) -> None:
    write("set/11.txt", TEXT)
    write("set/11.entries", ENTRIES)
    (record,) = (fit(record, Report()) for record in read_i2b2_medication(tmp_path / "set"))
    assert [(m.id, m.label, record.text_of(m), m.text) for m in record.mentions] == [
        ("T1", "medication", "Kelvanol", None),
        ("T2", "dosage", "81 mg", None),
        ("T3", "mode", "PO", None),
        ("T4", "frequency", "daily.", "daily"),
        ("T5", "medication", "Old zorbitol,", None),
        ("T6", "mode", "by mouth,", "by mouth"),
        ("T7", "duration", "for 3 weeks or\nmore.", "for 3 weeks or more"),
        ("T8", "reason", "gout", None),
        ("T9", "medication", "new\nzorbitol,", "new zorbitol"),
    ]
    arguments = (ArgumentRecord("mode", "T6"), ArgumentRecord("duration", "T7"), ArgumentRecord("reason", "T8"))
    infons = {"e": "start", "t": "past", "c": "factual", "ln": "narrative"}
    assert record.events[1] == EventRecord("E2", "medication", "T5", arguments, infons)
    mode = (ArgumentRecord("mode", "T6"),)
    assert record.events[2] == EventRecord("E3", "medication", "T9", mode, {"do": "some", "ln": "narrative"})


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("11", "11_gold.entries"),
        ("records/11", "gold/11.i2b2.entries"),
        ("11", "11.m"),
        ("11.txt", "11.i2b2"),
    ],
)
def test_read_i2b2_medication_knows_the_names_of_files(write: Write, tmp_path: Path, text: str, entries: str) -> None:
    write(f"set/{text}", TEXT)
    write(f"set/{entries}", ENTRIES)
    (record,) = read_i2b2_medication(tmp_path / "set")
    assert (record.doc_id, len(record.events)) == ("11", 3)


def test_read_i2b2_medication_takes_texts_from_elsewhere(write: Write, tmp_path: Path) -> None:
    write("texts/11", TEXT)
    write("set/11.m", ENTRIES)
    (record,) = read_i2b2_medication(tmp_path / "set", texts=tmp_path / "texts")
    assert len(record.events) == 3


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ('m="a" 1:0 1:0||do="nm"', {"m": ("a", "1:0 1:0"), "do": ("nm", "")}),
        ('m="a" 1:0 1:0 1:4 1:4', {"m": ("a", "1:0 1:0 1:4 1:4")}),
        ('m="a "b" || c" 1:0 1:0||ln="list"', {"m": ('a "b" || c', "1:0 1:0"), "ln": ("list", "")}),
        ('do="nm"||ln="list"', None),
        ('m="a" 1:0', None),
        ('m="a" 1:0 1:0||m="b" 1:1 1:1', None),
        ('x m="a" 1:0 1:0', None),
        ('m="a 1:0 1:0', None),
        ('m="a" 1:0 1:0||ln="list" 1:0 1:0', None),
        ("", None),
    ],
)
def test_split_fields(line: str, fields: dict[str, tuple[str, str]] | None) -> None:
    assert split_fields(line) == fields


@pytest.mark.parametrize(
    ("entry", "message", "left"),
    [
        ("medication aspirin", r"B471.*11\.entries', line 2", 1),
        ('m="aspirin"||do="nm"', r"B471.*a medication with its place", 1),
        ('m="aspirin" 8:0 8:0||do="nm"', r"B472.*8:0 8:0", 1),
        ('m="kelvanol" 1:2 1:2||do="81" 7:0 7:0', r"B472.*7:0 7:0", 2),
    ],
)
def test_read_i2b2_medication_names_the_line_of_a_mistake(
    write: Write, tmp_path: Path, entry: str, message: str, left: int
) -> None:
    write("set/11.txt", TEXT)
    write("set/11.entries", f"{ENTRIES.splitlines()[0]}\n{entry}\n")
    with pytest.raises(BiomedplmError, match=message):
        list(read_i2b2_medication(tmp_path / "set"))
    report = Report(errors="skip")
    (record,) = read_i2b2_medication(tmp_path / "set", report=report)
    assert (len(record.events), report.counts) == (left, {"dropped": 1})


def test_read_i2b2_medication_repairs_a_place_beyond_the_line(write: Write, tmp_path: Path) -> None:
    write("set/11", "Pain eased with PCA\n")
    write("set/11.m", 'm="pca analgesia" 1:3 1:4||do="nm"\n')
    report = Report(errors="repair")
    (record,) = (fit(record, report) for record in read_i2b2_medication(tmp_path / "set", report=report))
    assert [record.text_of(mention) for mention in record.mentions] == ["PCA"]
    assert report.counts["dropped"] == 0


def test_read_i2b2_medication_wants_texts(write: Write, tmp_path: Path) -> None:
    write("one/11.m", ENTRIES)
    write("two/11.txt", TEXT)
    for folder, message in (("one", "B411.*11 or 11.txt"), ("two", "B408"), ("no", "B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_i2b2_medication(tmp_path / folder))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_i2b2_medication_raises_only_errors_of_the_package(
    write: Write, tmp_path: Path, data: st.DataObject
) -> None:
    for name, content in (("11.txt", TEXT), ("11.entries", ENTRIES)):
        raw = content.encode()
        at, size = data.draw(st.integers(0, len(raw))), data.draw(st.sampled_from([0, 0, 1, 9]))
        junk = data.draw(st.sampled_from([b"", b'"', b"||", b":", b"\n", b"9", b"\xff", b",", b'm="', b'||do="']))
        write(f"set/{name}", raw[:at] + junk + raw[at + size :])
    for mode in ("raise", "skip", "repair"):
        report = Report(errors=mode)  # type: ignore[arg-type]
        try:
            [fit(record, report) for record in read_i2b2_medication(tmp_path / "set", report=report)]
        except BiomedplmError:
            pass
