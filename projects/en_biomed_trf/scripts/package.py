"""Build the wheel of a pipeline, with what it was made from and how it scores, check it, and copy it to assets/.

python scripts/package.py training/model-calibrated packages --name biomed_trf --version 0.2.0 --assets ../../assets
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import requires
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import typer
from card import LICENCE, base_model, model_card, pipeline_meta, sources_text
from packaging.requirements import Requirement
from records import read_json, write_json
from rich.console import Console
from spacy.util import load_config
from wheel_check import find_paths, find_pickles

from spacy_biomedplm.kb import KnowledgeBase

PLUGIN = "spacy-biomedplm"
console = Console()


def stage(model: Path, folder: Path, meta: dict[str, Any]) -> None:
    """Copy a pipeline to a folder from which `spacy package` takes it: no paths in its config, meta.json and card.

    model (Path): Folder of the pipeline.
    folder (Path): New folder.
    meta (dict[str, Any]): Its meta.json; what the pipeline itself says of labels and pipes is kept.
    """
    shutil.copytree(model, folder)
    config = load_config(folder / "config.cfg", interpolate=False)
    config["paths"] = dict.fromkeys(config["paths"])
    config.to_disk(folder / "config.cfg", interpolate=False)
    kept = {key: read_json(folder / "meta.json")[key] for key in ("labels", "pipeline", "components", "disabled")}
    write_json(folder / "meta.json", {**meta, **kept})
    (folder / "README.md").write_text(model_card({**meta, **kept}), encoding="utf-8")
    (folder / "LICENSES_SOURCES").write_text(sources_text(meta), encoding="utf-8")
    (folder / "LICENSE").write_text(LICENCE, encoding="utf-8")


def check_corpora(model: Path, summary: dict[str, Any]) -> None:
    """Stop if a pipeline was not trained on the corpora of a summary: the card would say what is not so.

    model (Path): Folder of the pipeline.
    summary (dict[str, Any]): What prepare.py wrote.
    """
    known = set(read_json(model / "ner" / "cfg")["guidelines"])
    for pipe in ("relations", "events"):
        if (model / pipe / "cfg").exists():
            known |= set(read_json(model / pipe / "cfg")["schemes"])
    prepared = {name for name, entry in summary["corpora"].items() if "train" in entry["splits"]}
    if known != prepared:
        differ = ", ".join(sorted(known ^ prepared))
        console.print(f"{model} was not trained on the corpora of the summary: {differ}.", style="red")
        raise typer.Exit(1)
    if not summary["final"]:
        console.print("The summary is of a division for development (prepare.py without --final).", style="yellow")


def training_of(model: Path, plm: str, command: str = "") -> dict[str, Any]:
    """Return how a pipeline was trained: the command that does it again, and the settings in it.

    model (Path): Folder of the pipeline; its config says.
    plm (str): The encoder that training started from.
    command (str): The command, if it was another than that of the project.
    """
    config = load_config(model / "config.cfg", interpolate=True)
    settings = {
        "plm": plm,
        "max_steps": config["training"]["max_steps"],
        "learn_rate": config["vars"]["learn_rate"],
        "seed": config["training"]["seed"],
    }
    given = shlex.join(f"--vars.{key}={value}" for key, value in settings.items())
    return {"command": command or f"python -m spacy project run all projects/en_biomed_trf {given}", **settings}


def describe_base(folder: Path) -> dict[str, Any]:
    """Return what a knowledge base was made from: "name", "concepts", "names" and "sources", with mappings.

    folder (Path): Of the base.
    """
    base = KnowledgeBase.open(folder)
    origins = [*base.sources, *base.mappings]
    sources = [
        {"name": one["name"], "url": one.get("url", ""), "license": one.get("licence") or "not stated"}
        for one in origins
    ]
    return {"name": base.name, "concepts": base.n_concepts, "names": base.n_names, "sources": sources}


def read_scores(folder: Path, step: str) -> list[Any]:
    """Return the scores of a pipe; without them the card would not say how good it is.

    folder (Path): Of the JSON files. step (str): Command of the project that writes them.
    """
    found = [read_json(path) for path in sorted(folder.glob("*.json"))]
    if not found:
        console.print(f"{folder} has no scores: run `spacy project run {step} .` first.", style="red")
        raise typer.Exit(1)
    return found


def spacy_range() -> str:
    """Return the releases of spaCy that the plugin works with, such as ">=3.8.11,<3.9.0"."""
    needed = [Requirement(text) for text in requires(PLUGIN) or []]
    bounds = next(str(need.specifier) for need in needed if need.name == "spacy" and need.marker is None)
    return ",".join(sorted(bounds.split(","), reverse=True))


def build(staged: Path, output: Path, meta: dict[str, Any]) -> Path:
    """Return the wheel that `spacy package` builds.

    staged (Path): Folder of the pipeline.
    output (Path): Folder that gets the package's files.
    meta (dict[str, Any]): Its meta.json.
    """
    output.mkdir(parents=True, exist_ok=True)
    name = f"{meta['lang']}_{meta['name']}-{meta['version']}"
    shutil.rmtree(output / name, ignore_errors=True)
    command = [sys.executable, "-m", "spacy", "package", str(staged), str(output), "--build", "wheel", "--force"]
    # What spaCy it needs, spacy-biomedplm says; spaCy itself would ask for its very release or later.
    command.append("--no-require-parent")
    # The same input gives the same bytes.
    subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"})
    built = output / name / "dist" / f"{name}-py3-none-any.whl"
    wheel = output / built.name
    shutil.copyfile(built, wheel)
    shutil.rmtree(output / name)
    return wheel


def check(wheel: Path) -> None:
    """Stop if a wheel holds paths of this machine or pickles.

    wheel (Path): The wheel.
    """
    problems = [f"{name} holds the path {path}" for name, path in find_paths(wheel)]
    problems += [f"{name} holds a pickle" for name in find_pickles(wheel)]
    if problems:
        for problem in problems:
            console.print(problem, style="red", markup=False, highlight=False)
        console.print("A path may be that of the encoder: name it by package, hub name or relative path.", style="red")
        raise typer.Exit(1)


def ship(wheel: Path, assets: Path, *, max_megabytes: float) -> None:
    """Copy a wheel to a folder, in place of earlier versions, and write the checksums of the folder's wheels.

    wheel (Path): The wheel.
    assets (Path): The folder.
    max_megabytes (float): Largest size, in millions of bytes. A larger wheel is not copied; it can be used from
        where it is.
    """
    size = wheel.stat().st_size / 1e6
    if size >= max_megabytes:
        console.print(
            f"{wheel} has {size:.1f} MB, {assets} takes less than {max_megabytes:g} MB: not copied.",
            style="bold yellow",
        )
        return
    assets.mkdir(parents=True, exist_ok=True)
    for old in assets.glob(f"{wheel.name.split('-')[0]}-*.whl"):
        if old.name != wheel.name:
            console.print(f"Removed {old}, an earlier version.")
            old.unlink()
    shutil.copyfile(wheel, assets / wheel.name)
    wheels = sorted(assets.glob("*.whl"))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in wheels]
    (assets / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    console.print(f"{assets / wheel.name}: {size:.1f} MB")


def main(
    model: Path = typer.Argument(..., exists=True, file_okay=False, help="Folder of the calibrated pipeline."),
    output: Path = typer.Argument(..., help="Folder for the wheel."),
    name: str = typer.Option("biomed_trf", help="Name, without the language."),
    version: str = typer.Option(..., help="Version."),
    plm: str = typer.Option(..., help="The encoder that training started from."),
    summary: Path = typer.Option(Path("corpus/summary.json"), exists=True, help="What prepare.py wrote."),
    scores: Path = typer.Option(Path("metrics/scores.json"), exists=True, help="What evaluate.py wrote."),
    calibration: Path = typer.Option(Path("metrics/calibration.json"), exists=True, help="What calibrate.py wrote."),
    metrics: Path = typer.Option(Path("metrics"), help="Folder of the scores of relations and events."),
    results: Path = typer.Option(Path("../../benchmarks/results"), help="Folder of what benchmarks measured."),
    assets: Path | None = typer.Option(None, help="Folder that the wheel is shipped in."),
    command: str = typer.Option("", help="What made the pipeline; by default the project, with the config's settings."),
    max_megabytes: float = typer.Option(95.0, help="Largest wheel that is shipped, in millions of bytes."),
) -> None:
    """Build, check and ship the wheel of a pipeline."""
    check_corpora(model, read_json(summary))
    meta = pipeline_meta(
        name=name,
        version=version,
        base=base_model(plm),
        summary=read_json(summary),
        scores=read_json(scores),
        calibration=read_json(calibration),
        training=training_of(model, plm, command),
    )
    meta["guidelines"] = read_json(model / "ner" / "cfg")["guidelines"]
    if (model / "relations").is_dir():
        meta["relations"] = read_scores(metrics / "relations", "relations")
    if (model / "events").is_dir():
        records = read_scores(metrics / "events", "events")
        meta["events"] = [one for record in records for one in record["records"]]
        meta["joint"] = read_json(results / "joint.json")
    if (model / "linker").is_dir():
        meta["linking"] = read_json(results / "linking_end_to_end.json")["results"]
        own = read_json(results / "abbreviations.json")["systems"]["biomedplm_abbreviations"]
        meta["abbreviations"] = own["scores"]
    meta["knowledge_bases"] = [describe_base(path) for path in sorted(model.glob("*/base"))]
    meta["requirements"] = [f"{PLUGIN}>={installed_version(PLUGIN)}"]
    meta["spacy_version"] = spacy_range()
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder) / "pipeline"
        stage(model, staged, meta)
        wheel = build(staged, output, meta)
    check(wheel)
    console.print(f"Built {wheel}: {wheel.stat().st_size / 1e6:.1f} MB, no path of this machine, no pickle.")
    if assets is not None:
        ship(wheel, assets, max_megabytes=max_megabytes)


if __name__ == "__main__":
    typer.run(main)
