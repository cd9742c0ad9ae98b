import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.abbreviations.alignment import Aligner
from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.detection import default_aligner

TEXT = st.text(alphabet="aAbtnfTNF2β-( ),/ofİ ", max_size=60)


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("cells with tumor necrosis factor", "TNF", "tumor necrosis factor"),
        ("of non-steroidal anti-inflammatory drugs", "NSAIDs", "non-steroidal anti-inflammatory drugs"),
        ("by 1,2-dimethylhydrazine", "DMH", "1,2-dimethylhydrazine"),
        ("the interleukin 2", "IL-2", "interleukin 2"),
        ("low ambient temperature", "T(a)", "ambient temperature"),
        ("levels of serotonin", "5-HT", "serotonin"),
    ],
)
def test_align_finds_the_long_form(text: str, short: str, long: str) -> None:
    assert text[default_aligner().align(Context(text), short)[0].start :] == long


@given(TEXT, st.text(alphabet="aAbtnfTNF2β-s()", min_size=1, max_size=8))
def test_the_score_is_the_sum_of_the_weights_of_the_features(text: str, short: str) -> None:
    aligner, context = default_aligner(), Context(text)
    for alignment in aligner.align(context, short, ("part.later",)):
        features = aligner.features(context, short, alignment, ("part.later",))
        total = sum(aligner.weights[name] * count for name, count in features.items())
        assert total == pytest.approx(alignment.score)


def test_align_begins_after_a_character() -> None:
    text = "tumor necrosis factor of tumor necrosis factor"
    starts = [alignment.start for alignment in default_aligner().align(Context(text), "TNF", after=10)]
    assert starts
    assert min(starts) > 10


def test_align_of_too_many_units_or_none_is_empty() -> None:
    aligner = Aligner({})
    assert aligner.align(Context("a " * 50), "a" * 17) == []
    assert aligner.align(Context("a b"), "-") == []
    assert aligner.align(Context(""), "AB") == []


def test_a_known_short_form_has_no_path() -> None:
    aligner, context = Aligner({"known": 1.0}), Context("mercury")
    (alignment,) = aligner.align(context, "Hg")
    assert alignment.path == ()
    assert aligner.features(context, "Hg", alignment)["known"] == 1
