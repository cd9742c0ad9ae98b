import gzip
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.bioc import read_bioc_xml
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, PassageRecord

Write = Callable[..., Path]

HEAD = "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE collection SYSTEM 'BioC.dtd'>\n<collection>"
HEAD += "<source>toy</source><date>2024</date><key>toy.key</key><infon key='by'>us</infon>\n"
TAIL = "</collection>\n"
SAMPLE = f"""{HEAD}<document><id>7</id><infon key="journal">J</infon>
<passage><infon key="type">title</infon><offset>0</offset><text>Abenol &amp; pain</text>
<annotation id="0"><infon key="type">Chemical</infon><infon key="MESH">D1</infon>
<location offset="0" length="6"/><text>Abenol</text></annotation></passage>
<passage><infon key="type">abstract</infon><infon key="section">A</infon><offset>14</offset>
<text>It stops neck and back pain.</text>
<annotation id="1"><infon key="identifier">MESH:D2,MESH:D3</infon><infon key="type">Disease</infon>
<location offset="23" length="4"/><location offset="37" length="4"/><text>neck pain</text></annotation></passage>
<relation id="R0"><infon key="relation">CID</infon><infon key="Chemical">D1</infon><infon key="Disease">D2</infon>
</relation>
<relation id="R1"><infon key="entity1">D1</infon><infon key="type">Association</infon><infon key="entity2">D2</infon>
<infon key="novel">No</infon></relation>
<relation id="R2"><infon key="type">Treats</infon><node refid="0" role="Drug"/><node refid="1" role=""/></relation>
</document>{TAIL}"""


def make_xml(passages: str, rest: str = "") -> str:
    return f"{HEAD}<document><id>7</id>{passages}{rest}</document>{TAIL}"


def read_xml(write: Write, content: str | bytes, report: Report | None = None) -> DocumentRecord:
    report = report or Report()
    (record,) = read_bioc_xml(write("toy.xml", content), report=report)
    return record


def test_read_bioc_xml_reads_all_of_a_document(write: Write) -> None:
    record = read_xml(write, SAMPLE)
    assert (record.doc_id, record.text) == ("7", "Abenol & pain It stops neck and back pain.")
    assert record.passages == (
        PassageRecord(0, 13, "title"),
        PassageRecord(14, 42, "abstract", {"section": "A"}),
    )
    assert record.infons == {
        "collection.source": "toy",
        "collection.date": "2024",
        "collection.key": "toy.key",
        "collection.infons.by": "us",
        "journal": "J",
    }
    first, second = record.mentions
    assert (first.id, first.label, first.fragments, first.text) == ("0", "Chemical", ((0, 6),), "Abenol")
    assert (first.concepts, first.infons, first.line) == ((ConceptRecord("MESH", "D1"),), {"MESH": "D1"}, 5)
    assert second.fragments == ((23, 27), (37, 41))
    assert second.concepts == (ConceptRecord("MESH", "D2"), ConceptRecord("MESH", "D3"))
    assert second.infons == {"identifier": "MESH:D2,MESH:D3"}
    assert [(r.id, r.label, r.infons) for r in record.relations] == [
        ("R0", "CID", {"relation": "CID"}),
        ("R1", "Association", {"novelty": "No"}),
        ("R2", "Treats", {}),
    ]
    assert [r.arguments for r in record.relations] == [
        (ArgumentRecord("Chemical", "D1", "concept"), ArgumentRecord("Disease", "D2", "concept")),
        (ArgumentRecord("entity1", "D1", "concept"), ArgumentRecord("entity2", "D2", "concept")),
        (ArgumentRecord("Drug", "0"), ArgumentRecord("", "1")),
    ]
    assert all(mention.text is None for mention in fit(record, Report()).mentions)


def test_read_bioc_xml_reads_gzip_folders_and_archives(write: Write, tmp_path: Path) -> None:
    path = write("folder/a.xml", SAMPLE)
    wanted = list(read_bioc_xml(path))
    write("folder/notes.txt", "no corpus")
    assert list(read_bioc_xml(tmp_path / "folder")) == wanted
    assert list(read_bioc_xml(write("a.xml.gz", gzip.compress(SAMPLE.encode())))) == wanted
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(path, "set/a.BioC.XML")
    (record,) = read_bioc_xml(tmp_path / "a.tar.gz")
    assert record == wanted[0]
    assert record.path.endswith("a.tar.gz:set/a.BioC.XML")


def test_read_bioc_xml_reads_other_encodings(write: Write) -> None:
    content = SAMPLE.replace("UTF-8", "ISO-8859-1").replace("Abenol", "Äbenol")
    assert read_xml(write, content.encode("latin1")).text.startswith("Äbenol")


def test_read_bioc_xml_reads_sentences_and_relations_of_every_level(write: Write) -> None:
    annotation = '<annotation id="{}"><infon key="type">X</infon><location offset="{}" length="2"/></annotation>'
    relation = '<relation id="{}"><infon key="type">r</infon><node refid="A" role="x"/></relation>'
    sentences = (
        f"<sentence><infon key='n'>1</infon><offset>2</offset><text>It is.</text>{annotation.format('A', 2)}"
        f"{relation.format('R1')}</sentence>"
        f"<sentence><offset>10</offset><text>So.</text>{annotation.format('A', 10)}{relation.format('R2')}</sentence>"
    )
    passage = f"<passage><offset>1</offset>{sentences}{relation.format('R3')}</passage>"
    record = read_xml(write, make_xml(passage, annotation.format("B", 2) + relation.format("R4")))
    assert record.text == "  It is.  So."
    assert record.passages == (
        PassageRecord(1, 13, ""),
        PassageRecord(2, 8, "sentence", {"n": "1"}),
        PassageRecord(10, 13, "sentence"),
    )
    assert [(m.id, m.start, m.infons) for m in record.mentions] == [
        ("A", 2, {}),
        ("A#2", 10, {"biomedplm.id": "A"}),
        ("B", 2, {"biomedplm.in": ""}),
    ]
    assert [(r.id, r.arguments[0].target, r.infons) for r in record.relations] == [
        ("R3", "A", {"biomedplm.in": "0"}),
        ("R1", "A", {"biomedplm.in": "0.0"}),
        ("R2", "A#2", {"biomedplm.in": "0.1"}),
        ("R4", "A", {}),
    ]


def test_read_bioc_xml_reads_relations_with_a_trigger_as_events(write: Write) -> None:
    annotations = "".join(
        f'<annotation id="T{n}"><infon key="type">X</infon><location offset="0" length="1"/></annotation>'
        for n in (1, 2)
    )
    nested = (
        '<relation id="E2"><infon key="type">Y</infon><node refid="E1" role="Theme"/><node refid="T2" role="trigger"/>'
    )
    first = '<relation id="E1"><node refid="T2" role="Trigger"/><node refid="T1" role="Theme"/></relation>'
    relations = f"{first}{nested}</relation>"
    record = read_xml(write, make_xml(f"<passage><offset>0</offset><text>a</text>{annotations}{relations}</passage>"))
    assert [m.is_trigger for m in record.mentions] == [False, True]
    assert [(e.id, e.label, e.trigger, e.arguments) for e in record.events] == [
        ("E1", "", "T2", (ArgumentRecord("Theme", "T1"),)),
        ("E2", "Y", "T2", (ArgumentRecord("Theme", "E1", "event"),)),
    ]
    assert record.events[1].infons == {"biomedplm.in": "0", "biomedplm.trigger_role": "trigger"}


def test_read_bioc_xml_keeps_annotations_without_a_place(write: Write) -> None:
    annotation = (
        '<annotation id="M"><infon key="identifier">MESH:D1</infon><infon key="type">Index</infon></annotation>'
    )
    record = read_xml(write, make_xml(f"<passage><offset>0</offset><text>a</text>{annotation}</passage>"))
    (relation,) = record.relations
    assert (relation.id, relation.label) == ("M", "Index")
    assert relation.arguments == (ArgumentRecord("", "D1", "concept"),)
    assert record.mentions == ()


@pytest.mark.parametrize(("encoding", "width", "name"), [("utf-8", 1, "bytes"), ("utf-16-le", 2, "UTF-16 code units")])
def test_read_bioc_xml_tells_offsets_that_count_something_else(
    encoding: str, width: int, name: str, write: Write
) -> None:
    text = "α and 😀 and β-catenin"
    start = len("α and 😀 and ".encode(encoding)) // width
    place = f'<location offset="{5 + start}" length="{len("β-catenin".encode(encoding)) // width}"/>'
    annotation = f'<annotation id="1"><infon key="type">Gene</infon>{place}<text>β-catenin</text></annotation>'
    content = make_xml(f"<passage><offset>5</offset><text>{text}</text>{annotation}</passage>")
    with pytest.raises(BiomedplmError, match=rf"B455.*document 7.*count {name}"):
        read_xml(write, content)
    report = Report("repair")
    assert fit(read_xml(write, content, report), report).mentions[0].fragments == ((17, 26),)
    assert report.counts == {"repaired": 1}
    report = Report("skip")
    assert fit(read_xml(write, content, report), report).mentions == ()


def test_read_bioc_xml_moves_passages_that_overlap(write: Write) -> None:
    annotation = (
        '<annotation id="1"><infon key="type">X</infon><location offset="3" length="2"/><text>cd</text></annotation>'
    )
    content = make_xml(
        f"<passage><offset>0</offset><text>abcd</text></passage><passage><offset>1</offset><text>abcd</text>{annotation}</passage>"
    )
    with pytest.raises(BiomedplmError, match=r"B454.*a passage begins at 1.*at 4.*moved to 5"):
        read_xml(write, content)
    report = Report("repair")
    record = read_xml(write, content, report)
    assert (record.text, record.mentions[0].fragments) == ("abcd abcd", ((7, 9),))
    assert report.counts == {"repaired": 1}
    assert read_xml(write, content, Report("skip")).text == "abcd"


PASSAGE = "<passage><offset>0</offset><text>ab</text>{}</passage>"


@pytest.mark.parametrize(
    ("passages", "reason"),
    [
        ("<passage><text>ab</text></passage>", "no <offset> with a whole number"),
        ("<passage><offset>x</offset></passage>", "no <offset>"),
        ("<passage><offset>-1</offset></passage>", "no <offset>"),
        ("<passage><offset>99999999</offset><text>a</text></passage>", "begins at 99999999, after 0 characters"),
        (
            PASSAGE.format("<annotation id='1'><location offset='0'/></annotation>"),
            "annotation 1 has a location without",
        ),
        (PASSAGE.format("<annotation id='1'><place/></annotation>"), "<place> in <annotation> is not of BioC"),
        (PASSAGE.format("<sentence><offset>1</offset><text>zz</text></sentence>"), "a sentence at 1 does not lie in"),
        (PASSAGE.format("<relation id='1'><end/></relation>"), "<end> in <relation>"),
        (PASSAGE.format("<sentence><offset>0</offset><sentence/></sentence>"), "<sentence> in <sentence>"),
        ("<table/>", "<table> in <document>"),
    ],
)
def test_read_bioc_xml_names_what_is_not_of_bioc(passages: str, reason: str, write: Write) -> None:
    with pytest.raises(BiomedplmError, match=rf"B453.*toy.xml', line 3, document 7.*{reason}"):
        read_xml(write, make_xml(passages))
    report = Report("skip")
    assert read_xml(write, make_xml(passages), report).mentions == ()
    assert report.counts == {"dropped": 1}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SAMPLE.partition("'BioC.dtd'>")[2]
FETCH = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SAMPLE.partition("'BioC.dtd'>")[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "B450"),
        ("no xml", "B450.*line 1"),
        (SAMPLE[:900], "B450"),
        (SAMPLE.replace("</document>", ""), "B450.*mismatched tag"),
        (b"<?xml version='1.0' encoding='x-odd'?><collection/>", "B450"),
        (SAMPLE.replace("Abenol", "\x00"), "B450"),
        (SAMPLE.encode().replace(b"Abenol", b"\xff"), "B450"),
        ("<a>" * 50, "B452.*<a>"),
        ("<collection>" + "<document>" * 50, "B450.*too deep"),
        ("<PubmedArticleSet/>", "B452.*<PubmedArticleSet>.*<collection>"),
        (BOMB, "B451"),
        (FETCH, "B451"),
        (HEAD + TAIL, "B408"),
    ],
)
@pytest.mark.parametrize("errors", ["raise", "skip"])
def test_read_bioc_xml_refuses_what_is_no_bioc(content: str | bytes, message: str, errors: str, write: Write) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_bioc_xml(write("toy.xml", content), report=Report(errors)))


def test_read_bioc_xml_gives_the_documents_before_a_mistake(write: Write) -> None:
    found = read_bioc_xml(write("toy.xml", SAMPLE.removesuffix(TAIL)))
    assert next(found).doc_id == "7"
    with pytest.raises(BiomedplmError, match="B450"):
        next(found)


JUNK = st.sampled_from(
    ["0", "-1", "x", "", "<", ">", "&", "</text>", "<infon>", '"', "{", "]", "null", "\x00", "9" * 20]
)


@settings(max_examples=200)
@given(
    cut=st.tuples(st.integers(0, 3000), st.integers(0, 40)),
    junk=JUNK | st.text(max_size=4),
    noise=st.none() | st.binary(max_size=80),
)
def test_read_bioc_xml_raises_its_own_error_only(
    cut: tuple[int, int], junk: str, noise: bytes | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bioc") / "toy"
    at = cut[0] % len(SAMPLE)
    content = SAMPLE[:at] + junk + SAMPLE[at + cut[1] :]
    path.write_bytes(content.encode("utf8", "surrogatepass") if noise is None else noise)
    for errors in ("raise", "skip", "repair"):
        report = Report(errors)
        try:
            for record in read_bioc_xml(path, report=report):
                fit(record, report)
        except BiomedplmError:
            continue
