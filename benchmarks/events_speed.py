"""What each pipe of the shipped pipeline costs, and how long a long document with many entities takes.

python benchmarks/events_speed.py
"""

import statistics
import time
from collections import deque
from itertools import cycle
from pathlib import Path
from typing import Any

import spacy
import typer
from _common import (
    ModelOption,
    OutputOption,
    TableOption,
    abstracts,
    console,
    count_words,
    markdown_table,
    provenance,
    run,
    save,
)
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.corpora import Report, load_corpus
from spacy_biomedplm.given import find_finders

WORDS, ENTITIES = 5000, 500
STEPS = ("ner", "abbreviations", "linker", "relations", "events")
"""Pipes in the order in which they are added; those that a pipeline lacks are left out."""


def long_document(nlp: Language) -> Doc:
    """Return development documents of CG as one document of 5,000 words with 500 entities, spread evenly."""
    docs = load_corpus("bionlp-st-2013-cg", "dev", spacy.blank("en").vocab, report=Report(errors="repair"))
    words: list[str] = []
    spaces: list[bool] = []
    places: list[tuple[int, int, str]] = []
    for doc in cycle(list(docs)):
        if len(words) >= WORDS:
            break
        places += [(len(words) + span.start, len(words) + span.end, span.label_) for span in doc.spans[ENTITIES_KEY]]
        words += [token.text for token in doc]
        spaces += [bool(token.whitespace_) for token in doc]
    kept = [place for place in places if place[1] <= WORDS]
    if len(kept) < ENTITIES:
        raise typer.BadParameter(f"The documents have {len(kept)} entities in {WORDS} words, wanted {ENTITIES}.")
    chosen = [kept[number * len(kept) // ENTITIES] for number in range(ENTITIES)]
    found = Doc(nlp.vocab, words=words[:WORDS], spaces=spaces[:WORDS])
    found.spans[ENTITIES_KEY] = [Span(found, start, stop, label=label) for start, stop, label in chosen]
    return found


def seconds_of(nlp: Language, texts: list[str], enabled: list[str]) -> float:
    """Return how long texts take with some of the pipes."""
    with nlp.select_pipes(enable=enabled):
        begin = time.perf_counter()
        deque(nlp.pipe(texts), maxlen=0)
        return time.perf_counter() - begin


def main(
    model: str = ModelOption,
    repeats: int = typer.Option(3, min=1, help="Turns; the median counts."),
    docs: int | None = typer.Option(200, min=1, help="Abstracts."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the speed of the chain."""
    nlp = spacy.load(model)
    texts = abstracts(docs)
    added = [name for name in STEPS if name in nlp.pipe_names]
    helpers = [name for name in nlp.pipe_names if name not in STEPS]
    stages = {name: [*helpers, *added[: number + 1]] for number, name in enumerate(added)}
    seconds: dict[str, list[float]] = {name: [] for name in stages}
    long: list[float] = []
    for pipes in stages.values():
        seconds_of(nlp, texts[:20], pipes)
    for turn in range(repeats):
        for name, pipes in stages.items():
            seconds[name].append(seconds_of(nlp, texts, pipes))
            console.print(f"turn {turn + 1}/{repeats}: up to {name} {seconds[name][-1]:.1f} s")
    with nlp.select_pipes(disable=find_finders(nlp)):
        for _ in range(repeats + 1):
            document = long_document(nlp)
            begin = time.perf_counter()
            read = nlp(document)
            long.append(time.perf_counter() - begin)
            console.print(f"{WORDS:,} words with {ENTITIES} entities: {long[-1]:.2f} s, {len(read._.events):,} events")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    record: dict[str, Any] = {
        "figure": "wall-clock seconds, medians, of the pipeline with its pipes added one after the other; and of one "
        "document with given entities (all pipes but those that find entities; the first turn is left out)",
        **provenance(None),
        "documents": len(texts),
        "words": count_words(texts),
        "seconds": seconds,
        "abstracts_per_second": {name: round(len(texts) / value, 1) for name, value in medians.items()},
        "share_of_entities_alone": {name: round(medians[added[0]] / value, 3) for name, value in medians.items()},
        "long_document": {"words": WORDS, "entities": ENTITIES, "seconds": long[1:]},
    }
    save("events_speed", record, table_of(record, medians), output=output, docs=table)


def table_of(record: dict[str, Any], medians: dict[str, float]) -> str:
    """Return the table of a run."""
    rows = []
    before = 0.0
    whole = list(medians.values())[-1]
    for name, value in medians.items():
        speed = record["abstracts_per_second"][name]
        share = record["share_of_entities_alone"][name]
        rows.append([name, f"{100 * (value - before) / whole:.0f} %", f"{speed:,.1f}", f"{share:.2f}"])
        before = value
    header = ["pipes up to", "share of the time", "abstracts/s", "of the speed of entities alone"]
    long = statistics.median(record["long_document"]["seconds"])
    return f"{markdown_table(header, rows)}\n\n{WORDS:,} words with {ENTITIES} given entities: {long:.2f} s."


if __name__ == "__main__":
    run(main)
