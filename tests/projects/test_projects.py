"""Every project.yml: commands, workflows and what they name."""

import re
from pathlib import Path

import pytest
from spacy.cli.project.run import load_project_config

from spacy_biomedplm.plm.config import read_config

PROJECTS = Path(__file__).parents[2] / "projects"
FOLDERS = sorted(file.parent for file in PROJECTS.glob("*/project.yml"))
KB_CONFIGS = sorted(PROJECTS.glob("linking/configs/*.toml"))
CONFIGS = sorted({*PROJECTS.glob("*/configs/*.toml")} - {*KB_CONFIGS, *PROJECTS.glob("relations/configs/*.toml")})
per_project = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@per_project
def test_workflows_run_commands_that_exist(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMEDPLM_CORPORA", "/corpora")
    config = load_project_config(folder)
    names = [command["name"] for command in config["commands"]]
    assert len(names) == len(set(names))
    for steps in config["workflows"].values():
        assert set(steps) <= set(names)
    assert all(command["help"] for command in config["commands"])


@per_project
def test_what_a_command_needs_is_there_or_made_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMEDPLM_CORPORA", "/corpora")
    config = load_project_config(folder)
    made = [output for command in config["commands"] for output in command.get("outputs", [])]
    for command in config["commands"]:
        for dep in command.get("deps", []):
            assert (folder / dep).exists() or any(dep == out or out.startswith(f"{dep}/") for out in made), dep
        for script in re.findall(r"\S+/\S+\.py", " ".join(command["script"])):
            assert (folder / script).is_file(), script


@per_project
def test_the_readme_names_every_workflow(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf8")
    for name in load_project_config(folder, interpolate=False)["workflows"]:
        assert f"run {name}" in readme or f"`{name}`" in readme, name


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_configs_of_pretraining_are_whole(path: Path) -> None:
    from spacy_biomedplm.plm.pretraining import make_objective

    config = read_config(path)
    assert make_objective(config)
    assert config.model.scratch is None or config.model.scratch.is_file()


@pytest.mark.parametrize("path", KB_CONFIGS, ids=lambda path: path.name)
def test_configs_of_knowledge_bases_are_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spacy_biomedplm.kb.assembly import check_sources
    from spacy_biomedplm.kb.config import read_config

    monkeypatch.setenv("BIOMEDPLM_CORPORA", "/corpora")
    config = read_config(path)
    check_sources(config)
    assert all(source.format and source.name for source in config.sources)
    # The bases are passed on: nothing in them may forbid commercial use.
    assert not [source.name for source in config.sources if re.search(r"\bNC\b", source.licence)]
