from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.pairs import Pair, negative_pairs
from spacy_biomedplm.types import ArgumentRecord, MentionRecord, RelationRecord

Write = Callable[..., Path]

SAMPLE = """<?xml version="1.0" encoding="UTF-8"?>
<document id="Toy.d1">
  <sentence id="s0" text="Kelvanol &amp; abenol interact. ">
    <entity id="e0" charOffset="0-7" type="drug" text="Kelvanol"/>
    <entity id="e1" charOffset="11-16" type="drug" text="abenol"/>
    <pair id="p0" e1="e0" e2="e1" ddi="true" type="int"/>
  </sentence>
  <sentence id="s1" text="Oral or topical steroids,&#10;and zinc.">
    <entity id="e2" charOffset="0-3;16-23" type="group" text="Oral steroids"/>
    <entity id="e3" charOffset="30-33" type="drug" text="zinc"/>
    <pair id="p1" e1="e2" e2="e3" ddi="false"/>
  </sentence>
  <sentence id="s2" text=""/>
</document>
"""
BOMB = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><document>&b;</document>'


def test_read_ddi_reads_entities_of_all_sentences(write: Write) -> None:
    (record,) = read_ddi(write("set/one.xml", SAMPLE).parent)
    assert record.doc_id == "Toy.d1"
    assert record.text == "Kelvanol & abenol interact. \nOral or topical steroids,\nand zinc.\n"
    assert record.mentions == (
        MentionRecord("e0", "drug", ((0, 8),), "Kelvanol"),
        MentionRecord("e1", "drug", ((11, 17),), "abenol"),
        MentionRecord("e2", "group", ((29, 33), (45, 53)), "Oral steroids"),
        MentionRecord("e3", "drug", ((59, 63),), "zinc"),
    )
    assert [record.text_of(mention) for mention in record.mentions] == [mention.text for mention in record.mentions]
    assert record.mentions[1].line == 5
    assert [(p.start, p.end, p.infons["id"]) for p in record.passages] == [
        (0, 28, "s0"),
        (29, 64, "s1"),
        (65, 65, "s2"),
    ]


def test_read_ddi_gives_true_interactions_only_as_relations(write: Write, vocab: Vocab) -> None:
    (record,) = read_ddi(write("one.xml", SAMPLE))
    taking_part = (ArgumentRecord("Arg1", "e0"), ArgumentRecord("Arg2", "e1"))
    assert record.relations == (RelationRecord("p0", "int", taking_part),)
    assert list(negative_pairs(record)) == [Pair("p1", "e2", "e3")]
    doc = make_doc(vocab, fit(record, Report()))
    assert [(r.head.text, r.label, r.tail.text) for r in doc._.relations] == [("Kelvanol", "int", "abenol")]


def test_read_ddi_keeps_what_it_does_not_know(write: Write) -> None:
    xml = SAMPLE.replace('id="s1"', 'id="s1" charOffset="5-9"').replace('type="group"', 'type="group" odd="1"')
    xml = xml.replace('ddi="false"', 'ddi="false" type="odd"').replace(' type="int"', "").replace(".d1", '.d1" src="x')
    (record,) = read_ddi(write("one.xml", xml))
    assert record.infons == {"src": "x"}
    assert record.mentions[2].infons == {"odd": "1"}
    assert record.passages[1].infons["charOffset"] == "5-9"
    assert list(negative_pairs(record)) == [Pair("p1", "e2", "e3", {"type": "odd"})]
    assert record.relations[0].label == ""


@pytest.mark.parametrize(
    "content",
    [
        SAMPLE[:200],
        BOMB,
        "",
        SAMPLE.encode("utf-16")[1:],
        "<html/>",
        "<document><a",
        f"<!DOCTYPE document>{SAMPLE[39:]}",
    ],
)
def test_read_ddi_refuses_what_is_no_such_document(write: Write, content: str | bytes) -> None:
    folder = write("set/one.xml", content).parent
    with pytest.raises(BiomedplmError, match=r"B419.*one\.xml"):
        list(read_ddi(folder, report=Report(errors="repair")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0-7", "zero", r"B483.*one\.xml', line 4, document Toy.d1: the entity e0 with the offset 'zero'"),
        ("0-3;16-23", "0-3;", "B483.*line 9.*e2"),
        ("0-3", "0-99999999999999999999999", "B483.*e2"),
        ('ddi="false"', 'ddi="no"', "B483.*line 11.*p1 with ddi='no'"),
        ('ddi="true"', "", "B483.*line 6.*p0 with ddi=''"),
        ('e2="e1"', "", "B483.*line 6.*without two entities"),
        ('e2="e3"', 'e2="e9"', "B434.*line 11.*p1 refers to e9"),
        (' text=""', "", "B483.*line 13.*sentence without a text"),
        ('<sentence id="s2" text=""/>', "<other/>", "B483.*line 13.*<other> in a document"),
        ("<pair", "<other/><pair", "B483.*line 6.*<other> in a sentence"),
        ("<pair", "some text <pair", "B483.*<#text> in a sentence"),
        ('text="zinc"/>', 'text="zinc"><in/></entity>', "B483.*line 10.*<in> in <entity>"),
        ('<pair id="p0"', '<interaction id="p0"', "B483.*<interaction> in a sentence"),
    ],
)
def test_read_ddi_names_the_line_of_a_mistake(write: Write, old: str, new: str, message: str) -> None:
    assert old in SAMPLE
    path = write("one.xml", SAMPLE.replace(old, new, 1))
    with pytest.raises(BiomedplmError, match=message):
        list(read_ddi(path))
    report = Report(errors="skip")
    (record,) = read_ddi(path, report=report)
    assert report.counts == {"dropped": 1}
    assert record.doc_id == "Toy.d1"


def test_read_ddi_wants_documents(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_ddi(tmp_path))
    with pytest.raises(BiomedplmError, match="B401"):
        list(read_ddi(tmp_path / "none"))


@settings(max_examples=100)
@given(data=st.data())
@pytest.mark.parametrize("read", [read_ddi, read_ppi])
def test_read_ddi_with_damaged_files(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, read: Callable[..., object]
) -> None:
    path = tmp_path_factory.mktemp("ddi") / "a.xml"
    source = SAMPLE.encode()
    start = data.draw(st.integers(0, len(source)))
    size = data.draw(st.integers(0, 30))
    path.write_bytes(source[:start] + data.draw(st.binary(max_size=6)) + source[start + size :])
    for errors in ("raise", "skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            for record in read(path, report=report):  # type: ignore[attr-defined]
                fit(record, report)
        except BiomedplmError:
            pass
