from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.obo import read_obo

ONTOLOGY = r"""format-version: 1.4
data-version: releases/2026-01-01
property_value: http://purl.org/dc/terms/license "https://example.org/by/4.0" xsd:string

[Term]
id: X:1
name: an \"odd\" name {source="a \"b\""}
alt_id: X:101
def: "What it is,\nin two lines." [ref:1, ref:2]
synonym: "odd" EXACT abbreviation [ref:1] {is="x"}
synonym: "quaint" RELATED []
synonym: "plain" []
exact_synonym: "old style" []
xref: MESH:D000001 {source="x"} ! comment
xref: UMLS_CUI:C0000001
property_value: skos:exactMatch DOID:1 {source="x"}
property_value: http://example.org/other DOID:2
is_a: X:2 {source="x"} ! wider
is_a: X: 3
! a comment
relationship: part_of X:9 ! not read

[Typedef]
id: part_of
name: part of

[Term]
id: X:2
name: wider

[Term]
id: X:66
name: given up
is_obsolete: true
replaced_by: X:2
"""


def read(folder: Path, text: str, reading: Reading, **options: Any) -> list[Concept]:
    path = folder / "x.obo"
    path.write_text(text, encoding="utf8")
    return list(read_obo(path, "X", reading, **options))


def test_read_obo_reads_terms(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    first, wider, old, successor = read(tmp_path, ONTOLOGY, reading)
    assert first.id == "X:1"
    assert first.names == (
        Name('an "odd" name', "X", "name"),
        Name("odd", "X", "EXACT:abbreviation"),
        Name("quaint", "X", "RELATED"),
        Name("plain", "X", "RELATED"),
        Name("old style", "X", "EXACT"),
    )
    assert first.definition == "What it is,\nin two lines."
    assert first.xrefs == ("X:101", "MESH:D000001", "UMLS_CUI:C0000001", "DOID:1")
    assert first.parents == ("X:2", "X:3")
    assert wider == Concept("X:2", (Name("wider", "X", "name"),))
    assert old.obsolete
    assert successor == Concept("X:2", xrefs=("X:66",))
    assert reading.origins == {"X": {"version": "releases/2026-01-01", "licence": "https://example.org/by/4.0"}}


def test_read_obo_makes_a_base(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    base = make_base(read(tmp_path, ONTOLOGY, make_reading(), language="es"))
    assert list(base) == ["X:1", "X:2"]
    assert base.find("X:66") == base.parents("X:1") == ["X:2"]
    assert base.find("X:101") == base.find("C0000001") == ["X:1"]
    assert base["X:1"].definition == "What it is, in two lines."
    assert base.languages == ["es"]
    base = make_base(read(tmp_path, ONTOLOGY, make_reading()), wanted=Wanted(Filters(obsolete=True)))
    assert base["X:66"].obsolete
    assert base.find("X:66") == ["X:2"]


def test_read_obo_gives_branches_their_types(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    base = make_base(read(tmp_path, ONTOLOGY, make_reading(), branch_types=("X:2=T038",)))
    assert base["X:1"].types == base["X:2"].types == ("T038",)
    with pytest.raises(BiomedplmError, match=r"B572.*'X:5'"):
        read(tmp_path, ONTOLOGY, make_reading(), branch_types=("X:5=T038",))


@pytest.mark.parametrize(
    "tag",
    [
        *('synonym: "open EXACT []', "synonym: bare", "no tag", "is_a: ", "id: X:8", "xref: ! only a comment"),
        *("name: second", 'def: "one" []\ndef: "two" []'),
    ],
)
def test_read_obo_reports_broken_lines(tmp_path: Path, make_reading: Callable[..., Reading], tag: str) -> None:
    text = f"[Term]\nid: X:7\nname: seven\n{tag}\n"
    reading = make_reading("skip")
    assert [concept.id for concept in read(tmp_path, text, reading)] == ["X:7"]
    assert reading.report.counts["dropped"] == 1
    with pytest.raises(BiomedplmError, match=r"B569.*line [45]"):
        read(tmp_path, text, make_reading("raise"))


def test_read_obo_terms_without_id_or_name_are_no_secret(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("skip")
    assert [concept.id for concept in read(tmp_path, "[Term]\nname: x\n\n[Term]\nid: X:1\n", reading)] == ["X:1"]
    assert reading.report.counts == {"dropped": 1, "terms of X without a name": 1}
    assert reading.report.problems[0].line == 1


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("path", "terms", "parents"),
    [
        ("kb-cell-ontology/cl-2022-11-25.obo.gz", 2692, 3561),
        ("kb-sequence-ontology/so.obo.gz", 2615, 2510),
        ("kb-uberon/uberon-2010-12-07.obo.gz", 4958, 7173),
        ("kb-hgnc/hgnc-subset-in-mondo.obo", 3788, 3788),
    ],
)
def test_read_obo_reads_published_ontologies(
    corpora_folder: Path, make_reading: Callable[..., Reading], path: str, terms: int, parents: int
) -> None:
    reading = make_reading("raise")
    found = [concept for concept in read_obo(corpora_folder / path, "X", reading) if concept.names]
    assert len(found) == len({concept.id for concept in found}) == terms
    assert sum(len(concept.parents) for concept in found) == parents
