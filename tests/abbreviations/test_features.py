import pytest

from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.features import context_starts, describe_short, is_balanced
from spacy_biomedplm.abbreviations.units import split_units


@pytest.mark.parametrize(
    ("short", "feature"),
    [("TNF", "short.upper"), ("apo", "short.lower"), ("IL-2", "short.digit"), ("MS II", "short.words")],
)
def test_describe_short(short: str, feature: str) -> None:
    assert feature in describe_short(split_units(short), short)


@pytest.mark.parametrize(
    ("text", "good"), [("a (b) c", True), ("a (b", False), ("a [b)", False), ("alpha,", False), ("", True)]
)
def test_is_balanced(text: str, good: bool) -> None:
    assert is_balanced(text) is good


def test_context_starts_offer_the_whole_token_and_the_part() -> None:
    context = Context("1,2-dimethylhydrazine")
    assert context_starts(context, split_units("D"), (4,)) == [(0, "start.prefix.whole"), (4, "start.prefix.cut")]


def test_context_starts_offer_the_word_before_for_a_missed_unit() -> None:
    context = Context("ambient temperature")
    assert (0, "start.rotated.second") in context_starts(context, split_units("Ta"), (8, -1))
