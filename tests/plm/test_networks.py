"""What is refused when a model is made."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForMaskedLM

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.config import ModelConfig
from spacy_biomedplm.plm.networks import build_model, load_vocabulary

Maker = Callable[..., Path]


@pytest.fixture
def copy(tiny_plm: Maker, tmp_path: Path) -> Path:
    """A BERT that may be damaged."""
    return Path(shutil.copytree(tiny_plm("bert"), tmp_path / "copy"))


def build(model: ModelConfig) -> None:
    build_model(AutoModelForMaskedLM, model, load_vocabulary(model), length=16, seed=1)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"{}", None])
def test_damaged_files_are_refused(name: str, content: bytes | None, copy: Path) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(BiomedplmError, match="B1"):
        build(ModelConfig(start=str(copy)))


@pytest.mark.parametrize(
    "settings",
    [
        [],
        {},
        {"model_type": "nothing"},
        {"model_type": "bert", "num_attention_heads": 0},
        {"model_type": "bert", "num_attention_heads": 7},
        {"model_type": "bert", "hidden_act": "none"},
        {"model_type": "bert", "hidden_size": -1},
        {"model_type": "bert", "num_hidden_layers": "two"},
        {"model_type": "squeezebert", "embedding_size": 16},
    ],
)
def test_a_config_that_makes_no_model(settings: object, tiny_plm: Maker, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(json.dumps(settings), encoding="utf8")
    with pytest.raises(BiomedplmError, match="B532"):
        build(ModelConfig(scratch=tmp_path / "new.json", vocabulary=str(tiny_plm("bert"))))


def test_weights_of_another_model_are_refused(copy: Path, tiny_plm: Maker) -> None:
    shutil.copy(tiny_plm("distilbert") / "model.safetensors", copy)
    with pytest.raises(BiomedplmError, match=r"B533|B102"):
        build(ModelConfig(start=str(copy)))
