"""``biomedplm extract``: entities of many documents to one file."""

from enum import Enum
from pathlib import Path

import typer

from spacy_biomedplm.cli.console import INTERRUPTED, handle_errors, say
from spacy_biomedplm.errors import BiomedplmError


class OutputFormat(str, Enum):
    """Formats that can be written."""

    jsonl = "jsonl"
    pubtator = "pubtator"


@handle_errors
def extract_command(
    inputs: list[str] = typer.Argument(
        ...,
        metavar="INPUT",
        help="Files or folders: .txt (one document each), .jsonl, PubTator, PubMed XML; each also with .gz.",
    ),
    output: Path = typer.Option(..., "--output", "-o", help="Output file; it must not exist. With .gz: compressed."),
    model: str = typer.Option("en_biomed_trf", "--model", "-m", help="Installed model, or its folder."),
    output_format: OutputFormat = typer.Option(
        OutputFormat.jsonl,
        "--format",
        "-f",
        help="jsonl keeps all: scores, guidelines, overlapping spans. pubtator keeps the flat entities.",
    ),
    guideline: str | None = typer.Option(
        None, "--guideline", "-g", help="Annotate as this corpus does, with its labels, such as bc5cdr."
    ),
    batch_size: int = typer.Option(128, "--batch-size", "-b", help="Documents per batch."),
    n_process: int = typer.Option(1, "--n-process", "-n", help="Processes; -1 for one per CPU. Each loads the model."),
    device: str = typer.Option("cpu", "--device", "-d", help="cpu, or cuda:0, cuda:1 …"),
    resume: bool = typer.Option(False, "--resume", help="Go on with an interrupted run of the same command."),
) -> None:
    """Find the entities of documents and write one record for each document.

    The output grows as OUTPUT.partial and gets its name when it is complete.
    After an interruption, repeat the command with --resume: the result is
    the same as without one.

    Example: biomedplm extract abstracts.xml.gz notes/ --output entities.jsonl
    """
    from spacy_biomedplm.cli.display import ExtractProgress, print_extract_summary
    from spacy_biomedplm.cli.extraction import ExtractOptions, extract

    options = ExtractOptions(
        inputs=tuple(inputs),
        output=output,
        model=model,
        output_format=output_format.value,
        guideline=guideline,
        batch_size=batch_size,
        n_process=n_process,
        device=device,
        resume=resume,
    )
    progress = ExtractProgress()
    try:
        with progress:
            summary = extract(options, progress.update)
    except BiomedplmError as error:
        raise BiomedplmError(f"{error}{_what_is_kept(output, progress.documents)}") from error
    except KeyboardInterrupt as error:
        say(f"Interrupted.{_what_is_kept(output, progress.documents)}")
        raise typer.Exit(INTERRUPTED) from error
    print_extract_summary(summary, output)


def _what_is_kept(output: Path, documents: int) -> str:
    if not documents:
        return ""
    return f" {documents:,} documents are kept in '{output}.partial'. Go on with the same command and --resume."
