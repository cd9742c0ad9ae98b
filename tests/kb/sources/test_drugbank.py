from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.drugbank import read_drugbank

HEADER = "DrugBank ID,Accession Numbers,Common name,CAS,UNII,Synonyms,Standard InChI Key"
TABLE = f"""\
{HEADER}
DB90001,DB90001 | EXPT1,"Acid, new",50-00-0,AAAAAAAAAA,"new ""acid"" | acidum",KEY
DB90002,,Otherol,,,,
"""


def read(folder: Path, text: str, reading: Reading) -> list[Concept]:
    path = folder / "drugbank vocabulary.csv"
    path.write_text(text, encoding="utf8")
    return list(read_drugbank(path, "DrugBank", reading))


def test_drugbank_reads_the_vocabulary(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    acid, other = read(tmp_path, TABLE, make_reading("raise"))
    texts = (("Acid, new", "name"), ('new "acid"', "synonym"), ("acidum", "synonym"))
    assert acid.names == tuple(Name(text, "DrugBank", kind) for text, kind in texts)
    assert (acid.id, acid.xrefs) == ("DRUGBANK:DB90001", ("DRUGBANK:EXPT1", "CAS:50-00-0", "UNII:AAAAAAAAAA"))
    assert other == Concept("DRUGBANK:DB90002", (Name("Otherol", "DrugBank", "name"),))


@pytest.mark.parametrize("row", ["DB1,x", 'DB1,,"open,,,,', ",,Name,,,,", "DB1,,,,,,"])
def test_drugbank_tells_broken_rows(tmp_path: Path, make_reading: Callable[..., Reading], row: str) -> None:
    with pytest.raises(BiomedplmError, match=r"B569.*line 2"):
        read(tmp_path, f"{HEADER}\n{row}\n", make_reading("raise"))
    reading = make_reading("skip")
    assert read(tmp_path, f"{HEADER}\n{row}\nDB3,,x,,,,\n", reading)[0].id == "DRUGBANK:DB3"
    assert reading.report.counts == {"dropped": 1}


def test_drugbank_tells_other_tables(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    with pytest.raises(BiomedplmError, match=r"B580.*Common name"):
        read(tmp_path, "DrugBank ID,Name\nDB1,x\n", make_reading("skip"))
