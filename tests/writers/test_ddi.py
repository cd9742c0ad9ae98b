from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.pairs import NEGATIVE_PAIRS, Pair, pack_pairs
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.ddi import format_ddi, write_ddi, write_ppi

ARGUMENTS = (ArgumentRecord("Arg1", "e0"), ArgumentRecord("Arg2", "e1"))
RECORD = DocumentRecord(
    "Toy.d1",
    'Kelvanol & "abenol" interact.\r\nOral or topical steroids,\nand\tzinc.',
    mentions=(
        MentionRecord("e0", "drug", ((0, 8),)),
        MentionRecord("e1", "brand", ((12, 18),), text="Abenol", infons={"odd": "1"}),
        MentionRecord("e2", "", ((31, 35), (47, 55))),
        MentionRecord("e3", "drug", ((61, 65),)),
    ),
    relations=(RelationRecord("p0", "int", ARGUMENTS, {"sure": "no"}),),
    passages=(
        PassageRecord(0, 30, "sentence", {"id": "s0", "odd": "2"}),
        PassageRecord(31, 66, "sentence", {"id": "s1", NEGATIVE_PAIRS: pack_pairs([Pair("p1", "e2", "e3")])}),
    ),
    infons={"src": "x"},
)


def written(record: DocumentRecord, folder: Path) -> tuple[DocumentRecord, Counter[str]]:
    losses: Counter[str] = Counter()
    write_ddi([record], folder / "out", losses)
    (copy,) = read_ddi(folder / "out")
    return fit(copy, Report()), losses


def test_write_ddi_keeps_everything_that_the_format_has(tmp_path: Path) -> None:
    copy, losses = written(RECORD, tmp_path)
    assert copy == RECORD
    assert not losses
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["Toy.d1.xml"]


def test_format_ddi_counts_to_the_last_character() -> None:
    lines = format_ddi(RECORD, Counter()).splitlines()
    assert lines[2] == '      <entity id="e0" charOffset="0-7" type="drug" text="Kelvanol"/>'
    assert lines[4] == '      <pair id="p0" e1="e0" e2="e1" ddi="true" type="int" sure="no"/>'
    assert lines[7] == '      <entity id="e2" charOffset="0-3;16-23" text="Oral steroids"/>'
    assert lines[9] == '      <pair id="p1" e1="e2" e2="e3" ddi="false"/>'


def test_write_ddi_makes_sentences_of_lines(tmp_path: Path) -> None:
    record = DocumentRecord("1", "One A.\n\nTwo B.\n", (MentionRecord("T1", "X", ((4, 5),)),))
    copy, losses = written(record, tmp_path)
    assert (copy.text, copy.mentions, not losses) == (record.text, record.mentions, True)
    assert [(p.start, p.end) for p in copy.passages] == [(0, 6), (7, 7), (8, 14), (15, 15)]


def test_write_ddi_counts_what_is_lost(tmp_path: Path) -> None:
    record = DocumentRecord(
        "1",
        "A b C\x00 d. E f",
        mentions=(
            MentionRecord(
                "T1", "X", ((0, 1),), concepts=(ConceptRecord("MESH", "D1"),), infons={"a b": "1", "id": "2"}
            ),
            MentionRecord("T2", "X", ((8, 12),)),
            MentionRecord("T3", "X", ((11, 12),)),
            MentionRecord("T4", "X", ((2, 2),)),
            MentionRecord("T5", "X", ((4, 5),), is_trigger=True),
            MentionRecord("T6", "X", ((4, 5),), score=0.5),
        ),
        relations=(
            RelationRecord("R1", "r", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T3"))),
            RelationRecord("R2", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T6")), {"ddi": "x"}),
            RelationRecord("R3", "r", (ArgumentRecord("Arg1", "D1", "concept"), ArgumentRecord("Arg2", "T1"))),
            RelationRecord("R4", "r", (ArgumentRecord("Arg1", "T1"),)),
        ),
        events=(EventRecord("E1", "X", "T5"),),
        passages=(
            PassageRecord(0, 13, "abstract"),
            PassageRecord(0, 9, "sentence", {NEGATIVE_PAIRS: '[["n", "T1", "T9"]]'}),
            PassageRecord(5, 10, "sentence"),
            PassageRecord(10, 13, "sentence", {NEGATIVE_PAIRS: "{"}),
        ),
        labels={"l": 1.0},
    )
    copy, losses = written(record, tmp_path)
    assert losses == {
        "characters that XML cannot hold": 1,
        "concepts": 1,
        "document labels": 1,
        "events": 1,
        "mention infons": 2,
        "mentions across sentences": 1,
        "mentions without characters": 1,
        "pairs that do not interact": 1,
        "passage infons": 1,
        "passages": 2,
        "relation infons": 1,
        "relations": 2,
        "relations across sentences": 1,
        "roles of relations": 1,
        "scores": 1,
        "spaces between sentences": 1,
        "triggers": 1,
    }
    assert copy.text == "A b C\ufffd d.\nE f"
    assert [mention.id for mention in copy.mentions] == ["T1", "T6", "T3"]


def test_write_ppi_keeps_everything_that_the_format_has(tmp_path: Path) -> None:
    infons = {"corpus.source": "Toy", "set": "train"}
    first = DocumentRecord(
        "d0",
        "A binds B.\nZ",
        mentions=(MentionRecord("e0", "", ((0, 1),)), MentionRecord("e1", "p", ((0, 1), (8, 9)))),
        relations=(
            RelationRecord("i0", "PPI", ARGUMENTS, {"directed": "no"}),
            RelationRecord("p0", "PPI", ARGUMENTS, {"element": "pair", "type": "odd"}),
            RelationRecord("i1", "", ARGUMENTS, {"interaction": "x"}),
        ),
        passages=(
            PassageRecord(
                0, 10, "sentence", {"id": "s0", NEGATIVE_PAIRS: pack_pairs([Pair("", "e1", "e0", {"a": "b"})])}
            ),
            PassageRecord(11, 12, "sentence", {"id": "s1", "charOffset": "odd"}),
        ),
        infons=infons,
    )
    second = DocumentRecord("d1", "", infons={"corpus.source": "Toy"})
    losses: Counter[str] = Counter()
    write_ppi([first, second], tmp_path / "out.xml", losses)
    copies = [fit(record, Report()) for record in read_ppi(tmp_path / "out.xml")]
    assert copies == [first, second]
    assert not losses
    write_ppi([first, DocumentRecord("d2", "")], tmp_path / "out.xml", losses)
    assert losses == {"infons of the corpus": 1}


def test_write_ppi_without_documents(tmp_path: Path) -> None:
    write_ppi([], tmp_path / "out.xml", Counter())
    assert (tmp_path / "out.xml").read_text() == '<?xml version="1.0" encoding="UTF-8"?>\n<corpus>\n</corpus>\n'


_WORDS = st.text(alphabet='ab \t\r<&"é\u2028', max_size=8)


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    sentences = draw(st.lists(_WORDS, min_size=1, max_size=3))
    passages, mentions, relations = [], [], []
    start = 0
    for number, sentence in enumerate(sentences):
        places = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(1, 4)), max_size=3)) if sentence else []
        ids = []
        for place, size in places:
            first = start + min(place, len(sentence) - 1)
            ids.append(f"s{number}.e{len(ids)}")
            end = min(first + size, start + len(sentence))
            mentions.append(MentionRecord(ids[-1], draw(st.sampled_from(["", "drug"])), ((first, end),)))
        negative = []
        for i, (one, other) in enumerate((a, b) for n, a in enumerate(ids) for b in ids[n + 1 :]):
            if draw(st.booleans()):
                negative.append(Pair(f"s{number}.p{i}", one, other))
            else:
                arguments = (ArgumentRecord("Arg1", one), ArgumentRecord("Arg2", other))
                relations.append(RelationRecord(f"s{number}.p{i}", "int", arguments))
        infons = {"id": f"s{number}"} | ({NEGATIVE_PAIRS: pack_pairs(negative)} if negative else {})
        passages.append(PassageRecord(start, start + len(sentence), "sentence", infons))
        start += len(sentence) + 1
    text = "\n".join(sentences)
    return DocumentRecord("d", text, tuple(mentions), tuple(relations), passages=tuple(passages))


@settings(max_examples=150)
@given(record=records())
@pytest.mark.parametrize("layout", ["ddi", "ppi"])
def test_ddi_and_ppi_round_trips(tmp_path_factory: pytest.TempPathFactory, record: DocumentRecord, layout: str) -> None:
    path = tmp_path_factory.mktemp("ddi") / "out.xml"
    losses: Counter[str] = Counter()
    if layout == "ddi":
        write_ddi([record], path, losses)
        (copy,) = read_ddi(path)
    else:
        write_ppi([record], path, losses)
        (copy,) = read_ppi(path)
    assert fit(copy, Report()) == record
    assert not losses
