from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.i2b2 import read_i2b2
from spacy_biomedplm.corpora.i2b2_medication import read_i2b2_medication
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.i2b2 import format_i2b2, write_i2b2
from spacy_biomedplm.writers.i2b2_medication import format_i2b2_medication, write_i2b2_medication

TEXT = "No FEVER\tor\nchills . Kelvanol-induced rash ,\n\nKelvanol 5 mg daily ."
RECORD = DocumentRecord(
    "note 1",
    TEXT,
    mentions=(
        MentionRecord("T1", "problem", ((3, 8),)),
        MentionRecord("T2", "problem", ((3, 18),)),
        MentionRecord("T3", "treatment", ((46, 54),), text='"KELVANOL"'),
    ),
    relations=(RelationRecord("R1", "TrIP", (ArgumentRecord("Arg1", "T3"), ArgumentRecord("Arg2", "T2"))),),
    attributes=(AttributeRecord("A1", "Assertion", "T1", "absent"), AttributeRecord("A2", "Assertion", "T2", "")),
)
MORE = DocumentRecord(
    "a/b",
    TEXT,
    mentions=(
        MentionRecord("T1", "Drug", ((21, 29),), concepts=(ConceptRecord("MESH", "D1"),), score=0.5),
        MentionRecord("T2", "problem", ((3, 8), (12, 18)), infons={"who": "A"}),
        MentionRecord("T3", 'a "b"', ((38, 42),), is_trigger=True),
        MentionRecord("T4", "Gap", ((44, 46),)),
    ),
    relations=(
        RelationRecord("R1", "x", (ArgumentRecord("Theme", "T1"), ArgumentRecord("", "T3")), {"n": "1"}),
        RelationRecord("R2", "x", (ArgumentRecord("", "T1"), ArgumentRecord("", "D1", "concept"))),
    ),
    events=(EventRecord("E1", "Cause", "T3"),),
    attributes=(AttributeRecord("A1", "Negation", "E1"),),
    notes=(NoteRecord("#1", "note", "T1", "?"),),
    passages=(PassageRecord(0, 10, "title"),),
    labels={"x": 1.0},
    infons={"a": "b"},
)


def test_write_i2b2_writes_what_is_read(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_i2b2([RECORD, DocumentRecord("2", "Nothing .")], tmp_path / "out", losses)
    assert (losses, sorted(path.name for path in (tmp_path / "out").iterdir())[:4]) == (
        {},
        ["2.ast", "2.con", "2.rel", "2.txt"],
    )
    records = [fit(record, Report()) for record in read_i2b2(tmp_path / "out")]
    assert records == [DocumentRecord("2", "Nothing ."), RECORD]
    assert make_record(make_doc(Vocab(), records[1])) == RECORD


def test_format_i2b2_writes_lower_case_and_whole_tokens() -> None:
    losses: Counter[str] = Counter()
    files = format_i2b2(RECORD, losses)
    assert files[".con"].splitlines() == [
        'c="fever" 1:1 1:1||t="problem"',
        'c="fever or chills" 1:1 2:0||t="problem"',
        'c=""KELVANOL"" 4:0 4:0||t="treatment"',
    ]
    assert files[".ast"].startswith('c="fever" 1:1 1:1||t="problem"||a="absent"\n')
    assert files[".rel"] == 'c=""KELVANOL"" 4:0 4:0||r="TrIP"||c="fever or chills" 1:1 2:0\n'


def test_format_i2b2_counts_what_it_cannot_hold(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_i2b2([MORE], tmp_path / "out", losses)
    assert losses == {
        "attributes": 1,
        "concepts": 1,
        "discontinuous mentions": 1,
        "document identifiers that cannot name a file": 1,
        "document infons": 1,
        "document labels": 1,
        "events": 1,
        "labels with quotes, bars or line breaks": 1,
        "mention infons": 1,
        "mentions inside tokens": 1,
        "mentions without a token": 1,
        "notes": 1,
        "passages": 1,
        "relation infons": 1,
        "relations": 1,
        "roles of relations": 1,
        "scores": 1,
        "triggers": 1,
    }
    (record,) = (fit(record, Report()) for record in read_i2b2(tmp_path / "out"))
    assert [(record.text_of(m), m.label) for m in record.mentions] == [("Kelvanol-induced", "Drug"), ("rash", "a _b_")]


ENTRIES = DocumentRecord(
    "17",
    TEXT,
    mentions=(
        MentionRecord("T1", "medication", ((46, 54),)),
        MentionRecord("T2", "dosage", ((55, 59),)),
        MentionRecord("T3", "frequency", ((60, 65),)),
        MentionRecord("T4", "medication", ((21, 37),), text="kelvanol induced"),
        MentionRecord("T5", "reason", ((3, 8), (12, 18))),
    ),
    events=(
        EventRecord(
            "E1",
            "medication",
            "T1",
            (ArgumentRecord("dosage", "T2"), ArgumentRecord("frequency", "T3")),
            {"e": "start", "ln": "list"},
        ),
        EventRecord("E2", "medication", "T4", (ArgumentRecord("reason", "T5"),), {"do": "some", "ln": "narrative"}),
        EventRecord("E3", "medication", "T1"),
    ),
)


def test_write_i2b2_medication_writes_what_is_read(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_i2b2_medication([ENTRIES], tmp_path / "out", losses)
    (record,) = (fit(record, Report()) for record in read_i2b2_medication(tmp_path / "out"))
    assert (record, losses) == (ENTRIES, {})
    assert make_record(make_doc(Vocab(), record)) == ENTRIES
    assert (tmp_path / "out" / "17.entries").read_text(encoding="utf8").splitlines() == [
        'm="kelvanol" 4:0 4:0||do="5 mg" 4:1 4:2||mo="nm"||f="daily" 4:3 4:3||du="nm"||r="nm"||e="start"||ln="list"',
        'm="kelvanol induced" 2:2 2:2||do="some"||mo="nm"||f="nm"||du="nm"||r="fever ... chills" 1:1 1:1,2:0 2:0'
        '||ln="narrative"',
        'm="kelvanol" 4:0 4:0||do="nm"||mo="nm"||f="nm"||du="nm"||r="nm"',
    ]


def test_format_i2b2_medication_counts_what_it_cannot_hold() -> None:
    losses: Counter[str] = Counter()
    mentions = (
        MentionRecord("T1", "medication", ((46, 54),)),
        MentionRecord("T2", "Strength", ((55, 59),)),
        MentionRecord("T3", "reason", ((3, 8),)),
    )
    arguments = (ArgumentRecord("dosage", "T2"), ArgumentRecord("dosage", "T2"), ArgumentRecord("Site", "T2"))
    events = (EventRecord("E1", "medication", "T1", arguments, {"x": "y"}), EventRecord("E2", "Binding", "T2"))
    lines = format_i2b2_medication(DocumentRecord("1", TEXT, mentions, events=events), losses)
    assert lines.startswith('m="kelvanol" 4:0 4:0||do="5 mg" 4:1 4:2||')
    assert losses == {
        "arguments of events": 2,
        "event infons": 1,
        "events": 1,
        "labels of mentions": 1,
        "mentions outside of entries": 1,
    }
    alone = DocumentRecord("1", TEXT, mentions[:1])
    assert format_i2b2_medication(alone, losses).startswith('m="kelvanol" 4:0 4:0||do="nm"')


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text('aB1-."| \n\t\ré\u00a0😀\ufeff', min_size=1, max_size=40))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=3), max_size=5))
    labels = st.sampled_from(["problem", "medication", 'a"||t="', ""])
    mentions = tuple(MentionRecord(f"T{n}", draw(labels), tuple(place)) for n, place in enumerate(places, start=1))
    ids = st.sampled_from([mention.id for mention in mentions]) if mentions else st.nothing()
    ends = draw(st.lists(st.tuples(ids, ids), max_size=2)) if mentions else []
    return DocumentRecord(
        draw(st.sampled_from(["1", "a.b", "../x", "", "é"])),
        text,
        mentions,
        relations=tuple(
            RelationRecord(f"R{n}", 'r"', (ArgumentRecord("Arg1", first), ArgumentRecord("Arg2", second)))
            for n, (first, second) in enumerate(ends, start=1)
        ),
        events=tuple(
            EventRecord(f"E{n}", "medication", first, (ArgumentRecord("dosage", second),))
            for n, (first, second) in enumerate(ends, start=1)
        ),
        attributes=tuple(AttributeRecord(f"A{n}", "Assertion", ends[0][0], "x") for n in range(len(ends))),
    )


@settings(max_examples=150)
@given(record=records())
def test_whatever_is_written_can_be_read(record: DocumentRecord, tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("out")  # type: ignore[attr-defined]
    for write, read in ((write_i2b2, read_i2b2), (write_i2b2_medication, read_i2b2_medication)):
        losses: Counter[str] = Counter()
        write([record], folder / write.__name__, losses)
        (first,) = (fit(found, Report()) for found in read(folder / write.__name__))
        assert first.text == record.text
        again: Counter[str] = Counter()
        write([first], folder / f"{write.__name__}-2", again)
        (second,) = (fit(found, Report()) for found in read(folder / f"{write.__name__}-2"))
        assert (second, again) == (first, {})
        if set(losses) <= {"document identifiers that cannot name a file"} and write is write_i2b2:
            assert first.mentions == record.mentions
            assert first.relations == record.relations
            assert first.attributes == record.attributes
