"""The factory `biomedplm_events`."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from thinc.api import Config, Model
from thinc.types import Floats1d

from spacy_biomedplm.events.component import BiomedEvents
from spacy_biomedplm.events.model import EventInput
from spacy_biomedplm.events.prediction import Thresholds

DEFAULT_MODEL = """
[model]
@architectures = "spacy-biomedplm.EventExtractor.v1"

[model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 384
upstream = "*"
"""


@Language.factory(
    "biomedplm_events",
    assigns=["doc._.events", "doc.spans"],
    default_config={
        "model": Config().from_str(DEFAULT_MODEL)["model"],
        "guidelines": None,
        "types": {},
        "trigger_threshold": 0.2,
        "role_threshold": 0.15,
        "event_threshold": 0.3,
        "modality_threshold": 0.5,
        "max_pairs": 20_000,
        "scorer": {"@scorers": "spacy-biomedplm.event_scorer.v1"},
    },
    default_score_weights={
        "events_f": 1.0,
        "events_p": 0.0,
        "events_r": 0.0,
        "triggers_f": 0.0,
        "events_per_guideline": None,
    },
)
def make_biomedplm_events(
    nlp: Language,
    name: str,
    model: Model[EventInput, Floats1d],
    guidelines: list[str] | None,
    types: dict[str, list[str]],
    trigger_threshold: float,
    role_threshold: float,
    event_threshold: float,
    modality_threshold: float,
    max_pairs: int,
    scorer: Callable[..., dict[str, Any]] | None,
) -> BiomedEvents:
    """Return an extractor of events.

    nlp (Language): The pipeline. name (str): Name of the pipe.
    model (Model[EventInput, Floats1d]): A "spacy-biomedplm.EventExtractor.v1".
    guidelines (list[str] | None): Those whose events are written; where several have events of one type on one trigger,
        the first that has any is followed. By default all, each for itself, as training and its scores need.
    types (dict[str, list[str]]): For a label of entities that a guideline knows, the labels that stand for it.
    trigger_threshold, role_threshold (float): Probability above which a trigger or a role is passed on, from 0 to 1.
    event_threshold, modality_threshold (float): Probability that an event, and its negation or speculation, need.
    max_pairs (int): Most pairs of a trigger and what can take part in a document; of more, the nearest are taken.
    scorer (Callable | None): Scoring method.
    """
    thresholds = Thresholds(trigger_threshold, role_threshold, event_threshold, modality_threshold)
    return BiomedEvents(
        nlp.vocab,
        model,
        name,
        guidelines=guidelines,
        types=types,
        thresholds=thresholds,
        max_pairs=max_pairs,
        scorer=scorer,
    )
