"""Names that an annotated corpus uses for concepts: a source as BioSyn's, which adds those of the training split."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, read_corpus
from spacy_biomedplm.corpora.exclusion import TEST, leave_out_tests
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.bases import find_base
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.curies import join_id
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading

_KIND = "corpus"


def read_corpus_names(
    path: Path, name: str, reading: Reading, *, labels: Sequence[str] = (), base: str = ""
) -> Iterator[Concept]:
    """Yield the concepts of the mentions of a split of a corpus, each with the text of the mention as a name.

    Documents that share text with a test document of any corpus at hand are left out (W490).

    path (Path): "CORPUS/SPLIT" of the catalogue, such as "ncbi-disease/train"; what stands before does not matter.
    name (str): Of the source. reading (Reading): Where problems go.
    labels (Sequence[str]): Labels of the mentions that are taken; empty for all.
    base (str): A knowledge base, see ``find_base``, whose concepts the ids stand for: former ids are followed, and what
        it lacks is left out. Empty takes ids as they are.
    RAISES (BiomedplmError): B583 for a test split, and as ``corpora.read_corpus`` and ``KnowledgeBase``.
    """
    corpus, split = get_corpus(path.parent.name), path.name
    if split.startswith(TEST):
        raise BiomedplmError(coded("B583", corpus=corpus.name, split=split))
    reading.note(name, {"kind": _KIND, "licence": corpus.licence, "title": f"{corpus.name}, {split}"})
    known = KnowledgeBase.open(find_base(base)) if base else None
    counts: Counter[str] = Counter()
    root = find_root(None)
    # What is broken in the published files is known, and mended as for training.
    report = Report(errors="repair") if corpus.broken.get(split) else reading.report
    records = list(read_corpus(corpus.name, split, root, report))
    kept = leave_out_tests(corpus, split, records, root)
    if len(kept) < len(records):
        counts["documents that share text with a test document"] = len(records) - len(kept)
    for record in kept:
        for mention in record.mentions:
            if labels and mention.label not in labels:
                continue
            if len(mention.concepts) != 1:
                counts["mentions of several concepts" if mention.concepts else "mentions without a concept"] += 1
                continue
            id = join_id(mention.concepts[0].resource, mention.concepts[0].id)
            ids = [id] if known is None else known.find(id)
            if not ids:
                counts["mentions of concepts that the base lacks"] += 1
                continue
            text = " ".join(record.text[start:end] for start, end in mention.fragments)
            yield Concept(ids[0], (Name(text, name, "mention", corpus.languages[0]),))
    reading.report.counts.update({f"{name}: {what} left out": count for what, count in counts.items()})


def is_corpus(source: Mapping[str, str]) -> bool:
    """Return whether a source of names is a corpus. source (Mapping[str, str]): As ``KnowledgeBase.sources`` has it."""
    return source.get("kind") == _KIND
