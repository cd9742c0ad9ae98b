from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.umls_rrf import read_umls

Write = Callable[[Mapping[str, list[str]]], Path]
Make = Callable[..., KnowledgeBase]
MakeReading = Callable[..., Reading]


def test_read_umls_reads_a_release(
    write_release: Write, release_rows: dict[str, list[str]], make_base: Make, make_reading: MakeReading
) -> None:
    reading = make_reading("raise")
    folder = write_release(release_rows)
    wanted = Wanted(Filters(suppressed=True, obsolete=True))
    base = make_base(read_umls(folder, "UMLS", reading), reading=reading, wanted=wanted)
    assert list(base) == ["C0000001", "C0000002", "C0000003"]
    cold = base["C0000001"]
    found = [(name.text, name.source, name.term_type, name.language) for name in cold.names]
    assert found == [
        ("Cold", "MSH", "MH", "en"),
        ("chill", "MSH", "ET", "en"),
        ("Erkältung", "MSHGER", "ET", "de"),
        ("CC", "NCI", "AB", "en"),
        ("catarrh", "NCI", "OP", "en"),
    ]
    assert [(name.suppressed, name.obsolete) for name in cold.names[2:]] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert cold.types == ("T047", "T046")
    assert cold.definition == "A running nose."
    assert cold.parents == ("C0000002",)
    assert cold.xrefs == ("MESH:D1", "MESH:D3", "NCIT:C100", "C0000090")
    assert base["C0000002"].xrefs == ("HP:0000002", "C0000093")
    assert base.find("C0000093") == ["C0000002"]
    assert base["C0000003"].xrefs == ()
    assert base.sources[0] == {
        "name": "MSH",
        "version": "2026",
        "title": "MSH in full",
        "licence": "UMLS licence, restriction level 0",
    }
    assert not any("lacks" in what for what in reading.report.counts)


def test_read_umls_sorts_what_is_not_sorted(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading
) -> None:
    wanted = list(read_umls(write_release(release_rows), "UMLS", make_reading("raise")))
    rows = release_rows["MRCONSO.RRF"]
    release_rows["MRCONSO.RRF"] = [*rows[3:], *rows[:3]]
    found = list(read_umls(write_release(release_rows), "UMLS", make_reading("raise")))
    assert [concept.id for concept in found] == [concept.id for concept in wanted]
    assert {name for concept in found for name in concept.names} == {name for one in wanted for name in one.names}
    assert found[0].names[0].text == "Cold"


def test_read_umls_counts_files_that_are_missing(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading
) -> None:
    reading = make_reading("raise")
    folder = write_release({name: release_rows[name] for name in ("MRCONSO.RRF", "MRSTY.RRF")})
    assert len(list(read_umls(folder, "UMLS", reading))) == 5
    assert reading.report.counts["files that the UMLS release lacks (MRDEF.RRF)"] == 1
    (folder / "META" / "MRSTY.RRF").unlink()
    with pytest.raises(BiomedplmError, match=r"B574.*MRSTY\.RRF"):
        list(read_umls(folder, "UMLS", reading))


@pytest.mark.parametrize(
    "name", ["MRCONSO.RRF", "MRSTY.RRF", "MRDEF.RRF", "MRREL.RRF", "MRRANK.RRF", "MRSAB.RRF", "MRCUI.RRF"]
)
def test_read_umls_reports_broken_rows_once(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading, name: str
) -> None:
    release_rows[name].insert(1, "C0000001|x")
    folder = write_release(release_rows)
    with pytest.raises(BiomedplmError, match=rf"B569.*{name}, line 2"):
        list(read_umls(folder, "UMLS", make_reading("raise")))
    reading = make_reading("skip")
    assert list(read_umls(folder, "UMLS", reading))
    assert [problem.line for problem in reading.report.problems] == [2]


def test_read_umls_reports_broken_names_once_where_paths_give_the_parents(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading
) -> None:
    del release_rows["MRREL.RRF"]
    release_rows["MRCONSO.RRF"][1:1] = ["C0000001|x", "C1|y", "", "z"]
    reading = make_reading("skip")
    found = list(read_umls(write_release(release_rows), "UMLS", reading))
    assert ("C0000002",) in [one.parents for one in found]
    assert [problem.line for problem in reading.report.problems] == [2, 3, 4, 5]
    assert reading.report.counts["dropped"] == 4


def test_read_umls_without_mrsab_still_states_a_licence(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading, make_base: Make
) -> None:
    del release_rows["MRSAB.RRF"]
    reading = make_reading("raise")
    base = make_base(read_umls(write_release(release_rows), "UMLS", reading), reading=reading)
    assert {one["licence"] for one in base.sources} == {"UMLS licence; MRSAB.RRF was not there"}


@pytest.mark.corpora
def test_read_umls_reads_the_fixture(corpora_folder: Path, make_reading: MakeReading, make_base: Make) -> None:
    reading = make_reading("raise")
    base = make_base(read_umls(corpora_folder / "kb-umls-fixture", "UMLS", reading), reading=reading)
    assert base.counts == {"concepts": 2, "names": 3, "types": 3, "parents": 0, "xrefs": 2, "definitions": 1}
    found = base["C0000005"]
    assert isinstance(found, Concept)
    assert [name.text for name in found.names] == ["(131)I-Macroaggregated Albumin", "(131)I-MAA"]
    assert found.xrefs == ("MESH:D012711",)
