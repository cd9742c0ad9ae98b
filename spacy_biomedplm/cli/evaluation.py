"""Exact-match scores of a pipeline on a corpus."""

import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.cli.batches import MAX_BATCH_CHARS, memory_errors
from spacy_biomedplm.cli.pipeline import known_guidelines, load_pipeline, model_identity, set_guideline
from spacy_biomedplm.corpora.catalogue import load_corpus, read_catalogue
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.pubtator import read_pubtator
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.scoring import PRF, count_by_label

Key = tuple[int, int, int, str]
_DOCBIN_FAILURES = (OSError, ValueError, LookupError, TypeError, EOFError, zlib.error)
_BATCH_DOCS = 128
UNKNOWN_LABEL = "(label unknown)"
"""Stands for the label of gold mentions that do not fit the text, where the reader does not tell it."""


@dataclass(frozen=True)
class Evaluation:
    """Scores, and everything a number needs to be repeated.

    model (str): Name, version and digest of the model.
    corpus (str): Name or file. split (str | None): Split, or None for a file.
    guideline (str | None): Guideline whose labels were compared; None for the harmonised ones.
    labels (dict[str, PRF]): Counts of each label.
    documents (int): Documents. words (int): Their words, divided by white space.
    seconds (float): Time of prediction.
    unplaced (int): Gold mentions that do not fit the text of the corpus; they are counted as missed.
    harmonised (dict[str, str]): Harmonised label to the corpus' label it was compared with, if the model does not
        know the guideline of the corpus.
    foreign_labels (tuple[str, ...]): What the model predicted, if no label of it is one of the corpus.
    """

    model: str
    corpus: str
    split: str | None
    guideline: str | None
    labels: dict[str, PRF] = field(default_factory=dict)
    documents: int = 0
    words: int = 0
    seconds: float = 0.0
    unplaced: int = 0
    harmonised: dict[str, str] = field(default_factory=dict)
    foreign_labels: tuple[str, ...] = ()

    @property
    def micro(self) -> PRF:
        """Counts of all labels together."""
        return sum(self.labels.values(), PRF())

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as plain data.

        RETURNS (dict[str, Any]): All fields, "micro" and "matching" (always "exact": same characters, same label).
        """
        return {
            "model": self.model,
            "corpus": self.corpus,
            "split": self.split,
            "guideline": self.guideline,
            "matching": "exact",
            "micro": self.micro.to_dict(),
            "labels": {label: prf.to_dict() for label, prf in self.labels.items()},
            "documents": self.documents,
            "words": self.words,
            "words_per_second": round(self.words / self.seconds, 1) if self.seconds else None,
            "unplaced_gold_mentions": self.unplaced,
            "harmonised_labels_compared": self.harmonised,
        }


def evaluate(
    model: str,
    corpus: str,
    *,
    split: str = "test",
    guideline: str | None = None,
    device: str = "cpu",
    allow_noncommercial: bool = False,
) -> Evaluation:
    """Return the scores of a pipeline on a corpus.

    model (str): Installed package, or folder.
    corpus (str): Name of a known corpus, or a .spacy or PubTator file.
    split (str): Split of a known corpus.
    guideline (str | None): Guideline that the pipeline follows. None takes that of the corpus if the pipeline
        knows it, and the harmonised labels otherwise.
    device (str): "cpu" or "cuda:N".
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    RETURNS (Evaluation): A prediction is right if its characters and its label are those of a gold mention.
        Gold are all mentions, overlapping ones too, and those that cannot be placed in the text, as missed; of a
        document that says what it is annotated for, only labels among those are scored.
    RAISES (BiomedplmError): As load_pipeline; B640 if there is no such corpus, B641 if it is empty, B642 if a
        DocBin cannot be read; the errors of the corpus readers.
    """
    nlp = load_pipeline(model, device=device)
    report = Report(limit=sys.maxsize)
    gold, is_file = _open_corpus(corpus, split, nlp, report, allow_noncommercial)
    docs = list(gold)
    if not docs:
        raise BiomedplmError(coded("B641", corpus=corpus, split="" if is_file else f" in the split '{split}'"))
    guideline = guideline or _guideline_of(docs, nlp)
    if guideline is not None:
        set_guideline(nlp, guideline, model=model)
    start = time.monotonic()
    predicted = _predict(nlp, docs)
    seconds = time.monotonic() - start
    harmonised = {} if guideline else _harmonised_labels(predicted, docs)
    predicted = [{(start, end, harmonised.get(label, label)) for start, end, label in ents} for ents in predicted]
    labels = score_entities(predicted, docs)
    missed = _unplaced(report, corpus, docs)
    for label, number in missed.items():
        labels[label] = labels.get(label, PRF()) + PRF(fn=number)
    names = {label for entities in predicted for _, _, label in entities}
    gold_names = {label for label, prf in labels.items() if prf.gold}
    return Evaluation(
        model=model_identity(nlp),
        corpus=corpus,
        split=None if is_file else split,
        guideline=guideline,
        labels=labels,
        documents=len(docs),
        words=sum(len(doc.text.split()) for doc in docs),
        seconds=seconds,
        foreign_labels=() if names & gold_names else tuple(sorted(names)),
        unplaced=missed.total(),
        harmonised=harmonised,
    )


def score_entities(predicted: list[set[tuple[int, int, str]]], gold: list[Doc]) -> dict[str, PRF]:
    """Return the counts of each label over all documents.

    predicted (list[set[tuple[int, int, str]]]): For each document, first character, end and label of its entities.
    gold (list[Doc]): Reference documents, in the same order.
    RETURNS (dict[str, PRF]): Labels that a document is annotated for, predicted or in the gold standard.
    """
    predicted_keys: set[Key] = set()
    gold_keys: set[Key] = set()
    listed: set[str] = set()
    for index, (entities, doc) in enumerate(zip(predicted, gold, strict=True)):
        annotated = annotated_labels(doc)
        listed |= annotated or set()
        spans = doc.spans[ENTITIES_KEY] if ENTITIES_KEY in doc.spans else doc.ents
        gold_keys.update((index, span.start_char, span.end_char, span.label_) for span in spans)
        predicted_keys.update((index, *entity) for entity in entities if annotated is None or entity[2] in annotated)
    return count_by_label(predicted_keys, gold_keys, lambda key: key[3], listed)


def annotated_labels(doc: Doc) -> set[str] | None:
    """Return the entity labels that a document is annotated for, or None if it does not say.

    doc (Doc): A reference document.
    """
    layers = doc._.annotated
    if not layers or "ner" not in layers:
        return None
    return {label for labels in layers["ner"].values() for label in labels}


def _harmonised_labels(predicted: list[set[tuple[int, int, str]]], docs: list[Doc]) -> dict[str, str]:
    """Return which predicted labels are a corpus' labels in the harmonised spelling: CHEMICAL for Chemical."""
    gold = {span.label_ for doc in docs for span in (*doc.spans.get(ENTITIES_KEY, ()), *doc.ents)}
    gold = gold.union(*(annotated_labels(doc) or () for doc in docs))
    found = {label for entities in predicted for _, _, label in entities} - gold
    spelled = {label.upper().replace(" ", "_").replace("-", "_"): label for label in sorted(gold)}
    return {label: spelled[label] for label in sorted(found) if label in spelled}


def _unplaced(report: Report, corpus: str, docs: list[Doc]) -> Counter[str]:
    """Return how many gold mentions of each label do not fit the text."""
    # A copy of a document is dropped too, but nothing is lost with it.
    lost = [found for found in report.problems if found.kind == "dropped" and "in this file before" not in found.detail]
    if not lost:
        return Counter()
    entry = read_catalogue().get(corpus)
    label_map = dict(entry.scheme.label_map) if entry is not None else {}
    listed = set().union(*(annotated_labels(doc) or set() for doc in docs))
    raw = _labels_in_files(lost)
    counts: Counter[str] = Counter()
    for problem in lost:
        label = raw.get((problem.path, problem.line))
        if label is not None:
            label = label_map.get(label, label)
        if label is None or (listed and label not in listed):
            label = next(iter(listed)) if len(listed) == 1 else UNKNOWN_LABEL
        counts[label] += 1
    return counts


def _labels_in_files(lost: list[Problem]) -> dict[tuple[str, int], str]:
    """Return the labels of mentions as their PubTator lines give them."""
    found: dict[tuple[str, int], str] = {}
    wanted = {(problem.path, problem.line) for problem in lost if problem.line}
    for path in sorted({path for path, _ in wanted if Path(path).is_file()}):
        for number, line in read_lines(Path(path)):
            fields = line.split("\t")
            if (path, number) in wanted and len(fields) >= 5:
                found[path, number] = fields[4]
    return found


def _predict(nlp: Language, docs: list[Doc]) -> list[set[tuple[int, int, str]]]:
    texts = [doc.text for doc in docs]
    longest = max(map(len, texts))
    batch_size = max(1, min(_BATCH_DOCS, MAX_BATCH_CHARS // max(1, longest)))
    with memory_errors():
        return [
            {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
            for doc in nlp.pipe(texts, batch_size=batch_size)
        ]


def _open_corpus(
    corpus: str, split: str, nlp: Language, report: Report, allow_noncommercial: bool
) -> tuple[Iterator[Doc], bool]:
    catalogue = read_catalogue()
    if corpus in catalogue:
        docs = load_corpus(corpus, split, nlp.vocab, report=report, allow_noncommercial=allow_noncommercial)
        return docs, False
    path = Path(corpus)
    if not path.is_file():
        raise BiomedplmError(coded("B640", corpus=corpus, known=", ".join(catalogue)))
    if path.suffix == ".spacy":
        return _read_docbin(path, nlp), True
    return read_pubtator(path, nlp.vocab, report=report), True


def _read_docbin(path: Path, nlp: Language) -> Iterator[Doc]:
    try:
        yield from DocBin().from_disk(path).get_docs(nlp.vocab)
    except _DOCBIN_FAILURES as error:
        raise BiomedplmError(coded("B642", path=path, reason=" ".join(str(error).split()))) from error


def _guideline_of(docs: list[Doc], nlp: Language) -> str | None:
    """Return the one guideline that all documents name, if the pipeline knows it."""
    names = {name for doc in docs for name in ((doc._.annotated or {}).get("ner") or {})}
    known = known_guidelines(nlp)
    return names.pop() if len(names) == 1 and names <= set(known) else None
