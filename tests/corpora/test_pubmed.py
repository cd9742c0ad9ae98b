import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.pubmed import read_pubmed_xml
from spacy_biomedplm.errors import BiomedplmError

Write = Callable[..., Path]

DOCTYPE = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC '
    '"-//NLM//DTD PubMedArticle, 1st January 2024//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_240101.dtd">\n'
)
ARTICLE = """<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">7</PMID>
<DateRevised><Year>2020</Year></DateRevised>
<Article><Journal><ISSN IssnType="Print">1234-5678</ISSN><JournalIssue><Volume>5</Volume><Issue>2</Issue>
<PubDate><Year>2001</Year><Month>Jan</Month><Day>3</Day></PubDate></JournalIssue><Title>J Made Up</Title>
<ISOAbbreviation>J MU</ISOAbbreviation></Journal><ArticleTitle>Role of <i>BRCA1</i> &amp;
  Ca<sup>2+</sup>.</ArticleTitle><Pagination><MedlinePgn>1-9</MedlinePgn></Pagination>
<ELocationID EIdType="doi">10.1/x</ELocationID><Abstract>
<AbstractText Label="AIM" NlmCategory="OBJECTIVE">To <b>test</b>.</AbstractText>
<AbstractText>It works.</AbstractText><AbstractText/><CopyrightInformation>nobody</CopyrightInformation></Abstract>
<AuthorList><Author><LastName>Doe</LastName><ForeName>Jane A</ForeName><Initials>JA</Initials>
<AffiliationInfo><Affiliation>Here</Affiliation></AffiliationInfo></Author>
<Author><CollectiveName>The Group</CollectiveName></Author></AuthorList>
<Language>eng</Language><Language>fre</Language><PublicationTypeList>
<PublicationType UI="D016428">Journal Article</PublicationType></PublicationTypeList>
<VernacularTitle>Le r\u00f4le.</VernacularTitle></Article>
<MedlineJournalInfo><Country>Nowhere</Country><MedlineTA>J MU</MedlineTA></MedlineJournalInfo>
<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI="D1">Salt</NameOfSubstance></Chemical>
</ChemicalList><CommentsCorrectionsList><CommentsCorrections><PMID>999</PMID></CommentsCorrections>
</CommentsCorrectionsList><MeshHeadingList><MeshHeading><DescriptorName UI="D2" MajorTopicYN="Y">Cells</DescriptorName>
<QualifierName UI="Q1" MajorTopicYN="N">blood</QualifierName></MeshHeading>
<MeshHeading><DescriptorName UI="D3" MajorTopicYN="N">Humans</DescriptorName></MeshHeading></MeshHeadingList>
<OtherAbstract Type="Publisher" Language="fre">
<AbstractText Label="BUT">En fran\u00e7ais.</AbstractText></OtherAbstract>
<KeywordList><Keyword>salt</Keyword></KeywordList></MedlineCitation><PubmedData>
<History><PubMedPubDate><Year>1999</Year></PubMedPubDate></History><PublicationStatus>ppublish</PublicationStatus>
<ArticleIdList><ArticleId IdType="pubmed">7</ArticleId><ArticleId IdType="pmc">PMC1</ArticleId>
<ArticleId IdType="odd">o</ArticleId></ArticleIdList><ReferenceList><Reference><ArticleIdList>
<ArticleId IdType="doi">10.9/other</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
"""
SET = f"{DOCTYPE}<PubmedArticleSet>\n{ARTICLE}</PubmedArticleSet>\n"


def test_read_pubmed_xml_reads_the_citation(write: Write) -> None:
    (record,) = read_pubmed_xml(write("a.xml", SET))
    assert record.doc_id == "7"
    assert record.text == "Role of BRCA1 & Ca2+.\nTo test.\nIt works.\nEn français."
    assert [(p.kind, record.text[p.start : p.end], p.infons) for p in record.passages] == [
        ("title", "Role of BRCA1 & Ca2+.", {}),
        ("abstract", "To test.", {"label": "AIM", "category": "OBJECTIVE"}),
        ("abstract", "It works.", {}),
        ("other_abstract", "En français.", {"language": "fre", "type": "Publisher", "label": "BUT"}),
    ]


def test_read_pubmed_xml_keeps_what_is_said_of_it(write: Write) -> None:
    (record,) = read_pubmed_xml(write("a.xml", SET))
    infons = dict(record.infons)
    lists = {name: json.loads(infons.pop(name)) for name in list(infons) if infons[name].startswith("[")}
    assert infons == {
        "status": "MEDLINE",
        "owner": "NLM",
        "journal": "J Made Up",
        "journal_abbreviation": "J MU",
        "medline_ta": "J MU",
        "country": "Nowhere",
        "issn": "1234-5678",
        "volume": "5",
        "issue": "2",
        "pages": "1-9",
        "date": "2001 Jan 3",
        "year": "2001",
        "copyright": "nobody",
        "vernacular_title": "Le rôle.",
        "publication_status": "ppublish",
        "languages": "eng fre",
        "doi": "10.1/x",
        "pmc": "PMC1",
        "id.odd": "o",
    }
    assert lists == {
        "publication_types": [["D016428", "Journal Article"]],
        "chemicals": [["0", "D1", "Salt"]],
        "keywords": ["salt"],
        "authors": [{"LastName": "Doe", "ForeName": "Jane A", "Initials": "JA"}, {"CollectiveName": "The Group"}],
        "mesh": [
            {"id": "D2", "name": "Cells", "major": True, "qualifiers": [["Q1", "blood", False]]},
            {"id": "D3", "name": "Humans", "major": False, "qualifiers": []},
        ],
    }


@pytest.mark.parametrize(
    ("xml", "doc_id", "text"),
    [
        ("<MedlineCitationSet><MedlineCitation><PMID>1</PMID></MedlineCitation></MedlineCitationSet>", "1", ""),
        ("<PubmedArticle>\n<MedlineCitation><Article/></MedlineCitation></PubmedArticle>", "a:2", ""),
        (
            "<PubmedBookArticle><BookDocument><PMID>3</PMID><Book><BookTitle>Book</BookTitle></Book>"
            "<ArticleTitle>Part</ArticleTitle></BookDocument></PubmedBookArticle>",
            "3",
            "Part",
        ),
    ],
)
def test_read_pubmed_xml_reads_other_roots(write: Write, xml: str, doc_id: str, text: str) -> None:
    (record,) = read_pubmed_xml(write("a.xml", xml))
    assert (record.doc_id, record.text) == (doc_id, text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SET[:-40], r"B613.*a\.xml, line 31"),
        (SET.replace("&amp;", "&alpha;"), "B613.*undefined entity"),
        ('<!DOCTYPE x [<!ENTITY a "aa">]><PubmedArticleSet>&a;</PubmedArticleSet>', "B614.*'a'"),
        ("<article/>", "B615.*<article>"),
        ("<PubmedArticleSet/>", "B408"),
        ("<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "B408"),
        (b'<?xml version="1.0" encoding="nowhere"?><PubmedArticleSet/>', "B613.*unknown encoding"),
        (SET.encode("utf-16")[3:], "B613"),
    ],
)
def test_read_pubmed_xml_with_bad_files(write: Write, content: str | bytes, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_pubmed_xml(write("a.xml", content)))


def test_read_pubmed_xml_with_truncated_gzip(write: Write) -> None:
    content = gzip.compress((DOCTYPE + "<PubmedArticleSet>" + ARTICLE * 50 + "</PubmedArticleSet>").encode())
    (first, *_) = read_pubmed_xml(write("a.xml.gz", content))
    assert first.doc_id == "7"
    with pytest.raises(BiomedplmError, match=r"B403.*b\.xml\.gz"):
        list(read_pubmed_xml(write("b.xml.gz", content[:-20])))


def test_read_pubmed_xml_memory_does_not_grow(write: Write) -> None:
    path = write("a.xml", f"<PubmedArticleSet>{ARTICLE * 1000}</PubmedArticleSet>")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_pubmed_xml(path)) == 1000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@settings(max_examples=100)
@given(data=st.data())
def test_read_pubmed_xml_with_damaged_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("pubmed") / "a.xml"
    source = SET.encode()
    start = data.draw(st.integers(0, len(source)))
    size = data.draw(st.integers(0, 40))
    path.write_bytes(source[:start] + data.draw(st.binary(max_size=8)) + source[start + size :])
    for errors in ("raise", "skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            for record in read_pubmed_xml(path, report=report):
                fit(record, report)
        except BiomedplmError:
            pass


_TAGS = st.sampled_from(
    "PubmedArticle MedlineCitation PMID Author LastName MeshHeading QualifierName DescriptorName Chemical "
    "NameOfSubstance OtherAbstract AbstractText Abstract ReferenceList Year PubDate Keyword KeywordList".split()
)


@settings(max_examples=150)
@given(
    xml=st.recursive(
        st.just("x"),
        lambda inner: st.builds(lambda tag, items: f"<{tag}>{''.join(items)}</{tag}>", _TAGS, st.lists(inner)),
    )
)
def test_read_pubmed_xml_with_any_nesting(tmp_path_factory: pytest.TempPathFactory, xml: str) -> None:
    path = tmp_path_factory.mktemp("pubmed") / "a.xml"
    path.write_text(f"<PubmedArticleSet>{xml}<MedlineCitation/></PubmedArticleSet>", encoding="utf-8")
    # One citation that is whole, so that a set of nothing is no error.
    assert all(fit(record, Report()) == record for record in read_pubmed_xml(path))
