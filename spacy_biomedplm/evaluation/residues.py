"""Scores of residues: states of secondary structure (Q3), and residues that bind (bindPredict)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt

from spacy_biomedplm.evaluation.scores import Score, mean, pair_up
from spacy_biomedplm.scoring import PRF, count, count_by_label
from spacy_biomedplm.types import DocumentRecord, MentionRecord

NONE = "-"
"""What the state of a residue without a mention is called among the labels of a score."""


def score_residues(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return the share of residues whose state is right: Q3 where there are three states.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. Every character is
        a residue; its state is the label of the first mention that covers it, or none (coil).
    RETURNS (Score): Over the residues of all documents. ``labels`` has the counts of each state, "-" for none.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    Qian and Sejnowski (1988): Q3, the residues predicted correctly of all.
    """
    sides: tuple[set[tuple[int, int, str]], set[tuple[int, int, str]]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            states = [NONE] * len(documents[0].text)
            for mention in reversed(document.mentions):
                for place in _covered([mention], len(states)):
                    states[place] = mention.label
            keys.update((number, place, state) for place, state in enumerate(states))
    total = len(sides[0])
    right = len(sides[0] & sides[1])
    labels = count_by_label(sides[1], sides[0], lambda key: key[2])
    return Score(right / total if total else 0.0, None, labels, {"residues": float(total)})


def score_binding(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return the mean over proteins of the F1 of binding residues, as bindPredict's assess_performance.py.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. A residue binds if
        a mention covers it, whatever its label; each is counted for itself as well.
    RETURNS (Score): A protein in which nothing binds, neither in gold nor in the answer, does not count. ``more`` has
        the means "precision", "recall" and "mcc", and each of the four for each label ("metal f1"); ``labels`` has the
        residues of all proteins.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    means: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    totals: dict[str, PRF] = {}
    names = sorted({mention.label for record in (*gold, *predicted) for mention in record.mentions})
    for _, wanted, found in pair_up(gold, predicted):
        size = len(wanted.text)
        for name in ("", *names):
            sides = [
                _covered([m for m in record.mentions if not name or m.label == name], size)
                for record in (found, wanted)
            ]
            counts = count(*sides)
            if name:
                totals[name] = totals.get(name, PRF()) + counts
            if counts.predicted or counts.gold:
                values = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
                for key, value in {**values, "mcc": _correlate(counts, size)}.items():
                    means[name][key].append(value)
    more = {f"{name} {key}".strip(): mean(values) for name, found in means.items() for key, values in found.items()}
    return Score(more.pop("f1", 0.0), None, totals, more)


def _covered(mentions: Iterable[MentionRecord], size: int) -> set[int]:
    fragments = (fragment for mention in mentions for fragment in mention.fragments)
    return {place for start, end in fragments for place in range(max(0, start), min(end, size))}


def _correlate(counts: PRF, size: int) -> float:
    """Return Matthews' correlation; 0 where one side has one value only."""
    tn = size - counts.tp - counts.fp - counts.fn
    product = counts.predicted * counts.gold * (tn + counts.fp) * (tn + counts.fn)
    return (counts.tp * tn - counts.fp * counts.fn) / sqrt(product) if product else 0.0
