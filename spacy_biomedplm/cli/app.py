"""The commands under one name."""

import typer

from spacy_biomedplm.about import __title__, __version__
from spacy_biomedplm.cli.benchmark import benchmark_command
from spacy_biomedplm.cli.convert import convert_command
from spacy_biomedplm.cli.corpora import corpora_app
from spacy_biomedplm.cli.evaluate import evaluate_command
from spacy_biomedplm.cli.extract import extract_command
from spacy_biomedplm.cli.info import info_command
from spacy_biomedplm.cli.kb import kb_app
from spacy_biomedplm.cli.plm import plm_app
from spacy_biomedplm.cli.pretrain import pretrain_command
from spacy_biomedplm.cli.view import view_command
from spacy_biomedplm.cli.vocab import vocab_app

app = typer.Typer(
    name="biomedplm",
    help="Mine biomedical text with spaCy pipelines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("extract")(extract_command)
app.command("evaluate")(evaluate_command)
app.command("benchmark")(benchmark_command)
app.command("convert")(convert_command)
app.add_typer(corpora_app, name="corpora")
app.add_typer(plm_app, name="plm")
app.command("pretrain")(pretrain_command)
app.add_typer(vocab_app, name="vocab")
app.add_typer(kb_app, name="kb")
app.command("info")(info_command)
app.command("view")(view_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{__title__} {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Mine biomedical text with spaCy pipelines."""


def main() -> None:
    """Run the console command."""
    app(prog_name="biomedplm")
