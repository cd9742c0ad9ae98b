import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit, read_iob
from spacy_biomedplm.corpora.iob import _Parser, decode_tags
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import DocumentRecord

SAMPLE = """\
Kelvanol\tB-Chemical
-\tO
treated\tO
mice\tB-Species

No\tO
new\tO
toxic\tB-Disease
effects\tI-Disease
.\tO
"""
FOUR = "-DOCSTART- (812)\n\nOld NN O I-PAR\nmice NN O I-PAR\nran VB O O\n\n-DOCSTART- (813)\nYoung JJ O I-PAR\n"
Write = Callable[..., Path]


def _found(record: DocumentRecord) -> list[tuple[str, str, int]]:
    return [(record.text_of(mention), mention.label, mention.line) for mention in record.mentions]


def test_read_iob_packs_sentences_on_lines_of_their_own(write: Write) -> None:
    (record,) = read_iob(write("train.tsv", SAMPLE))
    assert record.text == "Kelvanol - treated mice\nNo new toxic effects ."
    assert _found(record) == [("Kelvanol", "Chemical", 1), ("mice", "Species", 4), ("toxic effects", "Disease", 8)]
    assert [mention.id for mention in record.mentions] == ["T1", "T2", "T3"]
    assert [(p.start, p.end, p.kind) for p in record.passages] == [(0, 23, "sentence"), (24, 46, "sentence")]
    assert (record.doc_id, record.infons) == ("train-00000", {"words": "space-separated"})
    assert fit(record, Report()) == record


@pytest.mark.parametrize(("pack", "max_words"), [(False, 180), (True, 8), (True, 1)])
def test_read_iob_starts_a_document_where_there_is_no_room(write: Write, pack: bool, max_words: int) -> None:
    records = list(read_iob(write("train.tsv", SAMPLE), pack=pack, max_words=max_words))
    assert [record.doc_id for record in records] == ["train-00000", "train-00001"]
    assert [len(record.mentions) for record in records] == [2, 1]


def test_read_iob_reads_four_columns_and_document_names(write: Write) -> None:
    first, second = read_iob(write("dev.txt", FOUR), max_words=1)
    assert (first.doc_id, first.text, second.doc_id, second.text) == ("812", "Old mice ran", "813", "Young")
    assert _found(first) == [("Old mice", "PAR", 3)]
    assert first.passages[0].infons == {"column 2": "NN\tNN\tVB", "column 3": "O\tO\tO"}
    assert first.infons["docstart"] == "-DOCSTART- (812)"
    names = [record.doc_id for record in read_iob(write("dev.txt", FOUR + "\nx y O O\n"), pack=False)]
    assert names == ["812-1", "813-1", "813-2"]


def test_read_iob_keeps_documents_without_words(write: Write) -> None:
    records = list(read_iob(write("dev.tsv", "-DOCSTART-\tO\n\n-DOCSTART-\tO\n\na\tO\n")))
    assert [record.text for record in records] == ["", "a"]


@pytest.mark.parametrize("label", ["", "-Species", "_Species"])
def test_read_iob_reads_types_in_any_spelling(write: Write, label: str) -> None:
    (record,) = read_iob(write("train.tsv", f"E.\tB{label}\ncoli\tI{label}\ngrew\tO\n"))
    assert _found(record) == [("E. coli", label[1:], 1)]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a\tO\r\n\r\nb\tO\r\n", "a\nb"),
        ("\ufeffa\tO\n \t \nb\tO", "a\nb"),
        ("\n\n\na  X   O\nb X O\n\n\n\nc X O\n", "a b\nc"),
        ("您 O\n\u3000 O\n好 O\n", "您 \u3000 好"),
        ("a\tO\n# text\tO\n", "a"),
        ("a\u2028b\tO\n", "a\u2028b"),
    ],
)
def test_read_iob_divides_lines_and_columns(write: Write, content: str, text: str) -> None:
    report = Report(errors="skip")
    assert [record.text for record in read_iob(write("a.tsv", content), report=report)] == [text]


def test_read_iob_reads_packed_files_and_archives_in_place(write: Write, tmp_path: Path) -> None:
    (record,) = read_iob(write("train.tsv.gz", gzip.compress(SAMPLE.encode())))
    assert record.doc_id == "train-00000"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("a/one.tsv", "two.iob", "readme.md"):
            entry = tarfile.TarInfo(name)
            entry.size = len(SAMPLE)
            archive.addfile(entry, io.BytesIO(SAMPLE.encode()))
    records = list(read_iob(write("all.tar.gz", stream.getvalue())))
    assert [record.doc_id for record in records] == ["a/one-00000", "two-00000"]
    assert records[0].path.endswith("all.tar.gz:a/one.tsv")
    assert len(list(read_iob(tmp_path))) == 1


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("B-X I-X O B-X", [(0, 2, "X"), (3, 4, "X")]),
        ("I-X I-X B-X I-X O", [(0, 2, "X"), (2, 4, "X")]),
        ("B-X I-Y O", [(0, 1, "X"), (1, 2, "Y")]),
        ("S-X S-X B-X E-X I-X", [(0, 1, "X"), (1, 2, "X"), (2, 4, "X"), (4, 5, "X")]),
        ("U-X L-X O", [(0, 1, "X"), (1, 2, "X")]),
        ("B I B", [(0, 2, ""), (2, 3, "")]),
        ("O O", []),
        ("", []),
    ],
)
def test_decode_tags_reads_every_variant(tags: str, wanted: list[tuple[int, int, str]]) -> None:
    assert decode_tags([tuple((tag + "-").split("-")[:2]) for tag in tags.split()]) == wanted  # type: ignore[misc]


BROKEN = [
    ("", r"B408"),
    ("-DOCSTART-\tO\n", r"B408"),
    ("word\n", r"B409.*line 1: 1 columns, wanted 2"),
    ("one\tO\ntwo\tO\tO\n", r"B409.*line 2: 3 columns, wanted 2"),
    ("one\tO\n\ntw", r"B409.*line 3"),
    ("one\tO\n \tO\n", r"B409.*line 2"),
    ("one\tO\n\ntwo\tO\n\tB-X\n", r"B409.*line 4"),
    ("one\tO\n\ntwo\tO\n\tO\n", r"B409.*line 4"),
    ("one\tO\n\ntwo\tB-X\n\tO\nx\tO\n", r"B409.*line 4"),
    ("one\tO\ntwo\tGene\n", r"B410.*line 2: 'Gene'"),
    ("one\tO\n\ntwo\tB-\n", r"B410.*line 3: 'B-'"),
    ("one\tO\nNew York\tB-City\n", r"B464.*line 2.*'New York'.*2 lines"),
    (b"one\tO\ntw\xff\tO\n", r"B402.*line 2.*0xff"),
    (b"one\tO\n\ntwo\tO\ntw\xff\tO\n", r"B402.*line 4.*0xff"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN)
def test_read_iob_names_file_and_line_of_a_mistake(write: Write, content: str | bytes, message: str) -> None:
    path = write("broken.tsv", content)
    with pytest.raises(BiomedplmError, match=message) as caught:
        list(read_iob(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("errors", "text", "found"),
    [
        ("skip", "a f", [("f", "", 7)]),
        ("repair", "a b New York f", [("b", "X", 2), ("New York", "City", 4), ("f", "", 7)]),
    ],
)
def test_read_iob_mends_or_leaves_out(write: Write, errors: str, text: str, found: list[tuple[str, str, int]]) -> None:
    content = "a\tO\nb\tNN\tB-X\nc\nNew York\tB-City\n\td\te\tO\n\nf\tB\n"
    report = Report(errors=errors)  # type: ignore[arg-type]
    (record,) = read_iob(write("broken.tsv", content), report=report)
    assert record.text.replace("\n", " ") == text
    assert [(words, label) for words, label, _ in _found(record)] == [(words, label) for words, label, _ in found]
    assert sum(report.counts.values()) == 4


def test_read_iob_skips_a_tag_and_keeps_its_word(write: Write) -> None:
    report = Report(errors="skip")
    (record,) = read_iob(write("broken.tsv", "a\tGene\nb\tB\n"), report=report)
    assert (record.text, _found(record), report.counts["dropped"]) == ("a b", [("b", "", 2)], 1)


words = st.sampled_from(["a", "b c", "é", "", "-DOCSTART-", "x\ty", "B-X"])
tags = st.sampled_from("O O O B-X I-X E S-Y Q".split())
lines = st.lists(st.tuples(words, tags) | st.tuples(words) | st.none(), max_size=12)


@settings(max_examples=200)
@given(
    lines=lines,
    separator=st.sampled_from(["\t", " ", "\tN\t"]),
    size=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_tables_are_read_as_lines_are(lines: list[tuple[str, ...] | None], separator: str, size: int, end: str) -> None:
    content = "".join((separator.join(line) if line else "") + end for line in [("w", "O"), *lines]).encode()
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    slow = _Parser("a.tsv", Report(errors="repair"))
    slow._is_table = lambda part: False  # type: ignore[method-assign]
    assert list(_Parser("a.tsv", Report(errors="repair")).read(chunks)) == list(slow.read([content]))


@settings(max_examples=200)
@given(
    content=st.binary(max_size=40) | st.text("aO\t\n B-I_\r", max_size=40).map(str.encode),
    errors=st.sampled_from(["raise", "skip", "repair"]),
)
def test_read_iob_raises_nothing_but_its_own_error(content: bytes, errors: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.tsv")
        path.write_bytes(content)
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            records = [fit(record, report) for record in read_iob(path, report=report)]
        except BiomedplmError:
            return
    assert any(record.text for record in records)


LABELS = ("Gene", "Drug")


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.sampled_from(LABELS)), max_size=8))
def test_decode_tags_inverts_iob2_and_bioes(chunks: list[tuple[bool, int, str]]) -> None:
    iob2: list[tuple[str, str]] = []
    bioes: list[tuple[str, str]] = []
    wanted = []
    for is_span, size, label in chunks:
        if not is_span:
            iob2 += [("O", "")] * size
            bioes += [("O", "")] * size
            continue
        wanted.append((len(iob2), len(iob2) + size, label))
        iob2 += [("B", label), *[("I", label)] * (size - 1)]
        inner = [("B", label), *[("I", label)] * (size - 2), ("E", label)]
        bioes += [("S", label)] if size == 1 else inner
    assert decode_tags(iob2) == wanted
    assert decode_tags(bioes) == wanted
