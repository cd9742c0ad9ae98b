"""Settings of the component: checked when it is made, not when the first document comes."""

from typing import Any, Literal, NamedTuple

from spacy.pipeline.tok2vec import Tok2VecListener
from thinc.api import Model

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.bases import find_base
from spacy_biomedplm.relations.loss import LossSettings
from spacy_biomedplm.relations.presentation import Markers

Execution = Literal["shared", "per_pair"]


class Settings(NamedTuple):
    """How a component works; see ``factory.make_biomedplm_relations``."""

    guidelines: list[str] | None
    execution: Execution
    markers: Markers
    threshold: float
    class_weights: bool
    sample_pairs: int | None
    hierarchy: str | None


def check_settings(name: str, model: Model[Any, Any], settings: Settings, loss: LossSettings) -> None:
    """Make sure that settings can be, and go together.

    name (str): Of the component. model (Model): Its model. settings (Settings), loss (LossSettings): The settings.
    RAISES (BiomedplmError): B221 for one that cannot be, B224 or B225 for two that do not go together; as ``find_base``
        for a hierarchy that is not there.
    """
    most = settings.sample_pairs
    is_softmax = loss.objective == "softmax"
    off = f"0 or false with objective '{loss.objective}': it is for 'softmax'"
    for setting, value, is_right, wanted in (
        ("sample_pairs", most, most is None or most >= 1, "1 or more, or null"),
        ("threshold", settings.threshold, 0 <= settings.threshold <= 1, "a number from 0 to 1"),
        ("label_smoothing", loss.label_smoothing, 0 <= loss.label_smoothing < 1, "a number from 0 to below 1"),
        ("r_drop", loss.r_drop, loss.r_drop >= 0, "0 or more"),
        ("contrastive", loss.contrastive, loss.contrastive >= 0, "0 or more"),
        ("label_smoothing", loss.label_smoothing, is_softmax or not loss.label_smoothing, off),
        ("class_weights", settings.class_weights, is_softmax or not settings.class_weights, off),
        ("temperature", loss.temperature, loss.temperature > 0, "above 0"),
    ):
        if not is_right:
            raise BiomedplmError(coded("B221", setting=setting, found=value, wanted=wanted))
    if settings.hierarchy is not None:
        find_base(settings.hierarchy)
    has_listener = any(
        isinstance(node, Tok2VecListener) or node.name == "transformer-listener" for node in model.walk()
    )
    if has_listener and settings.execution == "per_pair":
        raise BiomedplmError(coded("B224", component=name))
    if has_listener and settings.markers != "none":
        raise BiomedplmError(coded("B225", component=name, markers=settings.markers))
