from collections import Counter

import pytest

from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord, NoteRecord, RelationRecord
from spacy_biomedplm.writers.losses import count_infons, count_losses


def test_count_losses_counts_layers_that_are_not_kept() -> None:
    mention = MentionRecord("T1", "A", ((0, 1),), "x", (ConceptRecord("", "1"),), {"a": "b", "c": "d"}, score=0.5)
    record = DocumentRecord(
        "1",
        "y",
        (mention, MentionRecord("T2", "B", ((0, 1),), is_trigger=True)),
        relations=(RelationRecord("R1", "r", ()),),
        notes=(NoteRecord("#1", "n", "", "?"),),
        labels={"a": 0.0},
        answers=(("a",), ("b",)),
    )
    losses = Counter({"notes": 1})
    count_losses(record, losses, keeps=("concepts", "relations"))
    assert losses == {
        "answers": 2,
        "document labels": 1,
        "mention infons": 2,
        "mention texts": 1,
        "notes": 2,
        "scores": 1,
        "triggers": 1,
    }


@pytest.mark.parametrize(
    ("infons", "kept", "wanted"),
    [
        ({}, (), 0),
        ({"file": "a2", "spacing": " | |\t"}, (), 0),
        ({"file": "scan.pdf", "spacing": "1.5"}, (), 2),
        ({"a": "a1", "b": " "}, ("b",), 1),
    ],
)
def test_count_infons_counts_no_layout(infons: dict[str, str], kept: tuple[str, ...], wanted: int) -> None:
    assert count_infons(infons, kept) == wanted
