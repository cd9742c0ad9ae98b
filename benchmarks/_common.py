"""What the benchmarks share: texts, words, the same encoder for other systems, memory, results."""

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
import typer
from rich.console import Console
from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.corpora import load_corpus
from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.errors import BiomedplmError

ROOT = Path(__file__).resolve().parents[1]
# How a number is written down is the same for the project that trains the pipeline.
sys.path.append(str(ROOT / "projects" / "en_biomed_trf" / "scripts"))

from records import describe, fill_marker, markdown_table, provenance, write_json  # noqa: E402

__all__ = ["describe", "fill_marker", "markdown_table", "provenance", "write_json"]

MODEL = "en_biomed_trf"
RESULTS = ROOT / "benchmarks" / "results"
DOCS = ROOT / "docs" / "benchmarks.md"
console = Console()

ModelOption = typer.Option(MODEL, help="Installed pipeline, or folder.")
OutputOption = typer.Option(RESULTS, help="Folder of the JSON file.")
TableOption = typer.Option(DOCS, help="Markdown file whose markers are filled.")


def gold_docs(split: str, limit: int | None = None) -> list[Doc]:
    """Return documents of BC5CDR, tokenised by spaCy's English rules.

    split (str): "train", "dev" or "test".
    limit (int | None): Only so many, for a trial.
    """
    return list(load_corpus("bc5cdr", split, spacy.blank("en").vocab))[:limit]


def abstracts(limit: int | None = None) -> list[str]:
    """Return the texts of the BC5CDR test set: title and abstract.

    limit (int | None): Only so many, for a trial.
    """
    return [doc.text for doc in gold_docs("test", limit)]


def count_words(texts: list[str]) -> int:
    """Return how many tokens spaCy's own English tokenizer makes: the unit of speed for every system.

    texts (list[str]): Any texts.
    """
    tokenizer = spacy.blank("en").tokenizer
    return sum(len(tokenizer(text)) for text in texts)


def stock_config(encoder: Path) -> Any:
    """Return the config of spaCy's own `transformer` and `ner` as `spacy init config --gpu` writes it.

    encoder (Path): Hugging Face folder. Everything else is the default, windows of 128 tokens every 96 among them.
    """
    from spacy.cli.init_config import init_config

    config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=True, silent=True)
    config["components"]["transformer"]["model"]["name"] = str(encoder)
    return config


def encoder_of(nlp: Language) -> tuple[dict[str, Any], PlmNetwork]:
    """Return the stored config and the network of a pipeline's encoder."""
    shim = nlp.get_pipe("tok2vec").model.shims[0]
    return shim.cfg, shim.module


def resident_mb() -> float:
    """Return the resident memory of this process in MB (10⁶ bytes); needs Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def save(name: str, record: dict[str, Any], table: str, *, output: Path, docs: Path) -> None:
    """Write the result of a benchmark and fill its table.

    name (str): Name of the benchmark, of its JSON file and of the markers.
    record (dict[str, Any]): With what ``provenance`` returns.
    table (str): Markdown.
    output (Path): Folder of the JSON file.
    docs (Path): Markdown file with the markers.
    """
    write_json(output / f"{name}.json", record)
    console.print(table, highlight=False, markup=False, soft_wrap=True)
    filled = docs.exists() and fill_marker(docs, name, f"{table}\n\n{describe(record)}")
    console.print(f"Written to {output / f'{name}.json'}" + (f" and {docs}." if filled else "."), soft_wrap=True)


def run(main: Callable[..., None]) -> None:
    """Run a benchmark as a command; what it cannot find is one message, not a traceback.

    main (Callable): The command.
    """

    def guarded(**options: Any) -> None:
        try:
            main(**options)
        except (BiomedplmError, OSError) as error:
            # On stderr: a benchmark may read the stdout of itself in a fresh process.
            Console(stderr=True).print(str(error), style="red", markup=False, highlight=False)
            raise typer.Exit(1) from error

    guarded.__signature__ = inspect.signature(main)
    guarded.__doc__ = main.__doc__
    typer.run(guarded)
