from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.training import Example

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.training import checkpoint
from spacy_biomedplm.training.checkpoint import create_checkpoint_callback, named_shims


def model_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "model-last" / name / "model").read_bytes() for name in ("tok2vec", "ner")}


def interrupt_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press Ctrl-C right after a checkpoint was written."""
    write, count = checkpoint._write, 0

    def write_and_stop(*args: Any) -> None:
        nonlocal count
        write(*args)
        count += 1
        if count == writes:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "_write", write_and_stop)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_resumed_training_ends_as_an_uninterrupted_one(
    accumulate: int, train: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    options = {"training__accumulate_gradient": accumulate}
    wanted = model_of(train("whole", **options))
    with monkeypatch.context() as patch:
        interrupt_after(6, patch)
        with pytest.raises(KeyboardInterrupt):
            train("parts", **options)
    assert model_of(train("parts", **options)) == wanted


def test_training_learns_from_end_to_end(train: Any, tmp_path: Path, capsys: Any) -> None:
    easier = {
        "training__dropout": 0.0,
        "components__tok2vec__model__piece_dropout": 0.0,
        "training__batcher__pieces": 90,
    }
    folder = train("out", training__max_steps=60, training__eval_frequency=30, **easier)
    nlp = spacy.load(folder / "model-best")
    doc = nlp("aspirin in heart failure")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("aspirin", "CHEMICAL"), ("heart failure", "DISEASE")]
    log = list(srsly.read_jsonl(tmp_path / "out.jsonl"))
    assert [record["step"] for record in log] == [0, 30, 60]
    assert log[-1]["score"] > log[0]["score"]
    assert set(log[-1]["other_scores"]["ents_per_guideline"]) == {"bc5cdr", "bc2gm", "s800"}
    assert nlp.meta["performance"]["guidelines_f"] == pytest.approx(log[-1]["score"])
    captured = capsys.readouterr()
    assert "step 60 epoch" in captured.out
    assert "step 4/60" in captured.err


# The callback by itself


@pytest.fixture
def nlp(tiny_plm: Any) -> Any:
    nlp = spacy.blank("en")
    encoder = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(tiny_plm("bert")), "width": 32}
    nlp.add_pipe("tok2vec", config={"model": {**encoder, "precision": "fp32"}})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    model = {"@architectures": "spacy-biomedplm.TokenTagger.v1", "tok2vec": listener}
    nlp.add_pipe("biomedplm_ner", name="ner", config={"model": model})
    nlp.initialize(lambda: examples_of(nlp))
    return nlp


def examples_of(nlp: Any) -> list[Example]:
    return [Example.from_dict(nlp.make_doc("aspirin in cells"), {"entities": [(0, 7, "A")]})]


def learn(nlp: Any) -> None:
    nlp.update(examples_of(nlp), sgd=nlp.create_optimizer())


def test_checkpoint_waits_for_its_time(nlp: Any, tmp_path: Path) -> None:
    callback = create_checkpoint_callback(tmp_path / "a", minutes=60.0)
    for step in range(3):
        callback(nlp, {"step": step, "epoch": 0})
    assert not (tmp_path / "a").exists()


def test_checkpoint_leaves_no_partial_file(nlp: Any, tmp_path: Path) -> None:
    callback = create_checkpoint_callback(tmp_path / "a", minutes=0.0)
    learn(nlp)
    for step in range(3):
        callback(nlp, {"step": step, "epoch": 0})
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["checkpoint.safetensors"]


def test_fast_forward_ends_at_the_step_of_the_checkpoint(nlp: Any, tmp_path: Path) -> None:
    first = create_checkpoint_callback(tmp_path / "a", minutes=0.0)
    learn(nlp)
    for step in range(3):
        first(nlp, {"step": step, "epoch": 0})
    again = create_checkpoint_callback(tmp_path / "a", minutes=60.0)
    seen = []
    for step in range(4):
        again(nlp, {"step": step, "epoch": 0})
        seen.append([shim.fast_forward for _, shim in named_shims(nlp)])
    assert seen == [[True, True], [True, True], [False, False], [False, False]]


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-9], lambda data: data[:50], lambda data: b"x" * 99]
)
def test_damaged_checkpoint_raises_b504(damage: Any, nlp: Any, tmp_path: Path) -> None:
    learn(nlp)
    create_checkpoint_callback(tmp_path, minutes=0.0)(nlp, {"step": 0, "epoch": 0})
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BiomedplmError, match=r"B504.*checkpoint\.safetensors"):
        create_checkpoint_callback(tmp_path)(nlp, {"step": 0, "epoch": 0})


def test_foreign_safetensors_raise_b504(nlp: Any, tiny_plm: Any, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes((tiny_plm("bert") / "model.safetensors").read_bytes())
    with pytest.raises(BiomedplmError, match="B504"):
        create_checkpoint_callback(tmp_path)(nlp, {"step": 0, "epoch": 0})


def test_checkpoint_of_another_config_raises_b507(nlp: Any, tmp_path: Path) -> None:
    learn(nlp)
    create_checkpoint_callback(tmp_path, minutes=0.0)(nlp, {"step": 0, "epoch": 0})
    nlp.rename_pipe("ner", "entities")
    with pytest.raises(BiomedplmError, match=r"B507.*differ: components, nlp"):
        create_checkpoint_callback(tmp_path)(nlp, {"step": 0, "epoch": 0})


def test_checkpoint_of_another_model_raises_b501(nlp: Any, tmp_path: Path) -> None:
    """The same config, other labels."""
    learn(nlp)
    create_checkpoint_callback(tmp_path, minutes=0.0)(nlp, {"step": 0, "epoch": 0})
    more = [*examples_of(nlp), Example.from_dict(nlp.make_doc("cells"), {"entities": [(0, 5, "B")]})]
    nlp.initialize(lambda: more)
    with pytest.raises(BiomedplmError, match="B501"):
        create_checkpoint_callback(tmp_path)(nlp, {"step": 0, "epoch": 0})


def test_pipe_that_is_not_covered_raises_b505(nlp: Any, tmp_path: Path) -> None:
    nlp.add_pipe("tagger").add_label("NN")
    nlp.get_pipe("tagger").initialize(lambda: examples_of(nlp))
    callback = create_checkpoint_callback(tmp_path)
    with pytest.raises(BiomedplmError, match=r"B505.*'tagger'"):
        callback(nlp, {"step": 0, "epoch": 0})
    nlp.config["training"]["frozen_components"] = ["tagger"]
    callback(nlp, {"step": 0, "epoch": 0})


def test_without_a_path_no_checkpoint_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the config of a trained pipeline, which `lang_cls.from_config` resolves."""
    monkeypatch.chdir(tmp_path)
    config = {"@callbacks": "spacy-biomedplm.checkpoint.v1", "path": None, "minutes": 0}
    before_update = spacy.registry.resolve({"callback": config})["callback"]
    before_update(spacy.blank("en"), {"step": 0, "epoch": 0})
    assert not list(tmp_path.iterdir())
