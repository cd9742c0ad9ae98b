from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.units import Unit, split_units


def test_context_keeps_offsets_where_lower_case_is_longer() -> None:
    context = Context("İİ tumor")
    assert len(context.lower) == len(context.text)
    assert context.starts == [0, 3]


def test_find_places_letters_numbers_and_greek_letters() -> None:
    context = Context("second interleukin beta")
    assert context.find(Unit("2", "number", False)) == [0]
    assert context.find(split_units("β")[0]) == [19]
    assert context.find(split_units("I")[0]) == [7, 16]


def test_token_start_goes_back_to_white_space_or_an_open_bracket() -> None:
    context = Context("an (anti-inflammatory drug")
    assert context.token_start(context.starts.index(9)) == 4


def test_words_have_kinds() -> None:
    assert Context("loss of 5-HT was high").kinds == ["word", "link", "number", "joint", "clause", "word"]


def test_gaps_tell_commas_from_locants() -> None:
    assert Context("a, b").gaps == ["", "comma"]
    assert Context("1,2").gaps == ["", "stop"]
    assert Context("wet/dry").gaps == ["", "slash"]
    assert Context("a (b").gaps == ["", "bracket"]
