"""Entities and concepts of the shipped pipeline from plain text: mentions with concepts, concepts of documents.

python benchmarks/linking_end_to_end.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import spacy
from _common import MODEL, ModelOption, OutputOption, TableOption, markdown_table, provenance, run, save
from rich.progress import track
from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.attributes import get_links
from spacy_biomedplm.corpora import load_corpus
from spacy_biomedplm.corpora.catalogue import get_corpus
from spacy_biomedplm.linking.component import BiomedLinker
from spacy_biomedplm.linking.gold import find_gold
from spacy_biomedplm.scoring import PRF, count

TASKS = (("bc5cdr", "Chemical"), ("bc5cdr", "Disease"), ("ncbi-disease", "Disease"))
Place = tuple[int, int]


def find_linker(nlp: Language) -> BiomedLinker:
    """Return the linker of a pipeline. RAISES (FileNotFoundError): If it has none."""
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, BiomedLinker):
            return pipe
    raise FileNotFoundError("The pipeline has no biomedplm_linker. Give --model another one.")


def gold_of(doc: Doc, linker: BiomedLinker, label: str) -> Iterator[tuple[Place, set[str], str]]:
    """Yield place, ids of the base that are right, and the id of the corpus, of each mention of one concept or more."""
    for gold in find_gold(doc, linker.kb, [label], write_out=False):
        start, end = (int(part) for part in gold.mention.key.split(":")[:2])
        for number, ids in enumerate(gold.concepts):
            # A concept that the base lacks is missed by name.
            yield (start, end), set(ids), f"missing {gold.mention.name.casefold()} {number}" if not ids else min(ids)


def found_of(doc: Doc, linker: BiomedLinker, label: str) -> Iterator[tuple[Place, str]]:
    """Yield place and concept of the entities of a label."""
    for span in doc.ents:
        if span.label_ == label:
            best = get_links(span).get(linker.name) or ()
            for concept in best[0].concept_id.split("|") if best else ():
                yield (span.start_char, span.end_char), concept


def score(nlp: Language, corpus: str, label: str) -> dict[str, Any]:
    """Return scores of the test split. nlp (Language): With a linker. corpus, label (str): What is scored."""
    linker = find_linker(nlp)
    nlp.get_pipe("ner").set_guideline(get_corpus(corpus).guideline)  # type: ignore[attr-defined]
    gold_docs = list(load_corpus(corpus, "test", nlp.vocab))
    mentions = documents = PRF()
    texts = [doc.text for doc in gold_docs]
    for reference, doc in zip(gold_docs, track(nlp.pipe(texts), corpus, len(texts)), strict=True):
        gold = list(gold_of(reference, linker, label))
        found = list(found_of(doc, linker, label))
        # Of the ids that are right for a gold concept the one that was found stands for it.
        ids = {id for _, id in found}
        wanted = [(place, min(right & ids, default=name)) for place, right, name in gold]
        mentions += count(set(found), set(wanted))
        documents += count(ids, {id for _, id in wanted})
    return {
        "corpus": corpus,
        "label": label,
        **{
            f"{level}_{name}": round(100 * value, 2)
            for level, total in (("mention", mentions), ("document", documents))
            for name, value in (("precision", total.precision), ("recall", total.recall), ("f1", total.f1))
        },
    }


def main(model: str = ModelOption, output: Path = OutputOption, table: Path = TableOption) -> None:
    """Measure entities with their concepts from plain text."""
    nlp = spacy.load(model)
    base = find_linker(nlp).kb
    rows = [score(nlp, corpus, label) for corpus, label in TASKS]
    record = {
        "figure": "F1 in %: of mentions (characters and concept), and of the concepts of documents",
        "model": MODEL,
        "base": {"name": base.name, "digest": base.digest, "concepts": base.n_concepts, "names": base.n_names},
        **provenance(None),
        "results": rows,
    }
    levels = [f"{level}_{name}" for level in ("mention", "document") for name in ("precision", "recall", "f1")]
    cells = [[f"{row['corpus']}, {row['label']}", *(f"{row[key]:.1f}" for key in levels)] for row in rows]
    columns = ["Test", *(f"{level} {name}" for level in ("Mention", "Document") for name in ("P", "R", "F1"))]
    save("linking_end_to_end", record, markdown_table(columns, cells), output=output, docs=table)


if __name__ == "__main__":
    run(main)
