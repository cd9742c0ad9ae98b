"""Knowledge bases: concepts with their names, built from the UMLS and open vocabularies, mapped into memory."""

from spacy_biomedplm.kb.concepts import Concept, Entity, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase

__all__ = ["Concept", "Entity", "Filters", "KnowledgeBase", "Name"]
