"""``biomedplm kb``: knowledge bases: build one, look into it, compare and export it."""

import json
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from spacy_biomedplm.cli.console import err_console, handle_errors, say

kb_app = typer.Typer(
    help="Build, search, show, compare and export knowledge bases.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_JSON = typer.Option(False, "--json", help="Print JSON instead of a table.")
_BASE = typer.Option(..., "--kb", help="Knowledge base: its folder, or its name in that of BIOMEDPLM_KB.")
_FOLDER = typer.Argument(..., metavar="KB", help="Knowledge base: its folder, or its name in that of BIOMEDPLM_KB.")
_FILTERS = "Filters"
_SOURCE = typer.Option(None, "--source", help="Only names of these sources.", rich_help_panel=_FILTERS)
_LANGUAGE = typer.Option(None, "--language", help="Only names of these languages: en.", rich_help_panel=_FILTERS)
_TYPE = typer.Option(None, "--type", help="Only these semantic types: T047.", rich_help_panel=_FILTERS)
_GROUP = typer.Option(None, "--group", help="Only these semantic groups: DISO, CHEM.", rich_help_panel=_FILTERS)
_TERM_TYPE = typer.Option(None, "--term-type", help="Only these kinds of names: EXACT, PT.", rich_help_panel=_FILTERS)
_SUPPRESSED = typer.Option(
    False, "--suppressed", help="Names that their source advises against, too.", rich_help_panel=_FILTERS
)
_OBSOLETE = typer.Option(False, "--obsolete", help="What its source has given up, too.", rich_help_panel=_FILTERS)


class Errors(str, Enum):
    """What is done with broken rows."""

    stop = "raise"
    skip = "skip"
    repair = "repair"


class Form(str, Enum):
    """Forms in which a base is exported."""

    jsonl = "jsonl"
    tsv = "tsv"
    scispacy = "scispacy"


@kb_app.command("build")
@handle_errors
def build_command(
    inputs: list[str] = typer.Argument(
        ..., metavar="CONFIG|SOURCE…", help="A config (.toml), or files and folders, each as PATH or FORMAT:PATH."
    ),
    out: Path = typer.Option(..., "--out", "-o", help="New folder."),
    format: str | None = typer.Option(None, "--from", help="Format of the sources that name none."),
    name: str | None = typer.Option(None, "--name", help="Name of the base; by default that of the config or folder."),
    indexes: bool = typer.Option(False, "--indexes", help="Make the lexical indexes too, see `biomedplm kb index`."),
    definitions: bool = typer.Option(True, "--definitions/--no-definitions", help="Keep definitions."),
    errors: Errors | None = typer.Option(
        None, "--errors", help="Stop at what is broken (raise, the default), leave it out, or mend what can be mended."
    ),
    source: list[str] = _SOURCE,
    language: list[str] = _LANGUAGE,
    type: list[str] = _TYPE,
    group: list[str] = _GROUP,
    term_type: list[str] = _TERM_TYPE,
    suppressed: bool = _SUPPRESSED,
    obsolete: bool = _OBSOLETE,
    as_json: bool = _JSON,
) -> None:
    """Build a knowledge base from the UMLS and other vocabularies.

    Example: biomedplm kb build umls:2024AA/META -o umls --language en --indexes

    Example: biomedplm kb build diseases.toml -o diseases
    """
    from spacy_biomedplm.cli.kb_building import build
    from spacy_biomedplm.cli.kb_inputs import read_inputs
    from spacy_biomedplm.cli.kb_tables import print_build

    config = read_inputs(
        inputs,
        out,
        format=format,
        name=name,
        filters=_filters(source, language, type, group, term_type, suppressed, obsolete),
        definitions=definitions,
        errors=errors.value if errors else None,
    )
    built, made = build(config, out, indexes=indexes)
    if as_json:
        _print_json(built.to_dict())
    else:
        print_build(built, made)


@kb_app.command("index")
@handle_errors
def index_command(
    kb: str = _FOLDER,
    encoder: Path | None = typer.Option(
        None, metavar="FOLDER", help="Encoder for a dense index of vectors of names, which is copied into the base."
    ),
    graph: bool = typer.Option(False, help="A graph of neighbours for the dense index: for 300,000 names or more."),
) -> None:
    """Make the indexes that a knowledge base lacks, and anew those that are damaged.

    Names after normalisation and character trigrams; with an encoder its
    vectors too, which take a minute for some 50,000 names on two cores.

    Example: biomedplm kb index diseases --encoder assets/biomed_minilm-0.1.0
    """
    from spacy_biomedplm.index.opening import (
        DENSE,
        add_dense,
        build_lexical,
        find_damaged,
        list_indexes,
        remove_index,
    )
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base

    folder = find_base(kb)
    base = KnowledgeBase.open(folder)
    damaged = find_damaged(base)
    for index, error in damaged.items():
        if index != DENSE or encoder is not None:
            say(f"{index} is made anew. {error}")
            remove_index(base, index)
    made = build_lexical(base)
    if encoder is not None and DENSE not in list_indexes(base):
        with err_console().status(f"Vectors of {base.n_names:,} names …"):
            add_dense(base, encoder, graph=graph)
        made.append(DENSE)
    if DENSE in damaged and encoder is None:
        # Only who made it knows the encoder.
        raise damaged[DENSE]
    say(f"{', '.join(made)} written to {folder}" if made else f"All indexes are in {folder}")


@kb_app.command("search")
@handle_errors
def search_command(
    text: str = typer.Argument(..., metavar="TEXT", help="A name."),
    kb: str = _BASE,
    k: int = typer.Option(10, "-k", help="Most concepts."),
    source: list[str] = _SOURCE,
    language: list[str] = _LANGUAGE,
    type: list[str] = _TYPE,
    group: list[str] = _GROUP,
    term_type: list[str] = _TERM_TYPE,
    suppressed: bool = _SUPPRESSED,
    obsolete: bool = _OBSOLETE,
    as_json: bool = _JSON,
) -> None:
    """Find the concepts that a text may name.

    A base without indexes finds names that are the text but for case,
    punctuation, plural and order of words, by looking at each of them.

    Example: biomedplm kb search "breast cancer" --kb diseases --group DISO
    """
    from dataclasses import asdict

    from spacy_biomedplm.cli.kb_queries import explain_nothing, search
    from spacy_biomedplm.cli.kb_tables import print_found
    from spacy_biomedplm.index.opening import list_indexes
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base

    base = KnowledgeBase.open(find_base(kb))
    if not list_indexes(base):
        say("The base has no indexes: only equal names are found, one by one. `biomedplm kb index` makes them.")
    filters = _filters(source, language, type, group, term_type, suppressed, obsolete)
    rows = search(base, text, k, filters)
    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        names = {type: one.name for type, one in base.semantic_types.types.items()}
        print_found(rows, names, explain_nothing(base, filters))


@kb_app.command("show")
@handle_errors
def show_command(
    id: str = typer.Argument(..., metavar="ID", help="Id of a concept, a former one, or one of another vocabulary."),
    kb: str = _BASE,
    as_json: bool = _JSON,
) -> None:
    """Show everything that a knowledge base says of a concept.

    Example: biomedplm kb show MESH:D003920 --kb diseases
    """
    from spacy_biomedplm.cli.kb_queries import show
    from spacy_biomedplm.cli.kb_tables import print_concept
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base

    record = show(KnowledgeBase.open(find_base(kb)), id)
    if as_json:
        _print_json(record)
    else:
        print_concept(record)


@kb_app.command("info")
@handle_errors
def info_command(
    kb: str = _FOLDER,
    verify: bool = typer.Option(False, "--verify", help="Compare all files with their checksums, indexes too."),
    as_json: bool = _JSON,
) -> None:
    """Show what a knowledge base holds: counts, sources with versions and licences, languages, types, indexes."""
    from spacy_biomedplm.cli.kb_queries import describe
    from spacy_biomedplm.cli.kb_tables import print_description
    from spacy_biomedplm.index.opening import find_damaged
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base

    base = KnowledgeBase.open(find_base(kb), verify=verify)
    for error in find_damaged(base).values() if verify else ():
        raise error
    record = describe(base)
    if as_json:
        _print_json(record)
    else:
        print_description(record)


@kb_app.command("diff")
@handle_errors
def diff_command(
    old: str = typer.Argument(..., metavar="A", help="A knowledge base."),
    new: str = typer.Argument(..., metavar="B", help="Another one."),
    limit: int = typer.Option(20, "--limit", min=0, help="Most concepts that are shown; all are counted."),
    as_json: bool = typer.Option(False, "--json", help="Print every concept that differs, one JSON object a line."),
) -> None:
    """Show which concepts were added, removed and changed from A to B."""
    from dataclasses import asdict

    from spacy_biomedplm.cli.kb_tables import print_differences
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base
    from spacy_biomedplm.kb.comparison import count_differences, iter_differences

    differences = iter_differences(KnowledgeBase.open(find_base(old)), KnowledgeBase.open(find_base(new)))
    shown: list[Any] = []

    def watch() -> Any:
        for one in differences:
            if as_json:
                typer.echo(json.dumps(asdict(one), ensure_ascii=False))
            elif len(shown) < limit:
                shown.append(one)
            yield one

    counts = count_differences(watch())
    if not as_json:
        print_differences(counts, shown)


@kb_app.command("export")
@handle_errors
def export_command(
    kb: str = _FOLDER,
    output: Path = typer.Option(..., "--output", "-o", help="New file; gzip'd if its name ends in .gz; - for stdout."),
    form: Form = typer.Option(Form.jsonl, "--format", help="jsonl and tsv keep all and can be built again."),
    source: list[str] = _SOURCE,
    language: list[str] = _LANGUAGE,
    type: list[str] = _TYPE,
    group: list[str] = _GROUP,
    term_type: list[str] = _TERM_TYPE,
    suppressed: bool = _SUPPRESSED,
    obsolete: bool = _OBSOLETE,
) -> None:
    """Write a knowledge base as one file of text.

    Names that are suppressed or obsolete are written where the options say so.

    Example: biomedplm kb export diseases -o diseases.jsonl.gz
    """
    from spacy_biomedplm.kb import KnowledgeBase
    from spacy_biomedplm.kb.bases import find_base
    from spacy_biomedplm.kb.export import STANDARD, export

    filters = _filters(source, language, type, group, term_type, suppressed, obsolete)
    count = export(KnowledgeBase.open(find_base(kb)), output, form.value, filters)
    say(f"{count:,} concepts written to {'standard output' if str(output) == STANDARD else output}")


def _filters(
    source: list[str] | None,
    language: list[str] | None,
    type: list[str] | None,
    group: list[str] | None,
    term_type: list[str] | None,
    suppressed: bool,
    obsolete: bool,
) -> Any:
    from spacy_biomedplm.kb import Filters

    return Filters(
        tuple(source or ()),
        tuple(language or ()),
        tuple(type or ()),
        tuple(group or ()),
        tuple(term_type or ()),
        suppressed,
        obsolete,
    )


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
