from collections.abc import Callable

import pytest
from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.events.scorer import score_events
from tests.events.conftest import FOUND


def test_right_answers_score_one(make_gold: Callable[..., Doc]) -> None:
    scores = score_events([Example(make_gold(), make_gold())])
    assert scores["events_f"] == scores["triggers_f"] == 1.0
    of_guideline = scores["events_per_guideline"]["default"]
    assert {kind: of_guideline[kind]["f"] for kind in ("triggers", "roles", "nested", "modalities")} == {
        "triggers": 1.0,
        "roles": 1.0,
        "nested": 1.0,
        "modalities": 1.0,
    }
    assert set(of_guideline["roles"]["labels"]) == {"Cause", "Site", "Theme"}
    assert set(of_guideline["modalities"]["labels"]) == {"Negation", "Speculation"}
    assert set(of_guideline["nested"]["labels"]) == {"Positive_regulation"}


def test_what_is_wrong_inside_is_wrong_outside(make_gold: Callable[..., Doc]) -> None:
    # E1 loses its site: it and the regulation of it are wrong; nothing is negated.
    found = make_gold(found=FOUND.replace("Theme:T2 Site:T9", "Theme:T2").replace("M2\tNegation E6\n", ""))
    found.spans["entities"] = [span for span in found.spans["entities"] if span.text != "Y641"]
    scores = score_events([Example(found, make_gold())])
    assert scores["events_p"] == scores["events_r"] == pytest.approx(4 / 6)
    assert scores["triggers_f"] == 1.0
    of_guideline = scores["events_per_guideline"]["default"]
    assert (of_guideline["nested"]["p"], of_guideline["nested"]["r"]) == (0.5, 0.5)
    assert of_guideline["labels"]["Binding"]["f"] == 1.0
    assert (of_guideline["roles"]["p"], of_guideline["roles"]["r"]) == (1.0, 7 / 8)
    assert (of_guideline["modalities"]["p"], of_guideline["modalities"]["r"]) == (1.0, 0.5)


def test_guidelines_are_scored_apart(make_gold: Callable[..., Doc]) -> None:
    gold, found = make_gold(), make_gold()
    gold._.annotated = {"events": {"one": ["Binding"], "other": ["Phosphorylation"], "third": ["Growth"]}}
    for span in found.spans["triggers"]:
        span.id_ = "other"
    found.spans["triggers"] = list(found.spans["triggers"])
    found._.events = [event._replace(trigger=span_with(found, event.trigger, "other")) for event in found._.events]
    scores = score_events([Example(found, gold)])["events_per_guideline"]
    assert scores["one"]["f"] == 0.0
    assert scores["other"]["f"] == 1.0
    assert scores["third"]["labels"] == {"Growth": {"p": 0.0, "r": 0.0, "f": 0.0}}


def span_with(doc: Doc, span, name: str):  # type: ignore[no-untyped-def]
    return doc.char_span(span.start_char, span.end_char, span.label_, span_id=name)


def test_documents_that_say_nothing_are_not_scored(make_gold: Callable[..., Doc]) -> None:
    plain = make_gold(found="")
    assert score_events([Example(make_gold(), plain)])["events_f"] is None


def test_documents_without_events_count_if_others_have_some(make_gold: Callable[..., Doc]) -> None:
    examples = [Example(make_gold(), make_gold()), Example(make_gold(), make_gold(found=""))]
    scores = score_events(examples)
    assert (scores["events_p"], scores["events_r"]) == (0.5, 1.0)
