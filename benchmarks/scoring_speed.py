"""How long it takes to score events as the shared tasks do, on one core.

python benchmarks/scoring_speed.py
"""

import random
import time
from pathlib import Path
from typing import Any

import typer
from _common import OutputOption, TableOption, markdown_table, provenance, run, save
from _perturb import Perturber, Schema

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events
from spacy_biomedplm.types import DocumentRecord

CORPORA = {
    "GE09": "bionlp-st-2009",
    "GE11": "bionlp-st-2011-ge",
    "GE13": "bionlp-st-2013-ge",
    "EPI11": "bionlp-st-2011-epi",
    "ID11": "bionlp-st-2011-id",
    "CG13": "bionlp-st-2013-cg",
    "PC13": "bionlp-st-2013-pc",
}
# Share of the events that are wrong in the answers.
RATE = 0.3


def measure(name: str, events: int, repeats: int, seed: int) -> dict[str, Any]:
    """Return how long the scoring of a corpus takes.

    name (str): Name of the rule.
    events (int): Gold events, at least; documents are taken several times if there are fewer.
    repeats (int): The shortest time of so many is taken.
    seed (int): Of the answers.
    """
    gold = _take(CORPORA[name], events)
    rule = EVENT_RULES[name]
    perturber = Perturber(Schema(gold, rule.given), random.Random(seed), RATE)
    answers = [perturber.answer(record) for record in gold]
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        for task in rule.tasks:
            score_events(gold, answers, rule=rule, task=task)
        seconds.append(time.process_time() - start)
    return {
        "documents": len(gold),
        "gold_events": sum(len(record.events) for record in gold),
        "answers": sum(len(record.events) for record in answers),
        "tasks": list(rule.tasks),
        "seconds": round(min(seconds), 3),
    }


def _take(corpus: str, events: int) -> list[DocumentRecord]:
    report = Report(errors="repair")
    (path,) = find_files(get_corpus(corpus), "train", find_root())["path"]
    taken: list[DocumentRecord] = []
    count = 0
    for record in read_brat(path, report=report):
        if count >= events:
            break
        taken.append(fit(record, report))
        count += len(record.events)
    return taken


def main(
    events: int = typer.Option(3_000, min=1, help="Gold events, at least, if the corpus has as many."),
    repeats: int = typer.Option(3, min=1, help="The shortest time counts."),
    seed: int = typer.Option(1, help="Of the wrong answers."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Score events of each shared task, all its tasks one after the other."""
    results = {name: measure(name, events, repeats, seed) for name in CORPORA}
    record = {"figure": "Seconds to score events", **provenance(seed), "rate": RATE, "rules": results}
    rows = [
        [name, CORPORA[name], f"{r['gold_events']:,}", f"{r['answers']:,}", str(len(r["tasks"])), f"{r['seconds']:.2f}"]
        for name, r in results.items()
    ]
    header = ["rule", "corpus", "gold events", "answers", "tasks", "seconds"]
    save("scoring_speed", record, markdown_table(header, rows, left=2), output=output, docs=table)


if __name__ == "__main__":
    run(main)
