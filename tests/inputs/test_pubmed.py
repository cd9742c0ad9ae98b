import tracemalloc

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.inputs import find_inputs, read_documents

DOCTYPE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC '
    '"-//NLM//DTD PubMedArticle, 1st January 2024//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_240101.dtd">\n'
)
ARTICLE = """<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{pmid}</PMID>
<Article><Journal><Title>J Made Up</Title></Journal><ArticleTitle>Role of <i>BRCA1</i> &amp;
  Ca<sup>2+</sup>.</ArticleTitle><Abstract>
  <AbstractText Label="AIM" NlmCategory="OBJECTIVE">To <b>test</b> CO<sub>2</sub>.</AbstractText>
  <AbstractText Label="UNLABELLED">It works.</AbstractText><AbstractText/>
  <CopyrightInformation>(c) nobody</CopyrightInformation></Abstract></Article>
<OtherAbstract Language="fre"><AbstractText>En fran\u00e7ais.</AbstractText></OtherAbstract>
<CommentsCorrectionsList><CommentsCorrections><PMID>999</PMID></CommentsCorrections></CommentsCorrectionsList>
</MedlineCitation><PubmedData><ReferenceList><Reference><ArticleIdList><ArticleId>5</ArticleId></ArticleIdList>
</Reference></ReferenceList></PubmedData></PubmedArticle>
"""
SET = DOCTYPE + "<PubmedArticleSet>\n" + ARTICLE.format(pmid=1) + ARTICLE.format(pmid=2) + "</PubmedArticleSet>\n"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<PubmedArticleSet><PubmedArticle>&b;</PubmedArticle></PubmedArticleSet>"
)
EXTERNAL = '<!DOCTYPE x [\n<!ENTITY file SYSTEM "file:///etc/passwd">]>\n<PubmedArticleSet>&file;</PubmedArticleSet>'


def test_pubmed_gives_title_and_abstract(read):
    docs = read("a.xml.gz", SET)
    assert [doc.doc_id for doc in docs] == ["1", "2"]
    assert docs[0].title == "Role of BRCA1 & Ca2+."
    assert docs[0].text == "Role of BRCA1 & Ca2+.\nAIM: To test CO2. It works."
    assert docs[0].line == 4


def test_pubmed_reads_medline_books_and_articles_without_text(read):
    data = (
        "<MedlineCitationSet><MedlineCitation><PMID>1</PMID><Article><ArticleTitle/></Article></MedlineCitation>\n"
        "<MedlineCitation><Article><ArticleTitle>No id</ArticleTitle></Article></MedlineCitation>\n"
        "<PubmedBookArticle><BookDocument><PMID>3</PMID><Book><BookTitle>Book</BookTitle></Book>"
        "<ArticleTitle>Chapter</ArticleTitle><Abstract><AbstractText>Text</AbstractText></Abstract></BookDocument>"
        "</PubmedBookArticle></MedlineCitationSet>"
    )
    docs = read("a.xml", data)
    assert [(doc.doc_id, doc.text) for doc in docs] == [("1", ""), ("a:2", "No id"), ("3", "Chapter\nText")]


def test_pubmed_reads_the_declared_encoding(read):
    xml = '<?xml version="1.0" encoding="iso-8859-1"?>' + SET[SET.index("<PubmedArticleSet>") :].replace(
        "works", "w\xf6rks"
    )
    assert "It w\xf6rks." in read("a.xml", xml.encode("latin1"))[0].text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, r"\[B614\].*a\.xml, line 1: the XML defines or fetches entities \('a'\)"),
        (EXTERNAL, r"\[B614\].*line 2: .*\('file'\)"),
        (SET[:-30], r"\[B613\].*line 23: not well-formed XML \(unclosed token, column 42\)"),
        (SET.replace("</i>", ""), r"\[B613\].*line 6: not well-formed XML \(mismatched tag, column"),
        (SET.replace("&amp;", "&alpha;"), r"\[B613\].*line 5: not well-formed XML \(undefined entity &alpha;"),
        ("", r"\[B613\].*line 1: not well-formed XML \(no element found"),
        ("PMID- 1", r"\[B613\].*line 1: not well-formed XML \(syntax error"),
        (
            "<PubmedArticleSet>\xff</PubmedArticleSet>".encode("latin1"),
            r"\[B613\].*\(not well-formed \(invalid token\)",
        ),
        ("<collection><document/></collection>", r"\[B615\].*begins with <collection>, wanted <PubmedArticleSet>"),
        ("<html><body></html>", r"\[B615\].*<html>"),
    ],
)
def test_pubmed_with_bad_xml_is_an_error(read, data, message):
    with pytest.raises(BiomedplmError, match=message):
        read("a.xml", data)


def test_pubmed_yields_articles_before_the_fault(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(SET[:-100], encoding="utf8")
    docs = read_documents(find_inputs([path]).files)
    assert next(docs).doc_id == "1"
    with pytest.raises(BiomedplmError, match="B613"):
        list(docs)


def test_pubmed_memory_does_not_grow(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<PubmedArticleSet>" + ARTICLE.format(pmid=1) * 1000 + "</PubmedArticleSet>", encoding="utf8")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_documents(find_inputs([path]).files)) == 1000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
