"""Write the held-out documents of all corpora of the catalogue, which pre-training must not learn from, as JSONL.

python scripts/exclusions.py data/held_out.jsonl --corpora-dir $BIOMEDPLM_CORPORA
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spacy_biomedplm.corpora import Corpus, Report, read_catalogue, read_corpus
from spacy_biomedplm.corpora.catalogue import is_here

# Corpora without splits that are scored as a whole.
WHOLE = ("ab3p",)

console = Console()


def is_held_out(corpus: Corpus, split: str) -> bool:
    """Tell whether the documents of a split must not be learned from.

    corpus (Corpus): The corpus. split (str): One of its splits.
    RETURNS (bool): False for "train" and further training parts ("train-2018"), for a corpus of raw text, and for one
        without splits that is not in WHOLE.
    """
    if corpus.tasks == ("pre-training",) or split.partition("-")[0] == "train":
        return False
    return split != "all" or corpus.name in WHOLE


def find_splits(root: Path) -> tuple[list[tuple[Corpus, str]], dict[str, str]]:
    """Return the held-out splits that can be read, and why the others cannot.

    root (Path): Folder of all corpora.
    """
    found: list[tuple[Corpus, str]] = []
    others: dict[str, str] = {}
    for corpus in read_catalogue().values():
        for split in corpus.splits:
            if not is_held_out(corpus, split):
                continue
            if not is_here(corpus, split, root):
                others[f"{corpus.name}/{split}"] = "not there"
            elif corpus.reader is None:
                others[f"{corpus.name}/{split}"] = "no reader"
            else:
                found.append((corpus, split))
    return found, others


def read_documents(corpus: Corpus, split: str, root: Path, report: Report) -> Iterator[dict[str, str | None]]:
    """Yield the documents of a split: "id" (such as "pmid:123", or None), "text" and "corpus".

    corpus (Corpus): The corpus. split (str): One of its splits. root (Path): Folder of all corpora.
    report (Report): Of what had to be left out.
    """
    for record in read_corpus(corpus.name, split, root, report, allow_noncommercial=True):
        if record.text.strip():
            yield {"id": corpus.public_id(record.doc_id), "text": record.text, "corpus": f"{corpus.name}/{split}"}


def main(
    output: Path = typer.Argument(..., help="File that is written."),
    corpora_dir: Path = typer.Option(
        ..., envvar="BIOMEDPLM_CORPORA", exists=True, file_okay=False, help="Folder with one folder per corpus."
    ),
) -> None:
    """Write the held-out documents."""
    found, others = find_splits(corpora_dir)
    if not found:
        console.print(f"{corpora_dir} holds no corpus of the catalogue (biomedplm corpora list).", style="red")
        raise typer.Exit(1)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f"{output.name}.partial")
    counts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    with partial.open("w", encoding="utf8") as stream:
        for corpus, split in track(found, description="Reading held-out documents", console=console):
            # Documents that cannot be read are in no score either; those that were published so are known.
            report = Report(errors="repair")
            for document in read_documents(corpus, split, corpora_dir, report):
                stream.write(json.dumps(document, ensure_ascii=False) + "\n")
                counts[f"{corpus.name}/{split}"] += 1
            left_out[f"{corpus.name}/{split}"] = sum(report.counts.values())
    partial.replace(output)
    table = Table("split", "documents", "broken items", box=None)
    for name, count in counts.items():
        table.add_row(name, f"{count:,}", f"{left_out[name]:,}")
    table.add_row("all", f"{counts.total():,}", f"{left_out.total():,}")
    console.print(table)
    for reason in sorted(set(others.values())):
        names = [name for name, why in others.items() if why == reason]
        console.print(f"Not excluded, {reason}: {', '.join(names)}", style="yellow")


if __name__ == "__main__":
    typer.run(main)
