"""Gold documents of a folder of corpora, what a pipeline finds in them, and which of it is right."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.attributes import MENTIONS_KEY
from spacy_biomedplm.ner.gold import annotated_labels, gold_mentions

Key = tuple[int, int, str]
HARMONISED = "harmonised"
CLEANER = "biomedplm_vector_cleaner"


@dataclass
class Found:
    """What a pipeline found in the documents of one corpus, by one guideline.

    corpus, guideline (str): Names; the guideline is "harmonised" if the pipeline has none of that corpus.
    labels (list[str]): Labels that are scored.
    counts (NDArray[np.int64]): Of each document and label: right, wrong, missed. Shape (documents, labels, 3).
    scores (NDArray[np.float64]): Probability of each mention that was found.
    right (NDArray[np.bool_]): Whether it is right: same characters and same label as a gold mention.
    documents (NDArray[np.int64]): Number of its document.
    words (int): Words of all documents, divided by white space.
    """

    corpus: str
    guideline: str
    labels: list[str]
    counts: NDArray[np.int64]
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    right: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    documents: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    words: int = 0


def compare_folder(
    nlp: Language, folder: Path, console: Console, *, only: list[str] | None = None, max_docs: int | None = None
) -> Iterator[Found]:
    """Yield what a pipeline finds in each corpus of a folder; texts are read raw, once for all guidelines.

    nlp (Language): A pipeline with a pipe "ner".
    folder (Path): With one NAME.spacy per corpus.
    console (Console): For the progress.
    only (list[str] | None): Only these corpora.
    max_docs (int | None): At most so many documents of each corpus.
    """
    after = nlp.pipe_names[nlp.pipe_names.index("ner") + 1 :]
    files = [file for file in sorted(folder.glob("*.spacy")) if not only or file.stem in only]
    for file in track(files, description=f"Reading {folder}", console=console):
        gold = list(DocBin().from_disk(file).get_docs(nlp.vocab))[:max_docs]
        # Relations, events and concepts take most of the time, and change no entity.
        with nlp.select_pipes(disable=[name for name in after if nlp.get_pipe_meta(name).factory != CLEANER]):
            predicted = list(nlp.pipe(doc.text for doc in gold))
        yield from compare(nlp, file.stem, gold, predicted)


def compare(nlp: Language, corpus: str, gold: list[Doc], predicted: list[Doc]) -> Iterator[Found]:
    """Yield the comparison of one corpus for each guideline that its documents are annotated for.

    nlp (Language): The pipeline that predicted.
    corpus (str): Name of the corpus.
    gold (list[Doc]): Reference documents. Every mention counts that has a label the corpus annotates.
    predicted (list[Doc]): The same texts, read by the pipeline.
    """
    ner = nlp.get_pipe("ner")
    annotated: dict[str, set[str]] = {}
    for doc in gold:
        for guideline, labels in annotated_labels(doc).items():
            annotated.setdefault(guideline, set()).update(labels)
    for guideline, labels in sorted(annotated.items()):
        if guideline in ner.guidelines:
            yield _compare(corpus, guideline, {label: label for label in labels}, gold, predicted)
            continue
        # No head of its own: what it annotates is compared with the harmonised view, as far as that covers it.
        table = {source: label for label, sources in ner.cfg["harmonisation"].items() for source in sources}
        mapped = {label: table[f"{guideline}/{label}"] for label in labels if f"{guideline}/{label}" in table}
        if mapped:
            yield _compare(corpus, HARMONISED, mapped, gold, predicted)


def _compare(corpus: str, guideline: str, names: dict[str, str], gold: list[Doc], predicted: list[Doc]) -> Found:
    labels = sorted(set(names.values()))
    counts = np.zeros((len(gold), len(labels), 3), dtype=np.int64)
    rows: list[tuple[int, float, bool]] = []
    for number, (reference, doc) in enumerate(zip(gold, predicted, strict=True)):
        wanted = {
            (span.start_char, span.end_char, names[span.label_])
            for span in gold_mentions(reference)
            if span.label_ in names
        }
        found = {key: score for key, score in _mentions(doc, guideline) if key[2] in labels}
        rows.extend((number, score, key in wanted) for key, score in found.items())
        for column, label in enumerate(labels):
            hits = sum(key[2] == label for key in found.keys() & wanted)
            n_found = sum(key[2] == label for key in found)
            n_wanted = sum(key[2] == label for key in wanted)
            counts[number, column] = hits, n_found - hits, n_wanted - hits
    return Found(
        corpus,
        guideline,
        labels,
        counts,
        scores=np.array([score for _, score, _ in rows], dtype=np.float64),
        right=np.array([is_right for _, _, is_right in rows], dtype=bool),
        documents=np.array([number for number, _, _ in rows], dtype=np.int64),
        words=sum(len(doc.text.split()) for doc in gold),
    )


def _mentions(doc: Doc, guideline: str) -> list[tuple[Key, float]]:
    if guideline == HARMONISED:
        return [((ent.start_char, ent.end_char, ent.label_), float(ent._.score or 0.0)) for ent in doc.ents]
    found = doc.user_data.get(MENTIONS_KEY, {}).get(guideline, [])
    return [((start, end, label), float(score)) for start, end, label, score in found]
