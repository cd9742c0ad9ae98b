"""Held-out documents are found by identifier and by text, whatever the list looks like."""

import json
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.exclusions import Exclusions
from spacy_biomedplm.plm.text import RawDocument

HELD_OUT = (
    "Aspirin lowered fever in all of the forty mice that had been given lipopolysaccharide before, and none of the "
    "controls showed any change of temperature over the whole night of the trial."
)


@pytest.fixture
def exclusions(tmp_path: Path) -> Exclusions:
    (tmp_path / "a.jsonl").write_text(json.dumps({"pmid": 5, "text": HELD_OUT}) + "\n", encoding="utf8")
    (tmp_path / "ids.txt").write_text("PMID:77\n88\n", encoding="utf8")
    return Exclusions([tmp_path / "a.jsonl", tmp_path / "ids.txt"])


@pytest.mark.parametrize(
    ("text", "doc_id", "reason"),
    [
        (HELD_OUT, None, "text"),
        (HELD_OUT.upper().replace(",", " ;"), "9", "text"),
        ("Before. " + HELD_OUT[:120] + " and so on.", None, "passage"),
        ("Other words.", "pmid:5", "id"),
        ("Other words.", "77", "id"),
        ("Other words.", "88", "id"),
        ("Other words, which stand nowhere else but here in this one sentence of the test.", "6", None),
    ],
)
def test_find(text: str, doc_id: str | None, reason: str | None, exclusions: Exclusions) -> None:
    match = exclusions.find(RawDocument(text, doc_id, "x.txt:1"))
    assert (match.reason if match else None) == reason


def test_no_lists() -> None:
    assert Exclusions([]).find(RawDocument(HELD_OUT, "5", "x.txt:1")) is None


def test_a_list_of_identifiers_is_known_by_its_ending_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "IDS.TXT").write_text("77\n", encoding="utf8")
    match = Exclusions([tmp_path / "IDS.TXT"]).find(RawDocument("Other words.", "77", "x.txt:1"))
    assert match is not None


def test_a_list_that_names_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("\n", encoding="utf8")
    with pytest.raises(BiomedplmError, match="B558"):
        Exclusions([tmp_path / "ids.txt"])
