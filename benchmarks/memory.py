"""Resident memory while abstracts stream through the shipped pipeline, in a fresh process.

python benchmarks/memory.py
"""

import json
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import spacy
import typer
from _common import (
    ModelOption,
    OutputOption,
    TableOption,
    abstracts,
    console,
    markdown_table,
    provenance,
    resident_mb,
    run,
    save,
)


def stream(model: str, texts: list[str], *, first: int, last: int) -> dict[int, float]:
    """Return the resident memory in MB after so many documents.

    model (str): Installed pipeline, or folder.
    texts (list[str]): Repeated as often as needed.
    first (int): Where memory is measured first, and then each time so many more are read.
    last (int): Documents in all.
    RETURNS (dict[int, float]): After 0 documents the pipeline is loaded.
    """
    nlp = spacy.load(model)
    resident = {0: resident_mb()}
    for count, _ in enumerate(nlp.pipe(islice(cycle(texts), last)), start=1):
        if count % first == 0 or count == last:
            resident[count] = resident_mb()
    return resident


def measure_in_fresh_process(model: str, *, first: int, last: int, docs: int | None) -> dict[int, float]:
    """Return what ``stream`` returns in a process that has done nothing before."""
    options = ["--model", model, "--first", str(first), "--last", str(last), "--here"]
    options += ["--docs", str(docs)] if docs else []
    done = subprocess.run([sys.executable, __file__, *options], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
    return {int(count): value for count, value in json.loads(done.stdout.splitlines()[-1]).items()}


def main(
    model: str = ModelOption,
    first: int = typer.Option(1_000, min=1, help="Abstracts after which memory is measured first."),
    last: int = typer.Option(20_000, min=1, help="Abstracts after which it is measured last."),
    docs: int | None = typer.Option(None, min=1, help="Repeat only so many abstracts, for a trial."),
    here: bool = typer.Option(False, "--here", hidden=True, help="Measure in this process, print JSON."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure how memory grows."""
    if here:
        sys.stdout.write(json.dumps(stream(model, abstracts(docs), first=first, last=last)) + "\n")
        return
    console.print(f"Reading {last:,} abstracts in a fresh process …")
    resident = measure_in_fresh_process(model, first=first, last=last, docs=docs)
    growth = resident[last] - resident[first]
    record: dict[str, Any] = {
        "figure": "Resident memory in MB (10⁶ bytes) of a process that streams abstracts through nlp.pipe",
        "corpus": "BC5CDR test, repeated",
        **provenance(None),
        "resident_mb": {str(count): round(value, 1) for count, value in resident.items()},
        "growth_mb": round(growth, 1),
    }
    rows = [
        ["pipeline loaded", f"{resident[0]:,.0f}"],
        [f"after {first:,} abstracts", f"{resident[first]:,.0f}"],
        [f"after {last:,} abstracts", f"{resident[last]:,.0f}"],
        ["growth between the two", f"{growth:+,.1f}"],
    ]
    save("memory", record, markdown_table(["", "resident memory, MB"], rows), output=output, docs=table)


if __name__ == "__main__":
    run(main)
