import re
from xml.etree import ElementTree

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import ENTITIES_KEY, Relation
from spacy_biomedplm.visual.arcs import relation_arcs, render_arcs
from spacy_biomedplm.visual.marks import mark_of
from spacy_biomedplm.visual.page import render_doc

WORDS = "Aspirin blocks <COX> & raises INR . Nothing here . Aspirin again with warfarin .".split()


@pytest.fixture
def doc() -> Doc:
    doc = Doc(spacy.blank("en").vocab, words=WORDS)
    places = [
        (0, 1, "DRUG", "D1"),
        (2, 3, "GENE", ""),
        (5, 6, "TEST", ""),
        (10, 11, "DRUG", "D1"),
        (13, 14, "DRUG", "D2"),
    ]
    doc.spans[ENTITIES_KEY] = [Span(doc, start, end, label=label, kb_id=id) for start, end, label, id in places]
    doc.set_ents(list(doc.spans[ENTITIES_KEY]))
    return doc


def drawings(doc: Doc) -> list[ElementTree.Element]:
    html = render_arcs(doc.text, [mark_of(ent) for ent in doc.ents], relation_arcs(doc))
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html)]


def test_sentences_with_relations_are_drawn(doc: Doc) -> None:
    spans = doc.spans[ENTITIES_KEY]
    doc._.relations = [
        Relation(spans[0], "INHIBITOR", spans[1], 0.912),
        Relation(spans[2], "EFFECT", spans[0]),
        Relation(spans[3], "DDI", spans[4]),
        Relation("D1", "DDI", "D2"),
    ]
    first, second = drawings(doc)
    words = [node.text for node in first.iter("text") if node.get("class") != "name"]
    assert words == ["Aspirin", "blocks", "<COX>", "&", "raises", "INR", "."]
    names = [node.text for node in first.iter("text") if node.get("class") == "name"]
    assert names == ["EFFECT", "INHIBITOR"]
    tips = [node.findtext("title") for node in first.iter("g")]
    assert tips == ["EFFECT: INR – Aspirin", "INHIBITOR: Aspirin – <COX>, score 0.91"]
    assert len(list(first.iter("rect"))) == 3 + 2
    assert [node.text for node in second.iter("text")][-2:] == [".", "DDI"]


def test_arcs_that_overlap_are_on_different_levels(doc: Doc) -> None:
    spans = doc.spans[ENTITIES_KEY]
    doc._.relations = [Relation(spans[a], "X", spans[b]) for a, b in ((0, 1), (1, 2), (0, 2), (2, 0))]
    (svg,) = drawings(doc)
    tops = [re.findall(r",(-?\d+)", path.get("d", ""))[1] for path in svg.iter("path") if not path.get("class")]
    # The highest are drawn first, so that they do not cross the labels of others.
    assert tops[2] == tops[3]
    assert [*map(int, tops)] == sorted(map(int, tops))
    assert len(set(tops)) == 3


def test_relation_across_sentences_joins_them(doc: Doc) -> None:
    spans = doc.spans[ENTITIES_KEY]
    doc._.relations = [Relation(spans[1], "X", spans[4])]
    (svg,) = drawings(doc)
    assert [node.text for node in svg.iter("text")][:3] == ["Aspirin", "blocks", "<COX>"]
    assert "warfarin" in [node.text for node in svg.iter("text")]


def test_page_has_arcs_and_a_table(doc: Doc) -> None:
    assert "relation" not in render_doc(doc)
    spans = doc.spans[ENTITIES_KEY]
    infons = {"guideline": "toy", "novelty": "<b>"}
    doc._.relations = [Relation(spans[0], "X", spans[0]), Relation("D1", "DDI", "D9", 0.5, infons=infons)]
    html = render_doc(doc)
    assert html.count("<svg") == 1
    assert "2 relations" in html
    assert "<td>Aspirin (D1)</td><td>DDI</td><td>D9</td>" in html
    assert "guideline: toy, novelty: &lt;b&gt;" in html


def test_no_relations_no_drawings() -> None:
    assert render_arcs("", [], []) == ""
