"""``biomedplm view``: a page with entities, relations and events."""

from pathlib import Path

import typer

from spacy_biomedplm.cli.console import handle_errors, say


@handle_errors
def view_command(
    inputs: list[str] = typer.Argument(
        ...,
        metavar="INPUT",
        help="Files or folders: .txt, .jsonl, PubTator, PubMed XML, each also with .gz; or - for text on stdin.",
    ),
    output: Path = typer.Option(..., "--output", "-o", help="The page, such as page.html."),
    model: str = typer.Option("en_biomed_trf", "--model", "-m", help="Installed model, or its folder."),
    guideline: str | None = typer.Option(
        None, "--guideline", "-g", help="Annotate as this corpus does, with its labels, such as bc5cdr."
    ),
    device: str = typer.Option("cpu", "--device", "-d", help="cpu, or cuda:0, cuda:1 …"),
    limit: int | None = typer.Option(None, "--limit", help="Show only so many documents. Default: all."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print no tables, only write the page."),
) -> None:
    """Write a page with the entities of documents highlighted, and print them.

    Relations and events, where the model finds them, are drawn as arcs over
    the text and listed in words. The page needs no network and runs no script. A page that this command
    wrote before is replaced.

    Example: echo "Aspirin reduced fever in rats." | biomedplm view - --output page.html
    """
    from spacy_biomedplm.cli.display import print_docs
    from spacy_biomedplm.cli.viewing import view

    found = view(inputs, output, model=model, guideline=guideline, device=device, limit=limit)
    print_docs(found, quiet=quiet)
    say(f"The page is '{output}'.")
