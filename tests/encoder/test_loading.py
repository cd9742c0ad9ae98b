import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from spacy.language import Language

from spacy_biomedplm.encoder.architecture import build_plm_encoder
from spacy_biomedplm.encoder.loading import (
    build_network,
    load_plm,
    load_tokenizer,
    longest_input,
    piece_tokenizer,
    save_plm,
)
from spacy_biomedplm.errors import BiomedplmError

WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(tiny_plm: Callable[..., Path], tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(tiny_plm("bert"), tmp_path / "plm"))


def initialize(folder: Any) -> Any:
    model = build_plm_encoder(str(folder), width=32, precision="fp32")
    model.initialize()
    return model


def change_config(folder: Path, **values: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **values}), encoding="utf-8")


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def assert_fails(folder: Any, *wanted: str) -> None:
    with pytest.raises(BiomedplmError) as caught:
        initialize(folder)
    for part in wanted:
        assert part in str(caught.value)


# Where a model is looked for


@pytest.mark.parametrize("name", ["no-such-model", "no/such-model", "", "a/b/c", "bad name!"])
def test_missing_model_says_where_it_looked(name: str) -> None:
    assert_fails(name, "B101", f"'{name}'", "looked for the folder", "config.json", "hub")


def test_missing_absolute_folder_is_not_asked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B101") as caught:
        initialize(tmp_path / "nothing")
    assert "local Hugging Face cache" not in str(caught.value)


def test_folder_without_config_is_no_model(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert_fails(folder, "B101", str(folder))


@pytest.mark.parametrize("inner", ["", "model"])
def test_model_in_an_installed_package(
    inner: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "my_tiny_plm"
    shutil.copytree(folder, package / inner if inner else package)
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(package.parent)
    assert initialize("my-tiny-plm").get_dim("nO") == 32
    assert "my_tiny_plm" not in sys.modules


def test_model_in_the_hub_cache(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    cache = tmp_path / "cache"
    repo = cache / "models--lab--tiny"
    shutil.copytree(folder, repo / "snapshots" / "0")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("0", encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    assert initialize("lab/tiny").get_dim("nO") == 32


def test_load_tokenizer_is_the_encoders(tiny_plm: Any) -> None:
    tokenizer = load_tokenizer(str(tiny_plm("bert")))
    assert tokenizer.encode("the cells", add_special_tokens=False).tokens == ["the", "cells"]


# Damaged and wrong files


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model_type": "no-such-type"}', "{}"])
def test_damaged_config(text: str, folder: Path) -> None:
    (folder / "config.json").write_text(text, encoding="utf-8")
    assert_fails(folder, "B102", str(folder))


@pytest.mark.parametrize("text", ["", "{", "{}", '{"model": {"type": "NoSuchModel"}}'])
def test_damaged_tokenizer(text: str, folder: Path) -> None:
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    assert_fails(folder, "B102", str(folder))


def test_missing_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    assert_fails(folder, "B102", str(folder))


@pytest.mark.parametrize("size", [0, 5, 1000, -10])
def test_half_written_weights(size: int, folder: Path) -> None:
    file = folder / WEIGHTS
    file.write_bytes(file.read_bytes()[:size])
    assert_fails(folder, "B102", str(folder))


def test_pickled_weights_are_not_opened(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()
    assert_fails(folder, "B105", str(folder), "save_pretrained")


def test_code_of_a_model_is_not_run(folder: Path) -> None:
    (folder / "evil.py").write_text("raise SystemExit('ran')", encoding="utf-8")
    change_config(folder, auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}, model_type="evil")
    assert_fails(folder, "B102", str(folder))


def test_missing_weights(folder: Path) -> None:
    change_weights(folder, lambda weights: weights.pop("encoder.layer.1.output.dense.weight"))
    assert_fails(folder, "B103", str(folder), "1 are missing", "encoder.layer.1.output.dense.weight")


def test_weights_of_another_size(folder: Path) -> None:
    change_config(folder, intermediate_size=40)
    assert_fails(folder, "B103", "encoder.layer.0.intermediate.dense.weight")


def test_weights_of_another_architecture(folder: Path, tiny_plm: Any) -> None:
    shutil.copy(tiny_plm("t5") / WEIGHTS, folder / WEIGHTS)
    assert_fails(folder, "B103", "embeddings.position_embeddings.weight")


def test_missing_pooler_is_fine_because_nothing_reads_it(folder: Path, nlp: Language, make_encoder: Any) -> None:
    doc = nlp.make_doc("the cell")
    change_weights(folder, lambda weights: [weights.pop(name) for name in list(weights) if "pooler" in name])
    found = initialize(folder).predict([doc])[0]
    np.testing.assert_array_equal(found, make_encoder("bert").predict([doc])[0])


def test_tokenizer_of_another_model(folder: Path, tiny_plm: Any) -> None:
    shutil.copy(tiny_plm("roberta") / "tokenizer.json", folder / "tokenizer.json")
    assert_fails(folder, "B110", str(folder))


def test_unknown_architecture_of_a_stored_model(tiny_plm: Any) -> None:
    stored, _ = load_plm(str(tiny_plm("bert")), layer=-1)
    with pytest.raises(BiomedplmError, match=r"B104.*'no-such-type'"):
        build_network({**stored, "plm": {"model_type": "no-such-type"}})


# What is read


@pytest.mark.parametrize("kind", ["bert", "t5", "xlnet", "roberta", "longformer"])
def test_build_network_has_the_weights_of_load_plm(kind: str, tiny_plm: Any) -> None:
    stored, network = load_plm(str(tiny_plm(kind)), layer="mix")
    built = build_network(json.loads(json.dumps(stored)))
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert {name: tensor.shape for name, tensor in built.state_dict().items()} == shapes
    assert not built.training
    assert not network.training


def test_t5_is_loaded_without_its_decoder(tiny_plm: Any, folder: Path) -> None:
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.from_pretrained(tiny_plm("t5"))
    AutoModel.from_config(config).save_pretrained(folder)
    shutil.copy(tiny_plm("t5") / "tokenizer.json", folder)
    assert any("decoder" in name for name in load_file(folder / WEIGHTS))
    network = initialize(folder).shims[0].module
    assert not any("decoder" in name for name, _ in network.named_parameters())


@pytest.mark.parametrize(
    ("kind", "longest"), [("bert", 128), ("roberta", 128), ("longformer", 128), ("xlnet", 512), ("t5", 512)]
)
def test_longest_input(kind: str, longest: int, tiny_plm: Any) -> None:
    from transformers import AutoConfig

    assert longest_input(AutoConfig.from_pretrained(tiny_plm(kind))) == longest


@pytest.mark.parametrize(
    ("kind", "frame"),
    [("bert", ([2], [3])), ("roberta", ([0], [2])), ("t5", ([], [3])), ("xlnet", ([], [3, 2])), ("albert", ([2], [3]))],
)
def test_frame_is_what_the_tokenizer_adds(kind: str, frame: Any, tiny_plm: Any) -> None:
    stored, _ = load_plm(str(tiny_plm(kind)), layer=-1)
    assert piece_tokenizer(stored).frame == frame


def test_tokenizer_neither_truncates_nor_pads(folder: Path, nlp: Language) -> None:
    """Published tokenizers come with truncation and padding switched on."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=32)
    tokenizer.save(str(folder / "tokenizer.json"))
    model = initialize(folder)
    encode = piece_tokenizer(model.shims[0].cfg).encode
    assert [len(ids) for ids, _ in encode(["the cell " * 50, "cell"])] == [100, 1]
    assert load_tokenizer(str(folder)).encode("the cell " * 50, add_special_tokens=False).ids == [
        *encode(["the cell " * 50])[0][0]
    ]


def test_slow_tokenizer_files_are_converted(folder: Path, nlp: Language, make_encoder: Any) -> None:
    """Old models have a vocab.txt and no tokenizer.json."""
    vocab = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    (folder / "vocab.txt").write_text("\n".join(sorted(vocab, key=vocab.__getitem__)), encoding="utf-8")
    (folder / "tokenizer.json").unlink()
    doc = nlp.make_doc("Treatment with aspirin")
    found = initialize(folder).predict([doc])[0]
    np.testing.assert_allclose(found, make_encoder("bert").predict([doc])[0], atol=1e-6)


def test_saved_encoder_is_the_same(tiny_plm: Callable[..., Path], tmp_path: Path) -> None:
    stored, network = load_plm(str(tiny_plm("bert")), layer=-1)
    save_plm(stored, network, tmp_path / "saved")
    again, other = load_plm(str(tmp_path / "saved"), layer=-1)
    assert again["width"] == stored["width"]
    tokenizers = [piece_tokenizer(one) for one in (stored, again)]
    (ids, offsets), (ids_again, offsets_again) = (next(iter(one.encode(["aspirin in cells"]))) for one in tokenizers)
    np.testing.assert_array_equal(ids, ids_again)
    np.testing.assert_array_equal(offsets, offsets_again)
    assert tokenizers[0].frame == tokenizers[1].frame
    for name, weights in network.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], weights)
