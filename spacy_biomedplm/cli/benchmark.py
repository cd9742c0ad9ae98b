"""``biomedplm benchmark``: a suite of tasks, one table."""

import json

import typer

from spacy_biomedplm.cli.console import handle_errors


@handle_errors
def benchmark_command(
    suite: str = typer.Argument(
        ...,
        metavar="SUITE",
        help="blurb, blue, bionlp-st, mtl-bioinformatics or linking; or a JSON file of the same form.",
    ),
    model: str = typer.Option(..., "--model", "-m", help="Installed model, or its folder."),
    device: str = typer.Option("cpu", "--device", "-d", help="cpu, or cuda:0, cuda:1 …"),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table."),
    allow_noncommercial: bool = typer.Option(
        False, "--allow-noncommercial", help="Read corpora whose terms forbid commercial use."
    ),
) -> None:
    """Score a model on the tasks of a suite and average over those that could be run.

    Tasks that could not be run are listed with the reason: the model has no
    component for them, or the corpus is not in the folder that
    BIOMEDPLM_CORPORA names.

    Example: biomedplm benchmark blurb --model en_biomed_trf
    """
    from spacy_biomedplm.cli.benchmarking import benchmark
    from spacy_biomedplm.cli.display import print_suite

    name, result = benchmark(suite, model, device=device, allow_noncommercial=allow_noncommercial)
    if as_json:
        typer.echo(json.dumps({"model": name, **result.to_dict()}, indent=2, ensure_ascii=False))
    else:
        print_suite(result, name)
