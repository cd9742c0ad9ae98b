"""How long a base of the size of the UMLS takes to build and to open, and how much memory; from a made-up release.

python benchmarks/umls_size.py --names 10000000
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, resident_mb, run, save
from _umls_release import read_words, write_release

from spacy_biomedplm.corpora.catalogue import find_root
from spacy_biomedplm.kb import KnowledgeBase

_TIMES = 100
_POLL_SECONDS = 0.1


def measure_command(arguments: list[str]) -> dict[str, float]:
    """Run a command and return what it took.

    arguments (list[str]): Of `python`.
    RETURNS (dict[str, float]): "seconds" and "peak_mb", the most memory that it and all processes under it had at once.
    """
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    peak = 0.0
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(_POLL_SECONDS):
            peak = max(peak, sum(map(_resident, _tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.perf_counter() - start
    stop.set()
    watcher.join()
    if code:
        raise typer.Exit(code)
    return {"seconds": round(seconds, 1), "peak_mb": round(peak)}


def _tree(pid: int) -> list[int]:
    """Return a process and all under it; needs Linux."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, children.read_text(encoding="ascii").split())
            except OSError:
                continue
    return found


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure_opening(folder: Path) -> dict[str, float]:
    """Return what opening a base takes in this process, and reading concepts from all over it.

    folder (Path): The base.
    RETURNS (dict[str, float]): "open_seconds", "opened_mb" (resident memory that opening adds), "concepts_mb" (that
        reading concepts adds), "concept_microseconds" (for each of them).
    """
    before = resident_mb()
    start = time.perf_counter()
    base = KnowledgeBase.open(folder)
    seconds = time.perf_counter() - start
    opened = resident_mb()
    rows = range(0, len(base), max(1, len(base) // _TIMES))
    start = time.perf_counter()
    for row in rows:
        base[base.id_of(row)]
    each = (time.perf_counter() - start) / len(rows)
    return {
        "open_seconds": round(seconds, 4),
        "opened_mb": round(opened - before, 1),
        "concepts_mb": round(resident_mb() - opened, 1),
        "concept_microseconds": round(each * 1e6),
    }


def main(
    names: int = typer.Option(10_000_000, min=10, help="Rows of MRCONSO; there are 0.35 times as many concepts."),
    folder: Path | None = typer.Option(None, help="For the release and the base; a temporary one by default."),
    seed: int = typer.Option(1, help="Of the release."),
    output: Path = OutputOption,
    table: Path = TableOption,
    here: Path | None = typer.Option(None, hidden=True, help="Open this base in this process."),
) -> None:
    """Measure the size of the UMLS."""
    if here is not None:
        typer.echo(json.dumps(measure_opening(here)))
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        meta, base = Path(scratch) / "META", Path(scratch) / "kb"
        concepts = write_release(meta, names, read_words(find_root()), seed)
        console.print(f"{names:,} names of {concepts:,} concepts written")
        command = ["-m", "spacy_biomedplm.cli", "kb", "build", f"umls:{meta}", "-o", str(base), "--obsolete"]
        measured: dict[str, Any] = measure_command(command)
        sizes = {
            "release_mb": round(sum(path.stat().st_size for path in meta.iterdir()) / 1e6),
            "base_mb": round(sum(path.stat().st_size for path in base.iterdir()) / 1e6),
        }
        opening = [sys.executable, __file__, "--here", str(base)]
        measured |= json.loads(subprocess.run(opening, check=True, capture_output=True, text=True).stdout)
    record = {
        "figure": "wall-clock seconds of `biomedplm kb build`, most memory of its processes; opened by a new process",
        "text": f"made-up release: {names:,} rows of MRCONSO, {concepts:,} concepts, words of open vocabularies",
        **provenance(seed),
        "names": names,
        "concepts": concepts,
        **sizes,
        **measured,
    }
    columns = {
        "names": names,
        "concepts": concepts,
        "release, MB": sizes["release_mb"],
        "base, MB": sizes["base_mb"],
        "build, s": measured["seconds"],
        "build, most memory, MB": measured["peak_mb"],
        "open, s": measured["open_seconds"],
        "memory that opening adds, MB": measured["opened_mb"],
        f"that reading {_TIMES} concepts adds, MB": measured["concepts_mb"],
    }
    cells = [f"{value:,}" for value in columns.values()]
    save("umls_size", record, markdown_table(list(columns), [cells]), output=output, docs=table)


if __name__ == "__main__":
    run(main)
