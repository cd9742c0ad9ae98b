import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.e3c import read_e3c
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

CASE = """<?xml version="1.0" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" xmlns:custom="http:///webanno/custom.ecore"
 xmlns:type4="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore" xmi:version="2.0">
<cas:NULL xmi:id="0"/>
<type4:Sentence xmi:id="31" sofa="1" begin="17" end="29"/>
<type4:Sentence xmi:id="30" sofa="1" begin="0" end="16"/>
<type4:Token xmi:id="40" sofa="1" begin="0" end="2" order="0"/>
<custom:METADATA xmi:id="2" sofa="1" begin="0" end="29" docTime="2001-02-03" docName="case" note=""/>
<custom:METADATA xmi:id="3" sofa="1" begin="0" end="29" docTime="2001-02-04" docName="case"/>
<custom:EVENT xmi:id="5" sofa="1" begin="17" end="22" TLINK="8 9" ALINK="" polarity="POS"/>
<custom:CLINENTITY xmi:id="6" sofa="1" begin="3" end="8" entityID="C0015967"/>
<custom:CLINENTITY xmi:id="7" sofa="1" begin="23" end="28" entityID="CUILESS" xtra="unsure"/>
<custom:EVENTTLINKLink xmi:id="8" role="BEFORE" target="6"/>
<custom:EVENTTLINKLink xmi:id="9" role="CONTAINS" target="7"/>
<custom:TIMEX3 xmi:id="8" sofa="1" begin="9" end="15"/>
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text"
 sofaString="&#x1F642; fever monday.&#10;Worse cough."/>
<cas:View sofa="1" members="2 3 5 6 7 8"/>
</xmi:XMI>
"""


def read(path, **options):
    report = Report(**options)
    return [fit(record, report) for record in read_e3c(path, report=report)], report


def test_read_e3c(write, vocab):
    ((record,), report) = read(write("EN1.xml", CASE))
    assert (record.doc_id, record.text) == ("EN1", "\U0001f642 fever monday.\nWorse cough.")
    assert [(m.id, m.label, record.text_of(m), m.infons) for m in record.mentions] == [
        ("5", "EVENT", "Worse", {"polarity": "POS"}),
        ("6", "CLINENTITY", "fever", {}),
        ("7", "CLINENTITY", "cough", {"entityID": "CUILESS", "xtra": "unsure"}),
        ("8", "TIMEX3", "monday", {}),
    ]
    assert [(concept.resource, concept.id) for concept in record.mentions[1].concepts] == [("UMLS", "C0015967")]
    assert [(r.id, r.label, [(a.role, a.target) for a in r.arguments], r.infons) for r in record.relations] == [
        ("8#2", "BEFORE", [("source", "5"), ("target", "6")], {"feature": "TLINK"}),
        ("9", "CONTAINS", [("source", "5"), ("target", "7")], {"feature": "TLINK"}),
    ]
    assert [record.text[p.start : p.end] for p in record.passages] == ["\U0001f642 fever monday.", "Worse cough."]
    assert record.infons == {"docTime": "2001-02-03", "docName": "case", "docTime #2": "2001-02-04"}
    assert not report.counts
    assert make_record(make_doc(vocab, record)) == record


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("</xmi:XMI>", "", "B428"),
        ("<cas:NULL", "<!-- --><cas:Sofa/><cas:NULL", "B428"),
        ('sofaString="', 'text="', "B428"),
        ('<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE a [<!ENTITY b "c">]>', "B428"),
        ('begin="23"', "", "B475"),
        ('begin="23"', 'begin="-1"', "B475"),
        ('target="6"', "", "B475"),
        ('target="6"', 'target="66"', "B434"),
        ('TLINK="8 9"', 'TLINK="8 9 99"', "B434.*5 refers to 99"),
        ('TLINK="8 9"', 'TLINK="8"', "B475.*9.*mention that names it"),
        ('xmi:id="9" role', 'xmi:id="8" role', "B431.*the identifier 8"),
        ('end="28"', 'end="2800"', "B430"),
    ],
)
def test_read_e3c_refuses(old, new, code, write):
    path = write("EN1.xml", CASE.replace(old, new, 1))
    with pytest.raises(BiomedplmError, match=code):
        read(path)
    report = Report(errors="skip")
    if code == "B428":
        with pytest.raises(BiomedplmError, match="B438"):
            list(read_e3c(path, report=report))
    else:
        (record,) = [fit(record, report) for record in read_e3c(path, report=report)]
        assert len(record.mentions) + len(record.relations) < (7 if "99" in new else 6)
        assert report.counts["dropped"] >= 1


@given(st.binary(max_size=60), st.integers(0, len(CASE)))
@settings(max_examples=200)
def test_read_e3c_raises_its_own_error_only(tmp_path_factory, data, place):
    path = tmp_path_factory.mktemp("bytes") / "a.xml"
    path.write_bytes(CASE.encode()[:place] + data + CASE.encode()[place + len(data) :])
    for report in (Report(), Report(errors="repair")):
        try:
            _ = [fit(record, report) for record in read_e3c(path, report=report)]
        except BiomedplmError:
            continue
