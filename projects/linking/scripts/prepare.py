"""Write the documents that the linker of the default base learns from, one file for each split of a corpus.

python scripts/prepare.py data/open corpus/open bc5cdr/train biored/train
"""

import shutil
from dataclasses import replace
from pathlib import Path

import spacy
import typer
from rich.progress import track
from spacy.tokens import DocBin

from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, make_reference, read_corpus
from spacy_biomedplm.corpora.exclusion import leave_out_tests
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.curies import join_id
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.ner.harmonisation import default_harmonisation
from spacy_biomedplm.types import DocumentRecord, MentionRecord

LABELS = {source: label for label, sources in default_harmonisation().items() for source in sources}
"""Label of ``doc.ents`` in the shipped pipeline, by guideline and label."""


def with_shipped_labels(record: DocumentRecord, guideline: str, base: KnowledgeBase) -> DocumentRecord:
    """Return a document with each mention under its own label and under that of ``doc.ents`` in the shipped pipeline.

    A linker learns which concepts are usual for a label. Genes that the base lacks are left out: they are those of
    other species, with the same names as human ones, and would teach to leave all genes alone.

    record (DocumentRecord): Of a corpus. guideline (str): Its guideline. base (KnowledgeBase): The linker's.
    """
    mentions: list[MentionRecord] = []
    for mention in record.mentions:
        label = LABELS.get(f"{guideline}/{mention.label}")
        if label == "GENE" and not any(base.find(join_id(one.resource, one.id)) for one in mention.concepts):
            continue
        mentions.append(mention)
        if label is not None:
            mentions.append(replace(mention, id=f"{mention.id}-{label}", label=label))
    return DocumentRecord(doc_id=record.doc_id, text=record.text, mentions=tuple(mentions))


def prepare(
    base: Path = typer.Argument(..., help="Knowledge base."),
    output: Path = typer.Argument(..., help="Folder that is written anew."),
    splits: list[str] = typer.Argument(..., help="CORPUS/SPLIT of the catalogue."),
) -> None:
    """Write documents, without those that share text with a test document of any corpus."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    vocab = spacy.blank("en").vocab
    known = KnowledgeBase.open(base)
    for one in track(splits, description="Reading"):
        name, _, split = one.partition("/")
        corpus = get_corpus(name)
        # What is broken in published files is known, and mended as for any training.
        records = list(read_corpus(name, split, find_root(), Report(errors="repair")))
        kept = leave_out_tests(corpus, split, records, find_root())
        records = [with_shipped_labels(record, corpus.guideline, known) for record in kept]
        docs = [make_reference(corpus, split, record, vocab) for record in records]
        DocBin(store_user_data=True, docs=docs).to_disk(output / f"{name}-{split}.spacy")


if __name__ == "__main__":
    typer.run(prepare)
