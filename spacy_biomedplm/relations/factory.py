"""The factory `biomedplm_relations`."""

from collections.abc import Callable
from typing import Any

from spacy.language import Language
from thinc.api import Config, Model
from thinc.types import Floats2d

from spacy_biomedplm.relations.candidates import Candidates
from spacy_biomedplm.relations.component import BiomedRelations
from spacy_biomedplm.relations.loss import LossSettings, Objective
from spacy_biomedplm.relations.model import PairInput
from spacy_biomedplm.relations.presentation import Markers
from spacy_biomedplm.relations.schemes import check_fields
from spacy_biomedplm.relations.settings import Execution, Settings, check_settings

DEFAULT_MODEL = """
[model]
@architectures = "spacy-biomedplm.PairClassifier.v1"

[model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 384
upstream = "*"
"""


@Language.factory(
    "biomedplm_relations",
    assigns=["doc._.relations"],
    default_config={
        "model": Config().from_str(DEFAULT_MODEL)["model"],
        "candidates": {"@misc": "spacy-biomedplm.pair_candidates.v1"},
        "schemes": {},
        "types": {},
        "guidelines": None,
        "execution": "shared",
        "markers": "none",
        "threshold": 0.5,
        "sample_pairs": None,
        "hierarchy": None,
        "objective": "softmax",
        "class_weights": False,
        "label_smoothing": 0.0,
        "r_drop": 0.0,
        "contrastive": 0.0,
        "temperature": 0.1,
        "scorer": {"@scorers": "spacy-biomedplm.relation_scorer.v1"},
    },
    default_score_weights={"rels_f": 1.0, "rels_p": 0.0, "rels_r": 0.0, "rels_per_guideline": None},
)
def make_biomedplm_relations(
    nlp: Language,
    name: str,
    model: Model[PairInput, Floats2d],
    candidates: Candidates,
    schemes: dict[str, dict[str, Any]],
    types: dict[str, list[str]],
    guidelines: list[str] | None,
    execution: Execution,
    markers: Markers,
    threshold: float,
    sample_pairs: int | None,
    hierarchy: str | None,
    objective: Objective,
    class_weights: bool,
    label_smoothing: float,
    r_drop: float,
    contrastive: float,
    temperature: float,
    scorer: Callable[..., dict[str, Any]] | None,
) -> BiomedRelations:
    """Return an extractor of relations.

    nlp (Language): The pipeline.
    name (str): Name of the pipe.
    model (Model[PairInput, Floats2d]): A "spacy-biomedplm.PairClassifier.v1".
    candidates (Candidates): Which pairs are judged.
    schemes (dict[str, dict]): Fields of ``Scheme`` for guidelines; what is not said is inferred from the examples.
    types (dict[str, list[str]]): Labels of entities of each type; a label that is not named is a type of its own.
    guidelines (list[str] | None): Those whose relations are written; None for all that the model knows.
    execution ("shared" | "per_pair"): Whether the encoder reads each document once, or each pair in a copy of its own.
    markers ("none" | "plain" | "typed" | "masked"): How copies show head and tail, see ``present_apart``; with "shared"
        one copy of the document shows the ends of all its pairs.
    threshold (float): Probability that a relation needs, with "softmax" that there is any, from 0 to 1; not for
        "adaptive_threshold".
    sample_pairs (int | None): Most pairs of a document by a guideline that one update learns from, drawn anew each
        time; None for all.
    hierarchy (str | None): Knowledge base with parents, its folder or name: a relation of a wider concept is left out
        where one of a narrower concept is found, and teaches nothing where one is right.
    objective, label_smoothing, r_drop, contrastive, temperature: As of ``LossSettings``.
    class_weights (bool): Whether rare labels count more: by the root of how much rarer they are than the mean; for
        "softmax".
    scorer (Callable | None): Scoring method.
    RAISES (BiomedplmError): B221 or B222 for a setting that cannot be, B224 or B225 for two that do not go together.
    """
    settings = Settings(guidelines, execution, markers, threshold, class_weights, sample_pairs, hierarchy)
    loss = LossSettings(objective, label_smoothing, r_drop, contrastive, temperature)
    check_settings(name, model, settings, loss)
    for guideline, fields in schemes.items():
        check_fields(guideline, fields)
    return BiomedRelations(
        nlp.vocab, model, name, candidates=candidates, schemes=schemes, types=types, settings=settings, loss=loss,
        scorer=scorer,
    )  # fmt: skip
