"""Score a trained pipeline on a split with the official metric; entities and concepts are given, or it finds them.

python scripts/evaluate.py training/ddi2013/model-best corpus/ddi2013/test ddi2013 metrics/ddi2013.json
"""

import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.corpora.catalogue import get_corpus
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.evaluation.relations import score_relations
from spacy_biomedplm.evaluation.scores import Score
from spacy_biomedplm.given import find_finders
from spacy_biomedplm.kb.curies import join_id
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.component import BiomedLinker
from spacy_biomedplm.relations.component import BiomedRelations
from spacy_biomedplm.relations.schemes import GUIDELINE, annotated_labels
from spacy_biomedplm.training.starting import start_from
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord

sys.path.append(str(Path(__file__).resolve().parents[2] / "en_biomed_trf" / "scripts"))

from records import provenance, write_json

METRICS = {
    "ddi2013": "ddi-f1",
    "drugprot": "drugprot-f1",
    "bc5cdr": "cid-f1",
    "biored": "biored",
}
"""Official metric of a corpus; micro F1 over all relations for the others."""

HELPERS = ("tok2vec", "vector_cleaner")
"""Pipes that find nothing themselves."""

console = Console()


def main(
    model: Path = typer.Argument(..., help="Trained pipeline."),
    folder: Path = typer.Argument(..., help="Folder of the documents."),
    corpus: str = typer.Argument(..., help="Name of the corpus."),
    output: Path = typer.Argument(..., help="File for the scores."),
    seed: int = typer.Option(1, help="Seed that the pipeline was trained with."),
    given: str = typer.Option("concepts", help="What documents have from the start: concepts, entities or nothing."),
) -> None:
    """Score a pipeline."""
    nlp = spacy.load(model)
    docs = list(DocBin().from_disk(folder / f"{corpus}.spacy").get_docs(nlp.vocab))
    score, seconds = evaluate(nlp, docs, corpus, given)
    record = {
        "corpus": corpus,
        "metric": METRICS.get(corpus, "relation-f1"),
        "given": given,
        "pipeline": " + ".join(name for name in nlp.component_names if name not in HELPERS),
        "execution": _extractor(nlp).settings.execution,
        **provenance(seed),
        "documents": len(docs),
        "seconds": round(seconds, 1),
        **describe(score),
    }
    write_json(output, record)
    show(record)


def evaluate(nlp: Language, docs: Iterable[Doc], corpus: str, given: Any = "concepts") -> tuple[Score, float]:
    """Return the score of a pipeline on gold documents, and the seconds that it took to read them.

    given ("nothing" | "entities" | "concepts"): See ``start_from``; pipes that would find what is given are switched
        off, "nothing" scores the whole chain.
    """
    gold = list(docs)
    for name in find_finders(nlp, given) if given != "nothing" else ():
        nlp.disable_pipe(name)
    guidelines = {name for doc in gold for name in annotated_labels(doc)}
    start = time.perf_counter()
    found = list(nlp.pipe([start_from(doc, nlp, given) for doc in gold]))
    seconds = time.perf_counter() - start
    answers = [predicted(doc, guidelines) for doc in found]
    linkers = [pipe for name, pipe in nlp.pipeline if isinstance(pipe, BiomedLinker)]
    records = [make_record(doc) for doc in gold]
    if linkers:
        vocabularies = get_corpus(corpus).layers.get("linking", ())
        records = [
            in_base(record, answer, linkers[-1].kb, vocabularies)
            for record, answer in zip(records, answers, strict=True)
        ]
    if corpus in METRICS:
        return get_metric(METRICS[corpus]).score(records, answers), seconds
    is_directed = any(scheme.name in guidelines and not scheme.symmetric for scheme in _extractor(nlp).schemes)
    return score_relations(records, answers, directed=is_directed), seconds


def _extractor(nlp: Language) -> BiomedRelations:
    return next(pipe for _, pipe in nlp.pipeline if isinstance(pipe, BiomedRelations))


def in_base(
    record: DocumentRecord, answer: DocumentRecord, base: KnowledgeBase, vocabularies: Iterable[str]
) -> DocumentRecord:
    """Return a gold record with the concepts of its relations as those of a base; one that it lacks is missed.

    answer: What was found. Of concepts of the base that stand for one of the corpus, the one that was found counts.
    """
    given = {argument.target for relation in answer.relations for argument in relation.arguments}

    def convert(argument: ArgumentRecord) -> ArgumentRecord:
        if argument.kind != "concept":
            return argument
        ids = {id for vocabulary in vocabularies for id in base.find(join_id(vocabulary, argument.target))}
        return replace(argument, target=min(ids & given or ids, default=argument.target))

    relations = (replace(one, arguments=tuple(map(convert, one.arguments))) for one in record.relations)
    return replace(record, relations=tuple(relations))


def predicted(doc: Doc, guidelines: Collection[str]) -> DocumentRecord:
    """Return what a pipeline says of a document by these guidelines."""
    record = make_record(doc)
    return replace(record, relations=tuple(one for one in record.relations if one.infons.get(GUIDELINE) in guidelines))


def describe(score: Score) -> dict[str, Any]:
    """Return the numbers of a score."""
    labels = {label: prf.to_dict() for label, prf in score.labels.items()}
    return {"f1": score.main, **score.counts.to_dict(), "more": score.more, "labels": labels}


def show(record: dict[str, Any]) -> None:
    """Print the scores of each label."""
    table = Table("label", "precision", "recall", "F1", title=f"{record['corpus']}: {record['metric']}")
    for label, row in {"all": record, **record["labels"]}.items():
        table.add_row(label, *(f"{100 * row[key]:.2f}" for key in ("precision", "recall", "f1")))
    console.print(table)
    for name, value in record["more"].items():
        console.print(f"{name} {100 * value:.2f}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
