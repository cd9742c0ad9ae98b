"""Runs of pre-training: what they learn, write, refuse and survive."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from spacy_biomedplm.cli.app import app
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.checkpoints import CHECKPOINT_FILE
from spacy_biomedplm.plm.config import read_config
from spacy_biomedplm.plm.networks import depth_of, load_vocabulary
from spacy_biomedplm.plm.preparation import prepare_corpora
from spacy_biomedplm.plm.pretraining import LOG_FILE, Pretraining, make_objective
from spacy_biomedplm.plm.processes import Processes

WriteConfig = Callable[..., Path]
HELD_OUT = "Interleukin 7 inhibits the kinase of cell 0. It binds DNA."


def start(config_path: Path, output: Path) -> Pretraining:
    config = read_config(config_path)
    vocabulary = load_vocabulary(config.model)
    corpora, records = prepare_corpora(config.data, vocabulary, lambda name, count: None)
    objective = make_objective(config)(config, vocabulary, corpora)
    return Pretraining(config, objective, records, output, Processes(config.training.device))


def train(config_path: Path, output: Path, until: int | None = None) -> list[dict[str, Any]]:
    start(config_path, output).run(lambda record: None, until=until)
    return read_log(output)


def read_log(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / LOG_FILE).read_text(encoding="utf8").splitlines()]


def curve(log: list[dict[str, Any]]) -> list[tuple[int, float]]:
    return [(record["step"], record.get("loss", record.get("validation_loss", 0.0))) for record in log]


@pytest.mark.parametrize("kind", ["bert", "roberta", "electra", "distilbert", "modernbert"])
def test_it_learns_and_saves_what_others_load(kind: str, write_config: WriteConfig, tmp_path: Path) -> None:
    from transformers import AutoModelForMaskedLM

    log = train(write_config(kind=kind, steps=30), tmp_path / "run")
    losses = [record["loss"] for record in log if "loss" in record]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    validations = [record["validation_loss"] for record in log if "validation_loss" in record]
    assert len(validations) == 8
    assert validations[-1] < validations[0]
    model, report = AutoModelForMaskedLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    trained = start(tmp_path / "config.toml", tmp_path / "run").objective.network.state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, trained[name], rtol=0, atol=0)


@pytest.mark.parametrize("training", ["", 'precision = "bf16"\nlayer_decay = 0.9\nschedule = "cosine"'])
def test_a_continued_run_has_the_same_curve(training: str, write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config(steps=8)
    if training:
        path.write_text(path.read_text().replace('precision = "fp32"\n', "") + training)
    whole = train(path, tmp_path / "whole")
    train(path, tmp_path / "parts", until=3)
    with (tmp_path / "parts" / LOG_FILE).open("a", encoding="utf8") as stream:
        stream.write('{"step": 4, "loss": 1.0}\n{"step": 5, "lo')  # what a killed run leaves
    parts = train(path, tmp_path / "parts")
    assert curve(parts) == curve(whole)
    for file in ("whole", "parts"):
        assert (tmp_path / file / "model" / "model.safetensors").exists()
    first, second = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_a_killed_run_goes_on(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config(steps=200, training="checkpoint_minutes = 0.0")
    command = [sys.executable, "-m", "spacy_biomedplm.cli", "pretrain", str(path), "-o", str(tmp_path / "killed")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(600):
        time.sleep(0.1)
        log = tmp_path / "killed" / LOG_FILE
        if log.exists() and len(log.read_text(encoding="utf8").splitlines()) > 20:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / "killed" / CHECKPOINT_FILE).exists()
    assert curve(train(path, tmp_path / "killed")) == curve(train(path, tmp_path / "whole"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_the_step(number: signal.Signals, write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config(steps=8)
    run = start(path, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        run.run(lambda record: os.kill(os.getpid(), number) if record["step"] == 3 else None)
    assert run.step == 3
    assert curve(train(path, tmp_path / "run")) == curve(train(path, tmp_path / "whole"))


def test_frozen_weights_stay(write_config: WriteConfig, tmp_path: Path, tiny_plm: Callable[..., Path]) -> None:
    frozen = f'start = "{tiny_plm("bert")}"\nfrozen = ["embeddings", "encoder.layer.0"]'
    path = write_config(model=frozen)
    path.write_text(path.read_text().replace('"fp32"', '"bf16"'))
    train(path, tmp_path / "run")
    before = load_file(tiny_plm("bert") / "model.safetensors")
    after = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert torch.equal(after["bert.embeddings.word_embeddings.weight"], before["embeddings.word_embeddings.weight"])
    name = "encoder.layer.{}.output.dense.weight"
    assert torch.equal(after[f"bert.{name.format(0)}"], before[name.format(0)])
    assert not torch.equal(after[f"bert.{name.format(1)}"], before[name.format(1)])


def test_from_scratch(write_config: WriteConfig, tmp_path: Path, tiny_plm: Callable[..., Path]) -> None:
    scratch = f'scratch = "new.json"\nvocabulary = "{tiny_plm("bert")}"'
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    (tmp_path / "new.json").write_text(json.dumps({"model_type": "bert", **sizes}), encoding="utf8")
    losses = [
        record["loss"] for record in train(write_config(model=scratch, steps=40), tmp_path / "run") if "loss" in record
    ]
    assert losses[-1] < losses[0]


def test_passes_are_counted_in_pieces(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config()
    path.write_text(path.read_text().replace("steps = 6", "passes = 2"))
    run = start(path, tmp_path / "run")
    pieces = run.corpora["tiny"]["train"]["pieces"] + run.corpora["tiny"]["train"]["documents"]
    assert abs(run.steps * 8 * (16 - 2) - 2 * pieces) < 2 * 8 * 14


@pytest.mark.parametrize(
    ("name", "layers", "depth"),
    [("encoder.layer.5.output.dense.weight", 6, 0), ("layers.0.attn.Wo.weight", 6, 5), ("h.2.mlp.c_fc.weight", 4, 1),
     ("embeddings.word_embeddings.weight", 6, 6), ("final_norm.weight", 6, 0)],
)  # fmt: skip
def test_depth(name: str, layers: int, depth: int) -> None:
    assert depth_of(name, layers) == depth


def test_checkpoint_of_another_config(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config()
    train(path, tmp_path / "run", until=2)
    path.write_text(path.read_text().replace("3e-3", "1e-3"))
    with pytest.raises(BiomedplmError, match=r"B529.*learning_rate was 0.003 and is 0.001"):
        start(path, tmp_path / "run")
    write_config(text="Another text.\n" * 60)
    with pytest.raises(BiomedplmError, match=r"B529.*corpora.tiny"):
        start(path, tmp_path / "run")


def test_checkpoint_of_another_model(write_config: WriteConfig, tmp_path: Path, tiny_plm: Callable[..., Path]) -> None:
    path = write_config(steps=4)
    train(path, tmp_path / "run", until=2)
    start_folder = Path(read_config(path).model.start or "")
    moved = tmp_path / "moved"
    shutil.copytree(start_folder, moved)
    path.write_text(path.read_text().replace(str(start_folder), str(moved)))
    assert start(path, tmp_path / "run").step == 2, "it matters what the model is, not where it lies"
    config = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 0.1}))
    with pytest.raises(BiomedplmError, match=r"B529.*model\.files"):
        start(path, tmp_path / "run")


def test_what_is_not_its_own_is_left_alone(write_config: WriteConfig, tmp_path: Path) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "model.safetensors").write_text("weights of years")
    path = write_config(steps=1)
    with pytest.raises(BiomedplmError, match="B559"):
        start(path, tmp_path / "run")
    text = tmp_path / "cache" / "tiny" / "a.txt"
    shutil.rmtree(text.parent)
    text.parent.mkdir()
    text.write_text("Interleukin 7 inhibits the kinase.")
    with pytest.raises(BiomedplmError, match=r"B551.*a\.txt"):
        start(path, tmp_path / "other")
    assert text.exists()


def test_rotary_frequencies_keep_their_precision(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config(kind="modernbert", steps=1)
    path.write_text(path.read_text().replace('precision = "fp32"', 'precision = "bf16"'))
    network = start(path, tmp_path / "run").objective.network
    assert {param.dtype for param in network.parameters()} == {torch.bfloat16}
    assert {buffer.dtype for buffer in network.buffers() if buffer.is_floating_point()} == {torch.float32}


def test_damaged_checkpoint(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config()
    train(path, tmp_path / "run", until=2)
    file = tmp_path / "run" / CHECKPOINT_FILE
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BiomedplmError, match="B528"):
        start(path, tmp_path / "run")


def test_loss_that_is_no_number(write_config: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config(steps=8)
    train(path, tmp_path / "run", until=2)
    kept = (tmp_path / "run" / CHECKPOINT_FILE).read_bytes()
    run = start(path, tmp_path / "run")
    original = run.objective.loss

    def broken(batch: Any) -> Any:
        if run.step == 4:
            run.objective.model.get_input_embeddings().weight.data.fill_(float("nan"))
        return original(batch)

    monkeypatch.setattr(run.objective, "loss", broken)
    with pytest.raises(BiomedplmError, match=r"B539.*step 5 .*samples 32 to 35.*last good one"):
        run.run(lambda record: None)
    assert (tmp_path / "run" / CHECKPOINT_FILE).read_bytes() == kept
    assert not (tmp_path / "run" / "model").exists()


def test_no_room_for_a_checkpoint(write_config: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config(steps=8)
    train(path, tmp_path / "run", until=2)
    kept = (tmp_path / "run" / CHECKPOINT_FILE).read_bytes()

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BiomedplmError, match=r"B524.*No space left"):
        train(path, tmp_path / "run", until=4)
    assert (tmp_path / "run" / CHECKPOINT_FILE).read_bytes() == kept
    assert not list((tmp_path / "run").glob("*.partial"))


def with_exclusions(write_config: WriteConfig, tmp_path: Path, mode: str) -> Path:
    (tmp_path / "held.jsonl").write_text(json.dumps({"id": "t1", "text": HELD_OUT}) + "\n", encoding="utf8")
    return write_config(data=f'exclude = ["held.jsonl"]\nexcluded = "{mode}"')


def test_held_out_documents_are_refused_with_a_list(write_config: WriteConfig, tmp_path: Path) -> None:
    path = with_exclusions(write_config, tmp_path, "refuse")
    with pytest.raises(BiomedplmError, match=r"B536.*1 documents.*corpus.txt:8 \(text of t1\)"):
        start(path, tmp_path / "run")
    (listed,) = (json.loads(line) for line in (tmp_path / "cache" / "tiny.excluded.jsonl").read_text().splitlines())
    assert listed["held_out_id"] == "t1"
    assert not (tmp_path / "cache" / "tiny").exists()


@pytest.mark.parametrize(("mode", "documents"), [("drop", 119), ("keep", 120)])
def test_held_out_documents_are_dropped_or_kept(
    mode: str, documents: int, write_config: WriteConfig, tmp_path: Path
) -> None:
    run = start(with_exclusions(write_config, tmp_path, mode), tmp_path / "run")
    counts = run.corpora["tiny"]
    assert counts["train"]["documents"] + counts["validation"]["documents"] == documents
    assert len((tmp_path / "cache" / "tiny" / "excluded.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"text": "\n\n"}, "B523"),
        ({"objective": 'name = "maskd"'}, "B527"),
        ({"objective": 'name = "masked"\nshare = 1.5'}, "B527"),
        ({"objective": 'name = "masked"\nshares = 0.1'}, "B527"),
        ({"length": 4096}, "B531"),
        ({"model": 'start = "nowhere"'}, "B101"),
        ({"kind": "t5"}, "B102"),
        ({"training": 'device = "cuda:99"'}, "B527"),
    ],
)
def test_bad_input(options: dict[str, Any], code: str, write_config: WriteConfig, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=code):
        start(write_config(**options), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_vocabulary_that_does_not_fit_the_weights(
    write_config: WriteConfig, tmp_path: Path, tiny_plm: Callable[..., Path]
) -> None:
    import shutil

    shutil.copytree(tiny_plm("bert"), tmp_path / "wrong")
    definition = json.loads((tmp_path / "wrong" / "tokenizer.json").read_text(encoding="utf8"))
    definition["model"]["vocab"]["newword"] = len(definition["model"]["vocab"]) + 50
    (tmp_path / "wrong" / "tokenizer.json").write_text(json.dumps(definition), encoding="utf8")
    with pytest.raises(BiomedplmError, match="B110"):
        start(write_config(model='start = "wrong"'), tmp_path / "run")


def test_frozen_name_that_does_not_exist(
    write_config: WriteConfig, tmp_path: Path, tiny_plm: Callable[..., Path]
) -> None:
    with pytest.raises(BiomedplmError, match=r"B534.*embeddings"):
        start(write_config(model=f'start = "{tiny_plm("bert")}"\nfrozen = ["layer.9"]'), tmp_path / "run")


def test_command(write_config: WriteConfig, tmp_path: Path) -> None:
    path = write_config()
    command = ["pretrain", str(path), "-o", str(tmp_path / "run")]
    stopped = CliRunner().invoke(app, [*command, "--until", "2"])
    assert stopped.exit_code == 0, stopped.output
    assert "goes on from there" in stopped.output
    assert "No exclusion list is given" in stopped.output
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "Goes on after step 2 of 6" in done.output
    assert (tmp_path / "run" / "model" / "config.json").exists()
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0, again.output
    path.write_text(path.read_text().replace("steps = 6", "steps = 7"))
    other = CliRunner().invoke(app, command)
    assert other.exit_code == 1
    assert "B529" in other.output


def test_it_runs_without_spacy(write_config: WriteConfig, tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules.update(dict.fromkeys(["spacy", "thinc", "srsly"]))
from spacy_biomedplm.cli.app import app
app(["pretrain", {str(write_config(steps=2))!r}, "-o", {str(tmp_path / "run")!r}])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


@pytest.mark.slow
def test_two_processes_learn_the_same_as_one(write_config: WriteConfig, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    path = write_config(steps=4)
    alone = curve(train(path, tmp_path / "one"))
    command = ["accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1", "-m"]
    arguments = ["spacy_biomedplm.cli", "pretrain", str(path), "-o", str(tmp_path / "two")]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", *command, *arguments], check=True, env=environment, timeout=300)
    together = curve(read_log(tmp_path / "two"))
    assert [step for step, _ in together] == [step for step, _ in alone]
    assert [loss for _, loss in together] == pytest.approx([loss for _, loss in alone], rel=1e-3)
