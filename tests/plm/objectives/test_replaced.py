"""Detection of replaced pieces: samples, losses, shared weights, what is saved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.objectives.replaced import sample

Maker = Callable[..., Path]
ELECTRA = {
    "model_type": "electra",
    "hidden_size": 32,
    "embedding_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}


@pytest.fixture
def write(write_config: Maker, write_scratch: Callable[..., str], toy_text: str) -> Maker:
    """Maker of a config for a new ELECTRA."""

    def make(options: str = "", **settings: Any) -> Path:
        model = write_scratch(ELECTRA, "<s> $0 </s>")
        objective = f'name = "replaced"\n{options}'
        return write_config(**{"model": model, "text": toy_text, "objective": objective, **settings})

    return make


def test_samples_follow_the_distribution() -> None:
    logits = torch.tensor([0.5, 0.0, 0.3, 0.2]).log().expand(4000, -1)
    chance = torch.from_numpy(np.random.default_rng(0).random(4000, dtype=np.float32))
    found = torch.bincount(sample(logits, chance), minlength=4) / 4000
    torch.testing.assert_close(found, torch.tensor([0.5, 0.0, 0.3, 0.2]), atol=0.03, rtol=0)
    edges = torch.tensor([0.0, 1 - 2**-24])
    assert sample(torch.tensor([-torch.inf, 0.0, 0.0, -torch.inf]).expand(2, -1), edges).tolist() == [1, 2]


def test_from_scratch(write: Maker, runner: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForMaskedLM, AutoModelForPreTraining

    path = write(steps=40)
    runner.learns(path, tmp_path / "run", "generator_loss")
    trained = runner.start(path, tmp_path / "run").objective
    saved = tmp_path / "run" / "model"
    kinds = (
        (AutoModelForPreTraining, saved, trained.model),
        (AutoModelForMaskedLM, saved / "generator", trained.generator),
    )
    for auto_class, folder, network in kinds:
        model, report = auto_class.from_pretrained(folder, output_loading_info=True)
        assert not report["missing_keys"]
        assert not report["unexpected_keys"]
        state = network.state_dict()
        for name, value in model.state_dict().items():
            torch.testing.assert_close(value, state[name], rtol=0, atol=0)
    sizes = json.loads((saved / "generator" / "config.json").read_text())
    assert (sizes["hidden_size"], sizes["num_attention_heads"], sizes["embedding_size"]) == (8, 1, 16)


def test_detection_is_learned(write: Maker, runner: Any, tmp_path: Path) -> None:
    path = write(steps=60)
    path.write_text(path.read_text().replace("3e-3", "1e-2"))
    runner.learns(path, tmp_path / "run", "detection_loss")


def test_batches_and_continuation(write: Maker, runner: Any, tmp_path: Path) -> None:
    path = write()
    runner.batches_are_pure(path, tmp_path / "run")
    runner.goes_on(path, tmp_path)


def test_gaps_are_masks_and_nothing_else_changes(write: Maker, runner: Any, tmp_path: Path) -> None:
    objective = runner.start(write("share = 0.3"), tmp_path / "run").objective
    batch = objective.batch(0, 8)
    changed = batch["ids"] != batch["gaps"]
    known = batch["gold"] >= 0
    np.testing.assert_array_equal(np.flatnonzero(changed), batch["places"][known])
    np.testing.assert_array_equal(batch["ids"][changed], batch["gold"][known])
    assert (batch["gaps"][changed] == objective.vocabulary.id_of("mask")).all()
    assert not np.isin(batch["gold"], list(objective.vocabulary.special_ids)).any()


def test_the_loss_is_that_of_transformers(write: Maker, runner: Any, tmp_path: Path) -> None:
    objective = runner.start(write("weight = 10.0"), tmp_path / "run").objective
    batch = {name: torch.from_numpy(value) for name, value in objective.batch(0, 8).items()}
    labels = torch.full((batch["ids"].numel(),), -100)
    known = batch["gold"] >= 0
    places = batch["places"][known]
    labels[places] = batch["gold"][known]
    generated = objective.generator(input_ids=batch["gaps"], labels=labels.reshape(8, -1))
    filled = batch["ids"].reshape(-1).clone()
    logits = generated.logits.reshape(len(filled), -1)[places]
    filled[places] = sample(logits, batch["chance"][known])
    replaced = (filled != batch["ids"].reshape(-1)).reshape(8, -1).long()
    assert replaced.any()
    detected = objective.model(input_ids=filled.reshape(8, -1), labels=replaced)
    found = objective.loss(batch)
    torch.testing.assert_close(found.loss, generated.loss + 10 * detected.loss, rtol=1e-4, atol=1e-5)
    sums = found.counts
    assert sums["detection_recall"][1] == int(replaced.sum())
    assert sums["detection_accuracy"][0] == int(((detected.logits > 0) == replaced.bool()).sum())


@pytest.mark.parametrize("kind", ["albert", "deberta-v2", "xlnet"])
def test_any_architecture_becomes_a_detector(
    kind: str, write_config: Maker, write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    from tests.conftest import PLMS

    model_type, _, settings = PLMS[kind]
    model = write_scratch({"model_type": model_type, **settings}, "<s> $0 </s>")
    path = write_config(model=model, objective='name = "replaced"', steps=2)
    assert len(runner.train(path, tmp_path / "run")) == 3
    assert (tmp_path / "run" / "model" / "generator" / "model.safetensors").exists()


@pytest.mark.parametrize("kind", ["electra", "bert", "roberta", "modernbert", "distilbert"])
def test_any_encoder_becomes_a_detector(
    kind: str, write_config: Maker, tiny_plm: Maker, runner: Any, tmp_path: Path
) -> None:
    from transformers import AutoModel

    path = write_config(kind=kind, objective='name = "replaced"', steps=2)
    run = runner.start(path, tmp_path / "run")
    tables = [model.get_input_embeddings().weight for model in (run.objective.generator, run.objective.model)]
    assert tables[0] is tables[1] is run.objective.generator.get_output_embeddings().weight
    run.run(lambda record: None)
    saved = tmp_path / "run" / "model"
    _, report = AutoModel.from_pretrained(saved, output_loading_info=True)
    assert not [name for name in report["missing_keys"] if "pooler" not in name]
    again = write_config(
        model=f'start = "{saved}"',
        objective=f'name = "replaced"\ngenerator = "{saved / "generator"}"',
    )
    second = runner.start(again, tmp_path / "second").objective
    first = run.objective.network.state_dict()
    for name, value in second.network.state_dict().items():
        torch.testing.assert_close(value, first[name], rtol=0, atol=0)


def test_a_generator_of_another_model(write: Maker, tiny_plm: Maker, runner: Any, tmp_path: Path) -> None:
    path = write(f'generator = "{tiny_plm("bert")}"')
    with pytest.raises(BiomedplmError, match=r"B542.*16\)"):
        runner.start(path, tmp_path / "run")


def test_frozen_embeddings_stay(write: Maker, runner: Any, tmp_path: Path) -> None:
    path = write()
    path.write_text(path.read_text().replace("[data]\n", 'frozen = ["embeddings."]\n[data]\n', 1))
    run = runner.start(path, tmp_path / "run")
    before = run.objective.generator.get_input_embeddings().weight.clone()
    run.run(lambda record: None)
    torch.testing.assert_close(run.objective.generator.get_output_embeddings().weight, before, rtol=0, atol=0)


@pytest.mark.parametrize("option", ["share = 1.0", "generator_width = 0.0", "weight = 0.0", "width = 0.1"])
def test_options_out_of_range(option: str, write: Maker, runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B527"):
        runner.start(write(option), tmp_path / "run")


@pytest.mark.parametrize(("kind", "code"), [("llama", "B545"), ("pegasus", "B532"), ("squeezebert", "B532")])
def test_an_encoder_without_a_known_head(
    kind: str, code: str, write_config: Maker, write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = write_scratch({"model_type": kind, **sizes}, "<s> $0 </s>")
    with pytest.raises(BiomedplmError, match=code):
        runner.start(write_config(model=model, objective='name = "replaced"'), tmp_path / "run")
