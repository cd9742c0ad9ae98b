"""``biomedplm corpora``: the corpora of the field, where they are and what they hold."""

import json
from pathlib import Path
from typing import Any

import typer

from spacy_biomedplm.cli.console import handle_errors, say, say_error
from spacy_biomedplm.errors import BiomedplmError

corpora_app = typer.Typer(
    help="List, describe, find, fetch and count the corpora of the field.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_JSON = typer.Option(False, "--json", help="Print JSON instead of a table.")
_NAME = typer.Argument(..., metavar="NAME", help="Name of a corpus; see `biomedplm corpora list`.")


@corpora_app.command("list")
@handle_errors
def list_command(
    task: str | None = typer.Option(None, "--task", help="Such as ner, linking, relations, events, qa."),
    language: str | None = typer.Option(None, "--language", help="Two letters, such as es."),
    label: str | None = typer.Option(None, "--label", help="A label or a part of one, in any case: chemical."),
    availability: str | None = typer.Option(
        None, "--availability", help="Where it is to be had: here, public, agreement or unavailable."
    ),
    table: str | None = typer.Option(None, "--table", help="Table of the survey that lists it, 6 to 14."),
    as_json: bool = _JSON,
) -> None:
    """List the corpora of the catalogue.

    Example: biomedplm corpora list --task ner --label disease --availability here
    """
    from spacy_biomedplm.cli.corpus_queries import explain_root, list_corpora
    from spacy_biomedplm.cli.corpus_tables import print_list

    rows = list_corpora(task=task, language=language, label=label, availability=availability, table=table)
    _say_if(explain_root())
    if as_json:
        _print_json(rows)
    else:
        print_list(rows)


@corpora_app.command("info")
@handle_errors
def info_command(name: str = _NAME, as_json: bool = _JSON) -> None:
    """Show everything that the catalogue says of a corpus."""
    from spacy_biomedplm.cli.corpus_queries import describe_corpus, explain_root
    from spacy_biomedplm.cli.corpus_tables import print_info

    record = describe_corpus(name)
    _say_if(explain_root())
    if as_json:
        _print_json(record)
    else:
        print_info(record)


@corpora_app.command("path")
@handle_errors
def path_command(
    name: str = _NAME,
    split: str | None = typer.Argument(None, metavar="[SPLIT]", help="One split; all of them without it."),
) -> None:
    """Print the files of a corpus in the folder that BIOMEDPLM_CORPORA names, one a line."""
    from spacy_biomedplm.cli.corpus_queries import list_paths

    for path in list_paths(name, split):
        typer.echo(str(path))


@corpora_app.command("fetch")
@handle_errors
def fetch_command(
    name: str = _NAME,
    to: Path | None = typer.Option(
        None, "--to", help="Folder of corpora; without it the one that BIOMEDPLM_CORPORA names.", file_okay=False
    ),
) -> None:
    """Get the files of a corpus: from BIOMEDPLM_CORPORA if they are there, else from where they are published.

    Their digests are checked. A transfer that broke off goes on where it
    stopped when the same command is run again.
    """
    from spacy_biomedplm.cli.corpus_queries import fetch
    from spacy_biomedplm.cli.corpus_tables import FetchProgress

    with FetchProgress() as progress:
        for file in fetch(name, to, progress=progress.update):
            say(f"{file.how}: {file.path}")


@corpora_app.command("stats")
@handle_errors
def stats_command(
    names: list[str] = typer.Argument(None, metavar="NAME…", help="Names of corpora."),
    all_here: bool = typer.Option(False, "--all", help="Every corpus whose files are there and that can be read."),
    as_json: bool = _JSON,
) -> None:
    """Count documents, sentences, mentions, labels, relations and events, and compare with the published counts.

    A corpus that cannot be counted is said at the end, after the counts of
    the others; the exit code is then 1, if it was named.
    """
    from spacy_biomedplm.cli.corpus_queries import count
    from spacy_biomedplm.cli.corpus_tables import CountsProgress, print_statistics

    failures: dict[str, BiomedplmError] = {}
    with CountsProgress() as progress:
        rows = list(count(names or [], all_here=all_here, failures=failures, progress=progress.update))
    if as_json:
        _print_json([row.to_dict() for row in rows])
    elif rows:
        print_statistics(rows)
    for name, error in failures.items():
        say_error(f"{name}: {error}")
    if not failures.keys().isdisjoint(names or ()):
        raise typer.Exit(1)


def _say_if(note: str) -> None:
    if note:
        say(note)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
