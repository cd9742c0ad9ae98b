from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.i2b2_xml import read_i2b2_xml
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, MentionRecord, NoteRecord, RelationRecord

TEXT = "\nSeen 2067-05-03: Ada  Quill <gout> & well.\n"
NAMES = (
    f'<?xml version="1.0" encoding="UTF-8" ?>\n<deIdi2b2>\n<TEXT><![CDATA[{TEXT}]]></TEXT>\n<TAGS>\n'
    '<DATE id="P0" start="6" end="16" text="2067-05-03" TYPE="DATE" comment="" />\n'
    '<NAME id="P1" start="18" end="28" text="Ada Quill" TYPE="PATIENT" comment="sure" />\n'
    "</TAGS>\n</deIdi2b2>\n"
)
TIMES = (
    f"<ClinicalNarrativeTemporalAnnotation><TEXT><![CDATA[{TEXT}]]></TEXT><TAGS>"
    '<EVENT id="E0" start="30" end="34" text="gout" modality="FACTUAL" polarity="POS" type="PROBLEM" />'
    '<TIMEX3 id="T0" start="6" end="16" text="2067-05-03" type="DATE" val="2067-05-03" mod="NA" />'
    '<TLINK id="TL0" fromID="E0" fromText="gout" toID="T0" toText="2067-05-03" type="OVERLAP" />'
    "</TAGS></ClinicalNarrativeTemporalAnnotation>"
)
COHORT = (
    '<PatientMatching><TEXT>Well.</TEXT><TAGS><ENGLISH met="met" /><HBA1C met="not met" /></TAGS></PatientMatching>'
)
RISK = (
    "<root><TEXT>Well.</TEXT><TAGS>"
    '<HYPERTENSION id="DOC0" time="before DCT" indicator="mention" />'
    '<SMOKER id="S0" start="-1" end="-1" status="never" /></TAGS></root>'
)
SPANS = '<x><TEXT>Old and new gout</TEXT><TAGS><DISEASE spans="0~3,12~16" text="Old gout" /></TAGS></x>'
Write = Callable[..., Path]


def test_read_i2b2_xml_reads_names(write: Write, tmp_path: Path) -> None:
    path = write("set/220-01.xml", NAMES)
    (record,) = (fit(record, Report()) for record in read_i2b2_xml(path.parent))
    assert (record.doc_id, record.text, record.infons) == ("220-01", TEXT, {"root": "deIdi2b2"})
    assert record.mentions == (
        MentionRecord("P0", "DATE", ((6, 16),), infons={"tag": "DATE", "comment": ""}),
        MentionRecord("P1", "PATIENT", ((18, 28),), infons={"tag": "NAME", "comment": "sure"}),
    )
    assert next(read_i2b2_xml(path)).mentions == record.mentions


def test_read_i2b2_xml_reads_relations(write: Write) -> None:
    (record,) = read_i2b2_xml(write("set/1.xml", TIMES).parent)
    assert [(m.id, m.label, m.infons["tag"]) for m in record.mentions] == [
        ("E0", "PROBLEM", "EVENT"),
        ("T0", "DATE", "TIMEX3"),
    ]
    ends = (ArgumentRecord("from", "E0"), ArgumentRecord("to", "T0"))
    infons = {"tag": "TLINK", "fromText": "gout", "toText": "2067-05-03"}
    assert record.relations == (RelationRecord("TL0", "OVERLAP", ends, infons),)


def test_read_i2b2_xml_reads_what_is_said_of_the_record(write: Write) -> None:
    (record,) = read_i2b2_xml(write("one/1.xml", COHORT).parent)
    assert record.labels == {"ENGLISH": 1.0, "HBA1C": 0.0}
    (record,) = read_i2b2_xml(write("two/1.xml", RISK).parent)
    assert record.notes == (
        NoteRecord("DOC0", "HYPERTENSION", "", 'time="before DCT" indicator="mention"'),
        NoteRecord("S0", "SMOKER", "", 'status="never"'),
    )


def test_read_i2b2_xml_reads_several_spans(write: Write) -> None:
    (record,) = read_i2b2_xml(write("set/1.xml", SPANS).parent)
    assert record.mentions == (MentionRecord("T1", "DISEASE", ((0, 3), (12, 16)), infons={"tag": "DISEASE"}),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<deIdi2b2><TEXT>", "B474"),
        ("<deIdi2b2><TAGS/></deIdi2b2>", "B474.*no <TEXT>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x><TEXT>&a;</TEXT></x>', "B474"),
        ('<?xml version="1.0" encoding="no-such"?><x><TEXT>a</TEXT></x>', "B474"),
        ('<x><TEXT>a</TEXT><TAGS><A id="P0" start="0"/></TAGS></x>', "B475.*P0"),
        ('<x><TEXT>a</TEXT><TAGS><A start="0" end="one"/></TAGS></x>', "B475"),
        (f'<x><TEXT>a</TEXT><TAGS><A start="0" end="{"9" * 5000}"/></TAGS></x>', "B475"),
        ('<x><TEXT>a</TEXT><TAGS><A start="0" end="4" text="aspirin"/></TAGS></x>', "B430|B405"),
    ],
)
def test_read_i2b2_xml_names_the_file_of_a_mistake(write: Write, content: str, message: str) -> None:
    folder = write("set/1.xml", content).parent
    write("set/2.xml", "<x><TEXT>b</TEXT></x>")
    with pytest.raises(BiomedplmError, match=message):
        [fit(record, Report()) for record in read_i2b2_xml(folder)]
    report = Report(errors="skip")
    [fit(record, report) for record in read_i2b2_xml(folder, report=report)]
    assert report.counts == {"dropped": 1}


def test_read_i2b2_xml_wants_documents(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for folder, message in (("none", "B408"), ("no", "B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_i2b2_xml(tmp_path / folder))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=st.sampled_from([NAMES, TIMES, COHORT, RISK, SPANS]), data=st.data())
def test_read_i2b2_xml_raises_only_errors_of_the_package(write: Write, sample: str, data: st.DataObject) -> None:
    raw = sample.encode()
    at, size = data.draw(st.integers(0, len(raw))), data.draw(st.sampled_from([0, 0, 1, 9]))
    junk = data.draw(st.sampled_from([b"", b'"', b"<", b">", b"&", b"-", b"9", b"\xff", b"\x00", b"]]>", b"<a>"]))
    path = write("set/1.xml", raw[:at] + junk + raw[at + size :])
    for mode in ("raise", "skip", "repair"):
        report = Report(errors=mode)  # type: ignore[arg-type]
        try:
            [fit(record, report) for record in read_i2b2_xml(path, report=report)]
        except BiomedplmError:
            pass
