import json
from dataclasses import replace

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.assembly import assemble
from spacy_biomedplm.kb.config import KbConfig, MappingConfig, MappingFile, SourceConfig
from spacy_biomedplm.kb.filters import Filters

MEDIC = """\
D000001|100001||Heart Attack|Infarct
D000002||Fever|FEVERS
D000003||Cold
"""
ONTOLOGY = """\
format-version: 1.2
data-version: 2024-01-01

[Term]
id: DOID:1
name: myocardial infarction
synonym: "heart trouble" BROAD []
synonym: "MI" EXACT []
xref: UMLS_CUI:C0027051
xref: MESH:D000001
is_a: DOID:9

[Term]
id: DOID:2
name: fever
xref: UMLS_CUI:C0015967

[Term]
id: DOID:3
name: mild fever
xref: UMLS_CUI:C0015967

[Term]
id: CL:4
name: cell

[Term]
id: DOID:9
name: disease
"""
SSSOM = """\
# mapping_set_id: toy
subject_id\tpredicate_id\tobject_id\tmapping_justification
DOID:1\tskos:exactMatch\tMESH:D000001\tsemapv:ManualMappingCuration
"""


@pytest.fixture
def files(tmp_path):
    for name, text in (("medic.txt", MEDIC), ("do.obo", ONTOLOGY), ("do.sssom.tsv", SSSOM)):
        (tmp_path / name).write_text(text, encoding="utf8")
    return tmp_path


@pytest.fixture
def config(files):
    sources = (
        SourceConfig(files / "medic.txt", "medic", "MEDIC", types=("T047",), licence="own"),
        SourceConfig(files / "do.obo", "obo", prefixes=("DOID",), term_types=("name", "EXACT"), same_as=("UMLS",)),
    )
    return KbConfig(
        "toy", sources, MappingConfig(("UMLS", "MESH"), (MappingFile(files / "do.sssom.tsv", licence="CC0"),))
    )


def test_assemble_merges_sources_by_exact_matches(config, files):
    seen = []
    built = assemble(config, files / "kb", observe=lambda place, records: seen.append((place, records)))
    base = built.base
    assert list(base) == ["C0027051", "DOID:2", "DOID:3", "DOID:9", "MESH:D000002", "MESH:D000003"]
    infarct = base["C0027051"]
    assert [name.text for name in infarct.names] == ["Heart Attack", "Infarct", "myocardial infarction", "MI"]
    assert [name.source for name in infarct.names] == ["MEDIC", "MEDIC", "do", "do"]
    assert infarct.types == ("T047",)
    assert infarct.parents == ("DOID:9",)
    for id in ("MESH:D000001", "OMIM:100001", "DOID:1"):
        assert base.find(id) == ["C0027051"]
    # Two terms match one CUI: both keep their ids and can be found by it.
    assert base.find("C0015967") == ["DOID:2", "DOID:3"]
    assert {source["name"]: source.get("licence") or source["version"] for source in base.sources} == {
        "MEDIC": "own",
        "do": "2024-01-01",
    }
    medic, do = built.sources
    assert (medic.concepts, medic.names, medic.left_out) == (3, 5, 0)
    assert (do.name, do.format, do.concepts, do.names, do.left_out, do.broken) == ("do", "obo", 4, 5, 1, 0)
    assert built.mapped == 2
    assert built.report.counts["concepts of do with ids of other vocabularies"] == 1
    assert built.report.counts["exact matches that are not one to one"] == 2
    assert seen == [(0, 1), (1, 1), (2, 0)]
    json.dumps(built.to_dict())


def test_assemble_tells_the_licences_of_mappings(config, files):
    xrefs = files / "xrefs.tsv"
    xrefs.write_text("id\txrefs\nMESH:D000003\tX:1\n", encoding="utf8")
    more = SourceConfig(xrefs, "tsv", "more", licence="CC BY 4.0", url="https://example.org")
    base = assemble(replace(config, sources=(*config.sources, more)), files / "kb").base
    assert base.mappings == [
        {"name": "do.sssom", "licence": "CC0"},
        {"name": "more", "licence": "CC BY 4.0", "url": "https://example.org"},
    ]
    assert [one["name"] for one in base.sources] == ["MEDIC", "do"]


def test_assemble_gives_the_same_bytes(config, files):
    for name in ("one", "two"):
        assemble(config, files / name)
    for path in (files / "one").iterdir():
        assert path.read_bytes() == (files / "two" / path.name).read_bytes()


def test_assemble_keeps_to_the_filters(config, files):
    plain = replace(config, filters=Filters(sources=("do",)), definitions=False, xref_prefixes=("MESH",))
    base = assemble(plain, files / "kb").base
    assert [name.text for name in base["C0027051"].names] == ["myocardial infarction", "MI"]
    assert base.find("OMIM:100001") == []
    assert base.find("MESH:D000001") == ["C0027051"]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("B568", {"format": "owl"}),
        ("B572", {"options": {"species": ["9606"]}}),
        ("B572", {"types": ("T999",)}),
        ("B574", {"prefixes": ("DIOD",)}),
        ("B574", {"languages": ("fr",)}),
        ("B574", {"term_types": ("EXCAT",)}),
        ("B574", {"same_as": ("ULMS",)}),
        ("B401", {"path": "missing.obo"}),
    ],
)
def test_assemble_refuses_settings_that_cannot_be(code, change, config, files):
    if "path" in change:
        change = {"path": files / change["path"]}
    wrong = replace(config, sources=(config.sources[0], replace(config.sources[1], **change)))
    with pytest.raises(BiomedplmError, match=code):
        assemble(wrong, files / "kb")
    assert not (files / "kb").exists()


def test_assemble_names_vocabularies_that_can_be_mapped_to(config, files):
    with pytest.raises(BiomedplmError, match=r"B572.*'MEHS'.*DOID, MESH, UMLS"):
        assemble(replace(config, mapping=replace(config.mapping, to=("umls", "MEHS"))), files / "kb")
