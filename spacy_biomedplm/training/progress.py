"""The logger "spacy-biomedplm.ProgressLogger.v1": a progress bar with the time left, and a line per evaluation."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import srsly
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from spacy.language import Language

Logger = Callable[[Language, IO[str], IO[str]], tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]]


def create_progress_logger(output_file: Path | None = None, line_every: int = 100) -> Logger:
    """Return a logger for [training.logger].

    output_file (Path | None): JSONL file that gets one object per evaluation, with all scores.
    line_every (int): Where the output is no terminal, a line takes the place of the bar every so many steps.
    RETURNS (Logger): As spaCy wants it: from pipeline and streams to a pair of functions, log and finish.
    """

    def set_up(
        nlp: Language, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]:
        total = int(nlp.config.interpolate()["training"]["max_steps"]) or None
        console = Console(file=stderr)
        progress = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        task = progress.add_task("training", total=total, note="")
        progress.start()
        steps, start = 0, time.monotonic()
        if output_file is not None:
            Path(output_file).parent.mkdir(parents=True, exist_ok=True)

        def log(info: dict[str, Any] | None) -> None:
            nonlocal steps
            steps += 1
            progress.update(task, completed=steps)
            if info is not None:
                line = evaluation_line(info)
                progress.update(task, note=f"score {100 * (info['score'] or 0):.2f}")
                if console.is_terminal and stdout.isatty():
                    # Above the bar; written past it, the line would begin where the bar ends.
                    console.print(line, markup=False, highlight=False, soft_wrap=True)
                else:
                    stdout.write(line + "\n")
                    stdout.flush()
                if output_file is not None:
                    srsly.write_jsonl(output_file, [_record(info)], append=True, append_new_line=False)
            elif not console.is_terminal and steps % line_every == 0:
                seconds = time.monotonic() - start
                left = f", {seconds / steps * (total - steps) / 60:.0f} min left" if total else ""
                stderr.write(f"step {steps}/{total or '?'}, {seconds / 60:.1f} min{left}\n")
                stderr.flush()

        return log, progress.stop

    return set_up


def evaluation_line(info: dict[str, Any]) -> str:
    """Return one line about an evaluation: step, loss of each component since the last, and scores.

    info (dict): What spaCy hands to a logger.
    """
    losses = ", ".join(f"loss {name} {value:.3f}" for name, value in info["losses"].items())
    scores = info["other_scores"] or {}
    guidelines = scores.get("ents_per_guideline") or {}
    per_guideline = " ".join(f"{name} {100 * s['f']:.1f}" for name, s in guidelines.items())
    score = 100 * (info["score"] or 0)
    return f"step {info['step']} epoch {info['epoch']} score {score:.2f} | {losses} | {per_guideline}"


def _record(info: dict[str, Any]) -> dict[str, Any]:
    keys = ("epoch", "step", "score", "other_scores", "losses", "seconds", "words")
    return {key: info[key] for key in keys}
