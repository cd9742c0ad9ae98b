"""``biomedplm convert``: annotated documents from one format to another."""

import json
import sys
from enum import Enum
from pathlib import Path

import typer

from spacy_biomedplm.cli.console import handle_errors
from spacy_biomedplm.errors import BiomedplmError, coded


class Errors(str, Enum):
    """What to do with broken items."""

    stop = "raise"
    skip = "skip"
    repair = "repair"


@handle_errors
def convert_command(
    source: Path = typer.Argument(
        ..., metavar="IN", help="File, folder or archive; .gz, .tar.gz and .zip are read in place."
    ),
    target: Path = typer.Argument(..., metavar="OUT", help="File or folder; it must not exist."),
    source_format: str | None = typer.Option(None, "--from", "-f", help="Format of IN; see below."),
    target_format: str | None = typer.Option(None, "--to", "-t", help="Format of OUT; see below."),
    errors: Errors = typer.Option(
        Errors.stop,
        "--errors",
        "-e",
        help="Broken items: raise stops at the first, skip leaves them out, repair mends what has one safe repair.",
    ),
    problems: Path | None = typer.Option(None, "--problems", help="JSON file of all broken items and all counts."),
) -> None:
    """Convert annotated documents between formats without loss.

    Formats: brat, a2, bioc-xml, bioc-json, pubtator, conll, jsonl, bigbio,
    i2b2, i2b2-medication, ddi, ppi, chemprot, drugprot, knowtator, ebm-nlp,
    pubmed-xml, txt, docbin; read only: i2b2-xml, jats. They are guessed from
    names where that is safe (.spacy, .jsonl, .pubtator …). What OUT cannot
    express is counted, never dropped in silence.

    Example: biomedplm convert corpus/ corpus.xml --from brat --to bioc-xml
    """
    from spacy_biomedplm.cli.conversion import convert
    from spacy_biomedplm.cli.display import CountProgress, print_conversion
    from spacy_biomedplm.corpora.problems import Report

    if problems is not None and not problems.parent.is_dir():
        raise BiomedplmError(coded("B627", path=problems, reason=f"there is no folder '{problems.parent}'"))
    report = Report(errors=errors.value, limit=sys.maxsize if problems is not None else 10_000)
    with CountProgress() as progress:
        done = convert(
            source,
            target,
            source_format=source_format,
            target_format=target_format,
            report=report,
            progress=progress.update,
        )
    if problems is not None:
        problems.write_text(json.dumps(done.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf8")
    print_conversion(done, target)
