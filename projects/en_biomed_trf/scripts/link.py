"""Add abbreviations and a trained linker to a pipeline.

python scripts/link.py training/model-calibrated ../linking/training/open/model-last training/model-linked
"""

from pathlib import Path

import spacy
import typer

ABBREVIATIONS, LINKER = "abbreviations", "linker"


def link(
    model: Path = typer.Argument(..., exists=True, file_okay=False, help="Pipeline that finds entities."),
    linker: Path = typer.Argument(..., exists=True, file_okay=False, help="Pipeline with the linker."),
    output: Path = typer.Argument(..., help="Folder for the pipeline with both."),
) -> None:
    """Write a pipeline that finds entities, abbreviations and concepts; the knowledge base is copied into it."""
    nlp = spacy.load(model)
    nlp.add_pipe("biomedplm_abbreviations", name=ABBREVIATIONS)
    nlp.add_pipe(LINKER, source=spacy.load(linker))
    nlp.to_disk(output)


if __name__ == "__main__":
    typer.run(link)
