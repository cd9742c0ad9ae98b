"""Put the scores of all seeds and corpora together: mean and standard deviation.

python scripts/table.py metrics ../../benchmarks/results/events.json ../../docs/benchmarks.md
"""

import json
import sys
from pathlib import Path
from typing import Any

import typer

sys.path.append(str(Path(__file__).resolve().parents[2] / "en_biomed_trf" / "scripts"))

from records import commits_of, describe, fill_marker, markdown_table, mean_of, write_json

GOALS = {
    "bionlp-st-2013-cg": 50,
    "bionlp-st-2013-pc": 46,
    "bionlp-st-2011-ge": 52,
    "bionlp-st-2011-epi": 46,
    "bionlp-st-2011-id": 46,
}
"""F1 that was asked for."""
KEYS = ("corpus", "training", "decoder", "given", "seed")
"""What tells records apart; a new one takes the place of an earlier one."""


def main(
    folder: Path = typer.Argument(..., help="Folder of the scores."),
    output: Path = typer.Argument(..., help="JSON file."),
    docs: Path = typer.Argument(..., help="Markdown file with the markers `events` and `events-types`."),
) -> None:
    """Write the tables."""
    earlier = json.loads(output.read_text(encoding="utf8"))["records"] if output.exists() else []
    files = [json.loads(path.read_text(encoding="utf8")) for path in sorted(folder.glob("*.json"))]
    new = [record for file in files for record in file["records"]]
    if not new:
        raise typer.BadParameter(f"There are no scores in {folder}: run `train` and `evaluate` first.")
    found = {tuple(record[key] for key in KEYS): record for record in [*earlier, *new]}
    records = [found[key] for key in sorted(found)]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(tuple(record[key] for key in KEYS[:-1]), []).append(record)
    header = ["corpus", "task", "learned from", "decoder", "given", "seeds", "precision", "recall", "F1", "asked"]
    header += ["triggers", "roles", "nested", "negation and speculation"]
    table = markdown_table(header, [summarise(*key, of_group) for key, of_group in groups.items()], left=5)
    types = markdown_table(
        ["corpus", "type", "gold", "precision", "recall", "F1"],
        [
            row
            for key, of_group in groups.items()
            if key == (key[0], key[0], "templates", "entities")
            for row in by_type(key[0], of_group)
        ],
        left=2,
    )
    write_json(output, {"records": records})
    fill_marker(docs, "events", f"{table}\n\n{describe(new[-1], 'events')}; {commits_of(records)}")
    fill_marker(docs, "events-types", types)
    typer.echo(table)


def summarise(corpus: str, training: str, decoder: str, given: str, records: list[dict[str, Any]]) -> list[str]:
    """Return the cells of a corpus."""
    stages = ("triggers", "roles", "nested", "modalities")
    return [
        corpus,
        records[0]["rule"],
        "itself" if training == corpus else training,
        decoder,
        given,
        str(len(records)),
        *(mean_of([record[key] for record in records]) for key in ("precision", "recall", "f1")),
        f"≥ {GOALS[corpus]}" if corpus in GOALS and given == "entities" else "",
        *(mean_of([record["stages"][stage]["f"] for record in records]) for stage in stages),
    ]


def by_type(corpus: str, records: list[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of each type of a corpus that has gold events."""
    return [
        [
            corpus,
            name,
            str(row["gold"]),
            *(mean_of([record["labels"][name][key] for record in records]) for key in ("precision", "recall", "f1")),
        ]
        for name, row in records[0].get("labels", {}).items()
        if row["gold"]
    ]


if __name__ == "__main__":
    typer.run(main)
