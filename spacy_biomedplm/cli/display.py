"""What the commands show: progress bars and tables."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from spacy_biomedplm.cli.console import err_console, out_console, plain, say
from spacy_biomedplm.cli.conversion import Conversion
from spacy_biomedplm.cli.extraction import ExtractSummary
from spacy_biomedplm.cli.viewing import SeenDoc, View
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.evaluation.running import Outcome
from spacy_biomedplm.evaluation.suites import SuiteResult
from spacy_biomedplm.scoring import PRF
from spacy_biomedplm.visual.colors import color_of
from spacy_biomedplm.writers import RunState

_MAX_TABLES = 20
_MAX_PROBLEMS = 20


class ExtractProgress:
    """A progress bar: share of the input's bytes, documents per second, time left.

    Use it as a context; ``update`` is the observer of ``extract``.
    """

    def __init__(self) -> None:
        self.documents = 0
        self._progress = Progress(
            TextColumn("Reading"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[documents]:,} documents"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=err_console(),
        )
        self._task = self._progress.add_task("Reading", total=None, documents=0, rate="")
        self._first: int | None = None
        self._begin = 0.0

    def __enter__(self) -> "ExtractProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._first is not None:
            self._progress.stop()

    def update(self, state: RunState, done_bytes: int, total_bytes: int) -> None:
        """Show how far a run is.

        state (RunState): State of the output.
        done_bytes (int): Bytes of the input done.
        total_bytes (int): Bytes of all input; 0 if nobody knows.
        """
        self.documents = state.documents
        if self._first is None:
            self._first, self._begin = state.documents, time.monotonic()
            self._progress.update(
                self._task, total=total_bytes or None, completed=done_bytes, documents=state.documents
            )
            self._progress.start()
            return
        seconds = time.monotonic() - self._begin
        rate = f"{(state.documents - self._first) / seconds:,.1f}/s" if seconds else ""
        self._progress.update(self._task, completed=done_bytes, rate=rate, documents=state.documents)


class CountProgress:
    """Counts documents where nobody knows how many there are.

    Use it as a context; ``update`` takes the number so far.
    """

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.completed:,} documents"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=err_console(), transient=True)
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> "CountProgress":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, documents: int) -> None:
        """Show how many documents are done.

        documents (int): So far.
        """
        self._progress.update(self._task, completed=documents)


def print_conversion(done: Conversion, target: Path) -> None:
    """Print what was read, what the target cannot express and what was broken.

    done (Conversion): From ``convert``.
    target (Path): The output.
    """
    table = Table(title=escape(str(target)), show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    for name, number in done.counts.items():
        if number or name == "documents":
            table.add_row(escape(name), f"{number:,}")
    table.add_section()
    for name, number in done.losses.most_common():
        table.add_row(escape(f"not expressed: {name}"), f"{number:,}", style="yellow")
    for kind, number in done.report.counts.most_common():
        table.add_row(escape(f"broken items {kind}"), f"{number:,}", style="yellow")
    out_console().print(table)
    _say_problems(done.report, "; --problems FILE lists them all")


def _say_problems(report: Report, how_to_see_all: str) -> None:
    for problem in report.problems[:_MAX_PROBLEMS]:
        say(f"{problem.kind}: {plain(problem.detail)}")
    rest = report.counts.total() - _MAX_PROBLEMS
    if rest > 0:
        say(f"… and {rest:,} more{how_to_see_all}.")


def print_extract_summary(summary: ExtractSummary, output: Path, *, table_of: str = "") -> None:
    """Print what a run did.

    summary (ExtractSummary): From ``extract``.
    output (Path): The output.
    table_of (str): What the output is a table of: "events", "relations" or "entities"; empty if it is none.
    """
    if summary.complete_before:
        say(f"'{output}' is complete already; nothing to do.")
        return
    state = summary.state
    table = Table(title=escape(str(output)), show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    table.add_row("documents", f"{state.documents:,}")
    if summary.resumed:
        table.add_row("  of an earlier run", f"{summary.resumed:,}")
    table.add_row("words", f"{state.words:,}")
    table.add_row("words per second", f"{summary.words_per_second:,.0f}", end_section=True)
    for label, number in sorted(state.labels.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(escape(label), f"{number:,}")
    counts = {"entities": sum(state.labels.values()), "relations": state.relations, "events": state.events}
    for name, number in counts.items():
        if number or name == "entities":
            table.add_row(name, f"{number:,}")
    for name, number in sorted(state.losses.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(escape(f"not expressed: {name}"), f"{number:,}", style="yellow")
    for kind, number in summary.report.counts.most_common():
        table.add_row(escape(f"broken items {kind}"), f"{number:,}", style="yellow")
    out_console().print(table)
    _say_problems(summary.report, "; `biomedplm convert --problems FILE` lists them all")
    if state.documents and not counts.get(table_of, 1):
        say(f"Warning {coded('W606', table=table_of, pipes=', '.join(summary.pipes) or 'no pipes')}")
    if state.replaced:
        say(f"Warning {coded('W601', count=state.replaced, documents=state.replaced_documents)}")
    if summary.ignored:
        say(
            f"Note: {summary.ignored} files or folders in the input folders are hidden or have another format and were "
            "not read."
        )


def print_scores(title: str, labels: Mapping[str, PRF], micro: PRF, notes: list[str]) -> None:
    """Print precision, recall and F1 as a table, in percent.

    title (str): What was scored.
    labels (Mapping[str, PRF]): Counts of each label.
    micro (PRF): Counts of all.
    notes (list[str]): Lines below the table.
    """
    caption = "\n".join(map(escape, notes))
    table = Table(title=escape(title), title_justify="left", caption=caption, caption_justify="left")
    table.add_column("label")
    for name in ("precision", "recall", "F1", "gold", "predicted", "correct"):
        table.add_column(name, justify="right")
    for position, (label, prf) in enumerate(labels.items(), start=1):
        table.add_row(escape(label), *_cells(prf), end_section=position == len(labels))
    table.add_row("micro", *_cells(micro), style="bold")
    out_console().print(table)


def print_metrics(title: str, outcomes: Iterable[Outcome], notes: list[str]) -> None:
    """Print the scores of a corpus' own metrics, in percent, and why one could not be scored.

    title (str): What was scored.
    outcomes (Iterable[Outcome]): One for each metric.
    notes (list[str]): Lines below the table.
    """
    caption = "\n".join(map(escape, notes))
    table = Table(title=escape(title), title_justify="left", caption=caption, caption_justify="left")
    for name in ("metric", "score is"):
        table.add_column(name)
    table.add_column("score", justify="right")
    table.add_column("remark")
    for outcome in outcomes:
        given = f"{', '.join(outcome.metric.given)} given" if outcome.metric.given else ""
        table.add_row(outcome.metric.name, outcome.metric.title, _percent(outcome), escape(outcome.reason or given))
    out_console().print(table)


def print_suite(result: SuiteResult, model: str) -> None:
    """Print the table of a suite, in percent.

    result (SuiteResult): Outcomes of its tasks.
    model (str): What was scored.
    """
    suite = result.suite
    table = Table("group", "task", "metric", title=escape(f"{suite.title}: {model}"), title_justify="left")
    table.add_column("score", justify="right")
    table.add_column("remark")
    previous = ""
    for task, outcome in zip(suite.tasks, result.outcomes, strict=True):
        group = task.group if task.group != previous else ""
        previous = task.group
        cells = (group, task.title, outcome.metric.title, _percent(outcome), outcome.reason)
        table.add_row(*map(escape, cells))
    average = "–" if result.average is None else f"{100 * result.average:.2f}"
    table.add_section()
    remark = f"over {result.scored} of {len(suite.tasks)} tasks"
    if suite.average == "groups":
        remark += f", mean of the groups ({len(result.groups)})"
    table.add_row("macro average", "", "", average, remark, style="bold")
    if suite.notes:
        table.caption, table.caption_justify = escape(suite.notes), "left"
    out_console().print(table)


def _percent(outcome: Outcome) -> str:
    return "–" if outcome.score is None else f"{100 * outcome.score.main:.2f}"


def print_docs(view: View, *, quiet: bool = False) -> None:
    """Print the entities, relations and events of documents: tables for the first twenty, and the counts of all.

    view (View): From ``view``.
    quiet (bool): Print warnings only.
    """
    if view.replaced:
        say(f"Warning {coded('W601', count=view.replaced, documents=view.replaced_documents)}")
    if quiet:
        return
    console = out_console()
    for doc in view.docs[:_MAX_TABLES]:
        console.print(f"[bold]{escape(plain(doc.doc_id))}[/bold]  {escape(plain(doc.title))}")
        for table in _doc_tables(doc):
            console.print(table)
    if len(view.docs) > _MAX_TABLES:
        console.print(f"… and {len(view.docs) - _MAX_TABLES:,} more documents, see the page.")
    labels = (f"{escape(label)} {number:,}" for label, number in view.counts.most_common())
    total = [", ".join(labels) or "no entities"]
    number = f"{len(view.docs):,} document{'' if len(view.docs) == 1 else 's'}"
    for name in ("relations", "events"):
        found = sum(len(getattr(doc, name)) for doc in view.docs)
        total += [f"{found:,} {name.removesuffix('s') if found == 1 else name}"] if found else []
    console.print(f"{number}: {'; '.join(total)}")


def _doc_tables(doc: SeenDoc) -> Iterator[Table]:
    yield _entity_table(doc)
    if doc.relations:
        table = _table("head", "relation", "tail")
        for relation in doc.relations:
            ends = (Text(plain(text)) for text in (relation.head, relation.label, relation.tail))
            table.add_row(*ends, _score(relation.score))
        yield table
    if doc.events:
        table = _table("", "event", "trigger")
        for event in doc.events:
            words = (Text(plain(text)) for text in (event.text, event.trigger))
            table.add_row(f"{event.number}", *words, _score(event.score))
        yield table


def _table(*columns: str) -> Table:
    """Return a table of texts and a score."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", justify="left" if name else "right")
    table.add_column("score", justify="right")
    return table


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _entity_table(doc: SeenDoc) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("label", no_wrap=True)
    table.add_column("entity", overflow="fold")
    table.add_column("times", justify="right")
    table.add_column("score", justify="right")
    before = ""
    for entity in doc.entities:
        label = Text(entity.label, style=f"black on {color_of(entity.label)}") if entity.label != before else ""
        table.add_row(label, escape(plain(entity.text)), str(entity.count), _score(entity.score))
        before = entity.label
    if not doc.entities:
        table.add_row("", "no entities", "", "")
    return table


def _cells(prf: PRF) -> list[str]:
    scores = [f"{100 * score:.2f}" for score in (prf.precision, prf.recall, prf.f1)]
    return [*scores, f"{prf.gold:,}", f"{prf.predicted:,}", f"{prf.tp:,}"]
