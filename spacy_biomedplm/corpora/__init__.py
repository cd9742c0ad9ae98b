"""Corpora: readers from files to reference documents, the catalogue of known corpora, and de-duplication."""

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, load_corpus, read_catalogue, read_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.iob import read_iob
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.pubtator import read_pubtator
from spacy_biomedplm.corpora.schemes import LabelScheme

__all__ = [
    "Corpus",
    "LabelScheme",
    "Problem",
    "Report",
    "find_root",
    "fit",
    "get_corpus",
    "load_corpus",
    "read_brat",
    "read_catalogue",
    "read_corpus",
    "read_ddi",
    "read_drugprot",
    "read_iob",
    "read_pubtator",
]
