import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.ner.harmonisation import Harmoniser, Mention, default_harmonisation, without_overlap

TABLE = {"CHEMICAL": ["bc5cdr/Chemical", "biored/ChemicalEntity"], "GENE": ["absent/Gene", "bc2gm/GENE"]}
GUIDELINES = {"bc2gm": ["GENE"], "bc5cdr": ["Chemical"], "biored": ["ChemicalEntity", "Other"], "mine": ["Thing"]}


@pytest.fixture
def harmoniser() -> Harmoniser:
    return Harmoniser(TABLE, GUIDELINES)


def test_flat_takes_the_preferred_guideline_that_the_model_has(harmoniser: Harmoniser) -> None:
    mentions = [
        Mention(0, 1, "Chemical", 0.6, "bc5cdr"),
        Mention(0, 2, "ChemicalEntity", 0.9, "biored"),
        Mention(3, 4, "GENE", 0.8, "bc2gm"),
        Mention(5, 6, "Other", 0.8, "biored"),
        Mention(7, 8, "Thing", 0.8, "mine"),
    ]
    assert [(m.start, m.label, m.guideline) for m in harmoniser.flat(mentions)] == [
        (0, "CHEMICAL", "bc5cdr"),
        (3, "GENE", "bc2gm"),
        (7, "Thing", "mine"),
    ]


def test_merged_keeps_of_equal_mentions_the_preferred(harmoniser: Harmoniser) -> None:
    mentions = [
        Mention(0, 2, "ChemicalEntity", 0.9, "biored"),
        Mention(0, 2, "Chemical", 0.6, "bc5cdr"),
        Mention(0, 1, "Chemical", 0.5, "bc5cdr"),
        Mention(0, 2, "GENE", 0.4, "bc2gm"),
        Mention(3, 4, "ChemicalEntity", 0.7, "biored"),
    ]
    assert harmoniser.merged(mentions) == [
        Mention(0, 1, "CHEMICAL", 0.5, "bc5cdr"),
        Mention(0, 2, "CHEMICAL", 0.6, "bc5cdr"),
        Mention(0, 2, "GENE", 0.4, "bc2gm"),
        Mention(3, 4, "CHEMICAL", 0.7, "biored"),
    ]


def test_merged_keeps_of_others_the_most_probable() -> None:
    harmoniser = Harmoniser(
        {"X": ["first/A", "second/B", "third/C"]}, {"second": ["B"], "third": ["C"], "first": ["A"]}
    )
    mentions = [Mention(0, 1, "B", 0.3, "second"), Mention(0, 1, "C", 0.8, "third")]
    assert harmoniser.merged(mentions) == [Mention(0, 1, "X", 0.8, "third")]


@pytest.mark.parametrize("source", ["bc5cdr/Chemicel", "bc5cdr", "Chemical"])
def test_check_refuses_a_source_that_cannot_be(source: str) -> None:
    with pytest.raises(BiomedplmError, match=rf"B204.*'{source}'.*'CHEMICAL'.*bc5cdr/Chemical"):
        Harmoniser.check({"CHEMICAL": [source]}, GUIDELINES)


def test_check_accepts_guidelines_of_other_models() -> None:
    Harmoniser.check(TABLE, GUIDELINES)


def test_default_table_names_each_source_once() -> None:
    table = default_harmonisation()
    sources = [source for named in table.values() for source in named]
    assert len(sources) == len(set(sources))
    assert all(label == label.upper() and source.count("/") == 1 for label, named in table.items() for source in named)
    wanted = {"CHEMICAL", "DISEASE", "GENE", "SPECIES", "CELL_LINE", "CELL_TYPE", "VARIANT", "ANATOMY"}
    assert wanted <= set(table)


mentions = st.builds(
    lambda start, length, label, score: Mention(start, start + length, label, score, "g"),
    st.integers(0, 15),
    st.integers(1, 5),
    st.sampled_from("AB"),
    st.sampled_from([0.1, 0.5, 0.9]),
)


@given(st.lists(mentions, max_size=15))
def test_without_overlap_keeps_the_more_probable(found: list[Mention]) -> None:
    kept = without_overlap(found)
    assert kept == sorted(kept)
    assert set(kept) <= set(found)
    for one, other in itertools.pairwise(kept):
        assert one.end <= other.start
    for mention in set(found) - set(kept):
        assert any(k.start < mention.end and mention.start < k.end and k.score >= mention.score for k in kept)
    assert without_overlap(found[::-1]) == kept


def test_without_overlap_prefers_the_longer_of_equals() -> None:
    long, short = Mention(0, 3, "A", 0.5, "g"), Mention(2, 4, "A", 0.5, "g")
    assert without_overlap([short, long]) == [long]
