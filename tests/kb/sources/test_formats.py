from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.sources.formats import guess_format


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("doid.obo.gz", "obo"),
        ("mondo.sssom.tsv", "sssom"),
        ("doid.json", "obograph"),
        ("desc2026.xml.gz", "mesh"),
        ("drugbank vocabulary.csv", "drugbank"),
        ("CTD_diseases.tsv.gz", "medic"),
        ("Homo_sapiens.gene_info.gz", "ncbi-gene"),
        ("gene_history", "ncbi-gene"),
        ("umls_2022.JSONL", "jsonl"),
        ("names.tsv", "tsv"),
    ],
)
def test_formats_are_told_from_names(name, format):
    assert guess_format(Path("somewhere", name)) == format


def test_formats_are_told_from_folders(tmp_path):
    with pytest.raises(BiomedplmError, match="B581"):
        guess_format(tmp_path)
    (tmp_path / "taxdump").mkdir()
    (tmp_path / "taxdump" / "names.dmp").touch()
    assert guess_format(tmp_path / "taxdump") == "ncbi-taxonomy"
    (tmp_path / "META").mkdir()
    (tmp_path / "META" / "MRCONSO.RRF.aa.gz").touch()
    assert guess_format(tmp_path) == guess_format(tmp_path / "META") == "umls"
    with pytest.raises(BiomedplmError, match=r"B581.*umls"):
        guess_format(tmp_path / "names.txt")
