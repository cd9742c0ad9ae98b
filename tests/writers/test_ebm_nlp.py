from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.ebm_nlp import read_ebm_nlp
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers.ebm_nlp import (
    PARTS,
    format_ebm_nlp,
    format_ebm_nlp_columns,
    write_ebm_nlp,
    write_ebm_nlp_columns,
)

TEXT = 'Kelvanol "eases" pain\nin adults  with gout.\n'
RECORD = DocumentRecord(
    "9",
    TEXT,
    mentions=(
        MentionRecord("T1", "participants", ((22, 42),)),
        MentionRecord("T2", "interventions", ((0, 8),)),
        MentionRecord("T3", "outcomes", ((33, 42),)),
        MentionRecord("T4", "participants_Age", ((25, 31),)),
        MentionRecord("T5", "participants_Condition", ((38, 42),)),
        MentionRecord("T6", "outcomes_Pain", ((17, 21),)),
    ),
    infons={"split": "test/gold", "tokens": "0-8 9-16 17-21 22-24 25-31 33-37 38-42 42-43", "pos": "A B C D E F G H"},
)
SENTENCES = DocumentRecord(
    "10",
    "Kelvanol eases pain .\nAdults slept",
    mentions=(
        MentionRecord("T1", "INT", ((0, 8),)),
        MentionRecord("T2", "OUT", ((15, 21),)),
        MentionRecord("T3", "OUT", ((22, 28),)),
    ),
    passages=(
        PassageRecord(0, 21, "sentence", {"pos": "A B C D", "chunk": "E F G H"}),
        PassageRecord(22, 34, "sentence"),
    ),
)


def test_write_ebm_nlp_writes_what_is_read(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_ebm_nlp([RECORD], tmp_path / "out", losses)
    (record,) = (fit(record, Report()) for record in read_ebm_nlp(tmp_path / "out"))
    assert (record, losses) == (RECORD, {})
    assert make_record(make_doc(Vocab(), record)) == RECORD
    assert (tmp_path / "out/documents/9.tokens").read_text(encoding="utf8").split("\n")[:3] == [
        "Kelvanol",
        '"eases"',
        "pain",
    ]
    labels = tmp_path / "out/annotations/aggregated/hierarchical_labels/participants/test/gold/9.AGGREGATED.ann"
    assert labels.read_text(encoding="utf8").split("\n") == list("00001040")


def test_format_ebm_nlp_makes_tokens_where_there_are_none() -> None:
    losses: Counter[str] = Counter()
    record = DocumentRecord("9", "IL-2, women.", (MentionRecord("T1", "PAR", ((6, 11),)),), infons={"tokens": "0-4"})
    files = format_ebm_nlp(record, losses, name="9")
    assert files["documents/9.tokens"].split("\n") == ["IL", "-", "2", ",", "women", "."]
    assert files["annotations/aggregated/starting_spans/participants/train/9.AGGREGATED.ann"] == "\n".join("000010")
    assert not any("hierarchical" in name for name in files)
    assert losses == {}


def test_format_ebm_nlp_counts_what_it_cannot_hold() -> None:
    losses: Counter[str] = Counter()
    record = DocumentRecord(
        "9",
        "sore knees and feet ",
        (
            MentionRecord("T1", "OUT", ((0, 4),)),
            MentionRecord("T2", "OUT", ((5, 10),)),
            MentionRecord("T3", "OUT", ((5, 14),)),
            MentionRecord("T4", "PAR", ((5, 10), (15, 19))),
            MentionRecord("T5", "INT", ((14, 19),)),
            MentionRecord("T6", "INT", ((19, 20),)),
            MentionRecord("T7", "Disease", ((0, 4),)),
            MentionRecord("T8", "participants_Height", ((0, 4),)),
        ),
        infons={"split": "dev", "pos": "A B", "x": "y"},
    )
    format_ebm_nlp(record, losses, name="9")
    assert losses == {
        "adjacent mentions of one label": 1,
        "discontinuous mentions": 1,
        "document infons": 3,
        "mentions of other labels": 2,
        "mentions that begin or end inside tokens or with a space": 1,
        "mentions without a token": 1,
        "overlapping mentions": 1,
    }


def test_write_ebm_nlp_columns_writes_what_is_read(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_ebm_nlp_columns([SENTENCES, DocumentRecord("(11)", "")], tmp_path / "out.txt", losses)
    first, second = (fit(record, Report()) for record in read_ebm_nlp(tmp_path / "out.txt"))
    assert (first, second, losses) == (SENTENCES, DocumentRecord("(11)", ""), {})
    assert make_record(make_doc(Vocab(), first)) == SENTENCES


def test_format_ebm_nlp_columns_counts_what_it_cannot_hold() -> None:
    losses: Counter[str] = Counter()
    record = DocumentRecord(
        "1\n2",
        "IL-2 (men) cured\n\nmen",
        (
            MentionRecord("T1", "my label", ((6, 9),)),
            MentionRecord("T2", "participants", ((6, 16),)),
            MentionRecord("T3", "interventions", ((11, 21),)),
        ),
        passages=(PassageRecord(0, 4, "title"), PassageRecord(0, 10, "sentence")),
    )
    lines = format_ebm_nlp_columns(record, losses).splitlines()
    assert lines[0] == "-DOCSTART- (1 2)"
    assert lines[2:11] == [
        "IL NN O O",
        "- NN O O",
        "2 NN O O",
        "( NN O O",
        "men NN O I-my_label",
        ") NN O O",
        "cured NN O I-INT",
        "",
        "men NN O I-INT",
    ]
    assert losses == {
        "document identifiers with line breaks": 1,
        "labels with spaces": 1,
        "mentions across sentences": 1,
        "overlapping mentions": 1,
        "passages": 2,
        "spaces of texts": 1,
    }


def _read(path: Path) -> list[DocumentRecord]:
    layer = path / "annotations" / "aggregated" / "starting_spans" / "outcomes"
    parts = [part for part in PARTS if any(layer.glob(f"{part}/*.ann"))]
    found = [record for part in parts or [None] for record in read_ebm_nlp(path, part=part)]
    return [fit(record, Report()) for record in found]


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text('aB1-." \n\t\ré\u00a0\x1c😀\ufeff', min_size=1, max_size=40))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=2), max_size=5))
    labels = st.sampled_from(["PAR", "outcomes", "outcomes_Pain", "interventions_Other", "x y", ""])
    mentions = tuple(MentionRecord(f"T{n}", draw(labels), tuple(place)) for n, place in enumerate(places, start=1))
    values = st.sampled_from(["", "train", "test/crowd", "0-1", "0-1 1-2", "9-1", "a b"])
    infons = draw(st.dictionaries(st.sampled_from(["split", "tokens", "pos", "z"]), values))
    passages = tuple(
        PassageRecord(*place, "sentence", {"pos": "x"} if place[0] % 2 else {})
        for place in draw(st.lists(offsets, max_size=2))
    )
    doc_id = draw(st.sampled_from(["1", "a b c", "", ")("]))
    return DocumentRecord(doc_id, text, mentions, infons=infons, passages=passages)


@settings(max_examples=150)
@given(record=records())
def test_whatever_is_written_can_be_read(record: DocumentRecord, tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("out")  # type: ignore[attr-defined]
    for name, write in (("folder", write_ebm_nlp), ("file", write_ebm_nlp_columns)):
        write([record], folder / name, Counter())
        (first,) = _read(folder / name)
        again: Counter[str] = Counter()
        write([first], folder / f"{name}-2", again)
        (second,) = _read(folder / f"{name}-2")
        assert (second, again) == (first, {})
        assert name == "file" or first.text == record.text
