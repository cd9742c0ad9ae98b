"""Write gold and answers as the shared tasks do: OUTPUT/CORPUS/{gold,answers}/NAME.{txt,a1,a2}.

python scripts/write_answers.py training/NAME/model-last corpus/bionlp-st-2013-cg/dev answers/NAME
"""

import shutil
import subprocess
import sys
from pathlib import Path

import spacy
import typer

BIOMEDPLM = [sys.executable, "-m", "spacy_biomedplm.cli"]


def main(
    model: Path = typer.Argument(..., help="Trained pipeline."),
    folder: Path = typer.Argument(..., help="Folder of the documents, a .spacy file for each corpus."),
    output: Path = typer.Argument(..., help="Folder; what is in it is written anew."),
) -> None:
    """Write the answers of a pipeline, entities given."""
    shutil.rmtree(output, ignore_errors=True)
    guidelines = spacy.load(model).get_pipe("events").guidelines
    for path in sorted(folder.glob("*.spacy")):
        of_corpus = output / path.stem
        of_corpus.mkdir(parents=True)
        convert = ["convert", path, of_corpus / "gold", "--from", "docbin", "--to", "a2"]
        extract = ["extract", of_corpus / "gold", "--output", of_corpus / "answers"]
        extract += ["--model", model, "--entities", "given", "--format", "a2"]
        if len(guidelines) > 1:
            extract += ["--guideline", path.stem]
        for command in (convert, extract):
            subprocess.run([*BIOMEDPLM, *map(str, command)], check=True)


if __name__ == "__main__":
    typer.run(main)
