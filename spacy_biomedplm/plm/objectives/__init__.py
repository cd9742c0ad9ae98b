"""Pre-training objectives by the name that a config gives them."""

from spacy_biomedplm.plm.objectives.base import Arrays, Corpora, Objective, Outcome
from spacy_biomedplm.plm.objectives.masked import MaskedLanguageModel

OBJECTIVES: dict[str, type[Objective]] = {
    "masked": MaskedLanguageModel,
}

__all__ = ["OBJECTIVES", "Arrays", "Corpora", "Objective", "Outcome"]
