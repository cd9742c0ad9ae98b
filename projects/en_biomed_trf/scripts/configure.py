"""Write the config of a training: that of the shipped pipeline, for another encoder if one is named.

python scripts/configure.py configs/config.cfg training/config.cfg --plm dmis-lab/biobert-base-cased-v1.1
"""

import shutil
from pathlib import Path

import typer
from rich.console import Console
from spacy.util import load_config

from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.errors import BiomedplmError

console = Console()


def main(
    source: Path = typer.Argument(..., exists=True, dir_okay=False, help="Config with [vars] plm and width."),
    output: Path = typer.Argument(..., help="Config to write."),
    plm: str = typer.Option(..., help="Folder, installed package or name on the hub of the encoder."),
    max_steps: int = typer.Option(0, min=0, help="Steps of the training; 0 for those of the config."),
    learn_rate: float = typer.Option(0.0, min=0.0, help="Highest learning rate; 0 for that of the config."),
    seed: int | None = typer.Option(None, help="Seed; that of the config by default."),
    checkpoint: Path | None = typer.Option(None, help="Folder of a checkpoint, which a changed config makes useless."),
) -> None:
    """Write a config for an encoder; its width is looked up."""
    try:
        stored, _ = load_plm(plm, layer=-1)
    except BiomedplmError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    config = load_config(source, interpolate=False)
    config["vars"]["plm"] = plm
    config["vars"]["width"] = stored["width"]
    if max_steps:
        config["vars"]["max_steps"] = max_steps
        config["vars"]["warmup_steps"] = min(config["vars"]["warmup_steps"], max_steps)
    if learn_rate:
        config["vars"]["learn_rate"] = learn_rate
    if seed is not None:
        config["system"]["seed"] = seed
    output.parent.mkdir(parents=True, exist_ok=True)
    config.to_disk(output, interpolate=False)
    if checkpoint is not None and checkpoint.exists():
        # Written under another config or other corpora: a training would go on from what it never learned.
        shutil.rmtree(checkpoint)
        console.print(f"Removed {checkpoint}: it belongs to what was configured before.")
    console.print(f"{output}: encoder {plm}, width {stored['width']}, {config['vars']['max_steps']} steps.")


if __name__ == "__main__":
    typer.run(main)
