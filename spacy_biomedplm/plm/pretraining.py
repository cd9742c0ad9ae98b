"""The loop of pre-training: steps, validation, log, checkpoints, and the model at the end."""

import json
import math
import os
import shutil
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from spacy_biomedplm.encoder.loading import find_folder
from spacy_biomedplm.encoder.precision import choose_dtype
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.casting import cast_parameters
from spacy_biomedplm.layers.memory import keep_freed_memory
from spacy_biomedplm.plm.cache import digest_file
from spacy_biomedplm.plm.checkpoints import CHECKPOINT_FILE, read_checkpoint, write_checkpoint
from spacy_biomedplm.plm.config import ModelConfig, PretrainConfig
from spacy_biomedplm.plm.objectives import OBJECTIVES, Objective
from spacy_biomedplm.plm.optimization import MasterOptimizer, rate_at
from spacy_biomedplm.plm.processes import Processes

LOG_FILE = "log.jsonl"
MODEL_FOLDER = "model"
RECORD_FILE = "pretraining.json"
_VALIDATION_SAMPLES = 256
# What may differ between a run and its continuation.
_FREE = {"training": ("device", "checkpoint_minutes", "evaluate_every"), "data": ("cache",)}
OnStep = Callable[[dict[str, Any]], None]


class Pretraining:
    """A run in a folder, begun or taken up.

    config (PretrainConfig): The config.
    objective (Objective): Model and batches.
    corpora (Mapping[str, Any]): What each corpus was made of, for the record.
    output (Path): Folder of the run: log.jsonl, checkpoint.safetensors, and at the end model/ (a Hugging Face folder)
        and pretraining.json (config, corpora, figures).
    processes (Processes): Those that train together.
    RAISES (BiomedplmError): B528 or B529 for a checkpoint that is damaged or of another run, B527 if the processes do
        not divide the batch, B524 if the folder cannot be written, B559 if it holds a model of other origin.
    """

    def __init__(
        self,
        config: PretrainConfig,
        objective: Objective,
        corpora: Mapping[str, Any],
        output: Path,
        processes: Processes,
    ) -> None:
        self.config, self.objective, self.output, self.processes = config, objective, output, processes
        self.training = training = config.training
        self.n_micro = training.batch // training.micro_batch
        if self.n_micro % processes.count:
            reason = f"{self.n_micro} micro-batches of a step cannot be divided by {processes.count} processes"
            raise BiomedplmError(coded("B527", path=output, reason=reason))
        of_passes = math.ceil((training.passes or 0.0) * objective.samples_per_pass / training.batch)
        self.steps = training.steps or max(1, of_passes)
        self.corpora = corpora
        self.made_of = {"config": _decisive(config), "corpora": corpora, "processes": processes.count}
        self.step, self._pieces, self._seconds = 0, 0, 0.0
        dtype = choose_dtype(training.precision, processes.device)
        objective.network.to(processes.device)
        self.optimizer = MasterOptimizer(objective.network, objective.model.base_model, training)
        cast_parameters(objective.network, dtype)
        self._make_folder()
        found = read_checkpoint(output, self.made_of)
        if found is not None:
            self.step, state = found
            try:
                self.optimizer.load(state)
            except (KeyError, RuntimeError) as error:
                raise BiomedplmError(coded("B528", file=output / CHECKPOINT_FILE, reason=error)) from error
        else:
            self.optimizer.publish()
        if processes.rank == 0:
            _cut_log(output / LOG_FILE, self.step)

    def run(self, on_step: OnStep, *, until: int | None = None) -> None:
        """Train to the last step and write the model.

        on_step (OnStep): Called after every step with what is logged; also what a validation found.
        until (int | None): Stop after this step with a checkpoint, without a model.
        RAISES (BiomedplmError): B539 if the loss is no number; the last checkpoint stays as it is. B524 if the disk
            is full. KeyboardInterrupt after Ctrl-C or SIGTERM: the step is finished and a checkpoint written before; a
            second one ends at once.
        """
        if self.processes.device.type == "cpu":
            keep_freed_memory()
        saved = time.monotonic()
        last = min(self.steps, until or self.steps)
        with _gathered_interrupts() as received:
            while self.step < last and not self.processes.total([len(received)])[0]:
                self._log(self._learn(), on_step)
                every = self.training.evaluate_every
                if every and (self.step % every == 0 or self.step == self.steps):
                    self._log(self.evaluate(), on_step)
                # One clock for all processes, which wait for each other where a checkpoint is written.
                due = time.monotonic() - saved > 60 * self.training.checkpoint_minutes
                if self.processes.total([int(due and self.processes.rank == 0)])[0]:
                    self._save()
                    saved = time.monotonic()
            self._save()
        if self.step == self.steps:
            self._finish()
        elif received:
            raise KeyboardInterrupt

    def _learn(self) -> dict[str, Any]:
        begin = time.perf_counter()
        torch.manual_seed(self.training.seed * 1_000_003 + self.step * self.processes.count + self.processes.rank)
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        size = self.training.micro_batch
        pieces = 0
        for micro in range(self.processes.rank, self.n_micro, self.processes.count):
            first = self.step * self.training.batch + micro * size
            batch = self._to_device(self.objective.batch(first, size))
            outcome = self.objective.loss(batch)
            if not math.isfinite(float(outcome.loss.detach())):
                self._fail(first, first + size)
            (outcome.loss * self.processes.count / self.n_micro).backward()
            self.optimizer.gather()
            pieces += batch["ids"].numel()
            for name, (value, count) in outcome.counts.items():
                sums[name][0] += value
                sums[name][1] += count
        self.processes.mean(self.optimizer.gradients())
        rate = rate_at(self.step, self.steps, self.training)
        norm = self.optimizer.step(rate)
        if not math.isfinite(norm):
            self._fail(self.step * self.training.batch, (self.step + 1) * self.training.batch)
        self.step += 1
        (pieces,) = map(int, self.processes.total([pieces]))
        self._seconds += time.perf_counter() - begin
        self._pieces += pieces
        return {
            "step": self.step,
            **self._figures(sums),
            "learning_rate": self.training.learning_rate * rate,
            "gradient_norm": round(norm, 4),
            "pieces": pieces,
            "pieces_per_second": round(self._pieces / self._seconds),
        }

    @torch.no_grad()
    def evaluate(self) -> dict[str, Any]:
        """Return the figures of the validation part: the same samples and the same hidden pieces each time."""
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        makers = self.objective.validation_batches(self.training.micro_batch, _VALIDATION_SAMPLES)
        self.objective.network.eval()
        if len(makers) >= self.processes.count:
            makers = makers[self.processes.rank :: self.processes.count]
        for make in makers:
            for name, (value, count) in self.objective.loss(self._to_device(make())).counts.items():
                sums[name][0] += value
                sums[name][1] += count
        self.objective.network.train()
        if not makers:
            return {}
        return {"step": self.step, **{f"validation_{name}": value for name, value in self._figures(sums).items()}}

    def _figures(self, sums: Mapping[str, list[float]]) -> dict[str, float]:
        names = sorted(sums)
        totals = self.processes.total([value for name in names for value in sums[name]])
        figures = {name: totals[2 * i] / max(1.0, totals[2 * i + 1]) for i, name in enumerate(names)}
        if self.objective.perplexity_of in figures:
            figures["perplexity"] = math.exp(min(50.0, figures[self.objective.perplexity_of]))
        return {name: round(value, 4) for name, value in figures.items()}

    def _to_device(self, arrays: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        return {name: torch.from_numpy(value).to(self.processes.device) for name, value in arrays.items()}

    def _fail(self, first: int, end: int) -> None:
        kept = "the checkpoint in the folder is the last good one" if self.step else "there is no checkpoint yet"
        raise BiomedplmError(coded("B539", step=self.step + 1, first=first, end=end - 1, kept=kept))

    def _make_folder(self) -> None:
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BiomedplmError(coded("B524", path=self.output, reason=error.strerror)) from error
        model = self.output / MODEL_FOLDER
        if model.exists() and not (model / RECORD_FILE).is_file():
            raise BiomedplmError(coded("B559", path=model))

    def _log(self, record: dict[str, Any], on_step: OnStep) -> None:
        if self.processes.rank or not record:
            return
        try:
            with (self.output / LOG_FILE).open("a", encoding="utf8") as stream:
                stream.write(json.dumps(record) + "\n")
        except OSError as error:
            raise BiomedplmError(coded("B524", path=self.output / LOG_FILE, reason=error.strerror)) from error
        on_step(record)

    def _save(self) -> None:
        if self.processes.rank == 0:
            write_checkpoint(self.output, self.step, self.optimizer.state(), self.made_of)
        self.processes.wait()

    def _finish(self) -> None:
        if self.processes.rank:
            return
        partial = self.output / f"{MODEL_FOLDER}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            self.optimizer.restore()
            self.objective.save(partial)
            record = {"config": self.config.as_dict(), "corpora": self.corpora, "steps": self.steps}
            record |= {"remarks": list(self.objective.remarks)} if self.objective.remarks else {}
            (partial / RECORD_FILE).write_text(json.dumps(record, indent=1), encoding="utf8")
            shutil.rmtree(self.output / MODEL_FOLDER, ignore_errors=True)
            os.replace(partial, self.output / MODEL_FOLDER)
        except OSError as error:
            raise BiomedplmError(coded("B524", path=partial, reason=error.strerror or error)) from error


@contextmanager
def _gathered_interrupts() -> Iterator[list[int]]:
    """Gather the first Ctrl-C or SIGTERM instead of raising it in the middle of a step."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def note(number: int, frame: Any) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def make_objective(config: PretrainConfig) -> type[Objective]:
    """Return the class of the objective that a config names.

    config (PretrainConfig): The config.
    RAISES (BiomedplmError): B527 if there is none of that name.
    """
    name = config.objective["name"]
    if name not in OBJECTIVES:
        reason = f"there is no objective '{name}'; there are: {', '.join(OBJECTIVES)}"
        raise BiomedplmError(coded("B527", path="[objective]", reason=reason))
    return OBJECTIVES[name]


def _decisive(config: PretrainConfig) -> dict[str, Any]:
    values = config.as_dict()
    for section, keys in _FREE.items():
        for key in keys:
            values[section].pop(key)
    # Files are told by their content, not by where they lie; what the corpora were made of tells the vocabulary.
    values["model"] |= {"start": None, "scratch": None, "vocabulary": None, "files": _digest_start(config.model)}
    values["data"].pop("exclude")
    for corpus in values["data"]["corpora"]:
        corpus.pop("paths")
    return values


def _digest_start(model: ModelConfig) -> dict[str, str]:
    if model.scratch is not None:
        return {"scratch": digest_file(model.scratch)}
    folder = find_folder(str(model.start))
    files = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
    return {file.name: digest_file(file) for file in files if file.is_file()}


def _cut_log(file: Path, step: int) -> None:
    """Take out of a log what came after the checkpoint, so that the curve has each step once."""
    if not file.exists():
        return
    kept = []
    for line in file.read_text(encoding="utf8", errors="replace").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue  # the line that was being written when the run was cut off
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text("".join(f"{line}\n" for line in kept), encoding="utf8")
    os.replace(partial, file)
