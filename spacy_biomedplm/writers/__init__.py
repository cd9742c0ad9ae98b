"""Writers: a document with its entities to one record of a file, and files that survive an interruption."""

from spacy_biomedplm.writers.checkpoint import CheckpointedOutput, RunState
from spacy_biomedplm.writers.jsonl import doc_to_dict, doc_to_jsonl
from spacy_biomedplm.writers.pubtator import format_pubtator, write_pubtator

__all__ = ["CheckpointedOutput", "RunState", "doc_to_dict", "doc_to_jsonl", "format_pubtator", "write_pubtator"]
