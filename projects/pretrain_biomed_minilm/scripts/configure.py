"""Write a config with the folder of the corpora in it.

python scripts/configure.py configs/pretrain.toml training/pretrain.toml --corpora-dir $BIOMEDPLM_CORPORA
"""

from pathlib import Path

import typer

PLACEHOLDER = "$BIOMEDPLM_CORPORA"


def fill(template: str, corpora: Path) -> str:
    """Return a config in which the folder of the corpora stands for its name.

    template (str): TOML. corpora (Path): The folder.
    """
    shown = corpora.resolve().as_posix()
    return template.replace(PLACEHOLDER, shown.replace("\\", "\\\\").replace('"', '\\"'))


def main(
    template: Path = typer.Argument(..., exists=True, dir_okay=False, help="TOML with $BIOMEDPLM_CORPORA in paths."),
    output: Path = typer.Argument(..., help="File that is written."),
    corpora_dir: Path = typer.Option(
        ..., envvar="BIOMEDPLM_CORPORA", exists=True, file_okay=False, help="Folder with one folder per corpus."
    ),
) -> None:
    """Write the config."""
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = template.read_text(encoding="utf8").splitlines(keepends=True)
    body = [line if line.startswith("#") else fill(line, corpora_dir) for line in lines]
    output.write_text("".join(body), encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
