"""Broken input for every reader: only the package's own error may come out, in every mode, and quickly.

python benchmarks/fuzz_readers.py --inputs 100000
"""

import json
import random
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save
from _fuzz_seeds import READERS, SEEDS
from rich.progress import track
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.jsonl import read_jsonl
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.formats import FORMATS, Format

MODES = ("raise", "skip", "repair")
# Longest time that one small input may take, in seconds.
SLOWEST = 5.0
# One document with everything that the formats can hold.
SAMPLE = Path(__file__).with_name("fuzz_sample.jsonl")
# Formats, and readers of the catalogue that are none.
ATTACKED = FORMATS | READERS
TOKENS = [
    *(token.encode() for token in "\t|\n|\r\n|\n\n|;|,|:|\"|'|<|>|</|&|&#0;|&x;|]]>|{|}|[|]|null".split("|")),
    *(token.encode() for token in "NaN|1e999| |-1|0|99999999999999999999|T1|E1|E2|Theme:E1".split("|")),
    *(b"|", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b""),
]


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return a broken copy of a file.

    data (bytes): A valid file.
    rng (random.Random): Source of chance.
    """
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(changed) + 1)
        to = min(len(changed), at + rng.choice((1, 1, 2, 5, 20, 200)))
        kind = rng.randrange(7)
        if kind == 0:
            changed[at:to] = b""
        elif kind == 1:
            changed[at:at] = rng.choice(TOKENS)
        elif kind == 2:
            changed[at:to] = rng.choice(TOKENS)
        elif kind == 3:
            changed[at:at] = changed[at:to]
        elif kind == 4 and at < len(changed):
            changed[at] = rng.randrange(256)
        elif kind == 5:
            del changed[at:]
        else:
            lines = bytes(changed).split(b"\n")
            first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            changed = bytearray(b"\n".join(lines))
    return bytes(changed)


def seeds_of(known: Format, folder: Path) -> dict[str, bytes]:
    """Return the files of a small valid document, by name.

    known (Format): A format, or a reader of the catalogue.
    folder (Path): An empty folder to write to.
    """
    if known.write is None:
        return dict(SEEDS[known.name])
    target = folder / f"sample{known.suffixes[0] if known.suffixes else ''}"
    known.write(read_jsonl(SAMPLE), target, Counter())
    files = [target] if target.is_file() else sorted(file for file in target.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def attack(known: Format, inputs: int, seed: int, *, show: bool = True) -> dict[str, Any]:
    """Read broken copies of a valid document and tell what came of them.

    known (Format): The format.
    inputs (int): How many.
    seed (int): Of the mutations.
    show (bool): Whether to show a progress bar.
    RETURNS (dict[str, Any]): Counts of what came out, and for each other exception one input that caused it.
    """
    rng = random.Random(f"{known.name}-{seed}")
    outcomes: Counter[str] = Counter()
    failures: dict[str, dict[str, str]] = {}
    slowest = 0.0
    vocab = Vocab()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seed").mkdir()
        seeds = seeds_of(known, folder / "seed")
        root = folder / "broken"
        for relative, content in seeds.items():
            (root / relative).parent.mkdir(parents=True, exist_ok=True)
            (root / relative).write_bytes(content)
        source = root / next(iter(seeds)).split("/")[0]
        numbers = range(inputs)
        for number in track(numbers, known.name) if show else numbers:
            victim = rng.choice(list(seeds))
            broken = mutate(seeds[victim], rng)
            (root / victim).write_bytes(broken)
            begin = time.perf_counter()
            outcome = read(known, source, MODES[number % 3], vocab)
            slowest = max(slowest, time.perf_counter() - begin)
            outcomes[outcome.split("\n")[0]] += 1
            if outcome not in ("read", "refused"):
                failures.setdefault(outcome.split("\n")[0], {"file": victim, "input": repr(broken), "trace": outcome})
            (root / victim).write_bytes(seeds[victim])
    return {"inputs": inputs, "outcomes": dict(outcomes), "slowest_s": round(slowest, 3), "failures": failures}


def read(known: Format, source: Path, mode: Any, vocab: Vocab) -> str:
    """Return "read", "refused", or the last lines of another exception.

    known (Format): The format.
    source (Path): What it is read from.
    mode (ErrorMode): What the reader does with broken items.
    vocab (Vocab): For the documents.
    """
    report = Report(errors=mode)
    try:
        for record in known.read(source, report=report):
            doc = make_doc(vocab, fit(record, report))
            make_record(doc)
            _ = doc._.events, doc._.relations
    except BiomedplmError:
        return "refused"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}\n{traceback.format_exc()}"
    return "read"


def main(
    inputs: int = typer.Option(100_000, min=1, help="Broken inputs for each format."),
    only: list[str] = typer.Option([], "--format", help="Formats and readers; all by default."),
    seed: int = typer.Option(1, help="Of the mutations."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Attack every reader; with --format, those results replace the ones of the formats in the JSON file."""
    results = {}
    for name, known in ATTACKED.items():
        if not only or name in only:
            # With its own commit: a format can be attacked anew alone, and all of them take hours.
            results[name] = {"provenance": provenance(seed), **attack(known, inputs, seed)}
    earlier = output / "fuzz_readers.json"
    kept = json.loads(earlier.read_text(encoding="utf8"))["formats"] if only and earlier.exists() else {}
    merged = {name: (kept | results)[name] for name in ATTACKED if name in kept | results}
    record = {"figure": "Broken inputs by what the reader made of them", **provenance(seed), "formats": merged}
    rows = []
    for name, result in merged.items():
        counts = result["outcomes"]
        other = result["inputs"] - counts.get("read", 0) - counts.get("refused", 0)
        row = [f"{result['inputs']:,}", f"{counts.get('read', 0):,}", f"{counts.get('refused', 0):,}", f"{other:,}"]
        rows.append([name, *row, f"{result['slowest_s']:.2f}", result["provenance"]["commit"][:12]])
    header = ["format", "inputs", "read", "refused", "other exceptions", "slowest, s", "commit"]
    save("fuzz_readers", record, markdown_table(header, rows), output=output, docs=table)
    if any(result["failures"] or result["slowest_s"] > SLOWEST for result in results.values()):
        for name, result in results.items():
            for failure in result["failures"].values():
                console.print(f"{name}: {failure['trace']}", style="red", markup=False)
        raise typer.Exit(1)


if __name__ == "__main__":
    run(main)
