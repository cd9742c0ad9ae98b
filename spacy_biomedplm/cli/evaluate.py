"""``biomedplm evaluate``: exact-match scores on a corpus."""

import json

import typer

from spacy_biomedplm.cli.console import handle_errors, say
from spacy_biomedplm.errors import coded


@handle_errors
def evaluate_command(
    model: str = typer.Argument(..., metavar="MODEL", help="Installed model, or its folder."),
    corpus: str = typer.Argument(
        ...,
        metavar="CORPUS",
        help="Known corpus such as bc5cdr (in the folder that BIOMEDPLM_CORPORA names), or a file, folder or archive.",
    ),
    split: str = typer.Option("test", "--split", "-s", help="Split of a known corpus: train, dev or test."),
    source_format: str | None = typer.Option(
        None,
        "--format",
        "-f",
        help="Format of a file or folder, as `biomedplm convert` names them; else its name says.",
    ),
    guideline: str | None = typer.Option(
        None, "--guideline", "-g", help="Guideline that the model follows. Default: that of the corpus."
    ),
    device: str = typer.Option("cpu", "--device", "-d", help="cpu, or cuda:0, cuda:1 …"),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table."),
    allow_noncommercial: bool = typer.Option(
        False, "--allow-noncommercial", help="Read a corpus whose terms forbid commercial use."
    ),
) -> None:
    """Score a model on a corpus: exact-match entities, and the corpus' own metrics.

    An entity is right if its characters and its label are those of a gold
    mention. Recall counts all gold mentions. Scores are per label and micro.
    Metrics for which the model has no component are listed with the reason.

    Example: biomedplm evaluate en_biomed_trf bc5cdr --split test
    """
    from spacy_biomedplm.cli.display import print_metrics, print_scores
    from spacy_biomedplm.cli.evaluation import evaluate

    result = evaluate(
        model,
        corpus,
        split=split,
        guideline=guideline,
        device=device,
        allow_noncommercial=allow_noncommercial,
        source_format=source_format,
    )
    if result.foreign_labels:
        found, gold = ", ".join(result.foreign_labels), ", ".join(result.labels)
        say(f"Warning {coded('W602', found=found, gold=gold)}")
    # Zeros that nobody asked for must not pass for a score.
    exit_code = 1 if result.foreign_labels and guideline is None else 0
    if as_json:
        typer.echo(json.dumps(result.to_dict(), indent=2))
        raise typer.Exit(exit_code)
    where = corpus if result.split is None else f"{corpus}, {split} split"
    notes = [f"{result.model}, {result.documents:,} documents, {result.words:,} words"]
    if result.seconds:
        notes = [
            f"{result.model}; exact match; guideline: {result.guideline or 'harmonised labels'}",
            f"{result.documents:,} documents, {result.words:,} words, {result.words / result.seconds:,.0f} words/s",
        ]
    if result.unplaced:
        notes.append(f"{result.unplaced} gold mentions do not fit the text of the corpus and are counted as missed")
    if result.harmonised:
        pairs = ", ".join(f"{found} as {gold}" for found, gold in result.harmonised.items())
        notes.append(f"The model does not follow this corpus: its harmonised labels were compared ({pairs})")
    if result.labels or not result.outcomes:
        print_scores(where, result.labels, result.micro, notes)
        notes = []
    if result.outcomes:
        print_metrics(f"{where}: metrics of the corpus", result.outcomes, notes)
    raise typer.Exit(exit_code)
