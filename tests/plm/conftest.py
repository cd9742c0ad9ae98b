"""A tiny corpus and a config that learns from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

CONFIG = """
[model]
{model}
[data]
cache = "cache"
length = {length}
validation = 0.1
{data}
[[data.corpora]]
name = "tiny"
paths = ["corpus.txt"]
[objective]
{objective}
[training]
steps = {steps}
batch = 8
micro_batch = 4
learning_rate = 3e-3
warmup = 0.1
evaluate_every = 4
precision = "fp32"
device = "cpu"
{training}
"""


@pytest.fixture
def write_config(tmp_path: Path, tiny_plm: Callable[..., Path]) -> Callable[..., Path]:
    """Maker of a config in a folder with the text that it names."""

    def write(
        *,
        kind: str = "bert",
        model: str = "",
        data: str = "",
        objective: str = 'name = "masked"',
        training: str = "",
        steps: int = 6,
        length: int = 16,
        text: str | None = None,
    ) -> Path:
        lines = [f"Interleukin {n} inhibits the kinase of cell {n % 7}. It binds DNA." for n in range(120)]
        (tmp_path / "corpus.txt").write_text("\n".join(lines) if text is None else text, encoding="utf8")
        values = {"model": model or f'start = "{tiny_plm(kind)}"', "data": data, "objective": objective}
        config = CONFIG.format(**values, training=training, steps=steps, length=length)
        (tmp_path / "config.toml").write_text(config, encoding="utf8")
        return tmp_path / "config.toml"

    return write
