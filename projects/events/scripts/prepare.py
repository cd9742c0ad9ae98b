"""Write the documents of a corpus with events: corpus/NAME/{train,dev}/CORPUS.spacy.

python scripts/prepare.py bionlp-st-2013-cg corpus/bionlp-st-2013-cg
"""

from collections.abc import Iterable
from pathlib import Path

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import DocBin

from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, make_reference, read_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.corpora.deduplication import fingerprint_text
from spacy_biomedplm.corpora.exclusion import leave_out_tests
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.held_out import HeldOut
from spacy_biomedplm.types import DocumentRecord

CORPORA = ("bionlp-st-2013-cg", "bionlp-st-2013-pc", "bionlp-st-2011-ge", "bionlp-st-2011-epi", "bionlp-st-2011-id")
"""What `all` is. The gold of their test parts is not public: the development parts are scored."""

console = Console()


def main(
    name: str = typer.Argument(..., help="Corpus of the catalogue, or all."),
    output: Path = typer.Argument(..., help="Folder; files of the corpora in it are written anew."),
) -> None:
    """Prepare corpora."""
    vocab = spacy.blank("en").vocab
    table = Table("corpus", "split", "documents", "left out", "events", title=name)
    names = CORPORA if name == "all" else (name,)
    scored = hold_out_scored(sorted({*CORPORA, *names}))
    for corpus in map(get_corpus, names):
        for split in ("train", "dev"):
            records = read(corpus, split)
            left_out = 0
            if split == "train":
                kept = leave_out(corpus, records, scored)
                left_out = len(records) - len(kept)
                records = kept
            path = output / split / f"{corpus.name}.spacy"
            path.parent.mkdir(parents=True, exist_ok=True)
            docs = [make_reference(corpus, split, record, vocab) for record in records]
            DocBin(store_user_data=True, docs=docs).to_disk(path)
            events = sum(len(record.events) for record in records)
            table.add_row(corpus.name, split, f"{len(records):,}", str(left_out), f"{events:,}")
    console.print(table)


def read(corpus: Corpus, split: str) -> list[DocumentRecord]:
    """Return the documents of a split; what is broken in published files is mended, as the catalogue counts it."""
    return list(read_corpus(corpus.name, split, find_root(), Report(errors="repair")))


def hold_out_scored(names: Iterable[str]) -> HeldOut:
    """Return an index of all documents that are scored. names (Iterable[str]): Their corpora."""
    corpora = map(get_corpus, names)
    return HeldOut(
        [fingerprint_text(corpus, "dev", one.doc_id, one.text) for corpus in corpora for one in read(corpus, "dev")]
    )


def leave_out(corpus: Corpus, records: list[DocumentRecord], scored: HeldOut) -> list[DocumentRecord]:
    """Return the training documents that share no text with a test document or with one that is scored."""
    records = leave_out_tests(corpus, "train", records, find_root())
    kept, _ = scored.split([fingerprint_text(corpus, "train", one.doc_id, one.text) for one in records])
    return [records[index] for index in kept]


if __name__ == "__main__":
    typer.run(main)
