"""Exact-match scores of a pipeline on a corpus."""

import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.cli.batches import memory_errors
from spacy_biomedplm.cli.pipeline import known_guidelines, load_pipeline, model_identity, set_guideline
from spacy_biomedplm.corpora.catalogue import find_similar, get_corpus, load_corpus, read_catalogue
from spacy_biomedplm.corpora.docbin import read_docs
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.entities import score_entities
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.evaluation.running import (
    Outcome,
    find_layers,
    has_entities,
    limit,
    predict,
    relabel,
    run_metrics,
)
from spacy_biomedplm.formats import find_format
from spacy_biomedplm.scoring import PRF
from spacy_biomedplm.types import DocumentRecord

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
    outcomes (tuple[Outcome, ...]): The corpus' own metrics, with the reason where one could not be scored.
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
    outcomes: tuple[Outcome, ...] = ()

    @property
    def micro(self) -> PRF:
        """Counts of all labels together."""
        return sum(self.labels.values(), PRF())

    def to_dict(self) -> dict[str, Any]:
        """Return the evaluation as plain data.

        RETURNS (dict[str, Any]): All fields, "micro" and "matching" (always "exact": same characters, same label),
            which are those of entities: "micro" is None if none were scored. "metrics" are those of the corpus by name.
        """
        return {
            "model": self.model,
            "corpus": self.corpus,
            "split": self.split,
            "guideline": self.guideline,
            "matching": "exact",
            "micro": self.micro.to_dict() if self.labels or not self.outcomes else None,
            "labels": {label: prf.to_dict() for label, prf in self.labels.items()},
            "documents": self.documents,
            "words": self.words,
            "words_per_second": round(self.words / self.seconds, 1) if self.seconds else None,
            "unplaced_gold_mentions": self.unplaced,
            "harmonised_labels_compared": self.harmonised,
            "metrics": {outcome.metric.name: outcome.to_dict() for outcome in self.outcomes},
        }


def evaluate(
    model: str,
    corpus: str,
    *,
    split: str = "test",
    guideline: str | None = None,
    device: str = "cpu",
    allow_noncommercial: bool = False,
    source_format: str | None = None,
) -> Evaluation:
    """Return the scores of a pipeline on a corpus.

    model (str): Installed package, or folder.
    corpus (str): Name of a known corpus, or a file, folder or archive.
    split (str): Split of a known corpus.
    guideline (str | None): Guideline that the pipeline follows. None takes that of the corpus if the pipeline
        knows it, and the harmonised labels otherwise.
    device (str): "cpu" or "cuda:N".
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    source_format (str | None): Format of a file or folder; None takes what its name says.
    RETURNS (Evaluation): A prediction is right if its characters and its label are those of a gold mention.
        Gold are all mentions, overlapping ones too, and those that cannot be placed in the text, as missed; of a
        document that says what it is annotated for, only labels among those are scored.
    RAISES (BiomedplmError): As load_pipeline; B640 if there is no such corpus, B641 if it is empty, B660 for an
        unknown format; the errors of the corpus readers.
    """
    nlp = load_pipeline(model, device=device)
    return evaluate_pipeline(
        nlp,
        corpus,
        split=split,
        guideline=guideline,
        model=model,
        allow_noncommercial=allow_noncommercial,
        source_format=source_format,
    )


def evaluate_pipeline(
    nlp: Language,
    corpus: str,
    *,
    split: str = "test",
    guideline: str | None = None,
    metrics: Sequence[str] | None = None,
    only: Collection[str] = (),
    model: str = "",
    allow_noncommercial: bool = False,
    source_format: str | None = None,
) -> Evaluation:
    """Return the scores of a loaded pipeline on a corpus.

    nlp (Language): The pipeline. corpus, split, guideline, allow_noncommercial, source_format: As for ``evaluate``.
    metrics (Sequence[str] | None): Metrics to score by; None takes those of the corpus.
    only (Collection[str]): Labels of mentions to score; empty for all that are annotated.
    model (str): Name of the model, for messages.
    RETURNS (Evaluation): As ``evaluate``; without scores of entities if there are none in the corpus, no component of
        the pipeline finds any, or ``metrics`` need none.
    RAISES (BiomedplmError): As ``evaluate``, and B725 for an unknown metric.
    """
    report = Report(errors="repair", limit=sys.maxsize, whole=True)
    gold, is_file = _open_corpus(corpus, split, nlp, report, allow_noncommercial, source_format)
    docs = list(gold)
    if not docs:
        raise BiomedplmError(coded("B641", corpus=corpus, split="" if is_file else f" in the split '{split}'"))
    guideline = guideline or _guideline_of(docs, nlp)
    if guideline is not None:
        set_guideline(nlp, guideline, model=model)
    known = None if is_file else get_corpus(corpus)
    names = tuple(metrics) if metrics is not None else () if known is None else known.metrics
    found = Evaluation(
        model=model_identity(nlp),
        corpus=corpus if known is None else known.name,
        split=None if is_file else split,
        guideline=guideline,
        documents=len(docs),
        words=sum(len(doc.text.split()) for doc in docs),
    )
    records = [make_record(doc) for doc in docs]
    annotated = [annotated_labels(doc) for doc in docs]
    missed: Counter[str] = Counter()
    answers = None
    asked = metrics is None or any("mentions" in get_metric(name).needs for name in names)
    if is_file or (asked and has_entities(docs) and "mentions" in find_layers(nlp)):
        start = time.monotonic()
        with memory_errors():
            answers = predict(nlp, records)
        missed = _unplaced(report, annotated)
        found = replace(_with_entities(found, records, answers, annotated, missed), seconds=time.monotonic() - start)
    labels = None if None in annotated else set().union(*filter(None, annotated))
    with memory_errors():
        outcomes = run_metrics(
            nlp,
            records,
            names,
            answers=answers,
            renamed=found.harmonised,
            labels=only or labels,
            missed={label: number for label, number in missed.items() if not only or label in only},
        )
    return replace(found, outcomes=tuple(outcomes))


def _with_entities(
    found: Evaluation,
    gold: Sequence[DocumentRecord],
    answers: Sequence[DocumentRecord],
    annotated: Sequence[set[str] | None],
    missed: Counter[str],
) -> Evaluation:
    """Return an evaluation with the exact-match scores of entities."""
    listed = set().union(*filter(None, annotated))
    harmonised = {} if found.guideline else _harmonised_labels(answers, gold, listed)
    answers = [relabel(answer, harmonised) for answer in answers]
    sides = [
        [record if names is None else limit(record, names) for record, names in zip(side, annotated, strict=True)]
        for side in (gold, answers)
    ]
    counts = score_entities(*sides).labels
    labels = {name: counts.get(name, PRF()) + PRF(fn=missed[name]) for name in sorted({*counts, *listed, *missed})}
    names = set().union(*map(_entity_labels, answers))
    gold_names = {label for label, prf in labels.items() if prf.gold}
    return replace(
        found,
        labels=labels,
        foreign_labels=() if names & gold_names else tuple(sorted(names)),
        unplaced=missed.total(),
        harmonised=harmonised,
    )


def _entity_labels(record: DocumentRecord) -> set[str]:
    return {mention.label for mention in record.mentions if not mention.is_trigger}


def annotated_labels(doc: Doc) -> set[str] | None:
    """Return the entity labels that a document is annotated for, or None if it does not say.

    doc (Doc): A reference document; one of a corpus whose labels are no closed set names none.
    """
    layers = doc._.annotated
    if not layers or "ner" not in layers:
        return None
    return {label for labels in layers["ner"].values() for label in labels} or None


def _harmonised_labels(
    answers: Sequence[DocumentRecord], gold: Sequence[DocumentRecord], listed: set[str]
) -> dict[str, str]:
    """Return which predicted labels are a corpus' labels in the harmonised spelling: CHEMICAL for Chemical."""
    known = listed.union(*map(_entity_labels, gold))
    found = set().union(*map(_entity_labels, answers)) - known
    spelled = {label.upper().replace(" ", "_").replace("-", "_"): label for label in sorted(known)}
    return {label: spelled[label] for label in sorted(found) if label in spelled}


def _unplaced(report: Report, annotated: Sequence[set[str] | None]) -> Counter[str]:
    """Return how many gold mentions of each label do not fit the text."""
    lost = [found for found in report.problems if found.kind == "dropped" and found.is_mention]
    if not lost:
        return Counter()
    listed = set().union(*filter(None, annotated))
    counts: Counter[str] = Counter()
    for problem in lost:
        label = problem.label or UNKNOWN_LABEL
        if listed and label not in listed:
            label = next(iter(listed)) if len(listed) == 1 else UNKNOWN_LABEL
        counts[label] += 1
    return counts


def _open_corpus(
    corpus: str, split: str, nlp: Language, report: Report, allow_noncommercial: bool, source_format: str | None
) -> tuple[Iterator[Doc], bool]:
    if source_format is None and corpus.casefold() in read_catalogue():
        docs = load_corpus(corpus, split, nlp.vocab, report=report, allow_noncommercial=allow_noncommercial)
        return docs, False
    path = Path(corpus)
    if not path.exists():
        raise BiomedplmError(coded("B640", corpus=corpus, known=find_similar(corpus)))
    form = find_format(path, source_format, option="--format")
    if form.name == "docbin":
        return read_docs(path, nlp.vocab, report=report), True
    return (make_doc(nlp.vocab, fit(record, report)) for record in form.read(path, report=report)), True


def _guideline_of(docs: list[Doc], nlp: Language) -> str | None:
    """Return the one guideline that all documents name, if the pipeline knows it."""
    names = {name for doc in docs for name in ((doc._.annotated or {}).get("ner") or {})}
    known = known_guidelines(nlp)
    return names.pop() if len(names) == 1 and names <= set(known) else None
