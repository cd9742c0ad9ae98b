"""Add abbreviations and a trained linker to a pipeline, and say which guidelines its events follow.

python scripts/link.py training/model-calibrated ../linking/training/open/model-last training/model-linked
"""

from pathlib import Path

import spacy
import typer

ABBREVIATIONS, LINKER, RELATIONS, EVENTS = "abbreviations", "linker", "relations", "events"
FOLLOWED = ["bionlp-st-2013-cg", "bionlp-st-2013-pc", "bionlp-st-2011-epi", "bionlp-st-2011-ge", "bionlp-st-2011-id"]
"""Guidelines of events, the one with most types first."""


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
    if EVENTS in nlp.pipe_names:
        # Each guideline has learned for itself; whoever reads a document wants every event once.
        nlp.to_disk(output)
        nlp = spacy.load(output, config={"components": {EVENTS: {"guidelines": FOLLOWED}}})
    nlp.to_disk(output)


if __name__ == "__main__":
    typer.run(link)
