from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.mesh import read_mesh


def term(text: str, *, record: str = "N", concept: str = "N", permuted: str = "N") -> str:
    flags = f'ConceptPreferredTermYN="{concept}" IsPermutedTermYN="{permuted}" RecordPreferredTermYN="{record}"'
    return f"<Term {flags}><TermUI>T1</TermUI><String>{text}</String></Term>"


def concept(number: int, terms: str, *, preferred: str = "N", inside: str = "") -> str:
    return (
        f'<Concept PreferredConceptYN="{preferred}"><ConceptUI>M{number:07d}</ConceptUI>'
        f"<ConceptName><String>not read</String></ConceptName>{inside}<TermList>{terms}</TermList></Concept>"
    )


def descriptor(id: str, heading: str, concepts: str = "", trees: tuple[str, ...] = ()) -> str:
    places = "".join(f"<TreeNumber>{tree}</TreeNumber>" for tree in trees)
    return (
        f'<DescriptorRecord DescriptorClass="1"><DescriptorUI>{id}</DescriptorUI>'
        f"<DescriptorName><String>{heading}</String></DescriptorName>"
        f"<SeeRelatedList><SeeRelatedDescriptor><DescriptorReferredTo><DescriptorUI>D999999</DescriptorUI>"
        f"<DescriptorName><String>related</String></DescriptorName></DescriptorReferredTo></SeeRelatedDescriptor>"
        f"</SeeRelatedList><TreeNumberList>{places}</TreeNumberList><ConceptList>{concepts}</ConceptList>"
        "</DescriptorRecord>"
    )


def mapped(id: str, qualifier: str = "") -> str:
    referred = f"<DescriptorReferredTo><DescriptorUI>{id}</DescriptorUI></DescriptorReferredTo>"
    return f"<HeadingMappedTo>{f'<ECIN>{referred}</ECIN>' if qualifier else referred}</HeadingMappedTo>"


def supplementary(id: str, heading: str, headings: str, group: str = "1") -> str:
    return (
        f'<SupplementalRecord SCRClass="{group}"><SupplementalRecordUI>{id}</SupplementalRecordUI>'
        f"<SupplementalRecordName><String>{heading}</String></SupplementalRecordName>"
        f"<HeadingMappedToList>{headings}</HeadingMappedToList><ConceptList>"
        f"{concept(7, term(heading, record='Y') + term('other'), preferred='Y')}</ConceptList></SupplementalRecord>"
    )


def wrap(records: str, root: str = "DescriptorRecordSet") -> str:
    return f'<?xml version="1.0"?>\n<!DOCTYPE {root} SYSTEM "mesh.dtd">\n<{root}>\n{records}\n</{root}>\n'


NUMBERS = (
    "<RegistryNumber>0</RegistryNumber><RegistryNumber>50-00-0</RegistryNumber><RegistryNumber>EC 1.1.1.-"
    "</RegistryNumber><RegistryNumber>AB12CD34EF</RegistryNumber><ScopeNote>\n  What\n it is. </ScopeNote>"
    "<SemanticTypeList><SemanticType><SemanticTypeUI>T047</SemanticTypeUI></SemanticType></SemanticTypeList>"
)
DESCRIPTORS = wrap(
    descriptor(
        "D000001",
        "Colds &amp; Chills",
        concept(
            1,
            term("Colds &amp; Chills", concept="Y", record="Y") + term("Chills, Cold", permuted="Y") + term("Cold"),
            preferred="Y",
            inside=NUMBERS,
        )
        + concept(2, term("Head Cold", concept="Y"), inside="<ScopeNote>narrower</ScopeNote>"),
        ("C01.100", "C08.9.100"),
    )
    + descriptor("D000002", "Diseases", trees=("C01", "C08.9"))
    + descriptor("D000003", "Water", trees=("D01.5",))
)
SUPPLEMENTARY = wrap(
    supplementary("C000001", "coldol", mapped("*D000003") + mapped("D000002", "drug effects"))
    + supplementary("C000002", "COLD protocol", mapped("D000003"), "2"),
    "SupplementalRecordSet",
)


def read(folder: Path, text: str, reading: Reading, **options: tuple[str, ...]) -> list[Concept]:
    path = folder / "desc2026.xml"
    path.write_text(text, encoding="utf8")
    return list(read_mesh(path, "MSH", reading, **options))


def test_mesh_reads_descriptors(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    cold, *others = read(tmp_path, DESCRIPTORS, make_reading("raise"))
    texts = (("Colds & Chills", "MH"), ("Chills, Cold", "PM"), ("Cold", "ET"), ("Head Cold", "PEP"))
    assert cold == Concept(
        "MESH:D000001",
        tuple(Name(text, "MSH", kind) for text, kind in texts),
        types=("T047",),
        definition="What it is.",
        xrefs=("MESH:M0000001", "CAS:50-00-0", "EC:1.1.1.-", "UNII:AB12CD34EF", "MESH:M0000002"),
    )
    assert others[0] == Concept("MESH:D000002", (Name("Diseases", "MSH", "MH"),))
    assert others[2:] == [Concept("MESH:D000001", parents=("MESH:D000002",))]


def test_mesh_reads_supplementary_records(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    drug, protocol = read(tmp_path, SUPPLEMENTARY, make_reading("raise"))
    assert [(name.text, name.term_type) for name in drug.names] == [("coldol", "NM"), ("other", "CE")]
    assert drug.parents == ("MESH:D000003",)
    assert protocol.parents == ()
    base = make_base([drug, *read(tmp_path, DESCRIPTORS, make_reading("raise"))])
    assert base.is_a("MESH:C000001", "MESH:D000003")
    assert base.find("MESH:M0000002") == ["MESH:D000001"]


def test_mesh_takes_the_wanted_trees_and_classes(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    found = read(tmp_path, DESCRIPTORS, reading, trees=("C", "D01"), classes=("1",))
    assert [one.id for one in found if one.names] == ["MESH:D000001", "MESH:D000002", "MESH:D000003"]
    found = read(tmp_path, DESCRIPTORS, reading, trees=("C08.9.",))
    assert [one.id for one in found if one.names] == ["MESH:D000001"]
    # The parent is known, although it is not taken.
    assert found[1].parents == ("MESH:D000002",)
    assert [one.id for one in read(tmp_path, SUPPLEMENTARY, reading, classes=("2",), trees=("C",))] == ["MESH:C000002"]
    assert reading.report.counts == {"records of MSH of other trees or classes": 3}
    with pytest.raises(BiomedplmError, match=r"B572.*'F'"):
        read(tmp_path, DESCRIPTORS, reading, trees=("C", "F"))
    with pytest.raises(BiomedplmError, match=r"B572.*'3'.*1, 2"):
        read(tmp_path, SUPPLEMENTARY, reading, classes=("3",))


@pytest.mark.parametrize("record", [descriptor("D1", "x"), descriptor("D000009", ""), "<DescriptorRecord/>"])
def test_mesh_tells_records_without_id_or_heading(
    tmp_path: Path, make_reading: Callable[..., Reading], record: str
) -> None:
    text = wrap(record + descriptor("D000004", "four"))
    with pytest.raises(BiomedplmError, match=r"B569.*line 4"):
        read(tmp_path, text, make_reading("raise"))
    reading = make_reading("skip")
    assert [one.id for one in read(tmp_path, text, reading)] == ["MESH:D000004"]
    assert reading.report.counts == {"dropped": 1}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("B580", "<QualifierRecordSet/>"),
        ("B580", wrap("<DescriptorRecord>")),
        ("B580", ""),
        ("B580", wrap("&unknown;")),
        ("B582", '<!DOCTYPE a [<!ENTITY b "c">]><DescriptorRecordSet>&b;</DescriptorRecordSet>'),
    ],
)
def test_mesh_refuses_other_xml(tmp_path: Path, make_reading: Callable[..., Reading], code: str, text: str) -> None:
    with pytest.raises(BiomedplmError, match=code):
        read(tmp_path, text, make_reading("skip"))


@pytest.mark.parametrize(("name", "code"), [("missing.xml", "B401"), ("", "B403"), ("x.zip", "B439")])
def test_mesh_reads_one_file(tmp_path: Path, make_reading: Callable[..., Reading], name: str, code: str) -> None:
    (tmp_path / "x.zip").touch()
    with pytest.raises(BiomedplmError, match=code):
        list(read_mesh(tmp_path / name, "MSH", make_reading()))


@given(st.data())
def test_mesh_survives_any_nesting(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    tags = ["DescriptorRecord", "DescriptorUI", "String", "Term", "Concept", "HeadingMappedTo", "TreeNumber", "x"]
    text, depth = "", []
    for tag in data.draw(st.lists(st.sampled_from([*tags, "/"]), max_size=20)):
        if tag != "/":
            depth.append(tag)
            text += f"<{tag}>D000001"
        elif depth:
            text += f"</{depth.pop()}>"
    text += "".join(f"</{tag}>" for tag in reversed(depth))
    folder = tmp_path_factory.mktemp("mesh")
    read(folder, f"<DescriptorRecordSet>{text}</DescriptorRecordSet>", Reading(Report("skip"), folder))
