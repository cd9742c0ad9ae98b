import pickle
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.attributes import Argument, Event, Relation
from spacy_biomedplm.documents import make_doc, make_record, split_words_at
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)

TEXT = "IL-4 up-regulates the phosphorylation of STAT6, not of  STAT5."
RECORD = DocumentRecord(
    "17",
    TEXT,
    mentions=(
        MentionRecord("T1", "Protein", ((0, 4),), concepts=(ConceptRecord("NCBI Gene", "3565", "IL4"),)),
        MentionRecord("T2", "Protein", ((41, 46),), score=0.5),
        MentionRecord("T5", "Family", ((41, 45), (60, 61)), infons={"who": "A"}),
        MentionRecord("T6", "Protein", ((41, 46),), text="stat6"),
        MentionRecord("T7", "Gap", ((54, 56),)),
        MentionRecord("T3", "Positive_regulation", ((5, 17),), is_trigger=True),
        MentionRecord("T4", "Phosphorylation", ((22, 37),), is_trigger=True),
    ),
    relations=(
        RelationRecord(
            "R1", "Upstream", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2")), {"n": "1"}, 0.25
        ),
        RelationRecord("R2", "CID", (ArgumentRecord("Chemical", "D1", "concept"), ArgumentRecord("", "D2", "concept"))),
        RelationRecord("R3", "Three", tuple(ArgumentRecord("x", name) for name in ("T1", "T2", "T5"))),
    ),
    events=(
        EventRecord("E1", "Positive_regulation", "T3", (ArgumentRecord("Theme", "E2", "event"),)),
        EventRecord("E2", "Phosphorylation", "T4", (ArgumentRecord("Theme", "T2"),)),
    ),
    attributes=(AttributeRecord("M1", "Negation", "E2"), AttributeRecord("A1", "Certainty", "T1", "high")),
    equivalences=(EquivalenceRecord(("T2", "T6")),),
    notes=(NoteRecord("#1", "AnnotatorNotes", "T1", "sure?"), NoteRecord("#2", "Document", "", "short")),
    passages=(PassageRecord(0, 47, "title", {"type": "t"}), PassageRecord(47, 47, "abstract")),
    labels={"relevant": 1.0, "review": 0.0},
    answers=(("STAT6", "Stat 6"), ("IL-4",)),
    infons={"journal": "J"},
)


@pytest.fixture(scope="module")
def vocab() -> Vocab:
    return spacy.blank("en").vocab


def test_record_survives_the_doc_and_its_copies(vocab: Vocab) -> None:
    doc = make_doc(vocab, RECORD)
    assert doc.text == TEXT
    copies = [
        doc,
        Doc(vocab).from_bytes(doc.to_bytes()),
        next(iter(DocBin(docs=[doc], store_user_data=True).get_docs(vocab))),
        pickle.loads(pickle.dumps(doc)),
    ]
    assert all(make_record(copy) == RECORD for copy in copies)


def test_views_on_the_doc(vocab: Vocab) -> None:
    doc = make_doc(vocab, RECORD)
    spans = doc.spans["entities"]
    assert [(span.text, span.id_) for span in spans][:2] == [("IL-4", "T1"), ("STAT6", "T2")]
    assert [span.text for span in doc.spans["triggers"]] == ["up-regulates", "phosphorylation"]
    assert [(span.text, span.label_) for span in doc.spans["passages"]] == [(TEXT[:47], "title")]
    assert spans[0]._.kb_ents == [("3565", 1.0)]
    assert (spans[0].kb_id_, doc.ents[0].kb_id_, spans[1].kb_id_) == ("3565", "3565", "")
    assert (spans[1]._.score, spans[0]._.score) == (0.5, None)
    first, second = doc._.relations
    assert (first.head, first.label, first.tail, first.score) == (spans[0], "Upstream", spans[1], 0.25)
    assert (second.head, second.tail, second.roles) == ("D1", "D2", ("Chemical", ""))
    outer, inner = doc._.events
    assert outer.arguments == (Argument("Theme", inner),)
    assert (outer.negated, inner.negated, inner.speculated) == (False, True, False)
    assert inner.arguments[0].target == spans[1]
    assert doc.cats == {"relevant": 1.0, "review": 0.0}
    assert doc._.answers == [["STAT6", "Stat 6"], ["IL-4"]]
    assert doc._.metadata == {"journal": "J"}


def test_what_a_pipeline_sets_can_be_written(vocab: Vocab) -> None:
    doc = make_doc(vocab, DocumentRecord("1", "IL-4 binds STAT6"))
    gene, other, trigger = doc.char_span(0, 4, "GENE"), doc.char_span(11, 16, "GENE"), doc.char_span(5, 10, "Binding")
    doc.spans["entities"] = [gene, other]
    binding = Event(trigger, "Binding", (Argument("Theme", gene), Argument("Theme", other)), negated=True)
    doc._.events = [Event(trigger, "Regulation", (Argument("Theme", binding),), speculated=True, score=0.5), binding]
    doc._.relations = [Relation(gene, "binds", other, 0.75, ("A", "B"))]
    record = make_record(doc)
    assert [(m.id, m.label, m.is_trigger) for m in record.mentions] == [
        ("T1", "GENE", False),
        ("T2", "GENE", False),
        ("T3", "Binding", True),
    ]
    assert [(e.id, e.trigger, [a.target for a in e.arguments]) for e in record.events] == [
        ("E1", "T3", ["T1", "T2"]),
        ("E2", "T3", ["E1"]),
    ]
    assert {(a.label, a.target) for a in record.attributes} == {("Negation", "E1"), ("Speculation", "E2")}
    assert record.relations[0].arguments == (ArgumentRecord("A", "T1"), ArgumentRecord("B", "T2"))
    assert make_record(make_doc(vocab, record)) == record
    doc._.events = []
    assert make_record(doc).attributes == ()


def test_a_concept_may_be_called_as_a_mention_is(vocab: Vocab) -> None:
    pair = (ArgumentRecord("", "12", "concept"), ArgumentRecord("", "12"))
    mention = MentionRecord("12", "Gene", ((0, 4),))
    record = DocumentRecord("1", "IL-4", (mention,), (RelationRecord("R1", "X", pair),))
    assert make_record(make_doc(vocab, record)) == record


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mentions": (MentionRecord("T1", "X", ((0, 9999),)),)}, "B430.*T1 lies at 0-9999.*62 characters"),
        ({"mentions": (MentionRecord("T1", "X", ()),)}, "B430.*no offsets"),
        ({"passages": (PassageRecord(5, 2, "title"),)}, "B430.*title"),
        ({"mentions": (MentionRecord("T1", "X", ((0, 1),)), MentionRecord("T1", "Y", ((0, 1),)))}, "B431.*T1"),
        ({"text": "a\ud800b"}, r"B432.*U\+D800"),
    ],
)
def test_broken_records_are_refused(change: dict[str, Any], code: str, vocab: Vocab) -> None:
    with pytest.raises(BiomedplmError, match=code):
        make_doc(vocab, DocumentRecord(**{"doc_id": "1", "text": TEXT, **change}))


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text("ab1- \n\té😀", min_size=1, max_size=40))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=3), max_size=6))
    labels = st.sampled_from(["A", "B:C", ""])
    mentions = tuple(
        MentionRecord(f"T{n}", draw(labels), tuple(place), draw(st.none() | st.just("x")), is_trigger=n % 3 == 0)
        for n, place in enumerate(places, start=1)
    )
    return DocumentRecord("1", text, mentions)


@settings(max_examples=300)
@given(record=records())
def test_any_record_survives(record: DocumentRecord) -> None:
    doc = make_doc(Vocab(), record)
    assert doc.text == record.text
    found = make_record(Doc(doc.vocab).from_bytes(doc.to_bytes()))
    assert sorted(found.mentions, key=lambda m: m.id) == sorted(record.mentions, key=lambda m: m.id)


@given(text=st.text("ab 1-\n", max_size=30), cuts=st.sets(st.integers(0, 30)))
def test_split_words_at_keeps_the_text(text: str, cuts: set[int]) -> None:
    words, spaces, starts = split_words_at(text, cuts)
    assert "".join(word + " " * space for word, space in zip(words, spaces, strict=True)) == text
    assert all(text.startswith(word, start) for word, start in zip(words, starts, strict=True))


def test_identifiers_and_labels_may_hold_colons(vocab: Vocab) -> None:
    mentions = (MentionRecord("x:1", "Gene:a", ((0, 4),)), MentionRecord("y:2:", "Gene", ((41, 46),)))
    relation = RelationRecord("R1", "r", (ArgumentRecord("a", "x:1"), ArgumentRecord("b", "y:2:")))
    doc = make_doc(vocab, DocumentRecord("1", TEXT, mentions, (relation,)))
    (found,) = doc._.relations
    assert (found.head.label_, found.head.id_, found.tail.id_) == ("Gene:a", "x:1", "y:2:")


def test_relations_between_events_and_events_of_concepts(vocab: Vocab) -> None:
    record = DocumentRecord(
        "1",
        TEXT,
        (MentionRecord("T1", "Binding", ((0, 4),), is_trigger=True),),
        (RelationRecord("R1", "before", (ArgumentRecord("a", "E1", "event"), ArgumentRecord("b", "E2", "event"))),),
        (
            EventRecord("E1", "Binding", "T1", (ArgumentRecord("Theme", "D1", "concept"),)),
            EventRecord("E2", "Binding", "T1"),
        ),
    )
    doc = make_doc(vocab, record)
    first, second = doc._.events
    assert first.arguments == (Argument("Theme", "D1"),)
    assert doc._.relations == (Relation(first, "before", second, None, ("a", "b")),)
    assert make_record(doc) == record


def test_replacing_events_forgets_what_was_said_of_them_and_reuses_no_identifier(vocab: Vocab) -> None:
    doc = make_doc(vocab, RECORD)
    trigger = doc.spans["triggers"][0]
    doc._.events = [Event(trigger, "Binding", negated=True)]
    doc._.relations = [Relation(doc.spans["entities"][0], "new", doc.spans["entities"][1])]
    again = make_record(doc)
    assert [(a.label, a.target) for a in again.attributes] == [("Certainty", "T1"), ("Negation", "E1")]
    assert len({item.id for item in (*again.mentions, *again.relations, *again.events)}) == 9
    assert make_record(make_doc(vocab, again)) == again


def test_events_may_nest_deeper_than_the_stack(vocab: Vocab) -> None:
    doc = make_doc(vocab, DocumentRecord("1", "so it goes"))
    event = Event(doc[0:1], "Regulation", id="X")
    for _ in range(20_000):
        event = Event(doc[0:1], "Regulation", (Argument("Theme", event),))
    doc._.events = [event, event.arguments[0].target]
    rows = make_record(doc).events
    assert (len(rows), rows[0].id, rows[0].arguments) == (20_001, "E1", ())
    assert rows[-1].arguments == (ArgumentRecord("Theme", "E20000", "event"),)
    assert len(doc._.events) == 20_001


def test_equal_events_count_once_wherever_they_are(vocab: Vocab) -> None:
    doc = make_doc(vocab, DocumentRecord("1", "so it goes"))
    inner = [Event(doc[0:1], "Binding", (Argument("Theme", doc[1:2]),)) for _ in range(3)]
    outer = [Event(doc[2:3], "Regulation", (Argument("Theme", event),)) for event in inner]
    doc._.events = [*outer, inner[2]]
    assert [event.id for event in make_record(doc).events] == ["E1", "E2"]


def test_events_set_in_a_circle_are_refused(vocab: Vocab) -> None:
    doc = make_doc(vocab, DocumentRecord("1", "so it goes"))
    arguments: list[Argument] = []
    event = Event(doc[0:1], "Binding", arguments)  # type: ignore[arg-type]
    arguments.append(Argument("Theme", event))
    doc._.events = [Event(doc[1:2], "Regulation", (Argument("Theme", doc[0:1]),), id="E7")]
    with pytest.raises(BiomedplmError, match=r"B433.*Binding → Binding"):
        doc._.events = [event]
    assert [event.label for event in doc._.events] == ["Regulation"]
