from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import read_ddi
from spacy_biomedplm.errors import BiomedplmError

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<document id="Toy.d1">
  <sentence id="s0" text="Kelvanol &amp; abenol interact. ">
    <entity id="e0" charOffset="0-7" type="drug" text="Kelvanol"/>
    <entity id="e1" charOffset="11-16" type="drug" text="abenol"/>
    <pair id="p0" e1="e0" e2="e1" ddi="true" type="int"/>
  </sentence>
  <sentence id="s1" text="Oral or topical steroids.">
    <entity id="e2" charOffset="0-3;16-23" type="group" text="Oral steroids"/>
  </sentence>
</document>
"""
BOMB = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><document>&b;</document>'


def test_read_ddi_reads_entities_of_all_sentences(vocab: Vocab, write: Callable[..., Path]) -> None:
    folder = write("set/one.xml", SAMPLE).parent
    (doc,) = read_ddi(folder, vocab)
    assert doc.text == "Kelvanol & abenol interact. \nOral or topical steroids."
    layer = [(span.text, span.label_) for span in doc.spans["entities"]]
    assert layer == [("Kelvanol", "drug"), ("abenol", "drug"), ("Oral or topical steroids", "group")]
    assert doc._.doc_id == "Toy.d1"


@pytest.mark.parametrize(
    "content", [SAMPLE[:200], BOMB, "", SAMPLE.replace("0-7", "zero"), SAMPLE.encode("utf-16")[1:]]
)
def test_read_ddi_refuses_what_is_no_such_document(
    vocab: Vocab, write: Callable[..., Path], content: str | bytes
) -> None:
    folder = write("set/one.xml", content).parent
    with pytest.raises(BiomedplmError, match=r"B419.*one\.xml"):
        list(read_ddi(folder, vocab))


def test_read_ddi_wants_documents(vocab: Vocab, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_ddi(tmp_path, vocab))
