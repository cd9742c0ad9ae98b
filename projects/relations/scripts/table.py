"""Put the scores of all seeds and corpora together: mean and standard deviation.

python scripts/table.py metrics ../../benchmarks/results/relations.json ../../docs/benchmarks.md
"""

import json
import sys
from pathlib import Path
from typing import Any

import typer

sys.path.append(str(Path(__file__).resolve().parents[2] / "en_biomed_trf" / "scripts"))

from records import commits_of, describe, fill_marker, markdown_table, mean_of, write_json

GOALS = {"ddi2013": 76, "gad": 77, "bc5cdr": 58, "drugprot": 64, "chemprot-pairs": 77}
"""F1 that was asked for."""
KEYS = ("corpus", "given", "pipeline", "execution", "seed")
"""What tells records apart; a new one takes the place of an earlier one."""


def main(
    folder: Path = typer.Argument(..., help="Folder of CORPUS-SEED.json."),
    output: Path = typer.Argument(..., help="JSON file."),
    docs: Path = typer.Argument(..., help="Markdown file with the marker `relations`."),
) -> None:
    """Write the table."""
    earlier = json.loads(output.read_text(encoding="utf8"))["records"] if output.exists() else []
    new = [json.loads(path.read_text(encoding="utf8")) for path in sorted(folder.glob("*.json"))]
    if not new:
        raise typer.BadParameter(f"There are no scores in {folder}: run `train` and `evaluate` first.")
    found = {tuple(record[key] for key in KEYS): record for record in [*earlier, *new]}
    records = [found[key] for key in sorted(found)]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(tuple(record[key] for key in KEYS[:-1]), []).append(record)
    rows = [[corpus, *summarise(corpus, of_group)] for (corpus, *_), of_group in groups.items()]
    header = [
        "corpus",
        "metric",
        "given",
        "pipeline",
        "execution",
        "seeds",
        "precision",
        "recall",
        "F1",
        "asked",
        "more",
    ]
    table = markdown_table(header, rows, left=6)
    write_json(output, {"records": records})
    fill_marker(docs, "relations", f"{table}\n\n{describe(new[-1], 'relations')}; {commits_of(records)}")
    typer.echo(table)


def summarise(name: str, records: list[dict[str, Any]]) -> list[str]:
    """Return the cells of a corpus."""
    more = records[0]["more"]
    shown = "; ".join(f"{key} {mean_of([one['more'][key] for one in records])}" for key in more if key.endswith("f1"))
    return [
        records[0]["metric"],
        records[0]["given"],
        records[0]["pipeline"],
        records[0]["execution"],
        str(len(records)),
        *(mean_of([record[key] for record in records]) for key in ("precision", "recall", "f1")),
        f"≥ {GOALS[name]}" if name in GOALS and records[0]["pipeline"] == "relations" else "",
        shown,
    ]


if __name__ == "__main__":
    typer.run(main)
