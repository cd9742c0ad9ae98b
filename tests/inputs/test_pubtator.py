import pytest

from spacy_biomedplm.errors import BiomedplmError

GOOD = (
    "1|t|A | title\n1|a|An abstract\n1\t0\t1\tA\tGene\t5\n1\tCID\tD1\tD2\n\n"
    "2|t|\r\n2|a|Only\ttext\r\n\n3|t|Only title\n3|a|\n"
)


def test_pubtator_gives_title_and_abstract(read):
    docs = read("a.pubtator", GOOD)
    assert [(doc.doc_id, doc.text, doc.title, doc.line) for doc in docs] == [
        ("1", "A | title\nAn abstract", "A | title", 1),
        ("2", "\nOnly\ttext", "", 6),
        ("3", "Only title", "Only title", 9),
    ]


def test_pubtator_needs_no_empty_lines(read):
    assert [doc.doc_id for doc in read("a.txt", "1|t|T\n1|a|A\n2|t|T\n2|a|A")] == ["1", "2"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("1|t|T\n", r"\[B612\].*line 1: document '1' has a title but no line '1\|a\|'"),
        ("1|t|T\n1|a|A\n\n2|t|T\n3|t|T\n3|a|\n", r"\[B612\].*line 4: document '2'"),
        ("1|a|A\n", r"\[B611\].*line 1: .*An abstract must follow the title with the same id"),
        ("1|t|T\n2|a|A\n", r"\[B611\].*line 2: .*An abstract must follow"),
        ("1|t|T\n1|a|A\n1|a|A\n", r"\[B611\].*line 3: "),
        ("1|t|T\n1|a|A\n7\t0\t1\tT\tGene\n", r"\[B611\].*line 3: not a PubTator line"),
        ("1|t|T\n1|a|A\nsome words\n", r"\[B611\].*line 3: not a PubTator line \('some words'\)"),
    ],
)
def test_pubtator_with_a_bad_line_is_an_error(read, data, message):
    with pytest.raises(BiomedplmError, match=message):
        read("a.pubtator", data)


@pytest.mark.parametrize(
    ("title", "body", "text"),
    [("", "Aspirin", "\nAspirin"), ("T", "T", "T\nT"), ("T", "T T", "T\nT T"), ("", "", ""), ("T", "", "T")],
)
def test_pubtator_keeps_the_offsets_of_the_format(read, title, body, text):
    (doc,) = read("a.pubtator", f"1|t|{title}\n1|a|{body}\n")
    assert doc.text == text
