from typing import Any

import pytest
import spacy
from spacy.training import Example

from spacy_biomedplm.attributes import MENTIONS_KEY
from spacy_biomedplm.ner.scorer import score_entities

nlp = spacy.blank("en")
TEXT = "aspirin in heart failure"


def example_of(make_example: Any, found: dict[str, list[Any]], annotated: Any, mentions: Any) -> Example:
    example = make_example(nlp, TEXT, mentions, annotated)
    example.predicted.user_data[MENTIONS_KEY] = found
    return example


def test_scores_count_against_all_gold(make_example: Any) -> None:
    found = {"bc5cdr": [[0, 7, "Chemical", 0.9], [11, 16, "Disease", 0.9]], "bc2gm": [[0, 7, "GENE", 0.9]]}
    gold = [("aspirin", "Chemical"), ("heart failure", "Disease")]
    scores = score_entities([example_of(make_example, found, {"bc5cdr": ["Chemical", "Disease"]}, gold)])
    assert scores["ents_p"] == scores["ents_r"] == scores["ents_f"] == scores["guidelines_f"] == 0.5
    per_label = scores["ents_per_guideline"]["bc5cdr"]["labels"]
    assert per_label["Chemical"]["f"] == 1.0
    assert per_label["Disease"] == {"p": 0.0, "r": 0.0, "f": 0.0}
    assert list(scores["ents_per_guideline"]) == ["bc5cdr"], "nobody annotated genes"


def test_labels_that_were_not_annotated_do_not_count(make_example: Any) -> None:
    found = {"bc5cdr": [[0, 7, "Chemical", 0.9], [11, 24, "Disease", 0.9]]}
    example = example_of(make_example, found, {"bc5cdr": ["Chemical"]}, [("aspirin", "Chemical")])
    assert score_entities([example])["ents_f"] == 1.0


def test_mean_over_guidelines(make_example: Any) -> None:
    right = example_of(make_example, {"a": [[0, 7, "X", 1.0]]}, {"a": ["X"]}, [("aspirin", "X")])
    wrong = example_of(make_example, {}, {"b": ["Y"]}, [("heart", "Y")])
    scores = score_entities([right, wrong])
    assert scores["guidelines_f"] == 0.5
    assert scores["ents_f"] == pytest.approx(2 / 3)
    assert scores["ents_r"] == 0.5


def test_nothing_annotated_scores_none() -> None:
    scores = score_entities([Example(nlp.make_doc(TEXT), nlp.make_doc(TEXT))])
    assert scores["ents_f"] is None
    assert scores["ents_per_guideline"] == {}
    assert score_entities([])["ents_f"] is None


def test_default_guideline_counts_every_label() -> None:
    example = Example.from_dict(nlp.make_doc(TEXT), {"entities": [(0, 7, "A")]})
    example.predicted.user_data[MENTIONS_KEY] = {"default": [[0, 7, "A", 0.9], [11, 24, "B", 0.9]]}
    scores = score_entities([example])
    assert (scores["ents_p"], scores["ents_r"]) == (0.5, 1.0)


def test_plain_entities_are_compared_with_doc_ents() -> None:
    """nlp.evaluate of a pipeline that knows other guidelines, on data such as `spacy convert` makes."""
    example = Example.from_dict(nlp.make_doc(TEXT), {"entities": [(0, 7, "CHEMICAL"), (11, 24, "DISEASE")]})
    example.predicted.user_data[MENTIONS_KEY] = {"bc5cdr": [[0, 7, "Chemical", 0.9]]}
    example.predicted.ents = [example.predicted.char_span(0, 7, label="CHEMICAL")]
    scores = score_entities([example])
    assert (scores["ents_p"], scores["ents_r"]) == (1.0, 0.5)
