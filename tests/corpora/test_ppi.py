from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.pairs import Pair, negative_pairs
from spacy_biomedplm.types import ArgumentRecord, MentionRecord, RelationRecord

Write = Callable[..., Path]

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?><corpus source="Toy" cvsVersion="1.2">
  <document id="Toy.d0" origId="11" set="train">
    <sentence charOffset="0-27" id="Toy.d0.s0" origId="1" text="ABC1 binds DEF2 and kinase.">
      <entity charOffset="0-4" id="e0" origId="7" text="ABC1" type="protein" />
      <entity charOffset="11-15,20-26" id="e1" text="DEF2 kinase" />
      <interaction e1="e0" e2="e1" id="i0" type="PPI" directed="False" />
      <sentenceanalyses><tokenizations><tokenization tokenizer="x"/></tokenizations></sentenceanalyses>
    </sentence>
    <sentence charOffset="28-34" id="Toy.d0.s1" text="GHI3, Z" />
  </document>
  <document id="Toy.d1" set="train">
    <sentence charOffset="0-5" id="Toy.d1.s0" text="A B C">
      <entity charOffset="0-1" id="a" text="A" type="t" /><entity charOffset="2-3" id="b" text="B" type="t" />
      <pair e1="a" e2="b" id="p0" interaction="True" type="odd" /><pair e1="b" e2="a" id="p1" interaction="False" />
    </sentence>
  </document>
</corpus>
"""


def test_read_ppi_reads_a_corpus(write: Write) -> None:
    first, second = read_ppi(write("toy.xml", SAMPLE))
    assert (first.doc_id, first.text) == ("Toy.d0", "ABC1 binds DEF2 and kinase.\nGHI3, Z")
    assert first.infons == {"corpus.source": "Toy", "corpus.cvsVersion": "1.2", "origId": "11", "set": "train"}
    assert first.mentions == (
        MentionRecord("e0", "protein", ((0, 4),), "ABC1", infons={"origId": "7"}),
        MentionRecord("e1", "", ((11, 15), (20, 26)), "DEF2 kinase"),
    )
    arguments = (ArgumentRecord("Arg1", "e0"), ArgumentRecord("Arg2", "e1"))
    assert first.relations == (RelationRecord("i0", "PPI", arguments, {"directed": "False"}),)
    # The second sentence says that it is shorter than it is: that is kept.
    assert [p.infons for p in first.passages] == [
        {"id": "Toy.d0.s0", "origId": "1"},
        {"id": "Toy.d0.s1", "charOffset": "28-34"},
    ]
    assert fit(first, Report()).mentions[1].text is None
    assert (second.relations[0].label, second.relations[0].infons) == ("PPI", {"type": "odd", "element": "pair"})
    assert list(negative_pairs(second)) == [Pair("p1", "b", "a")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<corpus/>", "B408"),
        ("<corpus><sentence/></corpus>", "B419.*line 1.*a <document> should be"),
        (SAMPLE[:500], "B419.*line"),
        (SAMPLE.replace("11-15,20-26", "11-15;20-26"), "B483.*line 5.*e1"),
        (SAMPLE.replace("True", "Perhaps"), "B483.*line 14.*p0"),
    ],
)
def test_read_ppi_with_mistakes(write: Write, content: str, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_ppi(write("toy.xml", content)))


def test_read_ppi_yields_documents_before_the_fault(write: Write) -> None:
    records = read_ppi(write("toy.xml", SAMPLE[:-60]))
    assert next(records).doc_id == "Toy.d0"
    with pytest.raises(BiomedplmError, match="B419"):
        list(records)
