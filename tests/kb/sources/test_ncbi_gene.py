from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.ncbi_gene import read_ncbi_gene


def row(taxon: str, id: str, symbol: str, **others: str) -> str:
    fields = [taxon, id, symbol, *["-"] * 12]
    for key, value in others.items():
        fields[{"synonyms": 4, "xrefs": 5, "description": 8, "kind": 9, "official": 10, "others": 13}[key]] = value
    return "\t".join(fields)


GENES = "\n".join(
    [
        "#Format: tax_id GeneID Symbol …",
        row(
            "9606", "1", "A1BG", synonyms="A1B|ABG", xrefs="HGNC:HGNC:5|MIM:138670", description="alpha", kind="protein"
        ),
        row("9606", "2", "NEWENTRY"),
        row("10090", "3", "Trp53", official="Trp53", others="p53|tumor protein", kind="pseudo"),
    ]
)
HISTORY = "9606\t1\t4\tOLD\t20200101\n9606\t-\t5\tGONE\t20200101\n10090\t3\t6\tx\t20200101\n"


def read(
    folder: Path, text: str, reading: Reading, **options: tuple[str, ...]
) -> list[tuple[str, list[str], list[str]]]:
    path = folder / "genes"
    path.write_text(text, encoding="utf8")
    found = read_ncbi_gene(path, "NCBI Gene", reading, **options)
    return [(one.id, [name.text for name in one.names], list(one.xrefs)) for one in found]


def test_read_ncbi_gene_reads_gene_info(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    assert read(tmp_path, GENES, reading) == [
        ("NCBIGene:1", ["A1BG", "alpha", "A1B", "ABG"], ["HGNC:HGNC:5", "MIM:138670"]),
        ("NCBIGene:3", ["Trp53", "Trp53", "p53", "tumor protein"], []),
    ]
    assert reading.report.counts == {"records of NCBI Gene that stand for no gene": 1}


def test_read_ncbi_gene_takes_the_wanted_species_and_kinds(
    tmp_path: Path, make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading("raise")
    assert [gene[0] for gene in read(tmp_path, GENES, reading, species=("10090",))] == ["NCBIGene:3"]
    assert reading.report.counts["genes of NCBI Gene of other species"] == 2
    assert [gene[0] for gene in read(tmp_path, GENES, reading, kinds=("protein",))] == ["NCBIGene:1"]
    for options in ({"species": ("9607",)}, {"kinds": ("protien",)}):
        with pytest.raises(BiomedplmError, match="B572"):
            read(tmp_path, GENES, reading, **options)


def test_read_ncbi_gene_reads_the_history(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    found = read(tmp_path, HISTORY, make_reading("raise"))
    assert found == [("NCBIGene:1", [], ["NCBIGene:4"]), ("NCBIGene:3", [], ["NCBIGene:6"])]


@pytest.mark.parametrize("line", ["9606\t1", "x", row("9606", "", "A"), row("9606", "1", "A") + "\tx\ty"])
def test_read_ncbi_gene_reports_broken_rows(tmp_path: Path, make_reading: Callable[..., Reading], line: str) -> None:
    with pytest.raises(BiomedplmError, match=r"B569.*line 1"):
        read(tmp_path, line, make_reading("raise"))
    reading = make_reading("skip")
    assert read(tmp_path, line, reading) == []
    assert reading.report.counts["dropped"] == 1


@pytest.mark.corpora
def test_read_ncbi_gene_reads_the_human_genes(corpora_folder: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    found = list(read_ncbi_gene(corpora_folder / "kb-ncbi-gene" / "Homo_sapiens.gene_info.gz", "NCBI Gene", reading))
    assert len(found) == len({concept.id for concept in found}) == 56424
    assert reading.report.counts == {"records of NCBI Gene that stand for no gene": 1}
