from collections import Counter
from pathlib import Path

import pytest

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
    RelationRecord,
)
from spacy_biomedplm.writers.brat import format_a1_a2, format_ann, write_a2, write_brat

TEXT = "Liver and kidney cells\nshrank after β-kelvanol.\n"


def test_format_ann_renumbers_identifiers_of_other_formats() -> None:
    record = DocumentRecord(
        "1",
        "IL-4 binds STAT6",
        mentions=(
            MentionRecord("G_1", "gene or protein", ((0, 4),)),
            MentionRecord("T1", "", ((11, 16),)),
            MentionRecord("12", "Binding", ((5, 10),), is_trigger=True),
        ),
        relations=(RelationRecord("0.r", "binds", (ArgumentRecord("", "G_1"), ArgumentRecord("a:b c", "T1"))),),
        events=(EventRecord("ev", "Binding", "12", (ArgumentRecord("", "G_1"), ArgumentRecord("Theme", "T1"))),),
        attributes=(AttributeRecord("x", "Negation", "ev"), AttributeRecord("x", "Level", "0.r", "a\nb")),
        equivalences=(EquivalenceRecord(("T1", "G_1")),),
        notes=(NoteRecord("", "", "x", "line\nbreak"),),
    )
    losses: Counter[str] = Counter()
    assert format_ann(record, losses).split("\n") == [
        "T2\tgene_or_protein 0 4\tIL-4",
        "T1\tEntity 11 16\tSTAT6",
        "T3\tBinding 5 10\tbinds",
        "E1\tBinding:T3 Argument:T2 Theme:T1",
        "R1\tbinds Arg1:T2 a_b_c:T1",
        "*\tEquiv T1 T2",
        "A1\tNegation E1",
        "A2\tLevel R1 a b",
        "#1\tAnnotatorNotes A1\tline break",
        "",
    ]
    assert losses == {"names with spaces or colons": 2, "empty names": 2}
    assert "M1\tNegation E1\n" in format_a1_a2(record, losses)[1]


def test_losses_are_counted() -> None:
    record = DocumentRecord(
        "1",
        "IL-4 binds STAT6",
        mentions=(
            MentionRecord("T1", "Gene", ((0, 4),), infons={"who": "A", "file": "a2"}, score=0.5),
            MentionRecord("T2", "Gene", ((0, 4),), concepts=(ConceptRecord("G", "1", "name"),)),
        ),
        relations=(
            RelationRecord("R1", "CID", (ArgumentRecord("a", "D1", "concept"), ArgumentRecord("b", "D2", "concept"))),
            RelationRecord("R2", "Three", tuple(ArgumentRecord("x", name) for name in ("T1", "T2", "T1"))),
            RelationRecord("R3", "Gone", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "E1", "event"))),
        ),
        events=(
            EventRecord("E1", "X", "T9"),
            EventRecord("E2", "X", "T1", (ArgumentRecord("Theme", "E3", "event"),)),
            EventRecord("E3", "X", "T1", (ArgumentRecord("Theme", "E1", "event"),)),
            EventRecord("E4", "X", "T1", (ArgumentRecord("Theme", "D1", "concept"),)),
        ),
        attributes=(AttributeRecord("A1", "Negation", "E1"), AttributeRecord("A2", "Level", "E4", "2")),
        equivalences=(EquivalenceRecord(("T1", "T9")),),
        notes=(NoteRecord("#1", "N", "", "x"), NoteRecord("#2", "N", "E1", "x")),
        labels={"a": 1.0, "b": 0.0},
        answers=(("yes",),),
        infons={"journal": "J"},
    )
    common = {
        "relations between concepts": 1,
        "relations of one, or of more than two": 1,
        "relations that refer to nothing": 1,
        "events that refer to nothing": 3,
        "arguments that are concepts": 1,
        "equivalences that refer to nothing": 1,
        "attributes of what is left out": 1,
        "notes on the document": 1,
        "notes on what is left out": 1,
        "document labels": 2,
        "answers": 1,
        "infons": 2,
        "scores": 1,
    }
    ann, a2 = Counter[str](), Counter[str]()
    assert "A2\tLevel E4 2\n" in format_ann(record, ann)
    assert ann == common
    given, asked = format_a1_a2(record, a2)
    assert given == "T2\tGene 0 4\tIL-4\n"
    assert asked == "T1\tGene 0 4\tIL-4\nE4\tX:T1 \nN1\tG Annotation:T2 Referent:1\n"
    assert a2 == {**common, "attributes with a value": 1, "names of concepts": 1}


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([""], "B444.*empty"),
        (["a", "a"], "B444.*'a'.*another document has that name"),
        (["x" * 251], "B444.*at most 250"),
        (["a\ud800"], "B444.*half of a surrogate"),
    ],
)
def test_write_brat_refuses_identifiers(ids: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=message):
        write_brat([DocumentRecord(doc_id, TEXT) for doc_id in ids], tmp_path / "out", Counter())


def test_write_brat_refuses_half_characters(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B432.*U\+D800"):
        write_brat([DocumentRecord("a", "x\ud800")], tmp_path / "out", Counter())


def test_writers_leave_a_folder_with_files_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "set" / "a.txt"
    file.parent.mkdir()
    file.write_text("mine", encoding="utf8")
    for path in (file, file.parent):
        for write in (write_brat, write_a2):
            with pytest.raises(BiomedplmError, match=r"B443.*left as it is"):
                write([DocumentRecord("a", TEXT)], path, Counter())
    assert file.read_text(encoding="utf8") == "mine"
    write_brat([], tmp_path / "new" / "out", Counter())
    assert list((tmp_path / "new" / "out").iterdir()) == []
