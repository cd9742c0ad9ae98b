from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.jats import read_jats
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import DocumentRecord, PassageRecord

Write = Callable[..., Path]

DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving '
    'and Interchange DTD v1.2 20190208//EN" "JATS-archivearticle1.dtd">\n'
)
ARTICLE = """<article article-type="research-article" xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:mml="http://www.w3.org/1998/Math/MathML">
<front>
<journal-meta><journal-id journal-id-type="nlm-ta">J Toy</journal-id>
<journal-title-group><journal-title>Journal of Toys</journal-title></journal-title-group>
<issn pub-type="epub">1234-5678</issn><publisher><publisher-name>Toy House</publisher-name></publisher></journal-meta>
<article-meta>
<article-id pub-id-type="pmid">42</article-id><article-id pub-id-type="pmc">77</article-id>
<article-id pub-id-type="doi">10.1/toy</article-id><article-id pub-id-type="publisher-id">t-1</article-id>
<article-categories><subj-group><subject>Research</subject></subj-group></article-categories>
<title-group><article-title>Kelvanol lowers <italic>ABC1</italic><xref ref-type="fn" rid="fn1">*</xref>
 in CO<sub>2</sub></article-title><trans-title-group xml:lang="fr"><trans-title>Le kelvanol</trans-title>
</trans-title-group></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Doe</surname><given-names>J A</given-names></name>
</contrib>
<contrib contrib-type="author"><collab>The Toy Group</collab></contrib></contrib-group>
<pub-date pub-type="epub"><day>7</day><month>3</month><year>2011</year></pub-date>
<volume>5</volume><fpage>10</fpage><lpage>19</lpage>
<permissions><copyright-statement>Mine</copyright-statement><license xlink:href="https://example.org/by">
<license-p>Free to use.</license-p></license></permissions>
<abstract><sec><title>Aim</title><p>To lower <bold>ABC1</bold>.</p></sec><sec><title>Results</title><p>Low.</p></sec>
</abstract>
<trans-abstract xml:lang="fr"><p>Baisser.</p></trans-abstract>
<kwd-group><kwd>toys</kwd><kwd>ABC1</kwd></kwd-group>
</article-meta></front>
<body>
<sec id="s1" sec-type="intro"><label>1</label><title>Introduction</title>
<p>First, see <xref ref-type="fig" rid="F1">Figure 1</xref><fig id="F1"><label>Figure 1</label><caption>
<title>Doses.</title>
<p>By week.</p></caption><graphic xlink:href="f1.jpg"/></fig> and <xref ref-type="bibr" rid="B1">1</xref>,
where <inline-formula><alternatives><mml:math><mml:mi>x</mml:mi> <mml:mo>=</mml:mo> <mml:mn>2</mml:mn></mml:math>
<tex-math>\\begin{document}$x=2$\\end{document}</tex-math></alternatives></inline-formula>.<fn id="fn1"><label>*</label>
<p>A note.</p></fn></p>
<sec id="s1.1"><title>Details</title><p>Things:<list><list-item><label>a</label><p>one</p></list-item>
<list-item><label>b</label><p>two</p></list-item></list>then more.</p>
<disp-formula id="E1"><label>(1)</label><tex-math>\\usepackage{x}\\begin{document}$$y$$\\end{document}</tex-math>
</disp-formula></sec></sec>
<sec><title>Empty</title></sec>
</body>
<back><ack><title>Thanks</title><p>To all.</p></ack>
<ref-list><title>References</title><ref id="B1"><label>1</label><element-citation><person-group>
<name><surname>Roe</surname>
<given-names>R</given-names></name></person-group><year>1999</year><source>Toys</source>
<pub-id pub-id-type="pmid">11</pub-id></element-citation></ref>
<ref id="B2"><mixed-citation>Poe P, <source>Dolls</source>, <volume>3</volume>:<fpage>4</fpage>.</mixed-citation></ref>
</ref-list></back>
<floats-group><table-wrap id="T1"><label>Table 1</label><caption><p>All&nbsp;doses &lt; 5 &mu;g</p></caption>
<table><thead><tr><th>Dose</th><th>ABC1</th></tr></thead><tbody><tr><td>1</td><td>low</td></tr></tbody></table>
<table-wrap-foot><p>Per day.</p></table-wrap-foot></table-wrap></floats-group>
</article>
"""


@pytest.fixture
def article(write: Write) -> DocumentRecord:
    (record,) = read_jats(write("toy.nxml", DOCTYPE + ARTICLE))
    return record


def shown(record: DocumentRecord) -> list[tuple[str, str]]:
    blocks = [passage for passage in record.passages if passage.kind not in ("section", "abstract")]
    return [(passage.kind, record.text[passage.start : passage.end]) for passage in blocks]


def test_read_jats_keeps_every_part(article: DocumentRecord) -> None:
    assert shown(article) == [
        ("title", "Kelvanol lowers ABC1* in CO2"),
        ("other_title", "Le kelvanol"),
        ("heading", "Aim"),
        ("paragraph", "To lower ABC1."),
        ("heading", "Results"),
        ("paragraph", "Low."),
        ("paragraph", "Baisser."),
        ("heading", "Introduction"),
        ("paragraph", "First, see Figure 1 and 1, where x=2."),
        ("caption", "Doses. By week."),
        ("footnote", "A note."),
        ("heading", "Details"),
        ("paragraph", "Things:"),
        ("paragraph", "one"),
        ("paragraph", "two"),
        ("paragraph", "then more."),
        ("formula", "$$y$$"),
        ("heading", "Empty"),
        ("heading", "Thanks"),
        ("paragraph", "To all."),
        ("heading", "References"),
        ("reference", "Roe R 1999 Toys 11"),
        ("reference", "Poe P, Dolls, 3:4."),
        ("caption", "All\xa0doses < 5 μg"),
        ("table", "Dose\tABC1\n1\tlow"),
        ("footnote", "Per day."),
    ]
    assert article.text == "\n".join(text for _, text in shown(article))


def test_read_jats_tells_what_the_article_is(article: DocumentRecord) -> None:
    assert article.doc_id == "PMC77"
    assert article.infons == {
        "pmid": "42",
        "pmc": "77",
        "doi": "10.1/toy",
        "id.publisher-id": "t-1",
        "article_type": "research-article",
        "language": "en",
        "journal": "Journal of Toys",
        "journal_abbreviation": "J Toy",
        "publisher": "Toy House",
        "date": "2011-3-7",
        "year": "2011",
        "volume": "5",
        "pages": "10-19",
        "copyright": "Mine",
        "licence": "https://example.org/by",
        "licence_text": "Free to use.",
        "issns": '["1234-5678"]',
        "subjects": '["Research"]',
        "keywords": '["toys", "ABC1"]',
        "authors": '[{"LastName": "Doe", "ForeName": "J A"}, {"CollectiveName": "The Toy Group"}]',
    }


def find(record: DocumentRecord, kind: str, text: str) -> PassageRecord:
    return next(p for p in record.passages if p.kind == kind and record.text[p.start : p.end].startswith(text))


@pytest.mark.parametrize(
    ("kind", "text", "infons"),
    [
        ("section", "Introduction", {"section": "Introduction", "sec-type": "intro", "id": "s1", "label": "1"}),
        ("section", "Details", {"section": "Introduction > Details", "id": "s1.1"}),
        ("paragraph", "then", {"section": "Introduction > Details"}),
        ("paragraph", "two", {"section": "Introduction > Details", "label": "b"}),
        ("caption", "Doses", {"section": "Introduction", "of": "fig", "id": "F1", "label": "Figure 1"}),
        ("footnote", "A note", {"section": "Introduction", "id": "fn1", "label": "*"}),
        ("formula", "$$y$$", {"section": "Introduction > Details", "id": "E1", "label": "(1)", "tex": "$$y$$"}),
        ("section", "Thanks", {"section": "Thanks", "sec-type": "ack"}),
        ("reference", "Roe", {"section": "References", "id": "B1", "label": "1", "pmid": "11"}),
        ("table", "Dose", {"of": "table-wrap", "id": "T1", "label": "Table 1"}),
        ("footnote", "Per day", {"of": "table-wrap", "id": "T1", "label": "Table 1"}),
        ("abstract", "Baisser", {"language": "fr"}),
    ],
)
def test_read_jats_tells_where_each_part_is(
    article: DocumentRecord, kind: str, text: str, infons: dict[str, str]
) -> None:
    assert find(article, kind, text).infons == infons


def test_read_jats_nests_sections(article: DocumentRecord) -> None:
    outer, inner = find(article, "section", "Introduction"), find(article, "section", "Details")
    assert outer.start < inner.start < inner.end == outer.end
    assert article.text[inner.start : inner.end].startswith("Details\nThings:")
    abstract = find(article, "abstract", "Aim")
    assert article.text[abstract.start : abstract.end] == "Aim\nTo lower ABC1.\nResults\nLow."
    assert article.passages.index(outer) < article.passages.index(inner)


def one(write: Write, xml: str) -> DocumentRecord:
    (record,) = read_jats(write("one.xml", xml))
    return record


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>a<bold>b</bold><sup>c</sup>d</p>", "abcd"),
        ("<p><italic>a</italic><bold>b</bold></p>", "ab"),
        ("<p>a<break/>b</p>", "a b"),
        ("<p>a <unknown>b</unknown>c</p>", "a bc"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<unknown>one<p>two</p>three</unknown>", "one\ntwo\nthree"),
        ("<p>x<fn-group><fn><p>n1</p><p>n2</p></fn></fn-group>y</p>", "x\nn1 n2\ny"),
        ("<p><disp-quote><p>q</p></disp-quote></p>", "q"),
        ("<def-list><def-item><term>A</term><def><p>a thing</p></def></def-item></def-list>", "A a thing"),
        ("<table-wrap><alternatives><graphic/><table><tr><td>1</td></tr></table></alternatives></table-wrap>", "1"),
        ("<table-wrap><table><row><entry>1<p>2</p></entry></row></table></table-wrap>", "1 2"),
        ("<p>&#8722;1 &alpha; &amp; &nbsp;</p>", "−1 α & \xa0"),
        ("<list><list-item>bare</list-item></list>", "bare"),
        ("<boxed-text><caption><title>Box</title></caption><p>in</p></boxed-text>", "Box\nin"),
        ("<p>a<!-- no --><?pi no?>b</p>", "ab"),
    ],
)
def test_read_jats_flattens_without_gluing_words(write: Write, body: str, text: str) -> None:
    assert one(write, f"<article><body>{body}</body></article>").text == text


@pytest.mark.parametrize(
    ("ids", "doc_id"),
    [
        ('<article-id pub-id-type="pmcid">PMC5</article-id><article-id pub-id-type="pmid">1</article-id>', "PMC5"),
        ('<article-id pub-id-type="pmid">1</article-id>', "1"),
        ('<article-id pub-id-type="doi">10.1/x</article-id>', "10.1/x"),
        ("", "one"),
    ],
)
def test_read_jats_names_documents(write: Write, ids: str, doc_id: str) -> None:
    assert one(write, f"<article><front><article-meta>{ids}</article-meta></front></article>").doc_id == doc_id


def test_read_jats_reads_sets_and_sub_articles(write: Write) -> None:
    article = (
        "<article><body><p>x</p></body><sub-article><front-stub><title-group><article-title>Reply</article-title>"
        "</title-group></front-stub><body><p>y</p></body></sub-article></article>"
    )
    records = list(read_jats(write("set.xml", f"<pmc-articleset>{article}{article}</pmc-articleset>")))
    assert [record.text for record in records] == ["x\nReply\ny"] * 2
    assert find(records[0], "section", "Reply").infons == {"section": "Reply", "sec-type": "sub-article"}


@pytest.mark.parametrize("tag", ["sec", "list", "p", "unknown", "bold", "table"])
def test_read_jats_survives_any_depth(write: Write, tag: str) -> None:
    depth = 20_000
    record = one(write, f"<article><body>{f'<{tag}>' * depth}deep{f'</{tag}>' * depth}</body></article>")
    assert record.text == "deep"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ARTICLE[:-40], r"B480.*line 4.*unclosed token|B480.*no element found|B480"),
        ("<article><body>&nosuchname;</body></article>", r"B480.*line 1.*undefined entity &nosuchname;"),
        ('<!DOCTYPE article [\n<!ENTITY a "aa">]><article>&a;</article>', r"B481.*line 2.*'a'"),
        ('<!DOCTYPE article [<!ENTITY a SYSTEM "file:///etc/passwd">]><article>&a;</article>', "B481"),
        ("<html/>", r"B482.*<html>"),
        ("<pmc-articleset/>", "B408"),
        (b'<?xml version="1.0" encoding="shift_jis"?><article/>', "B480.*multi-byte"),
        ("<article><body>\xff</body></article>".encode("latin1"), "B480.*invalid token"),
        (b"", "B480.*no element found"),
    ],
)
def test_read_jats_refuses_what_it_cannot_read(write: Write, content: str | bytes, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_jats(write("bad.xml", content)))


@settings(max_examples=100)
@given(data=st.data())
def test_read_jats_with_damaged_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("jats") / "a.xml"
    source = (DOCTYPE + ARTICLE).encode()
    start = data.draw(st.integers(0, len(source)))
    size = data.draw(st.integers(0, 40))
    path.write_bytes(source[:start] + data.draw(st.binary(max_size=8)) + source[start + size :])
    for errors in ("raise", "skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            for record in read_jats(path, report=report):
                fit(record, report)
        except BiomedplmError:
            pass


_TEXTS = st.text(alphabet="ab \n", max_size=6)


@st.composite
def trees(draw: st.DrawFn) -> str:
    tags = st.sampled_from("sec p title label fig caption list list-item bold table tr td fn break xref ref".split())
    parts = draw(
        st.recursive(
            _TEXTS,
            lambda inner: st.builds(lambda tag, items: f"<{tag}>{''.join(items)}</{tag}>", tags, st.lists(inner)),
            max_leaves=12,
        )
    )
    return f"<article><body>{parts}</body></article>"


@settings(max_examples=150)
@given(xml=trees())
def test_read_jats_passages_fit_the_text(tmp_path_factory: pytest.TempPathFactory, xml: str) -> None:
    path = tmp_path_factory.mktemp("jats") / "a.xml"
    path.write_text(xml, encoding="utf-8")
    (record,) = read_jats(path)
    assert fit(record, Report()) == record
    blocks = [p for p in record.passages if p.kind != "section"]
    assert record.text == "\n".join(record.text[p.start : p.end] for p in blocks)
    assert all(record.text[p.start : p.end] for p in record.passages)
