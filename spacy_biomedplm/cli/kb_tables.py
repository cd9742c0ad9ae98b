"""What ``biomedplm kb`` shows: tables, and the progress of a build."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from typing_extensions import Self

from spacy_biomedplm.cli.console import err_console, out_console, plain
from spacy_biomedplm.cli.kb_queries import Found
from spacy_biomedplm.kb.assembly import Assembled
from spacy_biomedplm.kb.comparison import Difference

_MOST_ITEMS = 12
_MOST_CHARACTERS = 300


class BuildProgress:
    """A bar over the sources of a build, shown on a terminal only.

    names (Sequence[str]): Of the sources. sizes (Sequence[int]): Bytes of their files, by which the bar is divided.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int]) -> None:
        console = err_console()
        columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=sum(sizes) or 1)
        self._names = names
        self._sizes = sizes

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, place: int, records: int) -> None:
        """Show what is being done.

        place (int): Of the source that is read; behind the last one, sources are merged.
        records (int): What it has given.
        """
        reading = place < len(self._names)
        description = f"{escape(self._names[place])}: {records:,} records" if reading else "merging"
        self._progress.update(self._task, completed=sum(self._sizes[:place]), description=description)

    def say(self, what: str) -> None:
        """Show what is done after all sources. what (str): In a word."""
        self._progress.update(self._task, completed=sum(self._sizes), description=what)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of the files of a folder; 0 if there is none. path (Path): Any."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(one.stat().st_size for one in files if one.is_file())


def print_build(built: Assembled, indexes: Sequence[str]) -> None:
    """Print what a build read, left out and merged.

    built (Assembled): From ``assemble``. indexes (Sequence[str]): Kinds that were made.
    """
    table = _table("source", "format")
    for name in ("concepts", "names", "names left out", "only facts", "broken"):
        table.add_column(name, justify="right")
    for one in built.sources:
        numbers = (one.concepts, one.names, one.left_out, one.facts, one.broken)
        table.add_row(escape(one.name), one.format, *(f"{number:,}" if number else "–" for number in numbers))
    out_console().print(table)
    base = built.base
    merged = sum(one.concepts for one in built.sources) - len(base)
    rows = {
        "concepts that are of several records": max(0, merged),
        "ids that exact matches replace": built.mapped,
        **{what: count for what, count in built.report.counts.items() if what != "excluded"},
    }
    counts = _table()
    for what, count in rows.items():
        if count:
            counts.add_row(escape(what), f"{count:,}")
    out_console().print(counts)
    broken = [one for one in built.report.problems if one.kind != "excluded"]
    for problem in broken[:_MOST_ITEMS]:
        out_console().print(f"{problem.kind}: {plain(problem.detail)}", markup=False, soft_wrap=True)
    listed = len(built.report.problems) - len(broken[:_MOST_ITEMS])
    if listed:
        out_console().print(f"{listed:,} more messages: --json has them.")
    beside = f", indexes: {', '.join(indexes)}" if indexes else ""
    out_console().print(
        f"{base.name}: {len(base):,} concepts, {base.n_names:,} names in {base.folder}{beside}",
        markup=False,
        soft_wrap=True,
    )


def print_found(rows: Sequence[Found], type_names: Mapping[str, str], reasons: Sequence[str] = ()) -> None:
    """Print the concepts that a text found.

    rows (Sequence[Found]): From ``search``. type_names: Of semantic types. reasons (Sequence[str]): Why there may be
        none.
    """
    table = _table("id", "name", "matched", "score", "types")
    for row in rows:
        types = ", ".join(_label(type, type_names.get(type, "")) for type in row.types)
        matched = "" if row.matched == row.name else row.matched
        table.add_row(*(escape(plain(cell)) for cell in (row.id, row.name, matched, f"{row.score:.3f}", types)))
    if rows:
        out_console().print(table)
    else:
        out_console().print(" ".join(("Nothing was found.", *reasons)), markup=False, soft_wrap=True)


def print_concept(record: Mapping[str, Any]) -> None:
    """Print a concept. record (Mapping[str, Any]): From ``show``."""
    title = f"{record['id']}: {record['names'][0]['text']}"
    table = Table(title=escape(plain(title)), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    if record["asked"] != record["id"]:
        _add(table, "stands for", record["asked"])
    _add(table, "obsolete", "yes" if record["obsolete"] else "")
    _add(table, "definition", record["definition"])
    _add(table, "types", ", ".join(_label(type, name) for type, name in record["type_names"].items()))
    by_source = sorted(enumerate(record["names"]), key=lambda one: one[1]["source"])
    for source, names in groupby(by_source, lambda one: one[1]["source"]):
        _add(table, f"names, {source}", "; ".join(_describe_name(name) for _, name in names))
    for field in ("parents", "children"):
        _add(table, field, _shorten([_label(id, name) for id, name in record[field].items()]))
    _add(table, "xrefs", _shorten(record["xrefs"]))
    out_console().print(table)


def _describe_name(name: Mapping[str, Any]) -> str:
    notes = [name["term_type"], name["language"] if name["language"] != "en" else ""]
    notes += [flag for flag in ("suppressed", "obsolete") if name[flag]]
    kept = ", ".join(filter(None, notes))
    return f"{name['text'][:_MOST_CHARACTERS]} ({kept})" if kept else name["text"][:_MOST_CHARACTERS]


def print_description(record: Mapping[str, Any]) -> None:
    """Print what a base holds. record (Mapping[str, Any]): From ``describe``."""
    table = Table(title=escape(f"{record['name']} ({record['folder']})"), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    _add(table, "holds", ", ".join(f"{count:,} {what}" for what, count in record["counts"].items()))
    _add(table, "size", f"{record['bytes'] / 1e6:,.1f} MB; indexes: {', '.join(record['indexes']) or 'none'}")
    _add(table, "digest", record["digest"])
    _add(table, "filters", "; ".join(f"{key} = {value}" for key, value in record["filters"].items()))
    table.add_section()
    for one in record["sources"]:
        _add(table, one["name"], f"{one['names']:,} names; {_list_facts(one)}")
    table.add_section()
    for one in record["mappings"]:
        _add(table, one["name"], f"no names; {_list_facts(one)}")
    table.add_section()
    for field, what in (
        ("prefixes", "ids"),
        ("groups", "semantic groups"),
        ("types", "semantic types"),
        ("languages", "languages"),
        ("term_types", "kinds of names"),
    ):
        counts = sorted(record[field].items(), key=lambda one: (-one[1], one[0]))
        _add(table, what, _shorten([f"{name or 'none'} {count:,}" for name, count in counts]))
    out_console().print(table)


def _list_facts(one: Mapping[str, Any]) -> str:
    known = (one.get("title"), one.get("version"), one.get("licence", "no licence stated"), one.get("url"))
    return "; ".join(filter(None, known))


def print_differences(counts: Mapping[str, int], shown: Iterable[Difference]) -> None:
    """Print how two bases differ.

    counts (Mapping[str, int]): How many concepts, from ``count_differences``.
    shown (Iterable[Difference]): Some of them.
    """
    table = _table("kind", "id", "name", "what")
    for one in shown:
        what = "; ".join(f"{field}: {_describe_change(change)}" for field, change in one.fields.items())
        table.add_row(*(escape(plain(cell)) for cell in (one.kind, one.id, one.name, what)))
    if table.row_count:
        out_console().print(table)
    out_console().print("; ".join(f"{what}: {count:,}" for what, count in counts.items()) or "No difference.")


def _describe_change(change: Mapping[str, Any]) -> str:
    if "old" in change:
        return f"{str(change['old'])[:_MOST_CHARACTERS]!r} → {str(change['new'])[:_MOST_CHARACTERS]!r}"
    parts = (("−", change["removed"]), ("+", change["added"]))
    return " ".join(f"{sign} {_shorten(values)}" for sign, values in parts if values)


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=bool(columns))
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column == "score" else "left")
    return table


def _add(table: Table, name: str, value: str) -> None:
    if value:
        table.add_row(escape(plain(name)), escape(plain(value)))


def _label(id: str, name: str) -> str:
    return f"{id} {name}" if name else id


def _shorten(items: Sequence[str]) -> str:
    more = f", … and {len(items) - _MOST_ITEMS:,} more" if len(items) > _MOST_ITEMS else ""
    return ", ".join(items[:_MOST_ITEMS]) + more
