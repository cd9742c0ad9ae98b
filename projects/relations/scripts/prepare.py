"""Write the documents of a corpus with relations: corpus/NAME/{train,dev,test}/NAME.spacy.

python scripts/prepare.py ddi2013 corpus/ddi2013
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import spacy
import typer
from configure import settings_of
from rich.console import Console
from rich.table import Table
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, make_reference, read_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.corpora.exclusion import leave_out_tests
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, sentence_starts
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, PassageRecord, RelationRecord

TESTS = {"ddi2013": "test-ddi", "drugprot": "dev"}
"""Split that is scored, where it is not "test"."""

SAME_ABSTRACTS = {"drugprot": ("chemprot", "chemprot-pairs")}
"""Corpora of the abstracts of another one; what is trained on that one is not scored on them."""

DEV_SHARE = 0.1

console = Console()


def main(
    name: str = typer.Argument(..., help="Corpus of the catalogue."),
    output: Path = typer.Argument(..., help="Folder; files of the corpus in it are written anew."),
    base: str = typer.Option("", help="shared or per_pair; that of corpora.toml by default."),
    final: bool | None = typer.Option(None, help="Train on the development documents too; as corpora.toml says."),
) -> None:
    """Prepare one corpus."""
    corpus = get_corpus(name)
    vocab = spacy.blank("en").vocab
    settings = settings_of(name)
    parts = divide(corpus, final=settings["final"] if final is None else final)
    # An encoder that is to read documents must learn from documents; copies of sentences are of sentences anyway.
    divides = settings["sentences"] and (base or settings["base"]) == "per_pair"
    table = Table("split", "documents", "relations", title=name)
    for split, records in parts.items():
        relations = sum(len(record.relations) for record in records)
        if divides and split == "train":
            records = [part for record in records for part in split_sentences(record, vocab)]
        docs = [make(corpus, split, record, vocab) for record in records]
        path = output / split / f"{name}.spacy"
        path.parent.mkdir(parents=True, exist_ok=True)
        DocBin(store_user_data=True, docs=docs).to_disk(path)
        table.add_row(split, f"{len(docs):,}", f"{relations:,}")
    console.print(table)


def divide(corpus: Corpus, *, final: bool) -> dict[str, list[DocumentRecord]]:
    """Return training, development and test documents.

    Where a corpus has no development split, a tenth of its training articles is one, chosen by a hash of their names.
    """
    test = TESTS.get(corpus.name, "test")
    found = {"train": read(corpus, "train"), "test": read(corpus, test)}
    if "dev" in corpus.splits and test != "dev":
        found["dev"] = read(corpus, "dev")
    else:
        held = {record.doc_id for record in found["train"] if is_held_back(corpus.group_id(record.doc_id))}
        found["dev"] = [record for record in found["train"] if record.doc_id in held]
        found["train"] = [record for record in found["train"] if record.doc_id not in held]
    if final:
        found["train"] += found["dev"]
    return found


def is_held_back(group: str) -> bool:
    """Return whether the documents of an article are for development: a property of its name alone."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64 < DEV_SHARE


def read(corpus: Corpus, split: str) -> list[DocumentRecord]:
    """Return the documents of a split; what is broken in published files is mended, as the catalogue counts it."""
    records = list(read_corpus(corpus.name, split, find_root(), Report(errors="repair"), allow_noncommercial=True))
    if split != "test" and split != TESTS.get(corpus.name):
        records = leave_out_tests(corpus, split, records, find_root(), except_for=SAME_ABSTRACTS.get(corpus.name, ()))
    convert = CONVERTERS.get(corpus.name)
    return [convert(record) for record in records] if convert else records


def make(corpus: Corpus, split: str, record: DocumentRecord, vocab: Vocab) -> Doc:
    """Return the reference document of a split; it is annotated for what the pairs of a sentence can be."""
    doc = make_reference(corpus, split, record, vocab)
    if corpus.name in LABELS:
        doc._.annotated = {"relations": {corpus.guideline: list(LABELS[corpus.name])}}
    return doc


# Sentences with two marked entities as documents with two mentions.

_GAD = re.compile(r"@(GENE|DISEASE)\$")
_CHEMPROT = re.compile(r"<< (.+?) >>|\[\[ (.+?) \]\]")


def mark_gad(record: DocumentRecord) -> DocumentRecord:
    """Return a sentence of GAD with "@GENE$" and "@DISEASE$" as mentions; those that come again are not the pair."""
    first: dict[str, MentionRecord] = {}
    for match in _GAD.finditer(record.text):
        label = match.group(1)
        first.setdefault(label, MentionRecord(f"T{len(first) + 1}", label, (match.span(),)))
    label = "ASSOCIATION" if record.labels["1"] else ""
    return make_pair(record, record.text, [first["GENE"], first["DISEASE"]], label)


def mark_chemprot(record: DocumentRecord) -> DocumentRecord:
    """Return a sentence without its signs, with what they mark as mentions of a first and a second partner."""
    text, done, mentions = "", 0, []
    for match in _CHEMPROT.finditer(record.text):
        group = 1 if match.group(1) is not None else 2
        text += record.text[done : match.start()]
        place = (len(text), len(text) + len(match.group(group)))
        text += match.group(group)
        done = match.end()
        mentions.append(MentionRecord(f"T{len(mentions) + 1}", ("FIRST", "SECOND")[group - 1], (place,)))
    (label,) = (name for name, value in record.labels.items() if value)
    text += record.text[done:]
    return make_pair(record, text, sorted(mentions, key=lambda mention: mention.label), label)


def make_pair(record: DocumentRecord, text: str, mentions: Sequence[MentionRecord], label: str) -> DocumentRecord:
    """Return a document of one sentence with two mentions and, if there is a label, the relation between them."""
    arguments = tuple(
        ArgumentRecord(role, mention.id, "mention") for role, mention in zip(("Arg1", "Arg2"), mentions, strict=True)
    )
    return DocumentRecord(
        doc_id=record.doc_id,
        text=text,
        mentions=tuple(mentions),
        relations=(RelationRecord("R1", label, arguments),) if label else (),
        passages=(PassageRecord(0, len(text), "sentence", {}),),
    )


CONVERTERS: Mapping[str, Callable[[DocumentRecord], DocumentRecord]] = {
    "gad": mark_gad,
    "euadr": mark_gad,
    "chemprot-pairs": mark_chemprot,
}
LABELS: Mapping[str, Sequence[str]] = {
    "gad": ("ASSOCIATION",),
    "euadr": ("ASSOCIATION",),
    "chemprot-pairs": tuple(get_corpus("chemprot-pairs").layers["cats"]),
}


def split_sentences(record: DocumentRecord, vocab: Vocab) -> Iterator[DocumentRecord]:
    """Yield the sentences of a document that hold two entities or more, each as a document with its relations."""
    doc = make_doc(vocab, record)
    starts = [doc[start].idx for start in sentence_starts(doc).tolist()]
    for number, (begin, end) in enumerate(pairwise([*starts, len(record.text)])):
        mentions = tuple(
            replace(mention, fragments=tuple((first - begin, last - begin) for first, last in mention.fragments))
            for mention in record.mentions
            if begin <= mention.start and mention.end <= end
        )
        inside = {mention.id for mention in mentions}
        relations = (one for one in record.relations if all(a.target in inside for a in one.arguments))
        if len(mentions) > 1:
            yield DocumentRecord(
                doc_id=f"{record.doc_id}#{number}",
                text=record.text[begin:end],
                mentions=mentions,
                relations=tuple(relations),
                passages=(PassageRecord(0, end - begin, "sentence", {}),),
            )


if __name__ == "__main__":
    typer.run(main)
