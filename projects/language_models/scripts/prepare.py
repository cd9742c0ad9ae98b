"""Write what the recipes learn from into one folder: raw text, a task with its own text, DNA as k-mers.

python scripts/prepare.py data --text abstracts.txt --train train.pubtator --dev dev.pubtator --sequences dna.fasta
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import spacy
import typer
from rich.console import Console
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit, read_pubtator
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.sequences import write_kmers
from spacy_biomedplm.plm.text import iter_texts

# Names the guideline, the layer of annotation that a head learns.
TASK = "task"
# As "run" in configs/dna.toml.
K = 4

console = Console()


def read_fasta(lines: Iterable[str]) -> Iterator[str]:
    """Yield the sequences of a FASTA file.

    lines (Iterable[str]): Its lines; those with ">" begin a sequence.
    """
    parts: list[str] = []
    for line in lines:
        if line.startswith(">"):
            if parts:
                yield "".join(parts)
            parts = []
        else:
            parts.append(line.strip())
    if parts:
        yield "".join(parts)


def read_task(path: Path, vocab: Vocab) -> list[Doc]:
    """Return annotated documents, each annotated for all labels of the file.

    path (Path): PubTator. vocab (Vocab): Of the pipeline that tokenises.
    """
    report = Report()
    docs = [make_doc(vocab, fit(record, report)) for record in read_pubtator(path, report=report)]
    labels = sorted({span.label_ for doc in docs for span in doc.spans["entities"]})
    for doc in docs:
        doc._.annotated = {"ner": {TASK: labels}}
    return docs


def write_texts(path: Path, texts: Iterable[dict[str, str | None]]) -> int:
    """Return how many texts were written as JSONL.

    path (Path): New file. texts (Iterable[dict]): "id" and "text" of each.
    """
    with path.open("w", encoding="utf8") as stream:
        return sum(bool(stream.write(json.dumps(text, ensure_ascii=False) + "\n")) for text in texts)


def write_task(folder: Path, train: list[Doc], dev: list[Doc]) -> None:
    """Write annotated documents as DocBins, the training text without annotation, and what must not be learned from.

    folder (Path): The folder. train, dev (list[Doc]): The documents.
    """
    for part, docs in (("train", train), ("dev", dev)):
        (folder / part).mkdir(exist_ok=True)
        DocBin(docs=docs, store_user_data=True).to_disk(folder / part / f"{TASK}.spacy")
    for name, docs in (("task.jsonl", train), ("held_out.jsonl", dev)):
        write_texts(folder / name, ({"id": doc._.doc_id, "text": doc.text} for doc in docs))


def main(
    output: Path = typer.Argument(..., help="Folder that is written."),
    text: list[Path] = typer.Option(..., exists=True, help="Raw text: files (.txt, .jsonl, PubMed .xml) and folders."),
    train: Path = typer.Option(..., exists=True, help="Annotated documents of the task, PubTator."),
    dev: Path = typer.Option(..., exists=True, help="Annotated documents that are scored, PubTator."),
    sequences: Path = typer.Option(..., exists=True, help="DNA, FASTA."),
) -> None:
    """Write the data of the recipes."""
    output.mkdir(parents=True, exist_ok=True)
    vocab = spacy.blank("en").vocab
    try:
        found = ({"id": raw.id, "text": raw.text} for path in text for raw in iter_texts(path))
        n_texts = write_texts(output / "text.jsonl", found)
        task = [read_task(path, vocab) for path in (train, dev)]
    except BiomedplmError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error
    write_task(output, *task)
    with sequences.open(encoding="utf8") as stream:
        kmers = [write_kmers(sequence, K) for sequence in read_fasta(stream)]
    (output / "dna.txt").write_text("".join(f"{line}\n" for line in kmers), encoding="utf8")
    console.print(
        f"{output}: {n_texts:,} texts, {len(task[0]):,} and {len(task[1]):,} annotated documents, {len(kmers):,} "
        "sequences of DNA."
    )


if __name__ == "__main__":
    typer.run(main)
