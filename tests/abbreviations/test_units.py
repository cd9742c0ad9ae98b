import pytest

from spacy_biomedplm.abbreviations.units import KNOWN, LOOSE, split_units, swap_units


def test_split_units_knows_greek_letters_and_whole_numbers() -> None:
    assert [unit.text for unit in split_units("TGF-beta12")] == ["t", "g", "f", "β", "12"]
    assert [unit.kind for unit in split_units("FEV(1.0)&")] == ["letter", "letter", "letter", "number", "sign"]
    assert [unit.upper for unit in split_units("mRNA")] == [False, True, True, True]


def test_split_units_of_signs_is_empty() -> None:
    assert split_units("-/()") == ()


def test_split_units_keeps_bounds_together() -> None:
    assert [unit.text for unit in split_units("VO2max")] == ["v", "o", "2", "max"]
    assert [unit.kind for unit in split_units("C(min)")] == ["letter", "bound"]
    assert [unit.text for unit in split_units("Climax")][-3:] == ["m", "a", "x"]


@pytest.mark.parametrize(
    ("short", "swapped"),
    [
        ("T(a)", ["a", "t"]),
        ("DM", ["m", "d"]),
        ("CFU-GM", ["g", "m", "c", "f", "u"]),
        ("Vmax", ["max", "v"]),
        ("TNF", None),
        ("AA", None),
        ("-A", None),
    ],
)
def test_swap_units(short: str, swapped: list[str] | None) -> None:
    assert [[unit.text for unit in units] for units in swap_units(short)] == ([swapped] if swapped else [])


def test_known_short_forms_are_written_as_they_are_looked_up() -> None:
    assert all(short == short.lower() and not set(short) & set("()") for short in KNOWN)
    assert all(long == long.lower() for longs in KNOWN.values() for long in longs)
    assert "k" in LOOSE
