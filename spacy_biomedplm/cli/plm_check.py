"""What ``biomedplm plm check`` shows."""

from rich.markup import escape
from rich.table import Table

from spacy_biomedplm.cli.console import out_console, plain
from spacy_biomedplm.plm.checking import Check


def print_check(check: Check) -> None:
    """Print what was found out of a model.

    check (Check): From ``check_model``.
    """
    console = out_console()
    name = plain(check.name)
    if check.obstacle:
        console.print(f"[red]{escape(name)} does not load here.[/] {escape(check.obstacle)}")
        return
    if check.tiny:
        console.print(
            f"[yellow]Not {escape(name)} itself:[/] {escape(check.tiny)}. A tiny random model of the architecture "
            f"{escape(check.loaded)} was measured; its numbers say nothing of {escape(name)}."
        )
    memory = f"{check.peak_memory / 2**20:,.0f} MiB" if check.peak_memory is not None else "unknown"
    table = Table(show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    _add(table, "loaded", f"{plain(check.loaded)}{', tiny and random' if check.tiny else ''}")
    _add(table, "vectors", f"width {check.width}, from {check.layers} layers")
    _add(table, "parameters", f"{check.parameters:,}")
    _add(table, "speed", f"{check.words_per_second:,.0f} words/s on {check.device} in {check.dtype}")
    _add(table, "pieces", f"{check.pieces_per_word:.2f} a word")
    _add(table, "peak memory", f"{memory} {'of the process' if check.device == 'cpu' else 'on the device'}")
    console.print(table)


def _add(table: Table, name: str, value: str) -> None:
    table.add_row(name, escape(value))
