"""Calibrate the scores of a trained pipeline on documents that it has not learned from.

python scripts/calibrate.py training/model-best corpus/dev training/model-calibrated --report metrics/calibration.json
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import srsly
import typer
from corpus_docs import HARMONISED, Found, compare_folder
from platt import calibration_error, cross_validated, fit_platt, log_odds, sigmoid
from records import make_console, provenance, write_json
from rich.table import Table

from spacy_biomedplm.ner.harmonisation import default_harmonisation

console = make_console()


def merge(found: list[Found]) -> dict[str, Found]:
    """Return the comparisons by guideline; those of one guideline in several corpora are joined."""
    merged: dict[str, Found] = {}
    for one in found:
        if one.guideline == HARMONISED:
            continue
        if one.guideline in merged:
            other = merged[one.guideline]
            other.scores = np.concatenate([other.scores, one.scores])
            other.right = np.concatenate([other.right, one.right])
            other.documents = np.concatenate([other.documents, one.documents + len(other.counts)])
            other.counts = np.zeros((len(other.counts) + len(one.counts), 0, 3), dtype=np.int64)
        else:
            merged[one.guideline] = one
    return merged


def calibrate(found: Found, *, prior: float, bins: int, seed: int) -> dict[str, Any]:
    """Return slope and intercept of one guideline, and the calibration error before and after.

    found (Found): Mentions of the pipeline without calibration.
    prior (float): As for ``fit_platt``.
    bins (int): As for ``calibration_error``.
    seed (int): Seed of the cross-validation.
    """
    values = log_odds(found.scores)
    slope, intercept = fit_platt(values, found.right, prior=prior)
    after = cross_validated(values, found.right, found.documents, prior=prior, seed=seed)
    same = sigmoid(slope * values + intercept)
    return {
        "slope": slope,
        "intercept": intercept,
        "documents": len(found.counts),
        "mentions": len(values),
        "precision": float(found.right.mean()) if len(values) else None,
        "ece_before": calibration_error(found.scores, found.right, bins=bins),
        "ece_after": calibration_error(after, found.right, bins=bins),
        "ece_after_same_documents": calibration_error(same, found.right, bins=bins),
    }


def show(results: dict[str, dict[str, Any]]) -> None:
    """Print a table of all guidelines."""
    table = Table(title="Calibration on held-back documents, expected calibration error (ECE) before and after")
    table.add_column("guideline", no_wrap=True)
    for name in ("docs", "mentions", "precision", "slope", "intercept", "ECE", "after"):
        table.add_column(name, justify="right", no_wrap=True)
    for guideline, row in results.items():
        precision = "–" if row["precision"] is None else f"{100 * row['precision']:.1f}"
        errors = [f"{100 * row[key]:.1f}" for key in ("ece_before", "ece_after")]
        counts = [f"{row['documents']:,}", f"{row['mentions']:,}"]
        table.add_row(guideline, *counts, precision, f"{row['slope']:.3f}", f"{row['intercept']:+.3f}", *errors)
    console.print(table)


def main(
    model: Path = typer.Argument(..., exists=True, file_okay=False, help="Folder of the trained pipeline."),
    dev_folder: Path = typer.Argument(..., exists=True, file_okay=False, help="Folder with one NAME.spacy per corpus."),
    output: Path = typer.Argument(..., help="Folder of the calibrated pipeline; replaced if it is there."),
    report: Path = typer.Option(Path("metrics/calibration.json"), help="JSON file of the results."),
    prior: float = typer.Option(1.0, min=1e-6, help="Pull towards no calibration."),
    bins: int = typer.Option(15, min=1, help="Bins of the calibration error, of equal numbers of mentions."),
    seed: int = typer.Option(1, help="Seed of the cross-validation."),
    docs: int | None = typer.Option(None, min=1, help="At most so many documents of each corpus, for a trial."),
    keep_harmonisation: bool = typer.Option(
        False, help="Keep the pipeline's table of harmonised labels; that of the installed package by default."
    ),
) -> None:
    """Fit slope and intercept of every guideline and write the pipeline with them."""
    if output.resolve() == model.resolve():
        console.print(f"{output} is the model itself; name another folder.", style="red")
        raise typer.Exit(1)
    nlp = spacy.load(model)
    ner = nlp.get_pipe("ner")
    ner.cfg["calibration"] = {}
    merged = merge(list(compare_folder(nlp, dev_folder, console, max_docs=docs)))
    results = {name: calibrate(one, prior=prior, bins=bins, seed=seed) for name, one in sorted(merged.items())}
    for missing in sorted(set(ner.guidelines) - set(results)):
        console.print(f"{missing}: no held-back document, its scores stay as they are.", style="yellow")
    ner.cfg["calibration"] = {name: [row["slope"], row["intercept"]] for name, row in results.items()}
    if not keep_harmonisation:
        ner.cfg["harmonisation"] = default_harmonisation()
    write_model(model, output, ner.cfg)
    figure = f"Expected calibration error, {bins} bins of equal numbers of mentions, on documents not trained on"
    how = "5-fold cross-validation over documents for 'ece_after'; all of them for slope and intercept"
    write_json(report, {"figure": figure, "fit": how, "prior": prior, **provenance(seed), "guidelines": results})
    show(results)
    console.print(f"Written to {output} and {report}.")


def write_model(model: Path, output: Path, cfg: dict[str, Any]) -> None:
    """Write a copy of a pipeline with another cfg of its pipe "ner".

    model (Path): Folder of the pipeline. Its weights are copied, not loaded and saved: a machine without bf16 loads
        them as fp32, and would save twice the bytes.
    output (Path): Folder to write; replaced if it is there.
    cfg (dict[str, Any]): Settings of the pipe.
    """
    partial = output.with_name(output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(model, partial)
    srsly.write_json(partial / "ner" / "cfg", cfg)
    shutil.rmtree(output, ignore_errors=True)
    partial.rename(output)


if __name__ == "__main__":
    typer.run(main)
