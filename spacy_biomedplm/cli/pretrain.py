"""``biomedplm pretrain``: train an encoder on raw text; works where spaCy is not installed."""

from pathlib import Path

import typer

from spacy_biomedplm.cli.console import handle_errors


@handle_errors
def pretrain_command(
    config: Path = typer.Argument(..., help="TOML file: model, corpora, objective, training."),
    output: Path = typer.Option(
        ..., "--output", "-o", help="Folder of the run. One that was cut off goes on from its last checkpoint."
    ),
    until: int | None = typer.Option(None, "--until", min=1, help="Stop after this step, with a checkpoint."),
) -> None:
    """Train an encoder on raw text.

    Writes OUTPUT/log.jsonl (loss, perplexity, pieces per second of every
    step), OUTPUT/checkpoint.safetensors, and at the end OUTPUT/model, a
    Hugging Face folder. With several devices start it by
    "accelerate launch -m spacy_biomedplm.cli pretrain …".
    """
    from spacy_biomedplm.cli.pretraining import pretrain

    pretrain(config, output, until)
