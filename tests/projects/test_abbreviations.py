"""The fitting of the weights of biomedplm_abbreviations."""

from collections import Counter
from collections.abc import Callable
from types import ModuleType

import pytest

from spacy_biomedplm.abbreviations.alignment import Aligner
from spacy_biomedplm.abbreviations.detection import default_aligner
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, RelationRecord

Load = Callable[[str], ModuleType]
TEXTS = {
    "tumor necrosis factor (TNF) rose": True,
    "the heart rate (HR) fell": True,
    "in many patients (HCV) it": False,
    "with the median (GLP) of it": False,
}


@pytest.fixture
def script(load_script: Load) -> ModuleType:
    return load_script("abbreviations/scripts/fit.py")


def make_record(text: str, *, defines: bool) -> DocumentRecord:
    start = text.index("(")
    begin = text.index("heart") if "heart" in text else 0
    mentions = (
        MentionRecord("T1", "Long form", ((begin, start - 1),)),
        MentionRecord("T2", "Short form", ((start + 1, text.index(")")),)),
    )
    relation = RelationRecord("R1", "Abbreviation", (ArgumentRecord("long", "T1"), ArgumentRecord("short", "T2")))
    return DocumentRecord("1", text, mentions, relations=(relation,) if defines else ())


@pytest.fixture
def records() -> list[DocumentRecord]:
    return [make_record(text, defines=defines) for text, defines in TEXTS.items()]


def test_examples_tell_the_right_alignment(script: ModuleType, records: list[DocumentRecord]) -> None:
    (example,) = script.read_examples(records[1], default_aligner())
    assert example.features[example.right]["start.word"] == 1
    record = make_record("a rise of heart rate (HR)", defines=False)
    (example,) = script.read_examples(record, default_aligner())
    assert example.right == -1


def test_a_definition_out_of_reach_is_no_example(script: ModuleType) -> None:
    record = make_record("heart rate of rats (XR) xr", defines=True)
    assert not list(script.read_examples(record, Aligner({})))


def test_the_right_alignment_becomes_the_most_probable(script: ModuleType) -> None:
    good, bad = Counter(a=1, b=1), Counter(b=2)
    examples = [script.Example((bad, good), 1), script.Example((bad,), -1)]
    weights = script.maximise(examples, 0.1)
    assert weights["a"] + weights["b"] > 0 > weights["b"]


def test_weights_find_what_they_were_fitted_on(script: ModuleType, records: list[DocumentRecord]) -> None:
    weights = script.fit(records, 0.01, 2)
    assert weights == script.fit(records, 0.01, 2)
    assert script.evaluate(records, weights, 0.4).f1 == 1.0


def test_records_are_scored_with_weights_of_others(script: ModuleType, records: list[DocumentRecord]) -> None:
    scores = script.cross_validate(records * 2, penalty=0.01, rounds=1, folds=2, seeds=(0, 1))
    assert scores.gold == 8
