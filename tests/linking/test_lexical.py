import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.linking.lexical import LEXICAL, compare, words_of


def value(mention, name, column):
    return compare(mention, [name])[0, LEXICAL.index(column)]


@pytest.mark.parametrize(
    ("mention", "name", "columns"),
    [
        ("fever", "fever", {"same characters": 1, "same but for case": 1, "length": 0}),
        ("Fevers", "fever", {"same characters": 0, "same but for case": 0, "same words in any order": 1}),
        ("cancer of the breast", "Breast Cancers", {"same words in any order": 1, "share of the name's words": 1}),
        ("breast cancer", "cancer", {"share of the mention's words": 0.5, "same last word": 1}),
        ("type II diabetes", "type 2 diabetes", {"numbers differ": 0}),
        ("type II diabetes", "type 1 diabetes", {"numbers differ": 1}),
        ("type II diabetes", "type 2 diabetes", {"same words in any order": 1, "share of the mention's words": 1}),
        ("grade X tumours", "tumor, grade 10", {"share of the mention's words": 2 / 3}),
        ("V factor", "5 factor", {"share of the mention's words": 0.5}),
        ("hepatitis B", "hepatitis C", {"numbers differ": 1}),
        ("cardiac", "cardiomyopathy", {"share of common beginnings": 1}),
    ],
)
def test_compare(mention, name, columns):
    for column, wanted in columns.items():
        assert value(mention, name, column) == pytest.approx(wanted), column


def test_words_of():
    assert words_of("Deficiencies of the alpha-1 antitrypsins") == ("deficiency", "alpha", "1", "antitrypsin")
    assert words_of("the") == ("the",)
    assert words_of("II factor VIII, stages IV") == ("ii", "factor", "8", "stage", "4")
    assert words_of("-") == ()


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=4))
def test_compare_takes_any_text(mention, names):
    found = compare(mention, names)
    assert found.shape == (len(names), len(LEXICAL))
    assert np.all(np.abs(found) <= 1)
