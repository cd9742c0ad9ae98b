import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.chemprot import read_chemprot_jsonl
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, RelationRecord
from spacy_biomedplm.writers.chemprot import format_chemprot_jsonl, write_chemprot_jsonl

ARGUMENTS = (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2"))


@pytest.mark.parametrize(
    "text",
    [
        "<< Kel >> blocks [[ ABC ]].",
        "[[ ABC ]] and << é >>, a>>b",
        "<< A >> > B >> [[ C ]] [[x]]",
        "<< A [[ b ]] >> c",
        "<< [[ A ]] b >>",
        "[[ << A >> b ]]",
        "<< A [[ b >> c ]]",
        "<< A >>[[ b ]]",
    ],
)
def test_write_chemprot_jsonl_gives_the_same_line(tmp_path: Path, text: str) -> None:
    line = json.dumps({"text": text, "label": "INHIBITOR", "metadata": [1], "n": "x"}, ensure_ascii=False) + "\n"
    path = tmp_path / "a.jsonl"
    path.write_text(line, encoding="utf-8")
    losses: Counter[str] = Counter()
    write_chemprot_jsonl(read_chemprot_jsonl(path), tmp_path / "b.jsonl", losses)
    assert (tmp_path / "b.jsonl").read_text(encoding="utf-8") == line
    assert not losses


def test_format_chemprot_jsonl_counts_what_is_lost() -> None:
    mentions = (
        MentionRecord("T1", "X", ((0, 1),)),
        MentionRecord("T2", "Y", ((2, 3), (4, 5))),
        MentionRecord("T3", "", ((4, 5),)),
    )
    relations = (
        RelationRecord("R1", "r", ARGUMENTS, {"n": "1"}),
        RelationRecord("R2", "r", (ArgumentRecord("a", "T2"), ArgumentRecord("b", "T1"))),
        RelationRecord("R3", "r", (ArgumentRecord("a", "D1", "concept"), ArgumentRecord("b", "T1"))),
    )
    losses: Counter[str] = Counter()
    lines = format_chemprot_jsonl(DocumentRecord("1", "A B C", mentions, relations, infons={"label": "l"}), losses)
    assert [json.loads(line)["text"] for line in lines.splitlines()] == ["<< A >> [[ B C ]]", "[[ A ]] << B C >>"]
    assert losses == {
        "discontinuous mentions": 2,
        "document infons": 1,
        "labels of mentions": 2,
        "mentions": 1,
        "relation infons": 1,
        "relations": 1,
        "roles of relations": 1,
    }
    marked = DocumentRecord("1", "A << B", (mentions[0], MentionRecord("T2", "", ((5, 6),))), relations[:1])
    losses = Counter()
    assert format_chemprot_jsonl(marked, losses) == ""
    assert losses["relations in texts with marks"] == 1
    assert losses["documents without relations"] == 1


@settings(max_examples=200)
@given(data=st.data())
def test_chemprot_jsonl_round_trip(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab <>[]\n\u2028", min_size=1, max_size=12))
    fragments = []
    for _ in range(2):
        start = data.draw(st.integers(0, len(text)))
        fragments.append(((start, data.draw(st.integers(start, len(text)))),))
    mentions = tuple(MentionRecord(f"T{n}", "", place) for n, place in enumerate(fragments, start=1))
    record = DocumentRecord("a:1", text, mentions, (RelationRecord("R1", "r", ARGUMENTS),))
    losses: Counter[str] = Counter()
    path = tmp_path_factory.mktemp("chemprot") / "a.jsonl"
    write_chemprot_jsonl([record], path, losses)
    if losses:
        assert losses.keys() == {"relations in texts with marks", "documents without relations"}
    else:
        assert list(read_chemprot_jsonl(path)) == [record]
