"""Seconds and memory until the shipped pipeline has read its first document, each time in a fresh process.

python benchmarks/load.py
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer
from _common import (
    ModelOption,
    OutputOption,
    TableOption,
    abstracts,
    console,
    markdown_table,
    provenance,
    run,
    save,
)

# Without the imports of this file, which would already be paid for. The text comes in by standard input.
MEASURE = """
import os, sys, time
begin = time.perf_counter()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
text, found = sys.stdin.read(), {}
def note(name):
    global begin
    found[name] = {"seconds": time.perf_counter() - begin, "resident_mb": resident()}
    begin = time.perf_counter()
import spacy
note("import spacy")
nlp = spacy.load(sys.argv[1])
note("spacy.load")
nlp(text)
note("first document")
nlp(text)
note("the same again")
import json
print(json.dumps(found))
"""


def measure(model: str, text: str) -> dict[str, dict[str, float]]:
    """Return seconds and resident memory of each step in a fresh process.

    model (str): Installed pipeline, or folder.
    text (str): The document.
    """
    command = [sys.executable, "-c", MEASURE, model]
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def main(
    model: str = ModelOption,
    processes: int = typer.Option(7, min=1, help="Processes, one after the other; the median counts."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure how long loading takes."""
    text = abstracts(1)[0]
    measure(model, text)  # fills the system's cache of files
    runs = []
    for number in range(processes):
        runs.append(measure(model, text))
        console.print(f"process {number + 1}/{processes}: spacy.load {runs[-1]['spacy.load']['seconds']:.2f} s")
    steps = list(runs[0])
    medians = {
        step: {key: statistics.median(one[step][key] for one in runs) for key in runs[0][step]} for step in steps
    }
    record: dict[str, Any] = {
        "figure": "Seconds of each step and resident memory in MB (10⁶ bytes) after it, median over fresh processes",
        "text": "first abstract of BC5CDR test",
        **provenance(None),
        "median": {step: {key: round(value, 3) for key, value in row.items()} for step, row in medians.items()},
        "processes": runs,
    }
    rows = [[step, f"{row['seconds']:.2f}", f"{row['resident_mb']:,.0f}"] for step, row in medians.items()]
    rows.append(
        ["from the start to the first document", f"{sum(medians[step]['seconds'] for step in steps[:3]):.2f}", ""]
    )
    text_table = markdown_table(["step", "seconds", "resident memory after it, MB"], rows)
    save("load", record, text_table, output=output, docs=table)


if __name__ == "__main__":
    run(main)
