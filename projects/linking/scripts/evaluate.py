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


def count_mentions(examples: list[Example], linker: BiomedLinker) -> dict[str, float]:
    """Return how often the right concept was found.

    RETURNS (dict[str, float]): "mentions", gold mentions with a concept. "accuracy": those with a right concept and no
        wrong one as the best link, in %; of several concepts of a mention any one will do, as BioSyn's ``check_label``
        counts. "accuracy_all": those with all of them. "missing": those none of whose concepts is in the base.
        "accuracy_covered": "accuracy" among the others.
    """
    total = right = complete = covered = 0
    for example in examples:
        found = best_links(example.predicted, linker.name)
        for gold in find_gold(example.reference, linker.kb, linker.cfg["labels"], write_out=False):
            if gold.concepts:
                start, end = (int(part) for part in gold.mention.key.split(":")[:2])
                ids = found.get((start, end), set())
                hit = bool(ids) and ids <= set().union(*gold.concepts)
                total += 1
                right += hit
                complete += hit and all(concept & ids for concept in gold.concepts) and len(ids) == len(gold.concepts)
                covered += any(gold.concepts)
    shares = {"accuracy": (right, total), "accuracy_all": (complete, total), "accuracy_covered": (right, covered)}
    return {
        "mentions": total,
        **{name: 100 * part / max(whole, 1) for name, (part, whole) in shares.items()},
        "missing": 100 * (total - covered) / max(total, 1),
    }


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
    scores: dict[str, Any] = {
        "corpus": corpus,
        "split": split,
        "base": {"name": linker.kb.name, "digest": linker.kb.digest, "names": linker.kb.n_names},
        **count_mentions(examples, linker),
        "documents_per_second": round(len(examples) / seconds),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf8")
    table = Table(title=f"{corpus}, {split}", show_header=False)
    for name, value in scores.items():
        if isinstance(value, (int, float)):
            table.add_row(name, f"{value:.2f}" if isinstance(value, float) else f"{value:,}")
    console.print(table)


if __name__ == "__main__":
    typer.run(evaluate)
