"""Add abbreviations and a trained linker to a pipeline.

python scripts/link.py training/model-calibrated ../linking/training/open/model-last training/model-linked
"""

from pathlib import Path

import spacy
import typer

ABBREVIATIONS, LINKER, RELATIONS = "abbreviations", "linker", "relations"


def link(
    model: Path = typer.Argument(..., exists=True, file_okay=False, help="Pipeline that finds entities."),
    linker: Path = typer.Argument(..., exists=True, file_okay=False, help="Pipeline with the linker."),
    output: Path = typer.Argument(..., help="Folder for the pipeline with both."),
) -> None:
    """Write a pipeline that finds entities, abbreviations and concepts; the knowledge base is copied into it."""
    nlp = spacy.load(model)
    # Relations between concepts are found when the concepts are known.
    before = RELATIONS if RELATIONS in nlp.pipe_names else None
    nlp.add_pipe("biomedplm_abbreviations", name=ABBREVIATIONS, before=before)
    nlp.add_pipe(LINKER, source=spacy.load(linker), before=before)
    nlp.to_disk(output)


if __name__ == "__main__":
    typer.run(link)
