from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import LabelScheme, read_drugprot
from spacy_biomedplm.errors import BiomedplmError

ABSTRACTS = "11\tKelvanol binds ABC1.\tIt blocks ABC1 kinase.\n12\tNothing\there\n"
ENTITIES = "11\tT1\tCHEMICAL\t0\t8\tKelvanol\n11\tT2\tGENE-Y\t15\t19\tABC1\n11\tT3\tGENE-N\t31\t42\tABC1 kinase\n"


def test_read_drugprot_joins_the_two_tables(vocab: Vocab, write: Callable[..., Path]) -> None:
    scheme = LabelScheme("toy", ("CHEMICAL", "GENE"), {"GENE-Y": "GENE", "GENE-N": "GENE"})
    entities = write("entities.tsv", ENTITIES)
    docs = list(read_drugprot(write("abstracts.tsv", ABSTRACTS), vocab, entities=entities, scheme=scheme))
    assert [doc.text for doc in docs] == ["Kelvanol binds ABC1. It blocks ABC1 kinase.", "Nothing here"]
    layer = [(ent.text, ent.label_) for ent in docs[0].ents]
    assert layer == [("Kelvanol", "CHEMICAL"), ("ABC1", "GENE"), ("ABC1 kinase", "GENE")]
    assert not docs[1].ents


@pytest.mark.parametrize(
    ("abstracts", "entities", "message"),
    [
        ("", ENTITIES, r"B408.*abstracts"),
        ("11\tonly a title\n", ENTITIES, r"B413.*abstracts.tsv', line 1: 2 columns, wanted 3"),
        (ABSTRACTS, "11\tT1\tCHEMICAL\t0\n", r"B413.*entities.tsv', line 1: 4 columns, wanted 6"),
        (ABSTRACTS, ENTITIES + "11\tT4\tGENE-Y\tx\t9\tABC1\n", r"B413.*entities.tsv', line 4"),
    ],
)
def test_read_drugprot_names_file_and_line_of_a_mistake(
    vocab: Vocab, write: Callable[..., Path], abstracts: str, entities: str, message: str
) -> None:
    path = write("entities.tsv", entities)
    with pytest.raises(BiomedplmError, match=message):
        list(read_drugprot(write("abstracts.tsv", abstracts), vocab, entities=path))
