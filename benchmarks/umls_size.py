"""What a base of the size of the UMLS costs to build, to open and to link with; from a made-up release.

python benchmarks/umls_size.py --names 10000000
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import spacy
import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, resident_mb, run, save
from _full_scan import recall
from _umls_release import read_words, write_release
from spacy.tokens import Doc

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.corpora.catalogue import find_root, read_corpus
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.opening import open_indexes
from spacy_biomedplm.kb import KnowledgeBase

CORPORA = ("bc5cdr", "ncbi-disease")
DEPTHS = (1, 5, 30)
_PROCESSES = (1, 2)
_EVERY = 20
_BATCH = 64
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


def read_documents() -> Iterator[Doc]:
    """Yield all documents of BC5CDR and NCBI-disease with their gold entities, but no concepts."""
    vocab = spacy.blank("en").vocab
    for corpus in CORPORA:
        for split in ("train", "dev", "test"):
            for record in read_corpus(corpus, split):
                mentions = tuple(replace(mention, concepts=()) for mention in record.mentions)
                yield make_doc(vocab, replace(record, mentions=mentions, relations=()))


def measure_linking(folder: Path, processes: int) -> dict[str, float]:
    """Return what linking takes: a linker that ranks by similarity, with its default settings.

    folder (Path): The base. processes (int): Of ``nlp.pipe``.
    RETURNS (dict[str, float]): "mentions", "mentions_per_second" (reading the documents and starting the processes
        counts), and at the end the most that one process has resident ("resident_mb"), what of it is not mapped from
        files ("private_mb"), and what all have together, shared pages counted once ("together_mb").
    """
    nlp = spacy.blank("en")
    nlp.add_pipe("biomedplm_linker", config={"linker_name": str(folder)})
    total = sum(1 for _ in read_documents())
    mentions = 0
    sizes: list[dict[str, float]] = []
    start = time.perf_counter()
    for number, doc in enumerate(nlp.pipe(read_documents(), n_process=processes, batch_size=_BATCH), start=1):
        mentions += len(doc.spans[ENTITIES_KEY])
        if number == total - 1:
            sizes = [_memory(pid) for pid in _tree(os.getpid())]
    seconds = time.perf_counter() - start
    return {
        "mentions": mentions,
        "mentions_per_second": round(mentions / seconds),
        "resident_mb": max(one["Rss"] for one in sizes),
        "private_mb": max(one["Anonymous"] for one in sizes),
        "together_mb": round(sum(one["Pss"] for one in sizes)),
    }


def measure_recall(folder: Path) -> dict[str, Any]:
    """Return how many of the nearest texts the index of trigrams finds. folder (Path): The base."""
    base = KnowledgeBase.open(folder)
    spans = (span for doc in read_documents() for span in doc.spans[ENTITIES_KEY])
    texts = sorted({span.text for span in spans if any(char.isalnum() for char in span.text)})[::_EVERY]
    (index,) = (one for one in open_indexes(base).indexes if isinstance(one, NgramIndex))
    return {"mentions": len(texts), "recall": recall(index, texts, DEPTHS)}


def _memory(pid: int) -> dict[str, float]:
    """Return the memory of a process in MB: "Rss", "Pss" (shared pages in equal parts) and "Anonymous"."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
        name, size, *_ = line.split()
        found[name.rstrip(":")] = round(int(size) * 1024 / 1e6)
    return found


def main(
    names: int = typer.Option(10_000_000, min=10, help="Rows of MRCONSO; there are 0.35 times as many concepts."),
    folder: Path | None = typer.Option(None, help="For the release and the base; a temporary one by default."),
    seed: int = typer.Option(1, help="Of the release."),
    output: Path = OutputOption,
    table: Path = TableOption,
    here: Path | None = typer.Option(None, hidden=True, help="Measure with this base in this process."),
    processes: int = typer.Option(0, hidden=True, help="Link with so many processes."),
    scan: bool = typer.Option(False, hidden=True, help="Compare the index with a full scan."),
) -> None:
    """Measure the size of the UMLS."""
    if here is not None:
        found = measure_linking(here, processes) if processes else None
        typer.echo(json.dumps(found or (measure_recall(here) if scan else measure_opening(here))))
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        meta, base = Path(scratch) / "META", Path(scratch) / "kb"
        concepts = write_release(meta, names, read_words(find_root()), seed)
        console.print(f"{names:,} names of {concepts:,} concepts written")
        command = ["-m", "spacy_biomedplm.cli", "kb"]
        build = measure_command([*command, "build", f"umls:{meta}", "-o", str(base), "--obsolete"])
        index = measure_command([*command, "index", str(base)])
        sizes = {"release_mb": _size(meta), "base_mb": _size(base)}
        opening = _run_here(base)
        nearest = _run_here(base, "--scan")
        linking = {str(count): _run_here(base, "--processes", str(count)) for count in _PROCESSES}
    record = {
        "figure": "wall-clock seconds of `biomedplm kb build` and `kb index`, most memory of their processes; then new "
        "processes open the base and link the gold mentions of BC5CDR and NCBI-disease by similarity, from blank text",
        "text": f"made-up release: {names:,} rows of MRCONSO, {concepts:,} concepts, words of open vocabularies",
        **provenance(seed),
        "names": names,
        "concepts": concepts,
        **sizes,
        "build": build,
        "index": index,
        "opening": opening,
        "linking": linking,
        "nearest": nearest,
    }
    save("umls_size", record, describe_sizes(record), output=output, docs=table)


def _size(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


def _run_here(base: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--here", str(base), *options]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def describe_sizes(record: dict[str, Any]) -> str:
    """Return the table. record (dict[str, Any]): Of the benchmark."""
    opening = record["opening"]
    rows = [
        ["names, concepts", f"{record['names']:,}, {record['concepts']:,}"],
        ["release; base with indexes", f"{record['release_mb']:,} MB; {record['base_mb']:,} MB"],
        *(
            [what, f"{record[key]['seconds']:.0f} s, {record[key]['peak_mb']:,.0f} MB of memory"]
            for what, key in (("build the base", "build"), ("build the indexes", "index"))
        ),
        ["open the base", f"{opening['open_seconds']} s, {opening['opened_mb']} MB"],
    ]
    for count, found in record["linking"].items():
        speed = f"{found['mentions_per_second']:,} mentions/s"
        memory = f"{found['resident_mb']:,} MB resident in the largest, {found['private_mb']:,} MB of it private"
        rows.append([f"link, processes: {count}", f"{speed}; {memory}; {found['together_mb']:,} MB together"])
    found = ", ".join(f"{share} % of the {depth} nearest" for depth, share in record["nearest"]["recall"].items())
    rows.append([f"trigrams against a full scan, {record['nearest']['mentions']} mentions", found])
    return markdown_table(["", ""], rows)


if __name__ == "__main__":
    run(main)
