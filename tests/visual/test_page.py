import re
from collections import Counter
from html.parser import HTMLParser

import pytest
import spacy
from spacy.tokens import Span

import spacy_biomedplm.attributes  # noqa: F401
from spacy_biomedplm.visual.marks import Mark, css_class, render_flat, render_stacked
from spacy_biomedplm.visual.page import GENERATOR, render_doc, render_page

NASTY = "<script>alert(1)</script> & \"quoted\" 'single' {braces} \x00\x1b"


class Checker(HTMLParser):
    """Collects text and fails for elements that are not closed in order."""

    void = frozenset({"meta", "br", "input"})

    def __init__(self):
        super().__init__()
        self.open = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def check(html):
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert "<script" not in html
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\x7f]", html)
    return checker.text


@pytest.fixture
def nlp():
    return spacy.blank("en")


def make_doc(nlp, text, ents, *, spans=(), title=None, doc_id="1"):
    doc = nlp.make_doc(text)
    doc.ents = [doc.char_span(start, end, label=label) for start, end, label in ents]
    if spans:
        doc.spans["entities"] = [doc.char_span(start, end, label=label) for start, end, label in spans]
    doc._.doc_id = doc_id
    if title is not None:
        doc.user_data["title"] = title
    return doc


def test_flat_escapes_text_labels_and_tips():
    marks = [Mark(0, 8, NASTY[:8], '<b>"', 0.5, '"><i>')]
    html = render_flat(NASTY, marks)
    check(html)
    assert "&lt;script&gt;" in html
    assert "<b>" not in html
    assert 'title="&lt;b&gt;&quot;, score 0.50, as in &quot;&gt;&lt;i&gt;"' in html
    assert "{braces}" in html


def test_stacked_draws_overlapping_mentions():
    text = "IL-2 gene <b>"
    marks = [Mark(0, 4, "IL-2", "GENE", 0.9), Mark(0, 9, "IL-2 gene", "DNA"), Mark(5, 9, "gene", "GENE")]
    html = render_stacked(text, marks)
    assert check(html) == text
    assert html.count("<span") == 3
    assert html.count("0 8px 0") == 3  # The long mention is on the second line everywhere.
    assert "IL-2: GENE, score 0.90; IL-2 gene: DNA" in html


def test_css_class_tells_labels_apart():
    labels = ["GENE", "Gene", "A B", "A-B", "A20B", "A-20-B", "ä", ""]
    assert len({css_class(label) for label in labels}) == len(labels)
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9-]*", css_class(label)) for label in labels)


def test_doc_shows_title_text_and_table(nlp):
    doc = make_doc(
        nlp, "On BRCA1\nBRCA1 & cancer", [(3, 8, "GENE"), (9, 14, "GENE"), (17, 23, "DISEASE")], title="On BRCA1"
    )
    doc.ents[0]._.score = 0.987
    html = render_doc(doc)
    assert "3 entities" in check(html)
    assert re.search(r"<h2>.*On.*<mark.*BRCA1.*</h2>", html, re.DOTALL)
    assert 'title="GENE, score 0.99"' in html
    assert "9–14" in html
    assert "<details><summary>All" not in html


def test_doc_shows_mentions_that_overlap(nlp):
    doc = make_doc(nlp, "human IL2 gene", [(6, 9, "GENE")], spans=[(6, 14, "DNA"), (6, 9, "GENE"), (0, 5, "SPECIES")])
    html = render_doc(doc)
    assert "All 3 mentions" in check(html)
    assert 'class="stacked"' in html


@pytest.mark.parametrize("text", ["", " \n", NASTY, "no entities"])
def test_doc_without_entities(nlp, text):
    assert "No entities." in check(render_doc(make_doc(nlp, text, [], doc_id=NASTY, title=text)))


def test_doc_with_an_entity_across_title_and_text(nlp):
    doc = nlp.make_doc("heart\nfailure")
    doc.ents = [Span(doc, 0, 3, label="DISEASE")]
    doc.user_data["title"] = "heart"
    html = render_doc(doc)
    check(html)
    assert html.count("<mark") == 1


def test_page_stands_alone(nlp):
    section = render_doc(make_doc(nlp, "BRCA1", [(0, 5, "GENE")]))
    html = render_page([section], Counter({"GENE": 1, "<x>": 2}), heading=NASTY, notes=[NASTY])
    check(html)
    assert html.startswith("<!DOCTYPE html>")
    assert GENERATOR in html[:500]
    assert "Content-Security-Policy" in html
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r"(src|href|url|@import)\s*[=(]", html)
    assert "GENE <b>1</b>" in html
    assert "&lt;x&gt; <b>2</b>" in html
