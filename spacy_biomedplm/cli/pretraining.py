"""What ``biomedplm pretrain`` shows while it trains."""

from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spacy_biomedplm.cli.console import err_console, out_console, say
from spacy_biomedplm.plm.config import read_config
from spacy_biomedplm.plm.networks import load_vocabulary
from spacy_biomedplm.plm.preparation import EXCLUDED_FILE, prepare_corpora
from spacy_biomedplm.plm.pretraining import MODEL_FOLDER, Pretraining, make_objective
from spacy_biomedplm.plm.processes import Processes

_MANY_UNKNOWN = 0.02


def pretrain(path: Path, output: Path, until: int | None) -> None:
    """Prepare the corpora, train, and print what was reached.

    path (Path): The config. output (Path): Folder of the run. until (int | None): Last step of this run.
    RAISES (BiomedplmError): As the modules of plm.
    """
    config = read_config(path)
    kind = make_objective(config)
    processes = Processes(config.training.device)
    vocabulary = load_vocabulary(config.model)
    if processes.rank == 0:
        with err_console().status("Cutting the corpora") as status:
            prepare_corpora(
                config.data,
                vocabulary,
                lambda name, count: status.update(f"Cutting {name}: {count:,} documents"),
                kind.source,
            )
    processes.wait()
    corpora, records = prepare_corpora(config.data, vocabulary, lambda name, count: None, kind.source)
    run = Pretraining(config, kind(config, vocabulary, corpora), records, output, processes)
    if processes.rank == 0:
        _show_corpora(config.data.cache, records, checked=bool(config.data.exclude))
        for remark in run.objective.remarks:
            say(remark)
        if run.step:
            say(f"Goes on after step {run.step:,} of {run.steps:,}.")
    last: dict[str, Any] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err_console(), disable=processes.rank > 0) as progress:
        task = progress.add_task("training", total=run.steps, completed=run.step)

        def on_step(record: dict[str, Any]) -> None:
            last.update(record)
            shown = f"loss {last['loss']:.3f}" if "loss" in last else "training"
            if "validation_loss" in last:
                shown += f", validation {last['validation_loss']:.3f}"
            if "pieces_per_second" in last:
                shown += f", {last['pieces_per_second']:,} pieces/s"
            progress.update(task, completed=record["step"], description=shown)

        run.run(on_step, until=until)
    if processes.rank == 0:
        _show_end(run, last)


def _show_corpora(cache: Path, records: dict[str, Any], *, checked: bool) -> None:
    table = Table("corpus", "documents", "pieces", "validation", "held-out found", box=None)
    for name, record in records.items():
        with (cache / name / EXCLUDED_FILE).open(encoding="utf8") as stream:
            excluded = sum(1 for _ in stream)
        train, validation = record["train"], record["validation"]
        counts = (train["documents"], train["pieces"], validation["documents"], excluded)
        table.add_row(name, *(f"{count:,}" for count in counts))
    err_console().print(table)
    for name, record in records.items():
        share = record["train"]["unknown"] / record["train"]["pieces"]
        if share > _MANY_UNKNOWN:
            say(f"{name}: {share:.0%} of the pieces stand for what the vocabulary does not know.")
        for what, count in record.get("read", {}).items():
            say(f"{name}: {count:,} {what}.")
    if not checked:
        say("No exclusion list is given: nothing keeps test documents out of these corpora.")


def _show_end(run: Pretraining, last: dict[str, Any]) -> None:
    for name in ("loss", "validation_loss", "validation_perplexity", "validation_accuracy", "pieces_per_second"):
        if name in last:
            out_console().print(f"{name.replace('_', ' '):24}{last[name]:>12,}")
    if run.step < run.steps:
        say(f"Stopped after step {run.step:,} of {run.steps:,}; the same command goes on from there.")
    else:
        out_console().print(f"The model is in {run.output / MODEL_FOLDER}.", soft_wrap=True)
