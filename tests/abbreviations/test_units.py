from spacy_biomedplm.abbreviations.units import split_units


def test_split_units_knows_greek_letters_and_whole_numbers() -> None:
    assert [unit.text for unit in split_units("TGF-beta12")] == ["t", "g", "f", "β", "12"]
    assert [unit.kind for unit in split_units("FEV(1.0)&")] == ["letter", "letter", "letter", "number", "sign"]
    assert [unit.upper for unit in split_units("mRNA")] == [False, True, True, True]


def test_split_units_of_signs_is_empty() -> None:
    assert split_units("-/()") == ()
