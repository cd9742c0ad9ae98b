"""Compare one encoder for entities, relations and events with an encoder for each.

python scripts/joint.py metrics/scores.json --results ../../benchmarks/results --docs ../../docs/benchmarks.md
"""

import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import typer
from records import describe, fill_marker, markdown_table, provenance, write_json

TRAINING = "en_biomed_trf"
"""What records of events name as their training if they are of the joint pipeline."""


def main(
    scores: Path = typer.Argument(..., exists=True, help="Scores of entities of the joint pipeline."),
    results: Path = typer.Option(
        ...,
        exists=True,
        help="Folder of accuracy_entities.json, relations.json and events.json.",
    ),
    docs: Path = typer.Option(..., exists=True, help="Markdown file with the marker `joint`."),
) -> None:
    """Write joint.json and its table."""
    joint, alone = _read(scores), _read(results / "accuracy_entities.json")
    entities = {
        corpus: {"joint": joint["corpora"][corpus]["micro"]["f1"], "separate": alone["corpora"][corpus]["micro"]["f1"]}
        for corpus in joint["corpora"]
        if corpus in alone["corpora"]
    }
    mean = {key: statistics.mean(row[key] for row in entities.values()) for key in ("joint", "separate")}
    records = _read(results / "relations.json")["records"]
    together = [record for record in records if "ner" in record["pipeline"].split(" + ")]
    apart = [record for record in records if record["pipeline"] == "relations" and record["execution"] == "shared"]
    relations = {
        f"{corpus}, {given} given": {
            "joint": _mean(one["f1"] for one in together if (one["corpus"], one["given"]) == (corpus, given)),
            "separate": _mean(one["f1"] for one in apart if (one["corpus"], one["given"]) == (corpus, given)),
        }
        for corpus, given in sorted({(record["corpus"], record["given"]) for record in together})
    }
    answers = _read(results / "events.json")["records"]
    events = {
        f"{one['corpus']}, {one['given']} given": {
            "joint": one["f1"],
            "separate": _mean(
                other["f1"]
                for other in answers
                if (other["corpus"], other["given"], other["decoder"]) == (one["corpus"], one["given"], one["decoder"])
                and other["training"] == one["corpus"]
            ),
        }
        for one in answers
        if one["training"] == TRAINING
    }
    record = {
        "figure": "F1 on test documents (drugprot and events: development documents) of one encoder that learned "
        "entities, relations and events together, and of an encoder for entities, one for the relations of each corpus "
        "and one for the events of each",
        **provenance(joint["seed"]),
        "entities": entities,
        "entities_mean": {key: round(value, 5) for key, value in mean.items()},
        "relations": relations,
        "events": events,
    }
    write_json(results / "joint.json", record)
    table = joint_table(record)
    fill_marker(docs, "joint", f"{table}\n\n{describe(record)}")
    typer.echo(table)


def joint_table(record: Mapping[str, Any]) -> str:
    """Return the table of a record of this script, in Markdown."""
    rows = [["entities", name, row] for name, row in [*record["entities"].items(), ("mean", record["entities_mean"])]]
    rows += [["relations", name, row] for name, row in record["relations"].items()]
    rows += [["events", name, row] for name, row in record["events"].items()]
    cells = [[task, name, *map(_per_cent, (row["joint"], row["separate"]))] for task, name, row in rows]
    return markdown_table(["task", "corpus", "one encoder", "separate encoders"], cells, left=2)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return round(statistics.mean(found), 5) if found else None


def _per_cent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


if __name__ == "__main__":
    typer.run(main)
