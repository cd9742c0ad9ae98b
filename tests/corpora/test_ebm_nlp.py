import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.ebm_nlp import align, read_ebm_nlp
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import MentionRecord, PassageRecord

COLUMNS = (
    "-DOCSTART- (101)\n\nKelvanol NN O I-INT\neases NN O O\nsore NN O I-OUT\nknees NN O I-OUT\n. NN O O\n\n"
    "Adults NN O I-PAR\nslept NN O I-OUT\n\n\n-DOCSTART- (102)\n\nNothing NN O O\n\n"
)
TEXT = 'Kelvanol "eases" pain\nin adults  with gout.\n'
TOKENS = ["Kelvanol", "``", "eases", "''", "pain", "in", "adults", "with", "gout", "."]
LABELS = {
    "starting_spans/participants": "0000011110",
    "starting_spans/interventions": "1000000000",
    "starting_spans/outcomes": "0000100110",
    "hierarchical_labels/participants": "0000001040",
    "hierarchical_labels/interventions": "3000000000",
    "hierarchical_labels/outcomes": "0000200000",
}
LAYERS = "annotations/aggregated"
Write = Callable[..., Path]


def _release(write: Write, doc_id: str = "9", part: str = "train", **change: str) -> dict[str, str]:
    files = {f"documents/{doc_id}.text": TEXT, f"documents/{doc_id}.tokens": "\n".join(TOKENS)}
    for layer, row in LABELS.items():
        files[f"{LAYERS}/{layer}/{part}/{doc_id}.AGGREGATED.ann"] = "\n".join(row)
    for name, content in files.items():
        write(f"ebm/{name}", content)
    return files


def test_read_ebm_nlp_reads_columns(write: Write) -> None:
    path = write("test.txt", COLUMNS)
    first, second = (fit(record, Report()) for record in read_ebm_nlp(path))
    assert (first.doc_id, first.text) == ("101", "Kelvanol eases sore knees .\nAdults slept")
    assert [(m.id, m.label, first.text_of(m)) for m in first.mentions] == [
        ("T1", "INT", "Kelvanol"),
        ("T2", "OUT", "sore knees"),
        ("T3", "PAR", "Adults"),
        ("T4", "OUT", "slept"),
    ]
    assert first.passages == (PassageRecord(0, 27, "sentence"), PassageRecord(28, 40, "sentence"))
    assert (second.doc_id, second.text, second.mentions) == ("102", "Nothing", ())
    packed = path.with_name("test.txt.gz")
    packed.write_bytes(gzip.compress(COLUMNS.encode()))
    assert list(read_ebm_nlp(packed)) == [first, second]


def test_read_ebm_nlp_keeps_columns_that_say_something(write: Write) -> None:
    (record,) = read_ebm_nlp(write("a.txt", "It PRP B-NP O\nhelps VBZ B-VP I-OUT\nmen NNS B-NP B-OUT\n"))
    assert record.doc_id == "a-00000"
    assert record.passages[0].infons == {"pos": "PRP VBZ NNS", "chunk": "B-NP B-VP B-NP"}
    assert [record.text_of(mention) for mention in record.mentions] == ["helps", "men"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("-DOCSTART- (1)\n\nKelvanol NN I-INT\n", r"B409.*line 3.*3 columns, wanted 4"),
        ("a NN O X-INT\n", r"B410.*line 1"),
        ("\n\n", "B408"),
        (b"a NN O O\n\xff NN O O\n", r"B402.*line 2"),
    ],
)
def test_read_ebm_nlp_names_the_line_of_a_mistake(write: Write, content: str | bytes, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        list(read_ebm_nlp(write("a.txt", content)))


def test_read_ebm_nlp_reads_layers_that_overlap(write: Write, tmp_path: Path) -> None:
    _release(write)
    (record,) = (fit(record, Report()) for record in read_ebm_nlp(tmp_path / "ebm"))
    assert (record.doc_id, record.text, record.infons["split"]) == ("9", TEXT, "train")
    assert record.infons["tokens"] == "0-8 9-10 10-15 15-16 17-21 22-24 25-31 33-37 38-42 42-43"
    assert [(m.label, record.text_of(m)) for m in record.mentions] == [
        ("participants", "in adults  with gout"),
        ("interventions", "Kelvanol"),
        ("outcomes", "pain"),
        ("outcomes", "with gout"),
        ("participants_Age", "adults"),
        ("participants_Condition", "gout"),
        ("interventions_Pharmacological", "Kelvanol"),
        ("outcomes_Pain", "pain"),
    ]


def test_read_ebm_nlp_chooses_parts(write: Write, tmp_path: Path) -> None:
    for doc_id, part in (("1", "train"), ("2", "test/gold"), ("2", "test/crowd")):
        _release(write, doc_id, part)
    write("ebm/annotations/individual/starting_spans/outcomes/train/1.17.ann", "0")
    write("ebm/documents/._1.text", b"\xff")

    def read(part: str | None) -> list[tuple[str, str]]:
        return [(r.doc_id, r.infons["split"]) for r in read_ebm_nlp(tmp_path / "ebm", part=part)]

    assert read(None) == [("1", "train"), ("2", "test/gold")]
    assert read("test/crowd") == [("2", "test/crowd")]
    with pytest.raises(BiomedplmError, match=r"B408.*the part dev"):
        read("dev")


def test_read_ebm_nlp_reads_release_one(write: Write, tmp_path: Path) -> None:
    write("ebm/documents/9.text", "sore knees")
    write("ebm/documents/9.tokens", "sore knees")
    write("ebm/documents/9.pos", "JJ NNS")
    write(f"ebm/{LAYERS}/starting_spans/outcomes/train/9.AGGREGATED.ann", "0,1")
    (record,) = read_ebm_nlp(tmp_path / "ebm")
    assert record.mentions == (MentionRecord("T1", "outcomes", ((5, 10),)),)
    assert record.infons["pos"] == "JJ NNS"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("documents/9.tokens", "\n".join([*TOKENS[:3], "x", *TOKENS[4:]]), r"B477.*token 4, 'x'"),
        ("documents/9.text", b"\xff", r"B402.*9\.text"),
        (f"{LAYERS}/starting_spans/outcomes/train/9.AGGREGATED.ann", "0\n1", r"B476.*2 labels for 10"),
        (
            f"{LAYERS}/starting_spans/outcomes/train/9.AGGREGATED.ann",
            "\n".join("0000000002"),
            r"B478.*'2'",
        ),
        (f"{LAYERS}/hierarchical_labels/outcomes/train/9.AGGREGATED.ann", "\n".join("x000000000"), "B478"),
    ],
)
def test_read_ebm_nlp_names_the_file_of_a_mistake(
    write: Write, tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    _release(write)
    write(f"ebm/{name}", content)
    write("ebm/documents/8.text", "sore")
    write("ebm/documents/8.tokens", "sore")
    write(f"ebm/{LAYERS}/starting_spans/outcomes/train/8.AGGREGATED.ann", "0")
    with pytest.raises(BiomedplmError, match=message):
        list(read_ebm_nlp(tmp_path / "ebm"))
    report = Report(errors="skip")
    list(read_ebm_nlp(tmp_path / "ebm", report=report))
    assert report.counts == {"dropped": 1}


def test_read_ebm_nlp_repairs_a_text_that_is_not_that_of_the_tokens(write: Write, tmp_path: Path) -> None:
    _release(write)
    write("ebm/documents/9.text", "Another text.")
    report = Report(errors="repair")
    (record,) = (fit(record, report) for record in read_ebm_nlp(tmp_path / "ebm", report=report))
    assert record.text == " ".join(TOKENS)
    assert (record.text_of(record.mentions[0]), report.counts) == ("in adults with gout", {"repaired": 1})


@pytest.mark.parametrize("missing", ["9.text", "9.tokens"])
def test_read_ebm_nlp_wants_text_and_tokens(write: Write, tmp_path: Path, missing: str) -> None:
    _release(write)
    (tmp_path / "ebm" / "documents" / missing).unlink()
    with pytest.raises(BiomedplmError, match=f"B411.*{missing}"):
        list(read_ebm_nlp(tmp_path / "ebm"))
    for path, message in ((tmp_path / "ebm" / "documents", "B408"), (tmp_path / "no", "B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_ebm_nlp(path))


@given(words=st.lists(st.text("ab\"`'.", min_size=1, max_size=3)), spaces=st.lists(st.sampled_from(["", " ", "\n "])))
def test_align_finds_every_token(words: list[str], spaces: list[str]) -> None:
    gaps = [*spaces, *([" "] * len(words))][: len(words)]
    text = "".join(gap + word for gap, word in zip(gaps, words, strict=True))
    assert [text[start:end] for start, end in align(text, words)] == words


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_ebm_nlp_raises_only_errors_of_the_package(write: Write, tmp_path: Path, data: st.DataObject) -> None:
    def broken(content: str) -> bytes:
        raw = content.encode()
        at, size = data.draw(st.integers(0, len(raw))), data.draw(st.sampled_from([0, 0, 1, 9]))
        junk = data.draw(
            st.sampled_from([b"", b"\n", b" ", b"\t", b"9", b"\xff", b"\x00", b"-DOCSTART- (", b"I-", b","])
        )
        return raw[:at] + junk + raw[at + size :]

    write("columns.txt", broken(COLUMNS))
    for name, content in _release(write).items():
        write(f"ebm/{name}", broken(content))
    for mode in ("raise", "skip", "repair"):
        for path in (tmp_path / "columns.txt", tmp_path / "ebm"):
            report = Report(errors=mode)  # type: ignore[arg-type]
            try:
                [fit(record, report) for record in read_ebm_nlp(path, report=report)]
            except BiomedplmError:
                pass


@pytest.mark.corpora
def test_read_ebm_nlp_reads_ebm_pico(corpora_folder: Path) -> None:
    records = [fit(record, Report()) for record in read_ebm_nlp(corpora_folder / "ebm-pico" / "test.txt.gz")]
    assert (len(records), sum(len(record.passages) for record in records)) == (191, 2064)
    assert sum(len(record.mentions) for record in records) == 3545
