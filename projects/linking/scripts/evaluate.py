"""Score a linker on gold mentions of a split: accuracy@1 over all of them, and what the base lacks.

python scripts/evaluate.py training/ncbi-disease/model-best ncbi-disease test --output metrics/ncbi-disease.json
"""

import json
import time
from pathlib import Path
from typing import Any

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.attributes import get_links
from spacy_biomedplm.linking.component import BiomedLinker
from spacy_biomedplm.linking.gold import find_gold
from spacy_biomedplm.linking.mentions import entities_of
from spacy_biomedplm.training.corpus import create_corpus_reader

console = Console(stderr=True)


def best_links(doc: Doc, pipe: str) -> dict[tuple[int, int], set[str]]:
    """Return the ids of the best link of each entity by its first character and the one after the last."""
    found: dict[tuple[int, int], set[str]] = {}
    for span in entities_of(doc):
        links = get_links(span).get(pipe)
        found[span.start_char, span.end_char] = set(links[0].concept_id.split("|")) if links else set()
    return found


def count_any(examples: list[Example], linker: BiomedLinker) -> tuple[int, int]:
    """Return how many mentions with a concept there are, and how many of them have a right one and no wrong one.

    As BioSyn's ``check_label``: of several concepts of a mention any one will do.
    """
    total = right = 0
    for example in examples:
        found = best_links(example.predicted, linker.name)
        for gold in find_gold(example.reference, linker.kb, linker.cfg["labels"], write_out=False):
            if gold.concepts:
                start, end = (int(part) for part in gold.mention.key.split(":")[:2])
                ids = found.get((start, end), set())
                total += 1
                right += bool(ids) and ids <= set().union(*gold.concepts)
    return total, right


def evaluate(
    model: Path = typer.Argument(..., help="Trained pipeline."),
    corpus: str = typer.Argument(..., help="Corpus of the catalogue."),
    split: str = typer.Argument("test", help="Split of it."),
    output: Path = typer.Option(..., "--output", help="JSON file."),
) -> None:
    """Score a linker on gold mentions."""
    nlp = spacy.load(model)
    linker = nlp.get_pipe("linker")
    assert isinstance(linker, BiomedLinker)
    examples = list(create_corpus_reader(corpus, split, given="entities")(nlp))
    started = time.perf_counter()
    for example, doc in zip(examples, nlp.pipe([example.predicted for example in examples]), strict=True):
        example.predicted = doc
    seconds = time.perf_counter() - started
    total, right = count_any(examples, linker)
    scores: dict[str, Any] = {
        "corpus": corpus,
        "split": split,
        "base": {"name": linker.kb.name, "digest": linker.kb.digest, "names": linker.kb.n_names},
        "mentions": total,
        "accuracy_any": right / total,
        **linker.score(examples),
        "mentions_per_second": round(total / seconds),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf8")
    table = Table(title=f"{corpus}, {split}", show_header=False)
    for name, value in scores.items():
        if isinstance(value, (int, float)):
            table.add_row(name, f"{value:.2%}" if isinstance(value, float) else f"{value:,}")
    console.print(table)


if __name__ == "__main__":
    typer.run(evaluate)
