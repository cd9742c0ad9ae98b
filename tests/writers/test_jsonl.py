import json
import math
import string
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.jsonl import read_jsonl
from spacy_biomedplm.documents import make_doc
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
from spacy_biomedplm.writers import doc_to_dict, doc_to_jsonl
from spacy_biomedplm.writers.jsonl import format_jsonl, write_jsonl


def span(number, start, end, text, label, score, guideline):
    place = {"start": start, "end": end, "text": text, "label": label}
    return {"id": f"T{number}", **place, "score": score, "guideline": guideline, "kb_id": None}


def test_jsonl_of_a_pipeline_document(make_doc):
    doc = make_doc("Title\nIL-2 gene", [(2, 3, "GENE")], title="Title", spans=[(2, 3, "GENE"), (2, 4, "DNA")])
    doc.ents[0]._.score = 0.123456
    doc.spans["entities"][1]._.score = 1.0
    doc.spans["rules"] = [Span(doc, 0, 1, label="X")]
    row = doc_to_dict(doc, source="a.txt")
    flat = span(3, 6, 10, "IL-2", "GENE", 0.1235, None)
    entities = [span(1, 6, 10, "IL-2", "GENE", None, "toy"), span(2, 6, 15, "IL-2 gene", "DNA", 1.0, "toy"), flat]
    assert row == {
        "schema": 1,
        "id": "1",
        "source": "a.txt",
        "title": "Title",
        "text": "Title\nIL-2 gene",
        "entities": [flat],
        "spans": {"entities": entities, "rules": [span(4, 0, 5, "Title", "X", None, None)]},
    }
    assert next(iter(row)) == "schema"


def test_jsonl_of_an_empty_document(empty_doc):
    wanted = {"schema": 1, "id": None, "source": None, "title": None, "text": "", "entities": [], "spans": {}}
    assert json.loads(doc_to_jsonl(empty_doc)) == wanted


def test_jsonl_of_a_corpus_document_shows_its_flat_entities():
    mentions = (
        MentionRecord("T1", "A", ((0, 2),)),
        MentionRecord("T2", "A", ((0, 4), (6, 8))),
        MentionRecord("T3", "B", ((9, 11),)),
    )
    doc = make_doc(Vocab(), DocumentRecord("1", "aa bb cc dd", mentions))
    assert [ent["id"] for ent in doc_to_dict(doc)["entities"]] == ["T2", "T3"]
    row = json.loads(format_jsonl(DocumentRecord("1", "aa bb cc dd", mentions), Counter()))
    assert [ent["id"] for ent in row["entities"]] == ["T2", "T3"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_jsonl_is_one_line_for_every_reader(text):
    doc = Doc(Vocab(), words=[text], spaces=[False])
    line = doc_to_jsonl(doc)
    assert len(line.splitlines()) == 1
    assert line.endswith("}\n")
    assert json.loads(line)["text"] == text


def test_jsonl_counts_numbers_that_json_lacks():
    losses = Counter()
    record = DocumentRecord("1", "a", (MentionRecord("T1", "X", ((0, 1),), score=math.nan),), labels={"a": math.inf})
    row = json.loads(format_jsonl(record, losses))
    assert row["spans"]["entities"][0]["score"] is None
    assert "labels" not in row
    assert losses == {"scores that are not finite numbers": 1, "document labels that are not finite numbers": 1}


words = st.text(string.ascii_letters + " :\n\té\x85\u2028😀", max_size=4)
names = st.sampled_from(["T1", "T2", "E1", "R1", "A1", "#1", ""])
infons = st.dictionaries(
    st.sampled_from(["group", "guideline", "title", "source", "text", "id", "x"]), words, max_size=3
)
scores = st.none() | st.floats(allow_nan=False, allow_infinity=False)
offsets = st.tuples(st.integers(-2, 9), st.integers(-2, 9))
arguments = st.lists(
    st.builds(ArgumentRecord, words, names, st.sampled_from(["mention", "event", "concept"])), max_size=3
).map(tuple)


def rows(*args, **kwargs):
    return st.lists(st.builds(*args, **kwargs), max_size=3).map(tuple)


mentions = rows(
    MentionRecord,
    names,
    words,
    st.lists(offsets, max_size=3).map(tuple),
    st.none() | st.just("other text"),
    rows(ConceptRecord, words, words, words),
    infons,
    scores,
    st.booleans(),
)
records = st.builds(
    DocumentRecord,
    words,
    words,
    mentions,
    rows(RelationRecord, names, words, arguments, infons, scores),
    rows(EventRecord, names, words, names, arguments, infons, scores),
    rows(AttributeRecord, names, words, names, words),
    rows(EquivalenceRecord, st.lists(names, max_size=3).map(tuple), words),
    rows(NoteRecord, names, words, names, words),
    rows(PassageRecord, st.integers(-2, 9), st.integers(-2, 9), words, infons),
    st.dictionaries(words, st.floats(allow_nan=False, allow_infinity=False), max_size=3),
    st.lists(st.lists(words, max_size=2).map(tuple), max_size=2).map(tuple),
    infons,
)


@settings(max_examples=200)
@given(record=records)
def test_jsonl_loses_nothing(record):
    losses = Counter()
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        write_jsonl([record], path, losses)
        (found,) = read_jsonl(path)
    assert found == record
    assert not losses


@pytest.mark.parametrize("triggers_first", [True, False])
def test_jsonl_keeps_the_order_of_mentions(triggers_first, tmp_path):
    pair = (MentionRecord("T1", "A", ((0, 1),), is_trigger=True), MentionRecord("T2", "B", ((0, 1),)))
    record = DocumentRecord("1", "a", pair if triggers_first else pair[::-1])
    assert ("order" in json.loads(format_jsonl(record, Counter()))) is triggers_first
    write_jsonl([record, record], tmp_path / "a.jsonl", Counter())
    assert list(read_jsonl(tmp_path / "a.jsonl")) == [record, record]
