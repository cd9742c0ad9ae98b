import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.ncbi_taxonomy import read_ncbi_taxonomy

DUMP = {
    "names.dmp": [
        ("1", "root", "", "scientific name"),
        ("7", "Azo", "", "synonym"),
        ("7", "Azorhizobium", "Azorhizobium <a>", "scientific name"),
        ("7", "azo's", "", "genbank common name"),
        ("9", "Buchnera", "", "scientific name"),
    ],
    "nodes.dmp": [("1", "1", "no rank", "", "8"), ("7", "1", "genus", "", "0"), ("9", "7", "species", "", "0")],
    "merged.dmp": [("12", "9")],
    "delnodes.dmp": [("13",), ("14",)],
}


def write(folder: Path, **changed: list[tuple[str, ...]]) -> Path:
    for name, rows in {**DUMP, **{f"{key}.dmp": rows for key, rows in changed.items()}}.items():
        (folder / name).write_text("".join("\t|\t".join(row) + "\t|\n" for row in rows), encoding="utf8")
    return folder


def test_taxonomy_reads_names_parents_and_merged_taxa(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    found = list(read_ncbi_taxonomy(write(tmp_path), "Tax", reading))
    names = (("Azorhizobium", "scientific name"), ("Azo", "synonym"), ("azo's", "genbank common name"))
    assert found[1] == Concept("NCBITaxon:7", tuple(Name(text, "Tax", kind) for text, kind in names))
    assert found[3:] == [
        Concept("NCBITaxon:7", parents=("NCBITaxon:1",)),
        Concept("NCBITaxon:9", parents=("NCBITaxon:7",)),
        Concept("NCBITaxon:9", xrefs=("NCBITaxon:12",)),
    ]
    assert reading.report.counts == {"taxa of Tax that were deleted": 2}


def test_taxonomy_makes_a_base(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    write(tmp_path)
    for name in DUMP:
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        (tmp_path / name).unlink()
    base = make_base(read_ncbi_taxonomy(tmp_path, "Tax", make_reading()))
    assert base.find("NCBITaxon:12") == ["NCBITaxon:9"]
    assert base.ancestors("NCBITaxon:9") == ["NCBITaxon:7", "NCBITaxon:1"]


def test_taxonomy_needs_names_and_nodes(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    with pytest.raises(BiomedplmError, match=r"B574.*names\.dmp"):
        list(read_ncbi_taxonomy(tmp_path, "Tax", make_reading()))
    (write(tmp_path) / "nodes.dmp").unlink()
    with pytest.raises(BiomedplmError, match=r"B574.*nodes\.dmp"):
        list(read_ncbi_taxonomy(tmp_path, "Tax", make_reading()))
    (tmp_path / "delnodes.dmp").unlink()
    (write(tmp_path) / "merged.dmp").unlink()
    assert list(read_ncbi_taxonomy(tmp_path, "Tax", make_reading()))
    with pytest.raises(BiomedplmError, match="B401"):
        list(read_ncbi_taxonomy(tmp_path / "missing", "Tax", make_reading()))


def test_taxonomy_does_not_follow_links(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    folder = tmp_path / "taxdump"
    folder.mkdir()
    (write(folder) / "names.dmp").rename(tmp_path / "elsewhere")
    (folder / "names.dmp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BiomedplmError, match="B435"):
        list(read_ncbi_taxonomy(folder, "Tax", make_reading("raise")))


@pytest.mark.parametrize(
    ("file", "row"),
    [("names", ("7", "Azo", "")), ("names", ("x", "Azo", "", "synonym")), ("nodes", ("7",)), ("merged", ("12", ""))],
)
def test_taxonomy_tells_broken_rows(
    tmp_path: Path, make_reading: Callable[..., Reading], file: str, row: tuple[str, ...]
) -> None:
    write(tmp_path, **{file: [row]})
    with pytest.raises(BiomedplmError, match=rf"B569.*{file}\.dmp, line 1"):
        list(read_ncbi_taxonomy(tmp_path, "Tax", make_reading("raise")))
    reading = make_reading("skip")
    list(read_ncbi_taxonomy(tmp_path, "Tax", reading))
    assert reading.report.counts["dropped"] == 1
