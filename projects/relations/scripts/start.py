"""Write the encoder of a trained pipeline as a folder that another training can start from.

python scripts/start.py en_biomed_trf data/encoder
"""

import shutil
from pathlib import Path

import spacy
import typer

from spacy_biomedplm.encoder.loading import save_plm
from spacy_biomedplm.layers.torch_shim import torch_shim


def main(
    pipeline: str = typer.Argument(..., help="Installed pipeline, or folder, with the encoder in its pipe `tok2vec`."),
    output: Path = typer.Argument(..., help="Folder that is written anew."),
) -> None:
    """Write the encoder."""
    shim = torch_shim(spacy.load(pipeline).get_pipe("tok2vec").model)
    shutil.rmtree(output, ignore_errors=True)
    save_plm(shim.cfg, shim.module, output)


if __name__ == "__main__":
    typer.run(main)
