import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import read_pubtator
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.writers import doc_to_pubtator


def test_pubtator_writes_title_abstract_and_entities(make_doc):
    doc = make_doc("A title\nAspirin helps", [(3, 4, "CHEMICAL")], doc_id="77", title="A title")
    doc.ents = [Span(doc, 3, 4, label="CHEMICAL", kb_id="D001241")]
    wanted = "77|t|A title\n77|a|Aspirin helps\n77\t8\t15\tAspirin\tCHEMICAL\tD001241\n\n"
    assert doc_to_pubtator(doc) == wanted


@pytest.mark.parametrize(
    ("text", "title", "lines"),
    [
        ("One line", None, ["1|t|One line", "1|a|"]),
        ("Two\nlines\nhere", None, ["1|t|Two", "1|a|lines here"]),
        ("\nA first line that is empty", None, ["1|t|", "1|a|A first line that is empty"]),
        ("Title", "Title", ["1|t|Title", "1|a|"]),
        ("Title Body", "Title", ["1|t|Title", "1|a|Body"]),
        ("Titled", "Title", ["1|t|Titled", "1|a|"]),
        ("a\tb|c\r\nd\u2028e\x85f", None, ["1|t|a b|c ", "1|a|d e f"]),
        ("", None, ["1|t|", "1|a|"]),
    ],
)
def test_pubtator_keeps_the_length_of_the_text(make_doc, text, title, lines):
    written = doc_to_pubtator(make_doc(text, title=title)).split("\n")
    assert written == [*lines, "", ""]
    assert len(lines[0] + lines[1]) - 2 * len("1|t|") + 1 in (len(text), len(text) + 1)


@pytest.mark.parametrize("doc_id", [None, "", " ", "a|b", "a\tb", "a\nb", "a\u2028b"])
def test_pubtator_refuses_identifiers_that_break_the_format(make_doc, doc_id):
    with pytest.raises(BiomedplmError, match=r"\[B629\].*\(a\.jsonl\) cannot be written as PubTator"):
        doc_to_pubtator(make_doc("text", doc_id=doc_id), source="a.jsonl")


words = st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1, max_size=5)


@given(st.lists(words, min_size=2, max_size=12), st.data())
def test_pubtator_can_be_read_back(tmp_path_factory, parts, data):
    doc = Doc(Vocab(), words=parts, spaces=[True] * (len(parts) - 1) + [False])
    start = data.draw(st.integers(0, len(parts) - 1))
    doc.ents = [Span(doc, start, data.draw(st.integers(start + 1, len(parts))), label="GENE")]
    doc._.doc_id = "1"
    doc.user_data["title"] = parts[0]
    path = tmp_path_factory.mktemp("pubtator") / "a.txt"
    path.write_bytes(doc_to_pubtator(doc).encode("utf8"))
    (found,) = read_pubtator(path, Vocab())
    assert found.text == doc.text
    assert [(ent.start_char, ent.end_char) for ent in found.ents] == [
        (ent.start_char, ent.end_char) for ent in doc.ents
    ]
