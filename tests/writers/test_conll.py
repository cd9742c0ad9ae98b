import itertools
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.iob import read_iob
from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord, RelationRecord
from spacy_biomedplm.writers.conll import format_conll, write_conll

TWO = "a\tO\nb\tB-X\nc\tI-X\n\nd\tB\ne\tI\nf\tB\n\n"
FOUR = "-DOCSTART- (8)\n\na\tNN\tx\tB-X\nb\tVB\ty\tI-X\n\n-DOCSTART- (9)\n\nc\tNN\tz\tO\n\n"
TEXT = "IL-4-induced  STAT6 rose. Not\nmuch."


def lines(record: DocumentRecord, losses: Counter[str] | None = None, **options: Any) -> list[str]:
    return format_conll(record, Counter() if losses is None else losses, **options).split("\n")


@pytest.mark.parametrize("content", [TWO, FOUR, "-DOCSTART-\tO\n\na\tO\n\n", "患\tB-病\n\u3000\tO\n\n"])
@pytest.mark.parametrize("pack", [True, False])
def test_conll_gives_the_lines_of_its_file_again(content: str, pack: bool, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(content, encoding="utf-8")
    losses: Counter[str] = Counter()
    records = [fit(record, Report()) for record in read_iob(tmp_path / "a.tsv", pack=pack)]
    write_conll(records, tmp_path / "b.tsv", losses)
    assert (tmp_path / "b.tsv").read_text(encoding="utf-8") == content
    assert not losses
    assert list(read_iob(tmp_path / "a.tsv", pack=pack)) == records


def test_conll_writes_bioes(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(TWO, encoding="utf-8")
    (record,) = read_iob(tmp_path / "a.tsv")
    tags = [line.split("\t")[1] for line in lines(record, scheme="BIOES") if line]
    assert tags == ["O", "B-X", "E-X", "B", "E", "S"]
    write_conll([record], tmp_path / "a.tsv", Counter(), scheme="BIOES")
    assert list(read_iob(tmp_path / "a.tsv")) == [record]


def test_conll_divides_other_documents_where_mentions_do() -> None:
    mentions = (MentionRecord("T1", "Gene", ((0, 4),)), MentionRecord("T2", "Part", ((14, 16),)))
    passages = (PassageRecord(0, 25, "sentence"), PassageRecord(26, 35, "sentence"))
    losses: Counter[str] = Counter()
    found = lines(DocumentRecord("17 (x)", TEXT, mentions, passages=passages), losses)
    assert found == [
        *("-DOCSTART- (17 (x))\tO", ""),
        *(
            "IL\tB-Gene",
            "-\tI-Gene",
            "4\tI-Gene",
            "-\tO",
            "induced\tO",
            "ST\tB-Part",
            "AT\tO",
            "6\tO",
            "rose\tO",
            ".\tO",
            "",
        ),
        *("Not\tO", "much\tO", ".\tO", "", ""),
    ]
    assert losses == {"texts with other white space than between words and sentences": 1}


def test_conll_counts_what_it_cannot_express() -> None:
    mentions = (
        MentionRecord("T1", "Long", ((0, 12),)),
        MentionRecord("T2", "Inner", ((0, 4),)),
        MentionRecord("T3", "Torn", ((14, 18), (20, 24))),
        MentionRecord("T4", "Split", ((26, 29), (30, 34))),
        MentionRecord("T5", "Gap", ((12, 14),)),
        MentionRecord("T6", "Verb", ((20, 24),), is_trigger=True),
        MentionRecord("T7", "Tab\t", ((18, 25),), text="other"),
        MentionRecord("T8", "None", ((25, 25),)),
    )
    passages = (PassageRecord(0, 26, "title", {"a": "b"}), PassageRecord(26, 29, "x"))
    record = DocumentRecord(
        "1\t2", TEXT, mentions, (RelationRecord("R1", "r", ()),), passages=passages, infons={"c": "d"}
    )
    losses: Counter[str] = Counter()
    found = lines(record, losses)
    assert [line for line in found if not line.endswith("\tO")] == [
        *("", "IL\tB-Long", "-\tI-Long", "4\tI-Long", "-\tI-Long", "induced\tI-Long"),
        *("6\tB-Tab_", "rose\tI-Tab_", ".\tI-Tab_", "", "Not\tB-Split", "much\tI-Split", "", ""),
    ]
    assert losses == {
        "discontinuous mentions": 1,
        "document infons": 1,
        "labels with white space at their ends, tabs or line breaks": 1,
        "line breaks in document identifiers": 1,
        "mention texts": 1,
        "mentions without a word": 2,
        "overlapping mentions": 1,
        "passages that are no sentences": 2,
        "relations": 1,
        "sentence breaks inside mentions": 1,
        "texts with other white space than between words and sentences": 1,
        "triggers": 1,
    }


def test_conll_divides_words_of_its_own_where_mentions_do(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("ab\tNN\tO\ncd\tVB\tO\n", encoding="utf-8")
    (record,) = read_iob(tmp_path / "a.tsv")
    changed = DocumentRecord(
        "x", record.text, (MentionRecord("T1", "X", ((1, 4),)),), passages=record.passages, infons=record.infons
    )
    assert lines(changed) == ["a\tNN\tO", "b\tNN\tB-X", "c\tVB\tI-X", "d\tVB\tO", "", ""]
    losses: Counter[str] = Counter()
    assert lines(changed, losses, columns=2)[0] == "a\tO"
    assert losses["documents with more columns than the first"] == 1
    write_conll([record, DocumentRecord("y", "e")], tmp_path / "b.tsv", Counter())
    assert (tmp_path / "b.tsv").read_text().endswith("-DOCSTART- (y)\t_\tO\n\ne\t_\tO\n\n")


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text("ab1- \n\té\u3000", max_size=30))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=2).map(tuple), max_size=5))
    mentions = tuple(
        MentionRecord(f"T{n}", draw(st.sampled_from(["A", "", "B-C"])), place)
        for n, place in enumerate(places, start=1)
    )
    passages = tuple(PassageRecord(*place, "sentence") for place in draw(st.lists(offsets, max_size=3)))
    return DocumentRecord(draw(st.sampled_from(["1", "a b"])), text, mentions, passages=passages)


@settings(max_examples=200)
@given(record=records(), scheme=st.sampled_from(["IOB2", "BIOES"]))
def test_conll_is_read_as_it_was_written(record: DocumentRecord, scheme: Any) -> None:
    losses: Counter[str] = Counter()
    first = format_conll(record, losses, scheme=scheme)
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.tsv")
        path.write_text(first + "-DOCSTART- (end)\n\nx\tO\n", encoding="utf-8", newline="")
        found, _ = read_iob(path)
    assert found.doc_id == record.doc_id
    assert "".join(found.text.split()) == "".join(record.text.split())
    names = ("overlapping mentions", "discontinuous mentions", "mentions without a word")
    assert len(found.mentions) == len(record.mentions) - sum(losses[name] for name in names)
    wanted = Counter(("".join(record.text[m.start : m.end].split()), m.label) for m in record.mentions)
    assert not Counter(("".join(found.text_of(m).split()), m.label) for m in found.mentions) - wanted
    again: Counter[str] = Counter()
    assert format_conll(found, again, scheme=scheme) == first
    assert not again


def test_schemes_differ_in_nothing_else() -> None:
    record = DocumentRecord("1", "a b c", (MentionRecord("T1", "X", ((0, 3),)),))
    pairs = itertools.zip_longest(lines(record), lines(record, scheme="BIOES"))
    assert [pair for pair in pairs if pair[0] != pair[1]] == [("b\tI-X", "b\tE-X")]


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["s800/devel.tsv", "jnlpba/devel.tsv", "bionlp13cg-ner/devel.tsv"])
def test_conll_gives_the_lines_of_a_corpus_again(name: str, corpora_folder: Path) -> None:
    path = corpora_folder / name
    losses: Counter[str] = Counter()
    content = "".join(format_conll(record, losses) for record in read_iob(path))
    assert content == path.read_text(encoding="utf-8")
    assert not losses
