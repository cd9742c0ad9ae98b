"""Write the training config of a corpus: shared.cfg or per_pair.cfg with what corpora.toml says.

python scripts/configure.py ddi2013 training/ddi2013/config.cfg
"""

import sys
from pathlib import Path
from typing import Any

import typer
from spacy.util import load_config

from spacy_biomedplm.encoder.loading import load_plm

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def read_settings() -> dict[str, dict[str, Any]]:
    """Return what corpora.toml says, by corpus."""
    with (CONFIGS / "corpora.toml").open("rb") as stream:
        return tomllib.load(stream)


def settings_of(corpus: str) -> dict[str, Any]:
    """Return the settings of a corpus; one that corpora.toml does not name is trained as shared.cfg stands."""
    return {
        "base": "shared",
        "sentences": False,
        "final": False,
        "overrides": {},
        "shared": {},
        "per_pair": {},
        **read_settings().get(corpus, {}),
    }


def main(
    corpus: str = typer.Argument(..., help="Name of the corpus."),
    output: Path = typer.Argument(..., help="The config."),
    encoder: str = typer.Option("", help="Folder or name of the encoder; that of the config by default."),
    base: str = typer.Option("", help="shared or per_pair; that of corpora.toml by default."),
    max_steps: int = typer.Option(0, help="Steps; those of corpora.toml by default."),
    seed: int = typer.Option(1, help="Seed."),
) -> None:
    """Write the config."""
    settings = settings_of(corpus)
    base = base or settings["base"]
    overrides = {**settings["overrides"], **settings[base]}
    overrides["system.seed"] = seed
    if encoder:
        overrides["vars.encoder"] = encoder
        overrides["vars.width"] = load_plm(encoder, layer=-1)[0]["width"]
    if max_steps:
        overrides["vars.max_steps"] = max_steps
    config = load_config(CONFIGS / f"{base}.cfg", interpolate=False)
    for name, value in overrides.items():
        *path, key = name.split(".")
        section: Any = config
        for part in path:
            section = section[part]
        section[key] = value
    output.parent.mkdir(parents=True, exist_ok=True)
    config.to_disk(output)


if __name__ == "__main__":
    typer.run(main)
