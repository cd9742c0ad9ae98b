"""Every annotated file of the corpora: read, made a document, written, and compared with the source.

python benchmarks/round_trips.py
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _round_trips_bioc
import _round_trips_brat
import _round_trips_conll
import _round_trips_knowtator
import _round_trips_relations
import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save

CHECKS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "brat, BioNLP standoff": _round_trips_brat.check,
    "PubTator, BioC": _round_trips_bioc.check,
    "CoNLL": _round_trips_conll.check,
    "DDI, PPI, DrugProt, ChemProt": _round_trips_relations.check,
    "Knowtator, EBM-NLP": _round_trips_knowtator.check,
}
# What one row of a check says is different, and how much it compared.
DIFFERENCES = ("differing", "differing_lines", "texts_differing", "sentences_that_differ")
AMOUNTS = ("annotations", "items", "mentions", "documents")


def summarise(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return the sums of a check's rows.

    rows (list[dict[str, Any]]): One for each file.
    RETURNS (dict[str, int]): "files", "compared" (annotations, or what the check counts instead), "differing", "lost".
    """
    sums: Counter[str] = Counter(files=len(rows))
    for row in rows:
        sums["compared"] += next(row[key] for key in AMOUNTS if key in row)
        sums["differing"] += sum(row.get(key) or 0 for key in DIFFERENCES)
        sums["lost"] += sum(row.get("losses", {}).values())
    return {key: sums[key] for key in ("files", "compared", "differing", "lost")}


def plain(value: Any) -> Any:
    """Return a value with text in place of the bytes in it.

    value (Any): Of a row.
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def main(
    root: Path = typer.Option(..., envvar="BIOMEDPLM_CORPORA", exists=True, help="Folder of the corpora."),
    only: list[str] = typer.Option([], "--check", help="Names of checks; all by default."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Compare everything that is written with what was read."""
    results: dict[str, Any] = {}
    for name, check in CHECKS.items():
        if not only or name in only:
            console.print(f"{name} …")
            results[name] = plain(check(root))
    record = {"figure": "Annotations that differ after a round trip", **provenance(None), "checks": results}
    sums = {name: summarise(rows) for name, rows in results.items()}
    lines = [[name, *(f"{value:,}" for value in row.values())] for name, row in sums.items()]
    header = ["formats", "files", "annotations or lines compared", "differing", "not expressible"]
    save("round_trips", record, markdown_table(header, lines), output=output, docs=table)


if __name__ == "__main__":
    run(main)
