from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm import checking
from spacy_biomedplm.plm.catalogue import read_catalogue
from spacy_biomedplm.plm.checking import TEXTS, check_model
from spacy_biomedplm.plm.tiny import SETTINGS, save_tiny

# One model of the catalogue for each architecture.
LOADED = {model.loads: model.name for model in read_catalogue().values() if model.loads is not None}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_SECONDS", 0.0)


def hub_that_answers(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    """Let the hub answer every question for a model with an error."""

    class Response:
        headers: dict[str, str] = {}  # noqa: RUF012 (a stand-in for that of requests)
        request = None
        status_code = 404

    def download(name: str, *, local_files_only: bool = False, **kwargs: Any) -> str:
        if local_files_only:
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        raise kind("no", response=Response())  # type: ignore[call-arg]

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)


def test_settings_are_those_of_the_catalogue() -> None:
    assert set(LOADED) <= set(SETTINGS)


@pytest.mark.parametrize("architecture", SETTINGS)
def test_tiny_models_load_as_encoders(architecture: str, tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    save_tiny(architecture, None, TEXTS, tmp_path)
    assert torch.equal(torch.random.get_rng_state(), before)
    check = check_model(str(tmp_path))
    assert (check.obstacle, check.tiny, check.model) == ("", "", None)
    assert (check.width, check.layers) == (32, 2)
    assert 10_000 < check.parameters < 100_000
    assert check.words_per_second > 0
    assert check.pieces_per_word >= 1


@pytest.mark.parametrize(("architecture", "name"), LOADED.items())
def test_check_model_tries_every_architecture(architecture: str, name: str) -> None:
    check = check_model(name, tiny=True)
    assert check.loaded == architecture
    assert check.tiny == "no weights were looked for"
    assert check.width == 32


def test_check_model_measures_a_tiny_one_where_the_hub_is_out_of_reach() -> None:
    check = check_model("dmis-lab/biobert-large-cased-v1.1")
    assert check.model is not None
    assert check.model.name == "biobert"
    assert "cannot be reached" in check.tiny


def test_check_model_prefers_a_folder(
    tiny_plm: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "biobert").symlink_to(tiny_plm("bert"))
    monkeypatch.chdir(tmp_path)
    check = check_model("biobert")
    assert (check.tiny, check.model, check.loaded) == ("", None, "biobert")


@pytest.mark.parametrize("tiny", [False, True])
@pytest.mark.parametrize("name", ["behrt", "bioelmo"])
def test_check_model_says_why_a_model_does_not_load(name: str, tiny: bool) -> None:
    check = check_model(name, tiny=tiny)
    assert check.model is not None
    assert check.obstacle == check.model.why
    assert check.parameters == 0


def test_check_model_says_what_to_do_first() -> None:
    assert "by hand" in check_model("biolm").obstacle
    assert check_model("bert-mimic").obstacle == "No weights are published."
    assert check_model("bert-mimic", tiny=True).width == 32


@pytest.mark.parametrize("name", ["biobrt", "owner/biobrt", "/no/such/biobrt", "biobrt/../..", "", "a\0b"])
@pytest.mark.parametrize("tiny", [False, True])
def test_check_model_names_the_nearest(name: str, tiny: bool) -> None:
    with pytest.raises(BiomedplmError, match="B508"):
        check_model(name, tiny=tiny)


def test_check_model_tells_what_has_vanished(monkeypatch: pytest.MonkeyPatch) -> None:
    hub_that_answers(monkeypatch, RepositoryNotFoundError)
    with pytest.raises(BiomedplmError, match=r"B508.*biobert"):
        check_model("biobert")


def test_check_model_tells_what_is_gated(monkeypatch: pytest.MonkeyPatch) -> None:
    hub_that_answers(monkeypatch, GatedRepoError)
    with pytest.raises(BiomedplmError, match="B101"):
        check_model("biobert")


def test_check_model_raises_what_is_wrong_with_the_files(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", encoding="utf8")
    with pytest.raises(BiomedplmError, match="B102"):
        check_model(str(tmp_path))
