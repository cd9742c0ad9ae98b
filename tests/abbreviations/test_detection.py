import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.abbreviations.detection import find_definitions, find_occurrences
from spacy_biomedplm.errors import BiomedplmError


def pairs(text: str) -> list[tuple[str, str]]:
    return [(text[slice(*item.short)], text[slice(*item.long)]) for item in find_definitions(text)]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Levels of tumor necrosis factor (TNF) rose.", "TNF", "tumor necrosis factor"),
        ("We used HPLC (high performance liquid chromatography).", "HPLC", "high performance liquid chromatography"),
        ("Loss of myosin heavy chain [MHC] was seen.", "MHC", "myosin heavy chain"),
        ("A soluble CD40 ligand(CD40L) was made.", "CD40L", "CD40 ligand"),
        ("transforming growth factor-β1 (TGF-b1) and", "TGF-b1", "transforming growth factor-β1"),
        ("Forced expiratory volumes (FEV(1.0)) fell.", "FEV(1.0)", "Forced expiratory volumes"),
        ("the Escherichia coli (E. coli) strain", "E. coli", "Escherichia coli"),
        ("Peak levels of mercury (Hg) in hair", "Hg", "mercury"),
        ("The maximum velocity (Vmax) fell.", "Vmax", "maximum velocity"),
    ],
)
def test_find_definitions(text: str, short: str, long: str) -> None:
    assert pairs(text) == [(short, long)]


@pytest.mark.parametrize(
    "text", ["", "()", "patients (n = 20)", "(TNF)", "in mice (see Table 1)", "Necrosis. Tumor (NT)"]
)
def test_find_definitions_of_none(text: str) -> None:
    assert pairs(text) == []


def test_no_definition_crosses_a_border() -> None:
    text = "tumor necrosis factor (TNF)"
    assert find_definitions(text)
    assert not find_definitions(text, borders=[6])


def test_a_threshold_that_is_no_probability_is_an_error() -> None:
    with pytest.raises(BiomedplmError, match=r"B680.*1\.5"):
        find_definitions("", threshold=1.5)


def test_occurrences_have_the_last_definition_before_them() -> None:
    text = "AC: adenylate cyclase (AC) is AC, not ACE. Atrial contraction (AC) is AC."
    found = [
        (text[slice(*item.short)], text[slice(*item.long)]) for item in find_occurrences(text, find_definitions(text))
    ]
    assert found == [("AC", "adenylate cyclase")] * 3 + [("AC", "Atrial contraction")] * 2


@given(st.text(alphabet="AaBb(); [],.\n2β-İ", max_size=80))
def test_any_text_gives_places_inside_it(text: str) -> None:
    definitions = find_definitions(text)
    for item in definitions:
        assert 0 <= item.short[0] < item.short[1] <= len(text)
        assert 0 <= item.long[0] < item.long[1] <= len(text)
        assert item.short[1] <= item.long[0] or item.long[1] <= item.short[0]
    for found in find_occurrences(text, definitions):
        assert text[slice(*found.short)] in {text[slice(*item.short)] for item in definitions}


@pytest.mark.parametrize(
    "text", ["(" * 200_000, "(" * 50_000 + ")" * 50_000, "a (" + "x" * 5000 + ")", "." + " " * 200_000]
)
def test_absurd_text_takes_little_time(text: str) -> None:
    start = time.process_time()
    assert find_definitions(text) == []
    assert time.process_time() - start < 2


def test_time_grows_with_the_length_only() -> None:
    def seconds(times: int) -> float:
        start = time.process_time()
        find_definitions("tumor necrosis factor (TNF) and (A, B) in " * times)
        return time.process_time() - start

    seconds(10)
    assert seconds(400) < 12 * max(seconds(100), 0.01)


def test_a_long_form_that_goes_on_after_the_bracket_is_none() -> None:
    assert pairs("seen by transmission (TEM) electron microscopy") == []
