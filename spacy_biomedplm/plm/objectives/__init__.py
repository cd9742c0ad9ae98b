"""Pre-training objectives by the name that a config gives them."""

from spacy_biomedplm.plm.objectives.base import Arrays, Corpora, Objective, Outcome
from spacy_biomedplm.plm.objectives.causal import CausalLanguageModel
from spacy_biomedplm.plm.objectives.masked import MaskedLanguageModel
from spacy_biomedplm.plm.objectives.pairs import NextSegment, SegmentOrder
from spacy_biomedplm.plm.objectives.replaced import ReplacedPieces
from spacy_biomedplm.plm.objectives.spans import SpanCorruption
from spacy_biomedplm.plm.objectives.synonyms import SynonymAlignment

OBJECTIVES: dict[str, type[Objective]] = {
    "masked": MaskedLanguageModel,
    "masked+next": NextSegment,
    "masked+order": SegmentOrder,
    "replaced": ReplacedPieces,
    "causal": CausalLanguageModel,
    "spans": SpanCorruption,
    "synonyms": SynonymAlignment,
}

__all__ = ["OBJECTIVES", "Arrays", "Corpora", "Objective", "Outcome"]
