"""What every measured number is written down with: command, commit, machine; and tables in Markdown files."""

import datetime
import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

_PACKAGES = (
    "spacy-biomedplm",
    "spacy",
    "spacy-transformers",
    "thinc",
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
)
_CPU_FEATURES = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")


def provenance(seed: int | None, *, command: str | None = None) -> dict[str, Any]:
    """Return what a number needs to be measured again.

    seed (int | None): Seed of the measurement, None if nothing in it is random.
    command (str | None): The command, from the repository's or the project's folder; None for that of this process.
    RETURNS (dict[str, Any]): "command", "commit", "machine", "seed" and "date".
    """
    return {
        "command": command or this_command(),
        "commit": commit(),
        "machine": machine(),
        "seed": seed,
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def this_command() -> str:
    """Return the command of this process; of a path, what is above the current folder or the project is left out."""
    return shlex.join(["python", *(_short(arg) for arg in sys.argv)])


def _short(arg: str) -> str:
    if not os.path.isabs(arg):
        return arg
    path = Path(arg).resolve()
    project = Path(__file__).resolve().parents[1]
    for folder in (Path.cwd(), project, project.parents[1]):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def commit() -> str | None:
    """Return the commit that is checked out, with "+changes" if files differ from it; None outside of a repository."""
    head = _git("rev-parse", "HEAD")
    if head is None:
        return None
    return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str | None:
    folder = Path(__file__).parent
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """Return processor, cores, memory and versions; nothing that names the machine or its user."""
    info: dict[str, Any] = {
        "cpu": _cpu_info("model name") or platform.processor() or platform.machine(),
        "features": [name for name in _CPU_FEATURES if name in (_cpu_info("flags") or "").split()],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    if torch.cuda.is_available():
        info["gpu"] = torch.cuda.get_device_name()
    for name in _PACKAGES:
        try:
            info[name] = version(name)
        except PackageNotFoundError:
            continue
    return info


def _cpu_info(key: str) -> str | None:
    file = Path("/proc/cpuinfo")
    if not file.exists():
        return None
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


def describe(record: dict[str, Any], project: str = "en_biomed_trf") -> str:
    """Return one sentence for below a table: machine, versions, commit, command.

    record (dict[str, Any]): What ``provenance`` returned, or more. project (str): Where its scripts are run.
    """
    info = record["machine"]
    features = f" with {', '.join(info['features'])}" if info["features"] else ""
    where = f"{info['cpu']}{features}, {info['cores']} cores, {info['threads']} threads"
    versions = f"torch {info['torch']}, spaCy {info['spacy']}"
    seed = "" if record["seed"] is None else f", seed {record['seed']}"
    head, _, changes = (record["commit"] or "no commit").partition("+")
    at = f"commit {head[:12]}{' with changes' if changes else ''}"
    folder = f"; in projects/{project}" if record["command"].startswith("python scripts/") else ""
    return f"{where}, {versions}; {record['date']}, {at}{seed}{folder}: `{record['command']}`"


def commits_of(records: Iterable[dict[str, Any]]) -> str:
    """Return the commits that records of several runs were measured at, for below their table."""
    return f"commits of all records: {', '.join(sorted({record['commit'][:12] for record in records}))}"


def mean_of(shares: Sequence[float]) -> str:
    """Return mean and standard deviation of runs with different seeds, in per cent."""
    spread = f" ± {100 * statistics.stdev(shares):.1f}" if len(shares) > 1 else ""
    return f"{100 * statistics.mean(shares):.1f}{spread}"


def make_console() -> Console:
    """Return a console; in a log file, where rich would take 80 columns, tables have room."""
    return Console(width=None if sys.stdout.isatty() else 110)


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file; it is there whole or not at all.

    path (Path): The file; its folder is made if need be.
    data (Any): Plain data.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a table in Markdown.

    header (Sequence[str]): Names of the columns.
    rows (Iterable[Sequence[str]]): Cells.
    left (int): The first so many columns are aligned to the left, the others to the right.
    """
    lines = [header, ["---"] * left + ["--:"] * (len(header) - left), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def fill_marker(path: Path, name: str, text: str) -> bool:
    """Put a text between the markers <!-- NAME --> and <!-- /NAME --> of a file, in place of what is there.

    path (Path): A Markdown file.
    name (str): Name of the markers.
    text (str): Markdown.
    RETURNS (bool): False if the file has no such markers; it is unchanged then.
    """
    old = path.read_text(encoding="utf-8")
    between = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
    new, count = between.subn(lambda match: f"{match.group(1)}{text.rstrip()}\n{match.group(2)}", old)
    if count and new != old:
        path.write_text(new, encoding="utf-8")
    return count > 0
