"""``biomedplm extract``: entities, relations and events of many documents to one file or folder."""

from enum import Enum
from pathlib import Path

import typer

from spacy_biomedplm.cli.console import INTERRUPTED, handle_errors, say
from spacy_biomedplm.cli.convert import Errors
from spacy_biomedplm.errors import BiomedplmError


class OutputFormat(str, Enum):
    """Formats that can be written."""

    jsonl = "jsonl"
    pubtator = "pubtator"
    a2 = "a2"
    csv = "csv"


class Table(str, Enum):
    """Tables that CSV can have."""

    events = "events"
    relations = "relations"
    entities = "entities"


class Entities(str, Enum):
    """Where entities come from."""

    predicted = "predicted"
    given = "given"


@handle_errors
def extract_command(
    inputs: list[str] = typer.Argument(
        ...,
        metavar="INPUT",
        help="Files or folders: .txt (one document each), .jsonl, PubTator, PubMed XML; each also with .gz. With "
        "--entities given: annotated documents in any format that `biomedplm convert` reads.",
    ),
    output: Path = typer.Option(
        ..., "--output", "-o", help="Output file; it must not exist. With .gz: compressed. With a2: a folder."
    ),
    model: str = typer.Option("en_biomed_trf", "--model", "-m", help="Installed model, or its folder."),
    output_format: OutputFormat = typer.Option(
        OutputFormat.jsonl,
        "--format",
        "-f",
        help="jsonl keeps all: scores, guidelines, overlapping spans. pubtator keeps the flat entities. a2: files of "
        "the BioNLP shared tasks. csv: a table.",
    ),
    table: Table = typer.Option(Table.events, "--table", "-t", help="Which table csv has."),
    entities: Entities = typer.Option(
        Entities.predicted,
        "--entities",
        "-e",
        help="given: take the entities of the input (.a1, .ann, PubTator, BioC, jsonl …); the model finds none.",
    ),
    source_format: str | None = typer.Option(
        None, "--from", help="Format of given entities, as of `biomedplm convert`, if names do not tell."
    ),
    errors: Errors = typer.Option(
        Errors.stop, "--errors", help="With given entities: raise at broken items, skip them, or repair them if safe."
    ),
    guideline: str | None = typer.Option(
        None, "--guideline", "-g", help="Entities, relations and events as this corpus has them, such as bc5cdr."
    ),
    batch_size: int = typer.Option(128, "--batch-size", "-b", help="Documents per batch."),
    n_process: int = typer.Option(1, "--n-process", "-n", help="Processes; -1 for one per CPU. Each loads the model."),
    device: str = typer.Option("cpu", "--device", "-d", help="cpu, or cuda:0, cuda:1 …"),
    resume: bool = typer.Option(False, "--resume", help="Go on with an interrupted run of the same command."),
) -> None:
    """Find entities, relations and events of documents.

    What is found depends on the model. The output grows as OUTPUT.partial and gets its name when it is complete.
    After an interruption, repeat the command with --resume: the result is
    the same as without one.

    Examples:
    biomedplm extract abstracts.xml.gz notes/ --output found.jsonl
    biomedplm extract devel/ --entities given --format a2 --output answers/ --guideline bionlp-st-2013-cg
    """
    from spacy_biomedplm.cli.display import ExtractProgress, print_extract_summary
    from spacy_biomedplm.cli.extraction import ExtractOptions, extract

    options = ExtractOptions(
        inputs=tuple(inputs),
        output=output,
        model=model,
        output_format=output_format.value,
        table=table.value,
        given=entities is Entities.given,
        source_format=source_format,
        errors=errors.value,
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
    print_extract_summary(summary, output, table_of=table.value if output_format is OutputFormat.csv else "")


def _what_is_kept(output: Path, documents: int) -> str:
    if not documents:
        return ""
    return f" {documents:,} documents are kept in '{output}.partial'. Go on with the same command and --resume."
