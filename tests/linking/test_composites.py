import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.linking.composites import MAX_PARTS, divide


@pytest.mark.parametrize(
    ("mention", "parts"),
    [
        ("breast and ovarian cancer", ("breast cancer", "ovarian cancer")),
        ("breast, ovarian, and prostate cancers", ("breast cancers", "ovarian cancers", "prostate cancers")),
        ("hepatitis B and C", ("hepatitis B", "hepatitis C")),
        ("type 1 and 2 diabetes", ("type 1 diabetes", "type 2 diabetes")),
        ("alpha- and beta-thalassemia", ("alpha-thalassemia", "beta-thalassemia")),
        ("Duchenne/Becker muscular dystrophy", ("Duchenne muscular dystrophy", "Becker muscular dystrophy")),
        ("fever or cough", ("fever", "cough")),
        ("BRCA1/2", ("BRCA1", "BRCA2")),
        ("interleukin-1/-2", ("interleukin-1", "interleukin-2")),
        ("ERK1/2/5", ("ERK1", "ERK2", "ERK5")),
        ("hepatitis B/C", ("hepatitis B", "hepatitis C")),
        ("aortic as well as mitral stenosis", ("aortic stenosis", "mitral stenosis")),
    ],
)
def test_divide_proposes_the_names_of_the_parts(mention, parts):
    assert parts in list(divide(mention))


@pytest.mark.parametrize(
    "mention", ["", "cancer", "and", "cancer and", "a, , b", "x" * 201 + " and y", "a,b,c,d,e,f,g"]
)
def test_divide_proposes_nothing_where_nothing_is_coordinated(mention):
    assert list(divide(mention)) == []


def test_divide_begins_with_what_stands_there():
    assert next(divide("head and neck cancer")) == ("head", "neck cancer")


@given(st.text(alphabet="ab1- ,/;&AND", max_size=60))
def test_divide_takes_any_text(mention):
    for parts in divide(mention):
        assert 2 <= len(parts) <= MAX_PARTS
        assert all(part == part.strip() and part for part in parts), parts
