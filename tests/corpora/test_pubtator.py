import gzip
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit, read_pubtator
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, PassageRecord
from spacy_biomedplm.writers.pubtator import format_pubtator

Write = Callable[..., Path]

SAMPLE = """\
101|t|Kelvanol|placebo trial in adults.
101|a|Kelvanol (5 mg|day) eased headache and neck pain.
101\t0\t8\tKelvanol\tChemical\tD000001
101\t34\t42\tKelvanol\tChemical\t-1
101\t60\t68\theadache\tDisease\tD000002|D000003\theadache|neck pain
101\t73\t82\tneck pain\tDisease
101\tCID\tD000001\tD000002
101\tNegative_Correlation\tD000001\tD000002\tNovel

102|t|Only a title
102|a|
"""


def test_read_pubtator_reads_texts_with_bars_and_mentions_of_any_width(write: Write) -> None:
    first, second = read_pubtator(write("toy.txt", SAMPLE))
    assert (first.doc_id, second.doc_id) == ("101", "102")
    wanted = "Kelvanol|placebo trial in adults. Kelvanol (5 mg|day) eased headache and neck pain."
    assert (first.text, second.text) == (wanted, "Only a title")
    assert first.passages == (PassageRecord(0, 33, "title"), PassageRecord(34, 83, "abstract"))
    assert second.passages == (PassageRecord(0, 12, "title"), PassageRecord(12, 12, "abstract"))
    assert [(m.id, m.fragments, m.text, m.label, m.line) for m in first.mentions] == [
        ("T1", ((0, 8),), "Kelvanol", "Chemical", 3),
        ("T2", ((34, 42),), "Kelvanol", "Chemical", 4),
        ("T3", ((60, 68),), "headache", "Disease", 5),
        ("T4", ((73, 82),), "neck pain", "Disease", 6),
    ]
    assert [m.infons for m in first.mentions] == [
        {},
        {"identifier": "-1"},
        {"individual_mentions": "headache|neck pain"},
        {"columns": "5"},
    ]
    assert [[c.id for c in m.concepts] for m in first.mentions] == [["D000001"], [], ["D000002", "D000003"], []]


def test_read_pubtator_reads_relations_between_concepts(write: Write) -> None:
    record = next(read_pubtator(write("toy.txt", SAMPLE)))
    assert [(r.id, r.label, r.infons, r.line) for r in record.relations] == [
        ("R1", "CID", {}, 7),
        ("R2", "Negative_Correlation", {"novelty": "Novel"}, 8),
    ]
    assert [r.arguments for r in record.relations] == [
        (ArgumentRecord("Chemical", "D000001", "concept"), ArgumentRecord("Disease", "D000002", "concept")),
        (ArgumentRecord("entity1", "D000001", "concept"), ArgumentRecord("entity2", "D000002", "concept")),
    ]


def test_read_pubtator_keeps_columns_that_its_fields_cannot_hold(write: Write) -> None:
    row = "1\t0\t1\tA\tSNP\trs1;Gene:5;VariantGroup:0\tA|B\tC\n"
    content = f"1|t|A\n1|a|\n{row}1\t0\t1\tA\tGene\t\n1\tAssociation\t5\t6\tNovel\t0.9\tx\n\n"
    (record,) = read_pubtator(write("toy.txt", content))
    assert record.mentions[0].concepts == (ConceptRecord("", "rs1"),)
    assert record.mentions[0].infons == {
        "identifier": "rs1;Gene:5;VariantGroup:0",
        "individual_mentions": "A|B\tC",
    }
    assert record.mentions[1].infons == {"identifier": ""}
    assert record.relations[0].infons == {"novelty": "Novel", "more": "0.9\tx"}
    assert format_pubtator(record, Counter()) == content


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_read_pubtator_reads_gzip_archives_and_both_line_breaks(write: Write, line_break: str, tmp_path: Path) -> None:
    content = SAMPLE.replace("\n", line_break).encode()
    wanted = list(read_pubtator(write("folder/toy.txt", content)))
    assert list(read_pubtator(write("toy.txt.gz", gzip.compress(content)))) == wanted
    assert list(read_pubtator(tmp_path / "folder")) == wanted
    with tarfile.open(tmp_path / "toy.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "folder" / "toy.txt", "a/toy.PubTator")
    found = list(read_pubtator(tmp_path / "toy.tar.gz"))
    assert found == wanted
    assert found[0].path.endswith("toy.tar.gz:a/toy.PubTator")


@pytest.mark.parametrize("content", [SAMPLE.replace("\n\n", "\n"), "\ufeff" + SAMPLE, "\n \n" + SAMPLE + "\n\n"])
def test_read_pubtator_does_not_mind_empty_lines_and_byte_order_marks(write: Write, content: str) -> None:
    assert [record.doc_id for record in read_pubtator(write("toy.txt", content))] == ["101", "102"]


def test_read_pubtator_reads_an_abstract_without_a_title(write: Write) -> None:
    (record,) = read_pubtator(write("toy.txt", "7|a|Abenol\n7\t1\t7\tAbenol\tChemical\t-\n"))
    assert (record.text, record.passages) == (" Abenol", (PassageRecord(1, 7, "abstract"),))
    assert fit(record, Report()).mentions[0].text is None


def test_read_pubtator_merges_passages_of_a_full_text(write: Write) -> None:
    first = "7|t|Abenol\n7|a|\n\n7|t|Then abenol.\n7|a|More.\n7\t5\t11\tabenol\tChemical\t-\n7\tX\ta\tb\n\n"
    content = first + "8|t|x\n8|a|\n\n"
    full, other = read_pubtator(write("toy.txt", content), merge_passages=True)
    assert (full.text, other.text) == ("Abenol\nThen abenol. More.", "x")
    assert [(m.fragments, m.text) for m in full.mentions] == [(((12, 18),), "abenol")]
    assert [(p.start, p.end, p.kind) for p in full.passages] == [
        (0, 6, "title"),
        (6, 6, "abstract"),
        (7, 19, "title"),
        (20, 25, "abstract"),
    ]
    losses = Counter[str]()
    assert "".join(format_pubtator(record, losses) for record in (full, other)) == content
    assert not losses


def test_read_pubtator_leaves_out_a_document_that_stands_twice(write: Write) -> None:
    report = Report()
    assert len(list(read_pubtator(write("toy.txt", "1|t|Same\n1|a|text\n\n" * 2), report=report))) == 1
    assert report.counts == {"excluded": 1}


def test_read_pubtator_does_not_take_carriage_returns_for_text(write: Write) -> None:
    path = write("toy.txt", SAMPLE.replace("\n", "\r"))
    with pytest.raises(BiomedplmError, match=r"B446.*line 1"):
        list(read_pubtator(path))
    with pytest.raises(BiomedplmError, match=r"B438.*B446"):
        list(read_pubtator(path, report=Report(errors="skip")))
    found = list(read_pubtator(path, report=Report(errors="repair")))
    wanted = list(read_pubtator(write("unix.txt", SAMPLE)))
    assert [(r.doc_id, r.text, len(r.mentions)) for r in found] == [(r.doc_id, r.text, len(r.mentions)) for r in wanted]
    (kept,) = read_pubtator(write("inside.txt", "1|t|A\rB\n1|a|\n"))
    assert kept.text == "A\rB"


BROKEN = [
    ("1|t|Title\n1|a|Abstract\n1\t0\t5\tTitle\n", r"B406.*line 3.*4 columns"),
    ("1|t|Title\n1|a|Abstract\n1\t0\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\t0\tx\tTitle\tGene\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\t-5\t3\tTitle\tGene\n", r"B406.*line 3"),
    (f"1|t|Title\n1|a|Abstract\n1\t0\t{'9' * 5000}\tTitle\tGene\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\t0x\t5x\tTitle\tGene\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\tO\t5\tTitle\tGene\t-\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\t\t5\tTitle\tGene\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\n1\t-O\t5\tTitle\n", r"B406.*line 3"),
    ("1|t|Title\n1|a|Abstract\nhalf a li", r"B406.*line 3.*half a li"),
    ("1|t|Title\n1|a|Abstract\n2\t0\t5\tTitle\tGene\n", r"B407.*line 3.*'2'.*'1'"),
    ("1|t|Title\n2|a|Abstract\n", r"B407.*line 2"),
    ("1|t|Title\n1|a|Abstract\n1|a|Abstract\n", r"B407.*line 3"),
    ("1|t|Title\n1|a|Abstract\n\n1\t0\t5\tTitle\tGene\n", r"B406.*line 4"),
]


def test_read_pubtator_takes_no_line_with_the_label_of_a_mention_for_a_relation(write: Write) -> None:
    """Both offsets of the last mention are damaged; a relation may name concepts that no mention has."""
    content = "1|t|Abenol\n1|a|\n1\t0\t6\tAbenol\tDrug\t5\n1\tBind\t5\t6\tNovel\n1\tO\tG\tAbenol\tDrug\t5\n"
    with pytest.raises(BiomedplmError, match=r"B406.*line 5"):
        list(read_pubtator(write("toy.txt", content)))
    report = Report("skip")
    (record,) = read_pubtator(write("toy.txt", content), report=report)
    assert ([r.label for r in record.relations], report.counts) == (["Bind"], {"dropped": 1})


UNREADABLE = [
    ("", r"B408.*no document"),
    ("\n\n", r"B408"),
    (b"1|t|Title\n1|a|Abs\xe9tract\n", r"B402.*line 2.*0xe9"),
]


@pytest.mark.parametrize(("content", "message"), [*BROKEN, *UNREADABLE, ("1\t0\t5\tTitle\tGene\n", r"B406.*line 1")])
def test_read_pubtator_names_file_and_line_of_a_mistake(write: Write, content: str | bytes, message: str) -> None:
    path = write("broken.txt", content)
    with pytest.raises(BiomedplmError, match=message) as caught:
        list(read_pubtator(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("errors", ["skip", "repair"])
@pytest.mark.parametrize("content", [content for content, _ in BROKEN])
def test_read_pubtator_goes_on_without_a_broken_line(write: Write, content: str, errors: str) -> None:
    report = Report(errors)
    (record,) = read_pubtator(write("broken.txt", content), report=report)
    assert (record.doc_id, record.mentions, record.relations) == ("1", (), ())
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize("content", ["1\t0\t5\tTitle\tGene\n", "no\npubtator\n"])
def test_read_pubtator_refuses_files_without_any_document(write: Write, content: str) -> None:
    with pytest.raises(BiomedplmError, match=r"B438.*B406.*line 1"):
        list(read_pubtator(write("broken.txt", content), report=Report("skip")))


def test_read_pubtator_refuses_half_a_gzip_file(write: Write) -> None:
    whole = gzip.compress(SAMPLE.encode() * 50)
    with pytest.raises(BiomedplmError, match=r"B403"):
        list(read_pubtator(write("half.gz", whole[: len(whole) // 2])))
    with pytest.raises(BiomedplmError, match=r"B403"):
        list(read_pubtator(write("none.gz", SAMPLE)))


def test_read_pubtator_says_that_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B401.*nowhere"):
        list(read_pubtator(tmp_path / "nowhere.txt"))


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
        spans = {(s, e) for s, e in spans if "\t" not in text[s:e]}
        lines += [f"{index}|t|{title}", f"{index}|a|{abstract}"]
        lines += [f"{index}\t{start}\t{end}\t{text[start:end]}\tGene\t-" for start, end in sorted(spans)]
        lines.append("")
        wanted.append((str(index), text, sorted(spans)))
    path = tmp_path_factory.mktemp("pubtator") / "toy.txt"
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    found = [fit(record, Report()) for record in read_pubtator(path)]
    assert [(r.doc_id, r.text, sorted((m.start, m.end) for m in r.mentions)) for r in found] == wanted
    assert all(mention.text is None for record in found for mention in record.mentions)


PIECE = st.sampled_from(
    [b"1|t|", b"1|a|", b"2|t|", b"1\t", b"0\t", b"3\t", b"CID\t", b"|", b"\n", b"\n\n", b"\xff", b"9" * 30]
)


@settings(max_examples=200)
@given(content=st.binary(max_size=60) | st.lists(PIECE | st.binary(max_size=3), max_size=30).map(b"".join))
def test_read_pubtator_raises_its_own_error_only(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("pubtator") / "toy.txt"
    path.write_bytes(content)
    for errors in ("raise", "skip", "repair"):
        report = Report(errors)
        try:
            found: list[DocumentRecord] = [fit(record, report) for record in read_pubtator(path, report=report)]
        except BiomedplmError:
            continue
        assert all(record.doc_id for record in found)


def test_a_document_that_is_there_twice_with_other_annotations(tmp_path: Path) -> None:
    first, second = ("1|t|IL-4 binds.\n1\t0\t4\tIL-4\tGene\n\n", "1|t|IL-4 binds.\n1\t5\t10\tbinds\tVerb\n\n")
    (tmp_path / "same.pubtator").write_text(first + first, encoding="utf8")
    report = Report()
    assert len(list(read_pubtator(tmp_path / "same.pubtator", report=report))) == 1
    assert report.counts == {"excluded": 1}
    (tmp_path / "other.pubtator").write_text(first + second, encoding="utf8")
    with pytest.raises(BiomedplmError, match="B488"):
        list(read_pubtator(tmp_path / "other.pubtator"))


def test_what_must_be_whole_is_an_error_in_every_mode(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b"%d|t|IL-4 binds.\n\n" % number for number in range(5000)))
    (tmp_path / "cut.pubtator.gz").write_bytes(packed[: len(packed) // 2])
    assert list(read_pubtator(tmp_path / "cut.pubtator.gz", report=Report(errors="repair")))
    with pytest.raises(BiomedplmError, match=r"cut\.pubtator\.gz"):
        list(read_pubtator(tmp_path / "cut.pubtator.gz", report=Report(errors="repair", whole=True)))
