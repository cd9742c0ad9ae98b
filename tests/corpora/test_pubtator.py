import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import LabelScheme, Report, read_pubtator
from spacy_biomedplm.errors import BiomedplmError

SAMPLE = """\
101|t|Kelvanol|placebo trial in adults.
101|a|Kelvanol (5 mg|day) eased headache and neck pain.
101\t0\t8\tKelvanol\tChemical\tD000001
101\t34\t42\tKelvanol\tChemical\tD000001
101\t60\t68\theadache\tDisease\tD000002|D000003\theadache|neck pain
101\t73\t82\tneck pain\tDisease
101\tCID\tD000001\tD000002
101\tNegative_Correlation\tD000001\tD000002\tNovel

102|t|Only a title
102|a|
"""


def test_read_pubtator_reads_texts_with_bars_and_mentions_of_any_width(
    vocab: Vocab, write: Callable[..., Path]
) -> None:
    report = Report()
    docs = list(read_pubtator(write("toy.txt", SAMPLE), vocab, report=report))
    assert [doc._.doc_id for doc in docs] == ["101", "102"]
    wanted = "Kelvanol|placebo trial in adults. Kelvanol (5 mg|day) eased headache and neck pain."
    assert [doc.text for doc in docs] == [wanted, "Only a title"]
    layer = [(span.text, span.label_) for span in docs[0].spans["entities"]]
    assert layer == [
        ("Kelvanol", "Chemical"),
        ("Kelvanol", "Chemical"),
        ("headache", "Disease"),
        ("neck pain", "Disease"),
    ]
    assert report.counts == {"skipped": 2}
    assert [problem.line for problem in report.problems] == [7, 8]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_read_pubtator_reads_gzip_and_both_line_breaks(
    vocab: Vocab, write: Callable[..., Path], line_break: str
) -> None:
    content = gzip.compress(SAMPLE.replace("\n", line_break).encode())
    assert sum(len(doc.ents) for doc in read_pubtator(write("toy.txt.gz", content), vocab)) == 4


def test_read_pubtator_reads_records_without_an_empty_line_between(vocab: Vocab, write: Callable[..., Path]) -> None:
    docs = list(read_pubtator(write("toy.txt", SAMPLE.replace("\n\n", "\n")), vocab))
    assert [doc._.doc_id for doc in docs] == ["101", "102"]


def test_read_pubtator_merges_passages_of_a_full_text(vocab: Vocab, write: Callable[..., Path]) -> None:
    content = "7|t|Abenol\n7|a|\n\n7|t|Then abenol.\n7|a|\n7\t5\t11\tabenol\tChemical\n\n8|t|x\n8|a|\n"
    docs = list(read_pubtator(write("toy.txt", content), vocab, merge_passages=True))
    assert [doc.text for doc in docs] == ["Abenol\nThen abenol.", "x"]
    assert [(ent.start_char, ent.text) for ent in docs[0].ents] == [(12, "abenol")]


def test_read_pubtator_drops_a_document_that_stands_twice(vocab: Vocab, write: Callable[..., Path]) -> None:
    report = Report()
    docs = list(read_pubtator(write("toy.txt", "1|t|Same\n1|a|text\n\n" * 2), vocab, report=report))
    assert len(docs) == 1
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"B408.*no document"),
        ("\n\n", r"B408"),
        ("1|t|Title\n1|a|Abstract\n1\t0\t5\tTitle\n", r"B406.*line 3.*4 columns"),
        ("1|t|Title\n1|a|Abstract\n1\t0\n", r"B406.*line 3"),
        ("1|t|Title\n1|a|Abstract\n1\t0\tx\tTitle\tGene\n", r"B406.*line 3"),
        ("1|t|Title\n1|a|Abstract\nhalf a li", r"B406.*line 3.*half a li"),
        ("1\t0\t5\tTitle\tGene\n", r"B406.*line 1"),
        ("1|t|Title\n1|a|Abstract\n2\t0\t5\tTitle\tGene\n", r"B407.*line 3.*'2'.*'1'"),
        ("1|t|Title\n2|a|Abstract\n", r"B407.*line 2"),
        ("1|t|Title\n1|a|Abstract\n1\t0\t5\tTitle\tCell\n", r"B404.*line 3.*'Cell'"),
        ("1|t|Title\n1|a|Abstract\n1\t0\t5\tzzzzz\tGene\n", r"B405.*line 3"),
        ("1|t|Title\n1|a|Abstract\n1\t0\t500\tzzzzz\tGene\n", r"B405.*line 3"),
        (b"1|t|Title\n1|a|Abs\xe9tract\n", r"B402.*line 2.*0xe9"),
    ],
)
def test_read_pubtator_names_file_and_line_of_a_mistake(
    vocab: Vocab, write: Callable[..., Path], content: str | bytes, message: str
) -> None:
    path = write("broken.txt", content)
    with pytest.raises(BiomedplmError, match=message) as caught:
        list(read_pubtator(path, vocab, scheme=LabelScheme("toy", ("Gene",))))
    assert str(path) in str(caught.value)


def test_read_pubtator_refuses_half_a_gzip_file(vocab: Vocab, write: Callable[..., Path]) -> None:
    whole = gzip.compress(SAMPLE.encode() * 50)
    with pytest.raises(BiomedplmError, match=r"B403"):
        list(read_pubtator(write("half.gz", whole[: len(whole) // 2]), vocab))
    with pytest.raises(BiomedplmError, match=r"B403"):
        list(read_pubtator(write("none.gz", SAMPLE), vocab))


def test_read_pubtator_says_that_the_file_is_missing(vocab: Vocab, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B401.*nowhere"):
        list(read_pubtator(tmp_path / "nowhere.txt", vocab))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=40)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(TEXT, TEXT, st.lists(st.tuples(st.integers(0, 80), st.integers(1, 9)), max_size=4)), min_size=1)
)
def test_read_pubtator_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, str, list[tuple[int, int]]]]
) -> None:
    lines = []
    wanted = []
    for index, (title, abstract, places) in enumerate(records):
        text = f"{title} {abstract}" if abstract else title
        spans = {(start, start + size) for start, size in places if start + size <= len(text)}
        spans = {(s, e) for s, e in spans if text[s:e] == text[s:e].strip() and "\t" not in text[s:e]}
        lines += [f"{index}|t|{title}", f"{index}|a|{abstract}"]
        lines += [f"{index}\t{start}\t{end}\t{text[start:end]}\tGene\t-" for start, end in sorted(spans)]
        lines.append("")
        wanted.append((str(index), text, sorted(spans)))
    path = tmp_path_factory.mktemp("pubtator") / "toy.txt"
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    found = []
    for doc in read_pubtator(path, Vocab()):
        layer = sorted((span.start_char, span.end_char) for span in doc.spans["entities"])
        found.append((doc._.doc_id, doc.text, layer))
    assert found == wanted
