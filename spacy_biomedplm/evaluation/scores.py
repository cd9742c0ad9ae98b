"""What a scorer returns, and how gold documents and answers to them are put side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.scoring import PRF
from spacy_biomedplm.types import DocumentRecord


@dataclass(frozen=True, slots=True)
class Score:
    """What one metric found.

    main (float): The number that the field quotes.
    counts (PRF | None): Counts behind it, if it is a micro-averaged F1.
    labels (Mapping[str, PRF]): Counts of each label or class.
    more (Mapping[str, float]): Further numbers by name.
    """

    main: float
    counts: PRF | None = None
    labels: Mapping[str, PRF] = field(default_factory=dict)
    more: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data.

        RETURNS (dict[str, Any]): "score", then "counts", "labels" and what is in ``more``, as far as there is such.
        """
        found: dict[str, Any] = {"score": self.main}
        if self.counts is not None:
            found["counts"] = self.counts.to_dict()
        if self.labels:
            found["labels"] = {label: prf.to_dict() for label, prf in self.labels.items()}
        return {**found, **self.more}


def micro(labels: Mapping[str, PRF], **more: float) -> Score:
    """Return the micro-averaged F1 of labels.

    labels (Mapping[str, PRF]): Counts of each label.
    more (float): Further numbers.
    """
    counts = sum(labels.values(), PRF())
    return Score(counts.f1, counts, labels, more)


def macro(score: Score) -> Score:
    """Return the mean of the F1 of labels in place of the score, which becomes "micro_f1".

    score (Score): With counts of labels.
    """
    return Score(
        mean([prf.f1 for prf in score.labels.values()]), None, score.labels, {**score.more, "micro_f1": score.main}
    )


def pair_up(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]
) -> Iterator[tuple[int, DocumentRecord, DocumentRecord]]:
    """Yield a number, a gold document and the answer to it.

    gold (Sequence[DocumentRecord]): All gold documents.
    predicted (Sequence[DocumentRecord]): Answers in the same order, one for each.
    RAISES (BiomedplmError): B720 if there are more or fewer answers, or one has another identifier.
    """
    if len(gold) != len(predicted):
        raise BiomedplmError(coded("B720", found=f"{len(predicted)} answers", wanted=f"{len(gold)}"))
    for number, (wanted, found) in enumerate(zip(gold, predicted, strict=True)):
        if wanted.doc_id != found.doc_id:
            values = {"found": f"an answer to '{found.doc_id}'", "wanted": f"one to '{wanted.doc_id}'"}
            raise BiomedplmError(coded("B720", **values))
        yield number, wanted, found


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing.

    values (Sequence[float]): Numbers.
    """
    return sum(values) / len(values) if values else 0.0


def harmonic_mean(precision: float, recall: float) -> float:
    """Return the harmonic mean, 0 if both are 0.

    precision, recall (float): In [0, 1].
    """
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
