"""Score a pipeline on every test split: exact match on characters, against all gold mentions.

python scripts/evaluate.py training/model-calibrated corpus/test --output metrics/scores.json
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import typer
from corpus_docs import Found, compare_folder
from numpy.typing import NDArray
from platt import calibration_error
from records import make_console, provenance, write_json
from report import fill_tables
from rich.table import Table
from spacy.language import Language

from spacy_biomedplm.scoring import PRF

MATCHING = "exact: same first character, same last character, same label; recall against all gold mentions"
console = make_console()


def prf_of(counts: NDArray[np.int64]) -> PRF:
    """Return the counts of right, wrong and missed as a PRF."""
    right, wrong, missed = (int(number) for number in counts)
    return PRF(tp=right, fp=wrong, fn=missed)


def intervals(counts: NDArray[np.int64], weights: NDArray[np.int64]) -> dict[str, list[float]]:
    """Return 95 % confidence intervals of precision, recall and F1, by the percentile bootstrap over documents.

    counts (NDArray[np.int64]): Right, wrong and missed of each document, shape (documents, 3).
    weights (NDArray[np.int64]): How often each resample has each document, shape (resamples, documents).
    RETURNS (dict[str, list[float]]): Low and high of "precision", "recall" and "f1".

    Efron and Tibshirani (1993), chapter 13. Documents are drawn, not mentions: those of a document are alike.
    """
    scores = [prf_of(row) for row in weights @ counts]
    values = {
        "precision": [score.precision for score in scores],
        "recall": [score.recall for score in scores],
        "f1": [score.f1 for score in scores],
    }
    return {name: [round(float(q), 5) for q in np.quantile(row, [0.025, 0.975])] for name, row in values.items()}


def score(found: Found, *, resamples: int, seed: int) -> dict[str, Any]:
    """Return everything that is written about one corpus.

    found (Found): The comparison.
    resamples (int): Resamples of the bootstrap.
    seed (int): Seed of the bootstrap.
    """
    n_docs = len(found.counts)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n_docs, np.full(n_docs, 1 / n_docs), size=resamples)

    def numbers(counts: NDArray[np.int64]) -> dict[str, Any]:
        prf = prf_of(counts.sum(axis=0))
        rounded = {key: round(value, 5) for key, value in prf.to_dict().items()}
        return {**rounded, "gold": prf.gold, "ci95": intervals(counts, weights)}

    return {
        "guideline": found.guideline,
        "documents": n_docs,
        "words": found.words,
        "micro": numbers(found.counts.sum(axis=1)),
        "labels": {label: numbers(found.counts[:, column]) for column, label in enumerate(found.labels)},
        "ece": round(calibration_error(found.scores, found.right), 5),
    }


def show(corpora: dict[str, dict[str, Any]]) -> None:
    """Print a table of all corpora and labels."""
    table = Table(title="Exact match, test splits")
    table.add_column("corpus", no_wrap=True, min_width=15)
    table.add_column("label", no_wrap=True)
    for name, width in (("P", 5), ("R", 5), ("F1", 5), ("95 % CI", 9), ("gold", 6)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for corpus, entry in corpora.items():
        several = len(entry["labels"]) > 1
        rows = [("micro" if several else next(iter(entry["labels"])), entry["micro"])]
        rows += list(entry["labels"].items()) if several else []
        for number, (label, row) in enumerate(rows):
            low, high = row["ci95"]["f1"]
            values = [f"{100 * row[key]:.2f}" for key in ("precision", "recall", "f1")]
            name = "" if number else corpus
            table.add_row(name, label, *values, f"{100 * low:.1f}–{100 * high:.1f}", f"{row['gold']:,}")
        table.add_section()
    console.print(table)


def identify(nlp: Language) -> dict[str, str]:
    """Return name and version of the pipeline, and its guideline view."""
    meta = nlp.meta
    return {"name": f"{meta['lang']}_{meta['name']}", "version": meta["version"]}


def main(
    model: str = typer.Argument(..., help="Folder of the pipeline, or installed package."),
    test_folder: Path = typer.Argument(
        ..., exists=True, file_okay=False, help="Folder with one NAME.spacy per corpus."
    ),
    output: Path = typer.Option(Path("metrics/scores.json"), help="JSON file of the scores."),
    table: list[Path] = typer.Option([], help="Markdown files whose markers <!-- scores --> are filled."),
    corpus: list[str] = typer.Option([], help="Only these corpora."),
    resamples: int = typer.Option(1000, min=1, help="Resamples of the bootstrap."),
    seed: int = typer.Option(1, help="Seed of the bootstrap."),
    docs: int | None = typer.Option(None, min=1, help="At most so many documents of each corpus, for a trial."),
) -> None:
    """Score a pipeline on every corpus of a folder."""
    nlp = spacy.load(model)
    begin = time.perf_counter()
    compared = list(compare_folder(nlp, test_folder, console, only=corpus, max_docs=docs))
    seconds = time.perf_counter() - begin
    if not compared:
        console.print(f"{test_folder} has no corpus that the pipeline could be scored on.", style="red")
        raise typer.Exit(1)
    record = {
        "figure": "Precision, recall and F1 of entities, official test splits",
        "matching": MATCHING,
        "interval": f"95 %, percentile bootstrap over documents, {resamples:,} resamples",
        **provenance(seed),
        "model": identify(nlp),
        "documents_of_each": docs,
        "seconds": round(seconds, 1),
        "corpora": {one.corpus: score(one, resamples=resamples, seed=seed) for one in compared},
    }
    write_json(output, record)
    show(record["corpora"])
    console.print(f"Written to {output}; read in {seconds:.0f} s.")
    for path in table:
        fill_tables(path, record)
        console.print(f"Filled the tables of {path}.")


if __name__ == "__main__":
    typer.run(main)
