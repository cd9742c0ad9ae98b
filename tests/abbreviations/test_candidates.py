import pytest

from spacy_biomedplm.abbreviations.candidates import (
    MAX_PARTS,
    find_borders,
    find_brackets,
    find_candidates,
    is_short,
    trim,
)


def pairs(text: str) -> list[tuple[str, str, str]]:
    found = find_candidates(text, find_borders(text))
    return [(text[slice(*item.short)], text[slice(*item.context)], item.order) for item in found]


def test_candidates_are_the_bracket_and_the_word_before() -> None:
    assert ("TNF", "tumor necrosis factor", "long-short") in pairs("tumor necrosis factor (TNF)")
    assert pairs("TNF (tumor necrosis factor)") == [("TNF", "tumor necrosis factor", "short-long")]


def test_candidates_of_several_short_forms_and_lead_words() -> None:
    shorts = [short for short, _, order in pairs("factor (hereafter termed TNF; or TNF-A)") if order == "long-short"]
    assert shorts == ["TNF; or TNF-A", "TNF", "TNF-A", "TNF-A"]


def test_no_candidate_crosses_a_border() -> None:
    text = "Tumor necrosis. Factor (TNF)"
    assert {context for _, context, _ in pairs(text)} == {"Factor"}
    assert not list(find_candidates("tumor (TNF)", [0, 8]))


def test_candidates_of_one_bracket_are_limited() -> None:
    places = {item.short for item in find_candidates("alpha (" + "AB, " * 60 + ")", [0])}
    assert len(places) <= MAX_PARTS


def test_a_full_stop_after_an_initial_is_no_border() -> None:
    assert find_borders("By E. Coli. Then") == [0, 12]
    assert find_borders("One\n\ntwo") == [0, 5]


def test_brackets_belong_together_inner_ones_first() -> None:
    assert list(find_brackets("a (b [c] (d)) )e(")) == [(5, 7), (9, 11), (2, 12)]


@pytest.mark.parametrize("text", ["TNF", "CD40L", "IL-2", "5-HT", "K(A)", "E. coli", "mRNA"])
def test_is_short(text: str) -> None:
    assert is_short(text)


@pytest.mark.parametrize(
    "text", ["P < 0.05", "5 mg", "500 mL", "and so on", "1994", "treatment", "K(A", "ii", "a b c d"]
)
def test_is_no_short(text: str) -> None:
    assert not is_short(text)


def test_trim_of_quotes_only_is_nothing() -> None:
    assert trim(' "" ', 0, 4) is None
    assert trim(' "a" ', 0, 5) == (2, 3)
