import pytest

from spacy_biomedplm.abbreviations.candidates import find_borders, find_candidates
from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.features import (
    context_starts,
    describe_candidate,
    describe_long,
    describe_missed,
    describe_short,
    describe_step,
    is_balanced,
    known_starts,
)
from spacy_biomedplm.abbreviations.units import split_units


@pytest.mark.parametrize(
    ("short", "feature"),
    [
        ("TNF", "short.upper"),
        ("apo", "short.lower"),
        ("IL-2", "short.digit"),
        ("MS II", "short.words"),
        ("5HT", "short.number"),
        ("SD(+)", "short.sign"),
    ],
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


@pytest.mark.parametrize(
    ("text", "short", "features"),
    [
        ("heart rate (HR) rose", "HR", []),
        ("heart rate (HR) rose. HR fell", "HR", ["short.repeated"]),
        ("heart rate (HR) rose. AHR fell", "HR", []),
        ("heart rate(HR)", "HR", ["bracket.attached"]),
        ("the virus (HIV)-positive", "HIV", ["bracket.followed"]),
        ("heart rate (termed HR)", "HR", ["part.lead"]),
        ("heart rate (HR = 60)", "HR", ["part.equal"]),
        ("heart rate (HR, pulse)", "HR", ["part.comma"]),
        ("heart rate (HR in rats)", "HR", ["part.first"]),
        ("heart rate (X; HR)", "HR", ["part.later"]),
        ("HR (heart rate)", "HR", ["order.short-long"]),
    ],
)
def test_describe_candidate(text: str, short: str, features: list[str]) -> None:
    found = [item for item in find_candidates(text, find_borders(text)) if text[slice(*item.short)] == short]
    assert list(describe_candidate(text, found[0])) == features


def test_a_short_form_is_looked_for_a_few_times_only() -> None:
    text = "heart rate (HR)" + " AHR" * 400 + " HR"
    (candidate,) = find_candidates(text, [0])
    assert describe_candidate(text, candidate) == ()


@pytest.mark.parametrize(
    ("short", "number", "feature"),
    [("TNF", 2, "missed.last.upper"), ("mRNA", 1, "missed.inner.upper"), ("IL2", 2, "missed.number")],
)
def test_describe_missed(short: str, number: int, feature: str) -> None:
    assert describe_missed(split_units(short), number) == feature


@pytest.mark.parametrize(
    ("text", "short", "start", "path", "features"),
    [
        ("tumor necrosis factor", "TNF", 0, (0, 6, 15), {"all.exact"}),
        ("tumor cell necrosis", "TN", 0, (0, 11), set()),
        ("computed tomography", "CTM", 0, (0, 9, 11), {"all.heads"}),
        ("turkey herpesvirus", "HVT", 0, (7, 13, -1), {"all.heads", "elsewhere.letter"}),
        ("forced ejection", "FJ", 0, (0, 8), {"all.matched"}),
        ("scanning", "SN", 0, (0, 3), {"long.one", "one.upper"}),
        ("cells that were kept", "CK", 0, (0, 16), {"all.exact", "long.clause", "long.more"}),
        ("x interleukin", "I", 2, (2,), {"long.one", "single.one"}),
    ],
)
def test_describe_long(text: str, short: str, start: int, path: tuple[int, ...], features: set[str]) -> None:
    found = describe_long(Context(text), start, split_units(short), path)
    assert {name for name, value in found.items() if value} == features


def test_a_link_is_no_initial() -> None:
    context = Context("rate and height")
    assert describe_step(context, split_units("A")[0], 0, 5, last=False) == ["link.upper"]


@pytest.mark.parametrize(
    ("text", "short", "starts"),
    [
        ("of hydrogen peroxide", "H(2)O(2)", [3]),
        ("dihydrogen peroxide", "H2O2", []),
        ("serotonin", "5-HT", [0]),
        ("serotonin", "S", []),
    ],
)
def test_known_starts(text: str, short: str, starts: list[int]) -> None:
    assert known_starts(Context(text), short) == starts
