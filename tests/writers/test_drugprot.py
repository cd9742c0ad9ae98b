from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.drugprot import write_chemprot, write_drugprot

ARGUMENTS = (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2"))
RECORD = DocumentRecord(
    "11",
    "Kelvanol binds ABC1. It works.",
    mentions=(MentionRecord("T1", "CHEMICAL", ((0, 8),)), MentionRecord("T2", "GENE-Y", ((15, 19),))),
    relations=(RelationRecord("R1", "CPR:4", ARGUMENTS, {"evaluated": "Y", "type": "INHIBITOR"}),),
    passages=(PassageRecord(0, 20, "title"), PassageRecord(21, 30, "abstract")),
)


def read_back(folder: Path) -> list[DocumentRecord]:
    return [fit(record, Report()) for record in read_drugprot(folder)]


def test_write_chemprot_keeps_everything_that_the_format_has(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_chemprot([RECORD], tmp_path / "out", losses)
    assert read_back(tmp_path / "out") == [RECORD]
    assert not losses
    assert (tmp_path / "out/relations.tsv").read_text() == "11\tCPR:4\tY\tINHIBITOR\tArg1:T1\tArg2:T2\n"


def test_write_chemprot_says_what_is_evaluated(tmp_path: Path) -> None:
    relations = (RelationRecord("R1", "CPR:9", ARGUMENTS), RelationRecord("R2", "CPR:1", ARGUMENTS))
    write_chemprot([DocumentRecord("1", RECORD.text, RECORD.mentions, relations)], tmp_path / "out", Counter())
    rows = (tmp_path / "out/relations.tsv").read_text().splitlines()
    assert [row.split("\t")[1:4] for row in rows] == [["CPR:9", "Y", "UNDEFINED"], ["CPR:1", "N", "UNDEFINED"]]


def test_write_drugprot_counts_what_is_lost(tmp_path: Path) -> None:
    record = DocumentRecord(
        "1",
        "A\tb C\nd E",
        mentions=(
            MentionRecord("T1", "X", ((0, 1),), concepts=(ConceptRecord("MESH", "D1"),)),
            MentionRecord("a:b", "X", ((0, 1), (4, 5))),
            MentionRecord("T2", "X", ((6, 7),), is_trigger=True),
            MentionRecord("c d", "Y\n", ((8, 9),)),
        ),
        relations=(
            RelationRecord("R1", "r", (ArgumentRecord("", "T1"), ArgumentRecord("x", "a:b")), {"n": "1"}),
            RelationRecord("R2", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T2"))),
            RelationRecord("R3", "r", (ArgumentRecord("a", "D1", "concept"), ArgumentRecord("b", "T1"))),
        ),
        passages=(PassageRecord(0, 3, "sentence"),),
    )
    losses: Counter[str] = Counter()
    write_drugprot([record, record], tmp_path / "out", losses)
    assert losses == {
        "concepts": 2,
        "discontinuous mentions": 2,
        "document identifiers": 1,
        "identifiers": 4,
        "labels with tabs or line breaks": 2,
        "passages": 2,
        "relation infons": 2,
        "relations": 4,
        "roles of relations": 2,
        "tabs and line breaks": 4,
        "triggers": 2,
    }
    first, second = read_back(tmp_path / "out")
    assert (first.doc_id, second.doc_id, first.text) == ("1", "1-2", "A b C d E")
    assert [(m.id, m.label, m.fragments) for m in first.mentions] == [
        ("T1", "X", ((0, 1),)),
        ("T3", "X", ((0, 5),)),
        ("T4", "Y ", ((8, 9),)),
    ]
    assert [a.target for a in first.relations[0].arguments] == ["T1", "T3"]


@pytest.mark.parametrize(
    ("text", "passages", "title"),
    [
        ("One\nTwo", (), "One"),
        ("One", (), "One"),
        ("One Two", (PassageRecord(0, 3, "title"),), "One"),
        ("OneTwo\nThree", (PassageRecord(0, 3, "title"),), "OneTwo"),
        ("x One\nTwo", (PassageRecord(2, 5, "title"),), "x One"),
        ("", (), ""),
    ],
)
def test_write_drugprot_finds_the_title(
    tmp_path: Path, text: str, passages: tuple[PassageRecord, ...], title: str
) -> None:
    write_drugprot([DocumentRecord("1", text, passages=passages)], tmp_path / "out", Counter())
    (copy,) = read_back(tmp_path / "out")
    assert copy.text[: copy.passages[0].end] == title
    assert copy.text.rstrip() == text.replace("\n", " ")


_TEXTS = st.text(alphabet="ab é\u2028\x0b:", max_size=8)


@settings(max_examples=150)
@given(data=st.data())
def test_drugprot_round_trip(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    title, abstract = data.draw(_TEXTS), data.draw(_TEXTS)
    text = f"{title} {abstract}"
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=4))
    mentions = tuple(
        MentionRecord(
            f"T{n}", data.draw(st.sampled_from(["", "X"])), ((start, data.draw(st.integers(start, len(text)))),)
        )
        for n, start in enumerate(starts, start=1)
    )
    ids = [mention.id for mention in mentions]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=3)) if ids else []
    relations = tuple(
        RelationRecord(f"R{n}", "r", (ArgumentRecord("Arg1", one), ArgumentRecord("Arg2", other)))
        for n, (one, other) in enumerate(pairs, start=1)
    )
    passages = (PassageRecord(0, len(title), "title"), PassageRecord(len(title) + 1, len(text), "abstract"))
    record = DocumentRecord("9", text, mentions, relations, passages=passages)
    folder = tmp_path_factory.mktemp("drugprot") / "out"
    losses: Counter[str] = Counter()
    write_drugprot([record], folder, losses)
    assert read_back(folder) == [record]
    assert not losses
