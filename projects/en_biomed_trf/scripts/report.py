"""Put the scores of a pipeline into the tables of README.md and docs/benchmarks.md, and keep their JSON files.

python scripts/report.py metrics/scores.json --calibration metrics/calibration.json --table ../../README.md \
    --results ../../benchmarks/results
"""

import shutil
from pathlib import Path
from typing import Any

import typer
from records import describe, fill_marker, markdown_table, read_json
from rich.console import Console

console = Console()

# Published scores of other systems on the same test sets, for comparison; exact match as well.
PUBLISHED = {"bc5cdr": ("84.28", "88.08"), "jnlpba": ("72.06", "76.09"), "ncbi-disease": ("–", "87.49")}


def _percent(row: dict[str, Any]) -> list[str]:
    if not row["gold"]:
        return ["–"] * 4
    low, high = row["ci95"]["f1"]
    values = [f"{100 * row[key]:.1f}" for key in ("precision", "recall")]
    return [*values, f"**{100 * row['f1']:.1f}**", f"{100 * low:.1f}–{100 * high:.1f}"]


def _heads(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in record["corpora"].items() if entry["guideline"] != "harmonised"}


def scores_table(record: dict[str, Any]) -> str:
    """Return a table with one row for each corpus, micro average over its labels.

    record (dict[str, Any]): What evaluate.py wrote.
    """
    header = ["test set", "labels", "P", "R", "F1", "95 % CI", "gold", "scispaCy", "Stanza"]
    rows = []
    for name, entry in _heads(record).items():
        labels = list(entry["labels"])
        shown = ", ".join(labels) if len(labels) <= 3 else f"{len(labels)} labels"
        counts = [f"{entry['micro']['gold']:,}", *PUBLISHED.get(name, ("", ""))]
        rows.append([name, shown, *_percent(entry["micro"]), *counts])
    note = "The last two columns are those systems' published F1. Interval: " + record["interval"] + "."
    if record["documents_of_each"]:
        note = f"**A trial on the first {record['documents_of_each']} documents of each.** {note}"
    return "\n\n".join([markdown_table(header, rows, left=2), note, describe(record)])


def labels_table(record: dict[str, Any]) -> str:
    """Return a table with one row for each label of the corpora that have several, and the calibration error.

    record (dict[str, Any]): What evaluate.py wrote.
    """
    rows = []
    for name, entry in _heads(record).items():
        micro = entry["micro"]
        rows.append([name, "all", *_percent(micro), f"{micro['gold']:,}", f"{100 * entry['ece']:.1f}"])
        if len(entry["labels"]) > 1:
            rows += [["", label, *_percent(row), f"{row['gold']:,}", ""] for label, row in entry["labels"].items()]
    header = ["test set", "label", "P", "R", "F1", "95 % CI", "gold", "ECE"]
    parts = [markdown_table(header, rows, left=2)]
    others = [
        [name, label, *_percent(row), f"{row['gold']:,}"]
        for name, entry in record["corpora"].items()
        if entry["guideline"] == "harmonised"
        for label, row in entry["labels"].items()
    ]
    if others:
        parts.append("Corpora that nothing was learned from, scored on the harmonised labels of `doc.ents`:")
        parts.append(markdown_table(header[:-1], others, left=2))
    return "\n\n".join([*parts, describe(record)])


def calibration_table(record: dict[str, Any]) -> str:
    """Return a table with one row for each guideline.

    record (dict[str, Any]): What calibrate.py wrote.
    """
    header = ["guideline", "documents", "mentions", "precision", "slope", "intercept", "ECE before", "ECE after"]
    rows = []
    for name, row in record["guidelines"].items():
        precision = "–" if row["precision"] is None else f"{100 * row['precision']:.1f}"
        parameters = [f"{row['slope']:.3f}", f"{row['intercept']:+.3f}"]
        errors = [f"{100 * row[key]:.1f}" for key in ("ece_before", "ece_after")]
        rows.append([name, f"{row['documents']:,}", f"{row['mentions']:,}", precision, *parameters, *errors])
    note = f"{record['figure']}, in percentage points; {record['fit']}."
    return "\n\n".join([markdown_table(header, rows), note, describe(record)])


def fill_tables(path: Path, scores: dict[str, Any], calibration: dict[str, Any] | None = None) -> list[str]:
    """Fill the markers of a Markdown file: scores, scores-by-label, calibration.

    path (Path): The file.
    scores (dict[str, Any]): What evaluate.py wrote.
    calibration (dict[str, Any] | None): What calibrate.py wrote.
    RETURNS (list[str]): The markers that the file has.
    """
    texts = {"scores": scores_table(scores), "scores-by-label": labels_table(scores)}
    if calibration is not None:
        texts["calibration"] = calibration_table(calibration)
    return [name for name, text in texts.items() if fill_marker(path, name, text)]


def main(
    scores: Path = typer.Argument(..., exists=True, dir_okay=False, help="What evaluate.py wrote."),
    calibration: Path | None = typer.Option(None, exists=True, dir_okay=False, help="What calibrate.py wrote."),
    table: list[Path] = typer.Option([], help="Markdown files whose markers are filled."),
    results: Path | None = typer.Option(None, help="Folder that gets copies, accuracy.json and calibration.json."),
) -> None:
    """Fill tables from results that are there already."""
    calibrated = read_json(calibration) if calibration else None
    for path in table:
        filled = fill_tables(path, read_json(scores), calibrated)
        console.print(f"{path}: {', '.join(filled) if filled else 'no marker found'}")
    if results is not None:
        results.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(scores, results / "accuracy.json")
        if calibration is not None:
            shutil.copyfile(calibration, results / "calibration.json")
        console.print(f"Copied to {results}.")


if __name__ == "__main__":
    typer.run(main)
