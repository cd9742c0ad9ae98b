import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.knowtator import read_knowtator
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, MentionRecord, NoteRecord, RelationRecord

TEXT = "Hair cells of β-mice, inner and outer, need calcium & Kelvin disease hurts.\n"


def _annotation(name: str, *spans: tuple[int, int], text: str | None = None, more: str = "") -> str:
    shown = " ... ".join(TEXT[start:end] for start, end in spans) if text is None else text
    places = "".join(f'<span start="{start}" end="{end}" />' for start, end in spans)
    shown = shown.replace("&", "&amp;")
    return f'<annotation><mention id="{name}" />{places}<spannedText>{shown}</spannedText>{more}</annotation>\n'


def _class(name: str, class_id: str, label: str, slots: str = "") -> str:
    return f'<classMention id="{name}"><mentionClass id="{class_id}">{label}</mentionClass>{slots}</classMention>\n'


def _file(*parts: str, source: str = "7.txt") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<annotations textSource="{source}">\n{"".join(parts)}</annotations>\n'
    )


WHO = '<annotator id="w1">Ada Quill</annotator><annotationComment>sure?</annotationComment>'
CELLS = _file(
    _annotation("c1", (0, 10), more=WHO),
    _annotation("c2", (5, 10), (22, 27)),
    _class("c1", "CL:1", "hair cell", '<hasSlotMention id="s1" /><hasSlotMention id="s2" /><hasSlotMention id="s3" />'),
    '<complexSlotMention id="s1"><mentionSlot id="part of" /><complexSlotMentionValue value="c2" />'
    '<complexSlotMentionValue value="c3" /></complexSlotMention>',
    '<stringSlotMention id="s2"><mentionSlot id="status" /><stringSlotMentionValue value="present" />'
    '<stringSlotMentionValue value="seen" /></stringSlotMention>',
    '<integerSlotMention id="s3"><mentionSlot id="taxon" />'
    '<integerSlotMentionValue value="10088" /></integerSlotMention>',
    _class("c2", "CL:2", "inner hair cell"),
    _class("c3", "CL:3", "ear"),
    _class("c4", "CL:4", "unused"),
)
CHEMICALS = _file(_annotation("c1", (44, 51)), _class("c1", "CHEBI:29108", "calcium(2+)"))
DISEASES = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<knowtator-project><document id="7" text-file="7.txt">
<annotation annotator="Default" id="7-1" motivation="" type="identity">
<class id="http://purl.obolibrary.org/obo/MONDO_0000017" label="'Kelvin disease'"/>
<span end="68" id="7-2" start="54">{TEXT[54:68]}</span></annotation>
<annotation annotator="Default" id="7-3" type="identity"><class id="Organ" label="Organ"/>
<span end="4" id="7-4" start="0">Hair</span></annotation>
<graph-space id="links"><vertex annotation="7-1" id="n1"/><vertex annotation="7-3" id="n2"/>
<triple annotator="Default" id="e1" object="n2" property="affects" quantifier="some" subject="n1"/></graph-space>
</document></knowtator-project>
"""
FILES = {
    "articles/7.txt": TEXT,
    "CL/knowtator/7.txt.knowtator.xml": CELLS,
    "CHEBI/7.txt.knowtator.xml": CHEMICALS,
    "MONDO/knowtator-2/7.xml": DISEASES,
}
Write = Callable[..., Path]


def _write_all(write: Write, folder: str, files: dict[str, str]) -> None:
    for name, content in files.items():
        write(f"{folder}/{name}", content)


def _pack(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))


def test_read_knowtator_merges_sets_of_annotations(write: Write, tmp_path: Path) -> None:
    _write_all(write, "craft", FILES)
    (record,) = (fit(record, Report()) for record in read_knowtator(tmp_path / "craft"))
    assert (record.doc_id, record.text) == ("7", TEXT)
    who = {"annotator": "Ada Quill", "annotator id": "w1", "annotationComment": "sure?"}
    slots = {"status": "present", "status #2": "seen", "integer:taxon": "10088"}
    second = {"annotator": "Default", "type": "identity"}
    assert record.mentions == (
        MentionRecord("c1", "CHEBI", ((44, 51),), concepts=(ConceptRecord("CHEBI", "29108", "calcium(2+)"),)),
        MentionRecord("CL/c1", "CL", ((0, 10),), None, (ConceptRecord("CL", "1", "hair cell"),), {**who, **slots}),
        MentionRecord("c2", "CL", ((5, 10), (22, 27)), None, (ConceptRecord("CL", "2", "inner hair cell"),)),
        MentionRecord(
            "7-1", "MONDO", ((54, 68),), None, (ConceptRecord("MONDO", "0000017", "Kelvin disease"),), second
        ),
        MentionRecord("7-3", "Organ", ((0, 4),), infons={**second, "set": "MONDO"}),
    )
    ends = (
        ArgumentRecord("subject", "CL/c1"),
        ArgumentRecord("object", "c2"),
        ArgumentRecord("object", "CL:3", "concept"),
    )
    assert record.relations == (
        RelationRecord("s1", "part of", ends),
        RelationRecord(
            "e1",
            "affects",
            (ArgumentRecord("subject", "7-1"), ArgumentRecord("object", "7-3")),
            {"graph": "links", "annotator": "Default", "quantifier": "some"},
        ),
    )
    assert record.notes == (NoteRecord("c4", "classMention", "", "CL:4 unused"),)


def test_read_knowtator_reads_a_folder_of_archives(tmp_path: Path) -> None:
    _pack(tmp_path / "articles-txt.tar.gz", {"articles/7.txt": TEXT, "articles/8.txt": "Nothing."})
    _pack(
        tmp_path / "CL.knowtator.tar.gz", {"7.txt.knowtator.xml": CELLS, "8.txt.knowtator.xml": _file(source="8.txt")}
    )
    _pack(tmp_path / "MONDO.knowtator2.tar.gz", {"7.xml": DISEASES})
    records = list(read_knowtator(tmp_path))
    assert [(r.doc_id, [m.label for m in r.mentions]) for r in records] == [
        ("7", ["CL", "CL", "MONDO", "Organ"]),
        ("8", []),
    ]
    (alone,) = read_knowtator(tmp_path / "MONDO.knowtator2.tar.gz", texts=tmp_path / "articles-txt.tar.gz")
    assert [m.label for m in alone.mentions] == ["MONDO", "Organ"]


def test_read_knowtator_reads_one_file_beside_its_text(write: Write) -> None:
    write("annotations/7.txt", TEXT)
    path = write("annotations/7.txt.knowtator.xml", _file(_annotation("a", (0, 4)), _class("a", "Organ", "Hair")))
    (record,) = read_knowtator(path)
    assert record.mentions == (MentionRecord("a", "Organ", ((0, 4),)),)


def test_read_knowtator_keeps_a_text_that_differs(write: Write) -> None:
    write("x/7.txt", TEXT)
    path = write("x/7.txt.knowtator.xml", _file(_annotation("a", (0, 4), text="hair"), _class("a", "UBERON:1", "")))
    (record,) = (fit(record, Report()) for record in read_knowtator(path))
    assert record.mentions[0].text == "hair"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<annotations", "B470"),
        ("<ontology />", "B470.*begins with <ontology>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', "B470"),
        ('<?xml version="1.0" encoding="no-such"?><annotations />', "B470"),
        (_file(_annotation("a", (0, 4))), "B475.*annotation a has no class"),
        (_file("<annotation />"), "B475.*without identifier has no class"),
        (_file(_annotation("a"), _class("a", "CL:1", "x")), "B475.*no place"),
        (_file(_annotation("a", (-1, 4)), _class("a", "CL:1", "x")), "B475.*no place"),
        (_file(_annotation("a", (0, 999)), _class("a", "CL:1", "x")), "B430"),
        (_file(_annotation("a", (0, 4), text="calcium"), _class("a", "CL:1", "x")), "B405"),
        (_file(_annotation("a", (0, 4)), _annotation("a", (0, 4)), _class("a", "CL:1", "x")), "B431.*twice"),
        (_file('<complexSlotMention id="s"><mentionSlot id="p"/></complexSlotMention>'), "B475.*s has no mention that"),
        (
            _file(
                _annotation("a", (0, 4)),
                _class("a", "CL:1", "x", '<hasSlotMention id="s"/>'),
                '<complexSlotMention id="s"><complexSlotMentionValue value="no"/></complexSlotMention>',
            ),
            "B434.*refers to no",
        ),
        (_file(source="8.txt"), "B411.*8.txt"),
    ],
)
def test_read_knowtator_names_file_and_annotation_of_a_mistake(
    write: Write, tmp_path: Path, content: str, message: str
) -> None:
    write("set/7.txt", TEXT)
    write("set/7.txt.knowtator.xml", content)
    write("set/6.txt", "")
    write("set/6.txt.knowtator.xml", _file(source="6.txt"))
    with pytest.raises(BiomedplmError, match=message):
        [fit(record, Report()) for record in read_knowtator(tmp_path / "set")]
    report = Report(errors="skip")
    [fit(record, report) for record in read_knowtator(tmp_path / "set", report=report)]
    assert report.counts == {"dropped": 1}


def test_read_knowtator_wants_documents(write: Write, tmp_path: Path) -> None:
    write("texts/7.txt", TEXT)
    for folder, message in (("texts", "B408"), ("no", "B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_knowtator(tmp_path / folder))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_knowtator_raises_only_errors_of_the_package(write: Write, tmp_path: Path, data: st.DataObject) -> None:
    for name, content in FILES.items():
        raw = content.encode()
        at, size = data.draw(st.integers(0, len(raw))), data.draw(st.sampled_from([0, 0, 0, 1, 9]))
        junk = data.draw(st.sampled_from([b"", b"", b'"', b"<", b"&", b"9", b"\xff", b"\x00", b"<a/>", b"-", b" "]))
        write(f"set/{name}", raw[:at] + junk + raw[at + size :])
    for mode in ("raise", "skip", "repair"):
        report = Report(errors=mode)  # type: ignore[arg-type]
        try:
            [fit(record, report) for record in read_knowtator(tmp_path / "set", report=report)]
        except BiomedplmError:
            pass


@pytest.mark.corpora
def test_read_knowtator_reads_craft(corpora_folder: Path) -> None:
    report = Report()
    texts = corpora_folder / "craft" / "articles-txt.tar.gz"
    records = [
        fit(record, report)
        for record in read_knowtator(corpora_folder / "craft" / "CL.knowtator.tar.gz", texts=texts, report=report)
    ]
    assert (len(records), sum(len(record.mentions) for record in records)) == (97, 5792)
    assert sum(len(mention.fragments) > 1 for record in records for mention in record.mentions) == 419
    assert (sum(len(record.relations) for record in records), report.counts) == (20, {})
