"""What ``biomedplm plm compare`` shows and writes."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spacy_biomedplm.cli.console import err_console, out_console, plain, say
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.training.comparison import Comparison, Plan, compare_encoders
from spacy_biomedplm.training.comparison_summary import Figure, Summary, summarise_scores, summarise_words
from spacy_biomedplm.visual.dot_plot import render_dot_plot

RESULT_FILE = "comparison.json"
PLOT_FILE = "comparison.svg"


def compare(plan: Plan, output: Path) -> None:
    """Compare encoders, print what was found, write it as JSON and as a plot.

    plan (Plan): What is compared.
    output (Path): Folder: finished/ keeps every finished measurement, comparison.json and comparison.svg are written at
        the end.
    RAISES (BiomedplmError): As ``compare_encoders``; B556 if the folder cannot be written.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err_console(), transient=True) as progress:
        bar = progress.add_task("", total=None)
        shown = ""

        def on_progress(what: str, done: int, total: int) -> None:
            nonlocal shown
            if what != shown:
                progress.reset(bar, description=escape(plain(what)), total=total)
                shown = what
            progress.update(bar, completed=done)

        comparison = compare_encoders(plan, output, on_progress)
    for note in comparison.notes:
        say(note)
    print_comparison(comparison)
    for path in write_comparison(comparison, output):
        say(f"Written: {path}")


def print_comparison(comparison: Comparison) -> None:
    """Print the tables of a comparison.

    comparison (Comparison): From ``compare_encoders``.
    """
    console = out_console()
    settings = comparison.settings
    scores = summarise_scores(comparison)
    if scores:
        console.print(
            f"F1 (exact match, {settings['split']} split), mean ± sd of {len(settings['seeds'])} seeds; "
            f"{settings['steps']:,} updates of {settings['words']:,} words each, learning rate "
            f"{settings['learning_rate']:g}",
            soft_wrap=True,
        )
        console.print(_table("task", {task: _score_cells(found) for task, found in scores.items()}))
        console.print(_cost_table(comparison))
    for task, found in summarise_words(comparison).items():
        title = f"{escape(plain(task))}: bits per character of words told from all others; lower is better"
        console.print(title, soft_wrap=True)
        cells = {}
        for name, row in found.items():
            if row is None:
                say(f"{name}: {comparison.perplexities[task][name]['reason']}")
                cells[name] = {"bits/character": "–", "bits/word": "–", "pieces/word": "–"}
                continue
            cells[name] = {
                "bits/character": f"{row.bits_per_character:.3f}{_signed(row.difference, 3)}",
                "bits/word": f"{row.bits_per_word:.2f}",
                "pieces/word": f"{row.pieces_per_word:.2f}",
            }
        console.print(_table("encoder", cells))


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write a comparison as JSON and, if there are probes, as a plot.

    comparison (Comparison): From ``compare_encoders``.
    folder (Path): That exists.
    RETURNS (list[Path]): The files.
    RAISES (BiomedplmError): B556 if they cannot be written.
    """
    scores = summarise_scores(comparison)
    summary = {
        "f1": {task: {name: asdict(row) for name, row in found.items()} for task, found in scores.items()},
        "words": {
            task: {name: row and asdict(row) for name, row in found.items()}
            for task, found in summarise_words(comparison).items()
        },
    }
    texts = {RESULT_FILE: json.dumps({"summary": summary, **comparison.as_dict()}, indent=1, ensure_ascii=False)}
    if scores:
        values = {task: {name: row.seeds for name, row in found.items()} for task, found in scores.items()}
        title = f"Probes of {len(comparison.encoders)} encoders: a dot for each seed, a bar at the mean"
        texts[PLOT_FILE] = render_dot_plot(title, values, unit=f"F1, {comparison.settings['split']} split")
    paths = []
    for name, text in texts.items():
        paths.append(folder / name)
        partial = folder / f"{name}.partial"
        try:
            partial.write_text(text + "\n", encoding="utf8")
            os.replace(partial, paths[-1])
        except OSError as error:
            raise BiomedplmError(coded("B556", path=paths[-1], reason=error.strerror)) from error
    return paths


def _score_cells(found: Mapping[str, Summary]) -> dict[str, str]:
    return {name: _figure(row.figure) + _signed(row.difference, 2) for name, row in found.items()}


def _cost_table(comparison: Comparison) -> Table:
    cells = {}
    for encoder in comparison.encoders:
        pieces = sum(fertility.pieces for fertility in encoder.fertility.values())
        words = sum(fertility.words for fertility in encoder.fertility.values())
        inside = sum(fertility.entity_pieces for fertility in encoder.fertility.values())
        entity_words = sum(fertility.entity_words for fertility in encoder.fertility.values())
        cells[encoder.name] = {
            "words/s": f"{encoder.words_per_second:,.0f}",
            "pieces/word": f"{pieces / max(1, words):.2f}",
            "in entities": f"{inside / max(1, entity_words):.2f}",
            "memory": "unknown" if encoder.memory is None else f"{encoder.memory / 2**20:,.0f} MiB",
            "parameters": f"{encoder.parameters / 1e6:,.1f} M",
        }
    return _table("encoder", cells)


def _table(corner: str, rows: Mapping[str, Mapping[str, str]]) -> Table:
    table = Table(box=None)
    table.add_column(corner, style="bold", overflow="fold")
    for name in next(iter(rows.values())):
        table.add_column(escape(plain(name)), justify="right", overflow="fold")
    for name, cells in rows.items():
        table.add_row(escape(plain(name)), *(escape(cell) for cell in cells.values()))
    return table


def _figure(figure: Figure) -> str:
    return f"{figure.mean:.2f}" + ("" if figure.spread is None else f" ± {figure.spread:.2f}")


def _signed(figure: Figure | None, digits: int) -> str:
    if figure is None:
        return ""
    spread = "" if figure.spread is None else f" ± {figure.spread:.{digits}f}"
    return f" ({figure.mean:+.{digits}f}{spread})"
