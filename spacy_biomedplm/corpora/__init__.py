"""Corpora: readers from files to reference documents, the catalogue of known corpora, and de-duplication."""

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.catalogue import Corpus, find_root, get_corpus, load_corpus, read_catalogue
from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.iob import read_iob
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.pubtator import read_pubtator

__all__ = [
    "Corpus",
    "LabelScheme",
    "Mention",
    "Problem",
    "Record",
    "Report",
    "find_root",
    "get_corpus",
    "load_corpus",
    "make_doc",
    "read_brat",
    "read_catalogue",
    "read_ddi",
    "read_drugprot",
    "read_iob",
    "read_pubtator",
]
