from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.schemes import LabelScheme
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, PassageRecord, RelationRecord

Write = Callable[..., Path]

ABSTRACTS = "11\tKelvanol binds ABC1.\tIt blocks ABC1 kinase.\n12\tNothing\there\n"
ENTITIES = "11\tT1\tCHEMICAL\t0\t8\tKelvanol\n11\tT2\tGENE-Y\t15\t19\tABC1\n11\tT3\tGENE-N\t31\t42\tABC1 kinase\n"
RELATIONS = "11\tINHIBITOR\tArg1:T1\tArg2:T2\n11\tPART-OF\tArg1:T2\tArg2:T3\n"
CHEMPROT = "11\tCPR:4\tY \tINHIBITOR\tArg1:T1\tArg2:T2\n11\tCPR:1\tN\tPART_OF\tArg1:T1\tArg2:T3\n"


def arguments(first: str, second: str) -> tuple[ArgumentRecord, ...]:
    return ArgumentRecord("Arg1", first), ArgumentRecord("Arg2", second)


def test_read_drugprot_joins_the_tables(write: Write) -> None:
    files = {"entities": write("e.tsv", ENTITIES), "relations": write("r.tsv", RELATIONS)}
    first, second = read_drugprot(write("a.tsv", ABSTRACTS), **files)
    assert (first.text, second.text) == ("Kelvanol binds ABC1. It blocks ABC1 kinase.", "Nothing here")
    assert [(m.id, m.label, m.fragments, m.text) for m in first.mentions] == [
        ("T1", "CHEMICAL", ((0, 8),), "Kelvanol"),
        ("T2", "GENE-Y", ((15, 19),), "ABC1"),
        ("T3", "GENE-N", ((31, 42),), "ABC1 kinase"),
    ]
    assert first.relations == (
        RelationRecord("R1", "INHIBITOR", arguments("T1", "T2")),
        RelationRecord("R2", "PART-OF", arguments("T2", "T3")),
    )
    assert first.passages == (PassageRecord(0, 20, "title"), PassageRecord(21, 43, "abstract"))
    assert not second.mentions
    assert not second.relations
    scheme = LabelScheme("toy", ("CHEMICAL", "GENE"), {"GENE-Y": "GENE", "GENE-N": "GENE"})
    assert [m.label for m in scheme.apply(first, Report()).mentions] == ["CHEMICAL", "GENE", "GENE"]


def test_read_drugprot_reads_the_columns_of_chemprot(write: Write) -> None:
    files = {"entities": write("e.tsv", ENTITIES), "relations": write("r.tsv", CHEMPROT)}
    first, _ = read_drugprot(write("a.tsv", ABSTRACTS), **files)
    assert first.relations == (
        RelationRecord("R1", "CPR:4", arguments("T1", "T2"), {"evaluated": "Y", "type": "INHIBITOR"}),
        RelationRecord("R2", "CPR:1", arguments("T1", "T3"), {"evaluated": "N", "type": "PART_OF"}),
    )


def test_read_drugprot_finds_the_tables_of_a_folder(write: Write) -> None:
    for prefix in ("dev", "train"):
        write(f"set/{prefix}_abstracs.part.tsv", ABSTRACTS)
        write(f"set/{prefix}_entities.tsv", ENTITIES)
    folder = write("set/train_gold_standard.tsv", RELATIONS).parent
    counts = [(len(record.mentions), len(record.relations)) for record in read_drugprot(folder)]
    assert counts == [(3, 0), (0, 0), (3, 2), (0, 0)]
    assert [len(record.mentions) for record in read_drugprot(folder / "train_abstracs.part.tsv")] == [3, 0]


def test_read_drugprot_lists_rows_without_an_abstract(write: Write) -> None:
    files = {"entities": write("e.tsv", ENTITIES + "99\tT1\tX\t0\t1\tK\n"), "relations": write("r.tsv", RELATIONS)}
    report = Report()
    list(read_drugprot(write("a.tsv", ABSTRACTS), **files, report=report))
    assert report.counts == {"excluded": 1}
    assert report.problems[0].detail == "1 entities of '99', which is not among the abstracts, are left out"


@pytest.mark.parametrize(
    ("abstracts", "entities", "relations", "message"),
    [
        ("", ENTITIES, "", r"B408.*abstracts"),
        ("11\tonly a title\n", ENTITIES, "", r"B413.*abstracts.tsv', line 1: 2 columns, wanted 3"),
        (ABSTRACTS, "11\tT1\tCHEMICAL\t0\n", "", r"B413.*entities.tsv', line 1: 4 columns, wanted 6"),
        (ABSTRACTS, ENTITIES + "11\tT4\tGENE-Y\tx\t9\tABC1\n", "", r"B413.*entities.tsv', line 4"),
        (ABSTRACTS, ENTITIES + f"11\tT4\tGENE-Y\t{'9' * 5000}\t9\tABC1\n", "", r"B413.*entities.tsv', line 4"),
        (ABSTRACTS, ENTITIES, "11\tX\tArg1:T1\n", r"B413.*relations.tsv', line 1: 3 columns, wanted 4 or 6"),
        (
            ABSTRACTS,
            ENTITIES,
            RELATIONS + "11\tX\tT1\tArg2:T2\n",
            r"B484.*relations.tsv', line 3, document 11.*'T1 Arg2",
        ),
    ],
)
def test_read_drugprot_names_file_and_line_of_a_mistake(
    write: Write, abstracts: str, entities: str, relations: str, message: str
) -> None:
    write("entities.tsv", entities)
    write("relations.tsv", relations)
    path = write("abstracts.tsv", abstracts)
    with pytest.raises(BiomedplmError, match=message):
        list(read_drugprot(path))
    if len(abstracts) > 20:
        report = Report(errors="skip")
        assert len(list(read_drugprot(path, report=report))) == 2
        assert report.counts == {"dropped": 1}


@settings(max_examples=100)
@given(data=st.data())
def test_read_drugprot_with_damaged_tables(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("drugprot")
    for name, content in (("abstracts", ABSTRACTS), ("entities", ENTITIES), ("relations", CHEMPROT)):
        source = content.encode()
        start = data.draw(st.integers(0, len(source)))
        size = data.draw(st.integers(0, 12))
        part = data.draw(st.binary(max_size=5)) if size else b""
        (folder / f"{name}.tsv").write_bytes(source[:start] + part + source[start + size :])
    for errors in ("raise", "skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            for record in read_drugprot(folder, report=report):
                fit(record, report)
        except BiomedplmError:
            pass
