"""Causal language modelling: what is told, what is refused, what is saved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spacy_biomedplm.errors import BiomedplmError

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
GPT2 = {"model_type": "gpt2", "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "gpt2": (GPT2, ""),
    "biogpt": ({"model_type": "biogpt", **SIZES, "max_position_embeddings": 32}, "</s> $0"),
    "decoder of bert": ({"model_type": "bert", **SIZES, "is_decoder": True}, "<s> $0 </s>"),
}


@pytest.fixture
def write(write_config: Callable[..., Path], write_scratch: Callable[..., str], toy_text: str) -> Callable[..., Path]:
    """Maker of a config for a new decoder."""

    def make(kind: str = "gpt2", **options: Any) -> Path:
        values = {"model": write_scratch(*KINDS[kind]), "text": toy_text, "objective": 'name = "causal"', **options}
        return write_config(**values)

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_and_saves_what_others_load(
    kind: str, write: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    path = write(kind, steps=40)
    runner.learns(path, tmp_path / "run")
    model, report = AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    trained = runner.start(path, tmp_path / "run").objective.network.state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, trained[name], rtol=0, atol=0)


def test_a_continued_run_has_the_same_curve(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    runner.goes_on(write(), tmp_path)


def test_each_place_tells_the_next_piece(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write("biogpt")
    runner.batches_are_pure(path, tmp_path / "run")
    batch = runner.start(path, tmp_path / "run").objective.batch(0, 4)
    gold = batch["gold"].reshape(4, 16)
    assert batch["ids"].shape == (4, 16)
    np.testing.assert_array_equal(batch["ids"][:, 1:], gold[:, :-1])
    assert (batch["ids"][:, 0] == 3).all()


def test_the_loss_is_that_of_transformers(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    objective = runner.start(write(length=12), tmp_path / "run").objective
    batch = {name: torch.from_numpy(value) for name, value in objective.batch(0, 4).items()}
    ids = torch.cat([batch["ids"], batch["gold"].reshape(4, -1)[:, -1:]], dim=1)
    wanted = objective.model(input_ids=ids, labels=ids).loss
    torch.testing.assert_close(objective.loss(batch).loss, wanted, rtol=1e-5, atol=1e-6)


def test_dropout_is_what_the_config_says(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write()
    for share in (0.0, 0.25):
        path.write_text(path.read_text().replace("[data]\n", f"dropout = {share}\n[data]\n", 1))
        model = runner.start(path, tmp_path / str(share)).objective.model
        found = {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout)}
        assert found == {share}
        path = write()


def test_a_model_that_sees_what_it_is_to_tell_is_refused(
    write_config: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    with pytest.raises(BiomedplmError, match=r"B543.*'bert'"):
        runner.start(write_config(objective='name = "causal"'), tmp_path / "run")


def test_options_that_do_not_exist(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B527"):
        runner.start(write(objective='name = "causal"\nshare = 0.1'), tmp_path / "run")


def test_a_trained_model_is_a_start(
    write: Callable[..., Path], write_config: Callable[..., Path], runner: Any, toy_text: str, tmp_path: Path
) -> None:
    first = runner.train(write(steps=30), tmp_path / "first")
    again = write_config(model=f'start = "{tmp_path / "first" / "model"}"', text=toy_text, objective='name = "causal"')
    second = runner.train(again, tmp_path / "second")
    assert second[0]["loss"] < first[0]["loss"]
    assert json.loads((tmp_path / "second" / "model" / "config.json").read_text())["model_type"] == "gpt2"
