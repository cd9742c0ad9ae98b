from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.medic import read_medic

LINES = "C||Diseases\nD012345|600001|D012346||Some Fever|Fever, Some\n600002||Rare Ache\n"
TABLE = (
    "# a comment\n"
    "Some Fever\tMESH:D012345\tDO:DOID:1|OMIM:600001\tHot.\tMESH:D000001\tC01.1\tC01\tFever, Some|SF\tInfection\n"
    "Rare Ache\tOMIM:600002\t\t\t\t\t\t\n"
)


def write(folder: Path, text: str) -> Path:
    path = folder / "medic.txt"
    path.write_text(text, encoding="utf8")
    return path


def test_read_medic_reads_lines(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    root, fever, ache = read_medic(write(tmp_path, LINES), "MEDIC", make_reading("raise"))
    assert root.id == "MESH:C"
    assert fever.id == "MESH:D012345"
    assert fever.xrefs == ("OMIM:600001", "MESH:D012346")
    assert [(name.text, name.source, name.term_type) for name in fever.names] == [
        ("Some Fever", "MEDIC", "name"),
        ("Fever, Some", "MEDIC", "synonym"),
    ]
    assert (ache.id, ache.xrefs) == ("OMIM:600002", ())


def test_read_medic_reads_the_table_of_the_ctd(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    fever, ache = read_medic(write(tmp_path, TABLE), "CTD", make_reading("raise"))
    assert fever.definition == "Hot."
    assert fever.parents == ("MESH:D000001",)
    assert [name.text for name in fever.names] == ["Some Fever", "Fever, Some", "SF"]
    assert ache.id == "OMIM:600002"
    assert make_base([fever]).find("DOID:1") == ["MESH:D012345"]


@pytest.mark.parametrize(
    "line",
    [
        *("D1|x", "||name", "|D1||name", "banana||name", "a\tMESH:D1\tx", "\tMESH:D1" + "\t" * 7),
        *("a" + "\t" * 8, "a\tMESH:D1" + "\t" * 9, "a\tMESH:D1\tbanana" + "\t" * 6),
    ],
)
def test_read_medic_reports_broken_lines(tmp_path: Path, make_reading: Callable[..., Reading], line: str) -> None:
    path = write(tmp_path, f"D1||good\n{line}\n")
    reading = make_reading("skip")
    assert len(list(read_medic(path, "MEDIC", reading))) == 1
    assert [problem.line for problem in reading.report.problems] == [2]
    with pytest.raises(BiomedplmError, match=r"B569.*line 2"):
        list(read_medic(path, "MEDIC", make_reading("raise")))


@pytest.mark.corpora
def test_read_medic_reads_the_dictionary_of_2012(corpora_folder: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    found = list(read_medic(corpora_folder / "kb-ctd-medic" / "medic_06Jul2012.txt.gz", "MEDIC", reading))
    assert len(found) == len({concept.id for concept in found}) == 11915
    assert sum(len(concept.names) for concept in found) == 76237
    assert sum(concept.id.startswith("OMIM:") for concept in found) == 1362
    assert not reading.report.counts
