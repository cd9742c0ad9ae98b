"""Readers of plain input documents: text files, JSON lines, PubTator and PubMed XML, also gzip'd and in folders."""

from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import FORMATS, InputFile, Inputs, find_inputs
from spacy_biomedplm.inputs.reading import read_documents

__all__ = ["FORMATS", "InputDoc", "InputFile", "Inputs", "find_inputs", "make_input_doc", "read_documents"]
