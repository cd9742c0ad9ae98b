"""Indexes of the names of a knowledge base: exact, by character n-grams, by vectors, and all of them together."""

from spacy_biomedplm.index.exact import ExactIndex, build_exact
from spacy_biomedplm.index.hybrid import Candidate, Found, HybridIndex
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.protocol import Hits, Index, NameBase

__all__ = [
    "Candidate",
    "ExactIndex",
    "Found",
    "Hits",
    "HybridIndex",
    "Index",
    "NameBase",
    "NgramIndex",
    "build_exact",
    "build_ngrams",
]
