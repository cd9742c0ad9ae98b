"""Fit the weights of ``biomedplm_abbreviations`` on the development half of MED1250, with cross-validated scores.

python scripts/fit.py --output ../../spacy_biomedplm/abbreviations/weights.json --metrics metrics/cross_validation.json
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from scipy.optimize import minimize
from scipy.sparse import csr_array

from spacy_biomedplm.abbreviations.alignment import Aligner
from spacy_biomedplm.abbreviations.candidates import find_borders
from spacy_biomedplm.abbreviations.detection import THRESHOLD, Reading, find_definitions, read_candidates
from spacy_biomedplm.abbreviations.scorer import Pair, make_pair, record_pairs
from spacy_biomedplm.corpora.abbreviations import read_ab3p
from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.scoring import PRF, count
from spacy_biomedplm.types import DocumentRecord

Weights = dict[str, float]
Vector = NDArray[np.float64]

START = {
    "initial.lower": 1.0,
    "initial.upper": 1.0,
    "start.word": 1.0,
    "start.inside": -2.0,
    "missed.inner.upper": -2.0,
} | {name: -1.0 for name in ("inside.lower", "new.lower", "new.upper", "skipped.word", "skipped.link", "trailing.word")}
"""Weights that the first alignments are made with."""
MAX_ALIGNMENTS = 12
console = Console(stderr=True)


@dataclass(frozen=True)
class Example:
    """The alignments of a candidate.

    features (tuple[Counter[str], ...]): Of each alignment.
    right (int): The one with the gold long form, -1 if none has it.
    """

    features: tuple[Counter[str], ...]
    right: int


def read_development() -> list[DocumentRecord]:
    """Return the records of MED1250 whose halves are divided as in benchmarks/abbreviations.py: those to learn from."""
    (path,) = find_files(get_corpus("ab3p"), "all", find_root())["path"]
    records = read_ab3p(path, report=Report(errors="repair"), encoding="windows-1252")
    return [record for record in records if hashlib.sha256(record.doc_id.encode()).digest()[0] % 2 == 0]


def read_examples(record: DocumentRecord, aligner: Aligner) -> Iterator[Example]:
    """Yield the candidates of a record with their features; those whose right long form no alignment has are left out.

    record (DocumentRecord): With gold definitions.
    aligner (Aligner): Makes the alignments.
    """
    gold = record_pairs(record)
    for reading in read_candidates(record.text, find_borders(record.text), aligner):
        alignments = reading.alignments[:MAX_ALIGNMENTS]
        pairs = [make_pair(reading.short, reading.context.text[alignment.start :]) for alignment in alignments]
        right = next((number for number, pair in enumerate(pairs) if pair in gold), -1)
        if alignments and (right >= 0 or not _is_out_of_reach(reading, gold)):
            found = (aligner.features(reading.context, reading.short, item, reading.extra) for item in alignments)
            yield Example(tuple(found), right)


def _is_out_of_reach(reading: Reading, gold: set[Pair]) -> bool:
    short, text = make_pair(reading.short, reading.context.text)
    return any(pair[0] == short and text.endswith(pair[1]) for pair in gold)


def maximise(examples: Sequence[Example], penalty: float) -> Weights:
    """Return the weights under which the right alignments, or none, are most probable.

    examples (Sequence[Example]): At least one.
    penalty (float): Of the sum of the squares of the weights.
    """
    rows = list(chain.from_iterable(example.features for example in examples))
    names = sorted({name for row in rows for name, value in row.items() if value})
    place = {name: number for number, name in enumerate(names)}
    cells = [(number, place[name], value) for number, row in enumerate(rows) for name, value in row.items() if value]
    lines, columns, values = zip(*cells, strict=True)
    table = csr_array((np.array(values, dtype=float), (lines, columns)), shape=(len(rows), len(names)))
    sizes = np.array([len(example.features) for example in examples])
    owner, firsts = np.repeat(np.arange(len(examples)), sizes), np.cumsum(sizes) - sizes
    right = np.array([example.right for example in examples])
    gold = (firsts + right)[right >= 0]
    constant = table[gold].sum(axis=0)

    def loss(weights: Vector) -> tuple[float, Vector]:
        scores = table @ weights
        top = np.maximum(np.maximum.reduceat(scores, firsts), 0.0)
        shares = np.exp(scores - top[owner])
        total = np.add.reduceat(shares, firsts) + np.exp(-top)
        value = (np.log(total) + top).sum() - scores[gold].sum() + penalty * weights @ weights
        return float(value), table.T @ (shares / total[owner]) - constant + 2 * penalty * weights

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
    return dict(zip(names, map(float, found.x), strict=True))


def fit(records: Sequence[DocumentRecord], penalty: float, rounds: int) -> Weights:
    """Return weights, rounded as they are written.

    records (Sequence[DocumentRecord]): With gold definitions.
    penalty (float): Of the sum of the squares of the weights.
    rounds (int): How often alignments are made anew with the weights found.
    """
    weights: Weights = START
    for _ in range(rounds):
        aligner = Aligner(weights)
        weights = maximise([example for record in records for example in read_examples(record, aligner)], penalty)
    return {name: round(value, 3) for name, value in sorted(weights.items()) if round(value, 3)}


def evaluate(records: Sequence[DocumentRecord], weights: Mapping[str, float], threshold: float) -> PRF:
    """Return scores of the different pairs of each record.

    records (Sequence[DocumentRecord]): With gold definitions.
    weights (Mapping[str, float]): Of the features.
    threshold (float): Smallest probability of a definition.
    """
    aligner, total = Aligner(weights), PRF()
    for record in records:
        text = record.text
        found = find_definitions(text, threshold=threshold, aligner=aligner)
        total += count(
            {make_pair(text[slice(*item.short)], text[slice(*item.long)]) for item in found}, record_pairs(record)
        )
    return total


def cross_validate(
    records: Sequence[DocumentRecord], *, penalty: float, rounds: int, folds: int, seeds: Sequence[int]
) -> PRF:
    """Return scores of records by weights that others were fitted on, summed up over several divisions.

    records (Sequence[DocumentRecord]): With gold definitions.
    penalty (float): As in ``fit``.
    rounds (int): As in ``fit``.
    folds (int): Parts of a division.
    seeds (Sequence[int]): One for each division.
    """
    total = PRF()
    for seed in seeds:
        order = random.Random(seed).sample(records, len(records))
        for fold in range(folds):
            others = [record for number, record in enumerate(order) if number % folds != fold]
            total += evaluate(order[fold::folds], fit(others, penalty, rounds), THRESHOLD)
    return total


def _percent(scores: PRF) -> dict[str, float]:
    named = {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}
    return {name: round(100 * (value or 0.0), 2) for name, value in named.items()}


def main(
    output: Path = typer.Option(..., help="File for the weights."),
    metrics: Path = typer.Option(..., help="File for the scores."),
    penalty: float = typer.Option(0.5, min=0.0, help="Of the sum of the squares of the weights."),
    rounds: int = typer.Option(6, min=1, help="How often alignments are made anew."),
    folds: int = typer.Option(5, min=2, help="Parts of a division."),
    divisions: int = typer.Option(6, min=1, help="Divisions of the cross-validation."),
    seed: int = typer.Option(0, help="Of the first division; each further one has the next."),
) -> None:
    """Fit the weights and say how good they are on what they were not fitted on, within the development half."""
    records = read_development()
    seeds = range(seed, seed + divisions)
    validated = cross_validate(records, penalty=penalty, rounds=rounds, folds=folds, seeds=seeds)
    weights = fit(records, penalty, rounds)
    scores = {
        "corpus": "MED1250, development half",
        "documents": len(records),
        "definitions": sum(len(record_pairs(record)) for record in records),
        "settings": {
            "penalty": penalty,
            "rounds": rounds,
            "threshold": THRESHOLD,
            "folds": folds,
            "seeds": list(seeds),
        },
        "weights": len(weights),
        "cross_validation": _percent(validated),
        "fitted_half": _percent(evaluate(records, weights, THRESHOLD)),
    }
    for path, content, indent in ((output, weights, 2), (metrics, scores, 1)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf8")
    console.print_json(data=scores)


if __name__ == "__main__":
    typer.run(main)
