import spacy
from spacy.training import Example

from spacy_biomedplm.abbreviations.scorer import doc_pairs, make_pair, record_pairs, score_abbreviations, unplaced_pairs
from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.corpora.abbreviations import DEFINES
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, RelationRecord

TEXT = "Tumor necrosis factor (TNF) and heart rate (HR)"


def make_example(*, annotated: bool) -> Example:
    nlp = spacy.blank("en")
    nlp.add_pipe("biomedplm_abbreviations")
    gold = nlp.make_doc(TEXT)
    if annotated:
        gold._.relations = [Relation(gold[0:3], DEFINES, gold[4:5], roles=("long", "short"))]
        gold._.metadata = {"unplaced": '[["CO", "cardiac output", ""]]'}
    return Example(nlp(TEXT), gold)


def test_scores_count_pairs_and_those_that_do_not_stand_in_the_text() -> None:
    scores = score_abbreviations([make_example(annotated=True)])
    assert scores == {"abbreviations_p": 0.5, "abbreviations_r": 0.5, "abbreviations_f": 0.5}


def test_scores_without_annotation_are_none() -> None:
    assert set(score_abbreviations([make_example(annotated=False)]).values()) == {None}


def test_pairs_ignore_white_space_and_the_case_of_long_forms() -> None:
    assert make_pair(" A  B", "Heart\nRate") == ("A B", "heart rate")
    assert unplaced_pairs({}) == set()
    assert doc_pairs(make_example(annotated=False).predicted) == {
        ("TNF", "tumor necrosis factor"),
        ("HR", "heart rate"),
    }


def test_pairs_of_a_record_are_those_in_its_text_and_the_others() -> None:
    mentions = (MentionRecord("T1", "Long form", ((0, 21),)), MentionRecord("T2", "Short form", ((23, 26),)))
    relation = RelationRecord("R1", DEFINES, (ArgumentRecord("long", "T1"), ArgumentRecord("short", "T2")))
    infons = {"unplaced": '[["CO", "cardiac output", ""]]'}
    record = DocumentRecord("1", TEXT, mentions, relations=(relation,), infons=infons)
    assert record_pairs(record) == {("TNF", "tumor necrosis factor"), ("CO", "cardiac output")}
