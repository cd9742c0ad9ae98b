"""What ``biomedplm corpora`` shows: tables and progress bars."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from spacy_biomedplm.cli.console import err_console, out_console
from spacy_biomedplm.corpora.corpus import COUNTED
from spacy_biomedplm.corpora.statistics import Statistics

_TASKS_WIDTH = 17

Shown = TypeVar("Shown", bound="_Shown")


class _Shown:
    """A progress bar that is used as a context, and shown on a terminal only."""

    def __init__(self, columns: Sequence[ProgressColumn], *, transient: bool) -> None:
        console = err_console()
        self._progress = Progress(*columns, console=console, transient=transient, disable=not console.is_terminal)

    def __enter__(self: Shown) -> Shown:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class FetchProgress(_Shown):
    """A bar for each file that is downloaded."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        super().__init__(columns, transient=False)
        self._tasks: dict[str, Any] = {}

    def update(self, name: str, done: int, total: int | None) -> None:
        """Show how much of a file is there.

        name (str): The file. done (int): Bytes that are there. total (int | None): Bytes that there will be.
        """
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(escape(name), total=None)
        self._progress.update(self._tasks[name], completed=done, total=total)


class CountsProgress(_Shown):
    """One line that says what is being counted."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        super().__init__(columns, transient=True)
        self._task = self._progress.add_task("", total=None)

    def update(self, corpus: str, split: str, documents: int) -> None:
        """Show what is being counted.

        corpus (str): Its name. split (str): Its split. documents (int): Documents so far.
        """
        self._progress.update(self._task, description=f"{escape(corpus)}/{escape(split)}: {documents:,} documents")


def print_list(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one line for each corpus.

    rows (Sequence[Mapping[str, Any]]): From ``list_corpora``.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    table.add_column("corpus", no_wrap=True, style="bold")
    table.add_column("tasks", max_width=_TASKS_WIDTH)
    table.add_column("lang", max_width=len("lang"))
    table.add_column("where", max_width=len("unavailable"))
    table.add_column("annotated", no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        layers = "\n".join(_describe(layer, labels) for layer, labels in row["layers"].items())
        place = "here" if row["here"] else row["access"]
        where = f"{place}, not read" if not row["readable"] and row["here"] else place
        cells = (row["name"], " ".join(row["tasks"]), " ".join(row["languages"]), where, layers)
        table.add_row(*map(escape, cells))
    out_console().print(table)
    here = sum(row["here"] for row in rows)
    noun = "corpus" if len(rows) == 1 else "corpora"
    out_console().print(f"{len(rows)} {noun}, {here} here")


def _describe(layer: str, labels: Sequence[str]) -> str:
    return f"{layer}: {', '.join(labels) or 'open set'}"


def print_info(record: Mapping[str, Any]) -> None:
    """Print the record of a corpus.

    record (Mapping[str, Any]): From ``describe_corpus``.
    """
    table = Table(title=escape(f"{record['name']}: {record['title']}"), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for field in ("text", "citation", "source", "how"):
        _add(table, field, record[field])
    _add(table, "access", f"{record['access']}; commercial use {'allowed' if record['commercial'] else 'forbidden'}")
    _add(table, "licence", record["licence"])
    _add(table, "tasks", ", ".join(record["tasks"]))
    _add(table, "languages", ", ".join(record["languages"]))
    _add(table, "survey", ", ".join(f"Table {number}" for number in record["survey"]))
    table.add_section()
    for layer, labels in record["layers"].items():
        _add(table, layer, ", ".join(labels) or "an open set of labels")
    _add(table, "guideline", record["guideline"])
    _add(table, "reader", record["reader"] or "none")
    _add(table, "options", ", ".join(f"{name} = {value}" for name, value in record["options"].items()))
    table.add_section()
    for split, arguments in record["files"].items():
        for argument, value in arguments.items():
            for name in [value] if isinstance(value, str) else value:
                place = record["here"][name] or "not here"
                _add(table, split, f"{name} ({place})" if argument == "path" else f"{name}, {argument} ({place})")
    for split, number in record["broken"].items():
        _add(table, f"broken, {split}", f"{number:,} in the published files")
    for split, counts in record["counts"].items():
        _add(table, f"published, {split}", ", ".join(f"{number:,} {name}" for name, number in counts.items()))
    table.add_section()
    for other, what in record["overlaps"].items():
        _add(table, f"overlaps {other}", what)
    for oddity in record["oddities"]:
        _add(table, "note", oddity)
    out_console().print(table)


def _add(table: Table, name: str, value: str) -> None:
    if value:
        table.add_row(escape(name), escape(value))


def print_statistics(rows: Sequence[Statistics]) -> None:
    """Print the counts of each split, beside what was published where that differs.

    rows (Sequence[Statistics]): From ``count_corpus``.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.add_column("corpus", no_wrap=True, style="bold")
    table.add_column("split")
    for name in COUNTED:
        table.add_column(name, justify="right")
    table.add_column("published")
    for row in rows:
        differing = row.differences
        cells = [_cell(row, key) for key in COUNTED]
        verdict = "differs" if differing else "matches" if row.published else ""
        table.add_row(row.corpus, row.split, *cells, verdict, style="yellow" if differing else None)
    out_console().print(table)
    broken = sum(row.report.counts["repaired"] + row.report.counts["dropped"] for row in rows)
    if broken:
        out_console().print(f"{broken:,} broken items were repaired or left out; --json counts them.")


def _cell(row: Statistics, key: str) -> str:
    if key in row.differences:
        return f"{row.counts[key]:,} (published {row.published[key]:,})"
    return f"{row.counts[key]:,}" if row.counts[key] or key in row.published else "–"
