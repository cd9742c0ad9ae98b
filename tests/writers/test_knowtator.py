from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.knowtator import read_knowtator
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.knowtator import format_knowtator, write_knowtator

TEXT = "Hair cells <of> β-mice & \x0b inner ones.\r\n"
WHO = {"annotator": 'Ada "Q" <Quill>', "annotator id": "w1", "annotationComment": "a & b", "creationDate": "today"}
RECORD = DocumentRecord(
    "7.a",
    TEXT,
    mentions=(
        MentionRecord("c1", "CL", ((0, 10),), None, (ConceptRecord("CL", "1", "hair <cell>"),), WHO),
        MentionRecord("c2", "CL", ((0, 4), (27, 32)), "hair-inner", (ConceptRecord("CL", "2"),)),
        MentionRecord("n1", "NCBI", ((16, 22),), None, (ConceptRecord("NCBI Taxon", "10090", ""),)),
        MentionRecord("o1", "Organ", ((23, 38),), infons={"set": "anatomy", "class name": "an organ"}),
        MentionRecord("p1", "", ((5, 10),), infons={"status": "seen", "integer:n": "3", "kind": "a\n\t\r b"}),
    ),
    relations=(
        RelationRecord("s1", "part of", (ArgumentRecord("subject", "c1"), ArgumentRecord("object", "n1"))),
        RelationRecord("s2", "", (ArgumentRecord("subject", "c1"),)),
        RelationRecord(
            "s3",
            "has",
            (
                ArgumentRecord("subject", "p1"),
                ArgumentRecord("object", "CL:9", "concept"),
                ArgumentRecord("object", "c2"),
            ),
        ),
    ),
)


def _sorted(record: DocumentRecord) -> tuple[object, ...]:
    mentions = sorted(record.mentions, key=lambda mention: mention.id)
    return record.doc_id, record.text, mentions, sorted(record.relations, key=lambda relation: relation.id)


def test_write_knowtator_writes_what_is_read(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_knowtator([RECORD, DocumentRecord("8", "Nothing.")], tmp_path / "out", losses)
    assert sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")) == [
        "CL/7.a.txt.knowtator.xml",
        "NCBI/7.a.txt.knowtator.xml",
        "anatomy/7.a.txt.knowtator.xml",
        "annotations/7.a.txt.knowtator.xml",
        "annotations/8.txt.knowtator.xml",
        "articles/7.a.txt",
        "articles/8.txt",
    ]
    first, second = (fit(record, Report()) for record in read_knowtator(tmp_path / "out"))
    assert (_sorted(first), second, losses) == (_sorted(RECORD), DocumentRecord("8", "Nothing."), {})
    assert _sorted(make_record(make_doc(Vocab(), first))) == _sorted(RECORD)


def test_format_knowtator_counts_what_it_cannot_hold() -> None:
    record = DocumentRecord(
        "7",
        TEXT,
        mentions=(
            MentionRecord("T1", "a/b", ((0, 4),), concepts=(ConceptRecord("X", "1"), ConceptRecord("X", "2")), score=1),
            MentionRecord("T2", "x", ((0, 4),), concepts=(ConceptRecord("", "D1"),), is_trigger=True),
            MentionRecord("T3", "A:1", ((0, 4),), infons={"note": "\x00"}),
        ),
        relations=(
            RelationRecord("R1", "r", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2")), {"n": "1"}),
            RelationRecord("R2", "r", (ArgumentRecord("", "D1", "concept"), ArgumentRecord("", "D2", "concept"))),
        ),
        events=(EventRecord("E1", "x", "T2"),),
        notes=(NoteRecord("#1", "n", "T1", "?"),),
    )
    losses: Counter[str] = Counter()
    assert sorted(format_knowtator(record, losses, source="7.txt")) == ["annotations"]
    assert losses == {
        "characters that XML cannot hold": 1,
        "concepts": 2,
        "events": 1,
        "labels that cannot name a folder": 1,
        "labels that look like identifiers": 1,
        "notes": 1,
        "relation infons": 1,
        "relations": 1,
        "roles of relations": 1,
        "scores": 1,
        "triggers": 1,
    }


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text("aB1-<&\"' \n\r\té😀\x01\ufeff", min_size=1, max_size=30))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=3), max_size=5))
    strings = st.text("aB:/ <\"'\n\x02é", max_size=4)
    concepts = st.lists(st.builds(ConceptRecord, strings, strings, strings), max_size=2).map(tuple)
    keys = st.sampled_from(["set", "annotator", "annotator id", "status", "float:x", "class name", "creationDate"])
    mentions = tuple(
        MentionRecord(
            f"T{n}", draw(strings), tuple(place), None, draw(concepts), draw(st.dictionaries(keys, strings, max_size=3))
        )
        for n, place in enumerate(places, start=1)
    )
    ids = [mention.id for mention in mentions]
    arguments = st.builds(ArgumentRecord, st.sampled_from(["subject", "object", ""]), st.sampled_from(ids or [""]))
    ends = draw(st.lists(st.lists(arguments, max_size=3).map(tuple), max_size=2)) if ids else []
    relations = tuple(RelationRecord(f"R{n}", draw(strings), end) for n, end in enumerate(ends, start=1))
    return DocumentRecord(draw(st.sampled_from(["1", "a.txt", "../x", ""])), text, mentions, relations=relations)


@settings(max_examples=150)
@given(record=records())
def test_whatever_is_written_can_be_read(record: DocumentRecord, tmp_path_factory: object) -> None:
    folder = tmp_path_factory.mktemp("out")  # type: ignore[attr-defined]
    losses: Counter[str] = Counter()
    write_knowtator([record], folder / "1", losses)
    (first,) = (fit(found, Report()) for found in read_knowtator(folder / "1"))
    assert first.text == record.text
    assert {m.id: m.fragments for m in first.mentions} == {m.id: m.fragments for m in record.mentions}
    again: Counter[str] = Counter()
    write_knowtator([first], folder / "2", again)
    (second,) = (fit(found, Report()) for found in read_knowtator(folder / "2"))
    assert (_sorted(second), again) == (_sorted(first), {})
