from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit, read_pubtator
from spacy_biomedplm.errors import BiomedplmError
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
from spacy_biomedplm.writers import format_pubtator, write_pubtator

TITLE = (PassageRecord(0, 7, "title"),)


def test_pubtator_writes_title_abstract_mentions_and_relations() -> None:
    record = DocumentRecord(
        "77",
        "A title\nAspirin helps",
        mentions=(
            MentionRecord("T1", "CHEMICAL", ((8, 15),), concepts=(ConceptRecord("MESH", "D001241"),)),
            MentionRecord("T2", "OTHER", ((2, 7),)),
        ),
        relations=(
            RelationRecord("R1", "A", (ArgumentRecord("", "1", "concept"), ArgumentRecord("", "2", "concept"))),
        ),
        passages=TITLE,
    )
    wanted = (
        "77|t|A title\n77|a|Aspirin helps\n77\t8\t15\tAspirin\tCHEMICAL\tMESH:D001241\n77\t2\t7\ttitle\tOTHER\t-\n"
        "77\tA\t1\t2\n\n"
    )
    losses = Counter[str]()
    assert format_pubtator(record, losses) == wanted
    assert losses == {"line breaks and tabs": 1}


@pytest.mark.parametrize(
    ("text", "passages", "lines"),
    [
        ("One line", (), ["1|t|One line", "1|a|"]),
        ("Two\nlines\nhere", (), ["1|t|Two", "1|a|lines here"]),
        ("\nA first line that is empty", (), ["1|t|", "1|a|A first line that is empty"]),
        ("A title", TITLE, ["1|t|A title", "1|a|"]),
        ("A title of more", TITLE, ["1|t|A title", "1|a|of more"]),
        ("A titled", TITLE, ["1|t|A titled", "1|a|"]),
        (" Body", (PassageRecord(1, 5, "abstract"),), ["1|t|", "1|a|Body"]),
        ("a\tb|c\r\nd\u2028e\x85f", (), ["1|t|a b|c ", "1|a|d e f"]),
        ("", (), ["1|t|", "1|a|"]),
    ],
)
def test_pubtator_keeps_the_length_of_the_text(
    text: str, passages: tuple[PassageRecord, ...], lines: list[str]
) -> None:
    written = format_pubtator(DocumentRecord("1", text, passages=passages), Counter()).split("\n")
    assert written == [*lines, "", ""]
    assert len(lines[0] + lines[1]) - 2 * len("1|t|") + 1 in (len(text), len(text) + 1)


def test_pubtator_counts_another_character_than_a_space_after_the_title() -> None:
    losses = Counter[str]()
    assert "1|a|of" in format_pubtator(DocumentRecord("1", "A title\xa0of", passages=TITLE), losses)
    assert losses == {"other characters than a space after the title": 1}


@pytest.mark.parametrize("doc_id", ["", " ", "a|b", "a\tb", "a\nb", "a\u2028b"])
def test_pubtator_refuses_identifiers_that_break_the_format(doc_id: str) -> None:
    with pytest.raises(BiomedplmError, match=r"\[B629\].*\(a\.jsonl\) cannot be written as PubTator"):
        format_pubtator(DocumentRecord(doc_id, "text", path="a.jsonl"), Counter())


def test_pubtator_counts_what_it_cannot_express(tmp_path: Path) -> None:
    concept = ArgumentRecord("Arg1", "D1", "concept")
    record = DocumentRecord(
        "1",
        "Aspirin heals it",
        mentions=(
            MentionRecord("T1", "A", ((0, 2), (4, 7)), concepts=(ConceptRecord("", "D1", "name"),), score=0.5),
            MentionRecord("T2", "B", ((8, 13),), infons={"who": "me"}, is_trigger=True),
            MentionRecord("T3", "C", ((14, 16),), infons={"who": "me", "MESH": "D1"}),
        ),
        relations=(
            RelationRecord("R1", "X", (ArgumentRecord("", "T1"), ArgumentRecord("", "T3"))),
            RelationRecord("R2", "Y", (concept, concept), {"more": "1"}, 0.5),
            RelationRecord("R3", "5", (concept, concept)),
            RelationRecord("R4", "Z", (concept, concept), {"novelty": "C"}),
        ),
        events=(EventRecord("E1", "B", "T2"),),
        attributes=(AttributeRecord("M1", "Negation", "E1"),),
        notes=(NoteRecord("#1", "Note", "", "text"),),
        passages=(PassageRecord(0, 16, "sentence", {"n": "1"}),),
        labels={"relevant": 1.0},
        answers=(("it",),),
        infons={"journal": "J"},
    )
    losses = Counter[str]()
    write_pubtator([record], tmp_path / "a.txt", losses)
    wanted = "1|t|Aspirin heals it\n1|a|\n1\t0\t7\tAspirin\tA\tD1\n1\t14\t16\tit\tC\t-\n1\tY\tD1\tD1\n\n"
    assert (tmp_path / "a.txt").read_text(encoding="utf8") == wanted
    assert losses == {
        "discontinuous mentions": 1,
        "scores": 2,
        "names of concepts": 1,
        "triggers": 1,
        "infons of mentions": 1,
        "relations that are not between two concepts": 1,
        "relations that would be read as mentions": 2,
        "roles of relations": 1,
        "infons of relations": 1,
        "events": 1,
        "attributes": 1,
        "notes": 1,
        "passages": 1,
        "infons of passages": 1,
        "document labels": 1,
        "answers": 1,
        "infons of documents": 1,
    }


LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=20)
IDENTIFIERS = st.sampled_from(["-", "", "-1", "D1", "D1|D2", "1;2", "MESH:D1,-", "c|DEL|1|", "rs1;RS#:1", " D1", "a b"])


@st.composite
def files(draw: st.DrawFn) -> str:
    lines = []
    for number in range(draw(st.integers(1, 3))):
        title, abstract = draw(LINE), draw(LINE)
        lines += [f"{number}|t|{title}", f"{number}|a|{abstract}"]
        text = f"{title} {abstract}" if abstract else title
        for _ in range(draw(st.integers(0, 3 if text else 0))):
            start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
            columns = [str(number), str(start), str(end), text[start:end], draw(LINE)]
            columns += draw(st.just([]) | st.tuples(IDENTIFIERS).map(list) | st.tuples(IDENTIFIERS, LINE).map(list))
            lines.append("\t".join(columns))
        for label in draw(st.lists(st.sampled_from(["CID", "Association", ""]), max_size=2)):
            rest = draw(st.sampled_from([[], ["Novel"], ["No", "x", "y"]]))
            lines.append("\t".join([str(number), label, "D1", "c|DEL|1|", *rest]))
        lines.append("")
    return "\n".join(lines) + "\n"


@settings(max_examples=150)
@given(content=files())
def test_pubtator_gives_back_the_very_file(content: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("pubtator") / "a.txt"
    path.write_text(content, encoding="utf8", newline="")
    losses = Counter[str]()
    records = list(read_pubtator(path, merge_passages=False))
    assert "".join(format_pubtator(record, losses) for record in records) == content
    assert not losses
    fitted = [fit(record, Report()) for record in records]
    assert "".join(format_pubtator(record, losses) for record in fitted) == content
    assert all(
        replace(record, mentions=()) == replace(old, mentions=()) for record, old in zip(fitted, records, strict=True)
    )
