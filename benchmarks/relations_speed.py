"""Pairs and documents per second of `biomedplm_relations`, and of the same encoder as a sequence classifier of pairs.

python benchmarks/relations_speed.py
"""

import statistics
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import spacy
import torch
import typer
from _common import (
    ModelOption,
    OutputOption,
    TableOption,
    abstracts,
    console,
    count_words,
    encoder_of,
    markdown_table,
    provenance,
    run,
    save,
)
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.corpora import Report, load_corpus
from spacy_biomedplm.encoder.loading import save_plm
from spacy_biomedplm.relations.candidates import create_pair_candidates
from spacy_biomedplm.relations.presentation import present_apart
from spacy_biomedplm.relations.schemes import infer_schemes
from spacy_biomedplm.training.starting import start_from

SEED = 1
NAMES = {
    "shared": "ours, shared: one pass for a document",
    "per_pair": "ours, per pair: a marked copy for each",
    "classifier": "Hugging Face sequence classifier, one row for a pair",
    "concepts": "en_biomed_trf, entities and concepts",
    "both": "en_biomed_trf, entities, concepts and relations",
}
Work: TypeAlias = Callable[[], Callable[[], object]]
"""Gets everything ready, and returns what is timed."""

_ROWS = 32


def gold(limit: int | None) -> list[Doc]:
    """Return documents of the development part of DrugProt with their entities and relations."""
    docs = load_corpus("drugprot", "dev", spacy.blank("en").vocab, report=Report(errors="repair"))
    return list(islice(docs, limit))


def make_pipeline(execution: str, encoder: Path, width: int, docs: Iterable[Doc]) -> Language:
    """Return a pipeline with relations that has weights, but has learned nothing: speed does not depend on it."""
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})
    model = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(encoder), "width": width}
    settings: dict[str, Any] = {"pooling": "start", "context": "attention"}
    if execution == "shared":
        nlp.add_pipe("tok2vec", config={"model": model})
        model = {"@architectures": "spacy.Tok2VecListener.v1", "width": width, "upstream": "tok2vec"}
        settings = {}
    classifier = {"@architectures": "spacy-biomedplm.PairClassifier.v1", "tok2vec": model, **settings}
    markers = "typed" if execution == "per_pair" else "none"
    nlp.add_pipe("biomedplm_relations", config={"model": classifier, "execution": execution, "markers": markers})
    examples = [Example(start_from(doc, nlp, "entities"), doc) for doc in docs]
    nlp.initialize(lambda: examples)
    return nlp


def read_with(nlp: Language, docs: Iterable[Doc]) -> Work:
    """Return what a pipeline does with documents whose entities are given."""

    def start() -> Callable[[], object]:
        starts = [start_from(doc, nlp, "entities") for doc in docs]
        return lambda: deque(nlp.pipe(starts, batch_size=64), maxlen=0)

    return start


def classify_with(encoder: Path, texts: list[str], labels: int) -> Work:
    """Return what is commonly done: the rows of a batch padded to the longest, in the order of the documents."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=labels).eval()

    def read() -> None:
        with torch.inference_mode():
            for first in range(0, len(texts), _ROWS):
                batch = tokenizer(texts[first : first + _ROWS], padding=True, truncation=True, return_tensors="pt")
                model(**batch).logits.argmax(1)

    return lambda: read


def seconds_for(read: Callable[[], object]) -> float:
    """Return how long something takes."""
    begin = time.perf_counter()
    read()
    return time.perf_counter() - begin


def main(
    model: str = ModelOption,
    repeats: int = typer.Option(3, min=1, help="Turns; the median counts."),
    docs: int | None = typer.Option(200, min=1, help="Documents."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the speed of relations."""
    spacy.util.fix_random_seed(SEED)
    documents = gold(docs)
    (scheme,) = infer_schemes(documents, {}, {})
    types = {type: type for type in scheme.types}
    pairs = [create_pair_candidates()(doc, scheme, types).pairs for doc in documents]
    count = sum(map(len, pairs))
    copies, _ = present_apart(documents, pairs, {type: 0 for type in types}, "typed")
    texts = abstracts(docs)
    flagship = spacy.load(model)
    with tempfile.TemporaryDirectory() as folder:
        encoder = Path(folder)
        save_plm(*encoder_of(flagship), encoder)
        width = encoder_of(flagship)[0]["width"]
        systems = {
            name: read_with(make_pipeline(name, encoder, width, documents[:20]), documents)
            for name in ("shared", "per_pair")
        }
        systems["classifier"] = classify_with(encoder, [copy.text for copy in copies], 1 + len(scheme.labels))
        for name, excluded in (("concepts", ["relations", "events"]), ("both", ["events"])):
            nlp = spacy.load(model, exclude=excluded)
            systems[name] = lambda nlp=nlp: lambda: deque(nlp.pipe(texts), maxlen=0)  # type: ignore[misc]
        for work in systems.values():
            work()()
        seconds: dict[str, list[float]] = {name: [] for name in systems}
        for turn in range(repeats):
            for name, work in systems.items():
                seconds[name].append(seconds_for(work()))
                console.print(f"turn {turn + 1}/{repeats}: {name} {seconds[name][-1]:.1f} s")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    record = {
        "figure": "wall-clock seconds, medians; relations over gold entities of DrugProt development documents, pairs "
        "of a sentence; and the shipped pipeline (entities, abbreviations, concepts) without and with its relations",
        **provenance(SEED),
        "documents": len(documents),
        "pairs": count,
        "words": count_words(texts),
        "seconds": seconds,
        "pairs_per_second": {name: round(count / medians[name]) for name in ("shared", "per_pair", "classifier")},
        "times_classifier": {
            name: round(medians["classifier"] / medians[name], 2) for name in ("shared", "per_pair", "classifier")
        },
        "cost_of_relations": round(1 - medians["concepts"] / medians["both"], 4),
    }
    save("relations_speed", record, table_of(record, medians), output=output, docs=table)


def table_of(record: dict[str, Any], medians: dict[str, float]) -> str:
    """Return the table of a run."""
    times = record["times_classifier"]
    rows = [
        [NAMES[name], f"{speed:,}", f"{record['documents'] / medians[name]:,.1f}", f"{times[name]}"]
        for name, speed in record["pairs_per_second"].items()
    ]
    first = markdown_table(["system", "pairs/s", "documents/s", "times the classifier"], rows)
    rows = [[NAMES[name], f"{record['words'] / medians[name]:,.0f}"] for name in ("concepts", "both")]
    second = markdown_table(["pipeline", "words/s"], rows)
    cost = f"Relations cost {100 * record['cost_of_relations']:.0f} % of the throughput."
    return f"{first}\n\n{second}\n\n{cost}"


if __name__ == "__main__":
    run(main)
