"""How often a linker finds the right concept for gold mentions of test splits; with names of the corpus and without.

python benchmarks/linking_accuracy.py
"""

import io
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import spacy
import typer
from _common import ROOT, OutputOption, TableOption, console, markdown_table, provenance, run, save
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from spacy_biomedplm.corpora.catalogue import find_root
from spacy_biomedplm.index.opening import build_lexical
from spacy_biomedplm.kb.assembly import assemble
from spacy_biomedplm.kb.config import SourceConfig, read_config
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.training.corpus import create_corpus_reader

PROJECT = ROOT / "projects" / "linking"
sys.path.insert(0, str(PROJECT / "scripts"))

from evaluate import count_mentions  # noqa: E402

MEDIC = "medic.toml"


@dataclass(frozen=True)
class Task:
    """Mentions to be linked.

    title (str): For the table.
    corpus (str): Of the catalogue.
    config (str): What the base is built from, in the project.
    labels (tuple[str, ...]): Labels of mentions; empty for all.
    learn (tuple[str, ...]): Splits that a linker learns from, those for tuning last.
    more (tuple[tuple[str, str, str], ...]): Other corpora, splits and labels whose names help at last.
    test (str): Split that counts.
    """

    title: str
    corpus: str
    config: str
    labels: tuple[str, ...] = ()
    learn: tuple[str, ...] = ("train", "dev")
    more: tuple[tuple[str, str, str], ...] = ()
    test: str = "test"


_BIORED = ("biored", "train", "DiseaseOrPhenotypicFeature")
TASKS = (
    Task("NCBI-disease", "ncbi-disease", MEDIC, more=(("bc5cdr", "train", "Disease"), _BIORED)),
    Task("BC5CDR, diseases", "bc5cdr", MEDIC, ("Disease",), more=(("ncbi-disease", "train", "Disease"), _BIORED)),
    Task("BC5CDR, chemicals", "bc5cdr", "chemicals.toml", ("Chemical",)),
    Task("Species-800", "species800-pubtator", "species.toml", learn=("train",)),
    Task("GNormPlus, genes", "gnormplus", "genes.toml", ("Gene",), learn=("train",)),
    Task("HPO GSC+", "hpo-gsc", "open.toml", learn=("dev",)),
    Task("E3C, English", "e3c", "open.toml", ("CLINENTITY",), learn=(), test="english-layer1"),
)


def build_base(task: Task, sources: Sequence[tuple[str, str, Sequence[str]]], folder: Path) -> Path:
    """Return a base with the names that corpora use, and its indexes.

    task (Task): For it. sources (Sequence): Corpora, splits and labels. folder (Path): For bases.
    """
    config = read_config(PROJECT / "configs" / task.config)
    plain = folder / config.name
    if not plain.exists():
        build_lexical(assemble(config, plain).base)
    if not sources:
        return plain
    parts = [part for corpus, split, labels in sources for part in (corpus, split, *labels)]
    out = folder / "-".join((config.name, *parts))
    if not out.exists():
        names = [
            SourceConfig(
                find_root() / corpus / split,
                "corpus",
                f"{corpus}/{split}",
                options={"base": str(plain), "labels": list(labels)},
            )
            for corpus, split, labels in sources
        ]
        build_lexical(assemble(replace(config, sources=(*config.sources, *names)), out).base)
    return out


def write_documents(task: Task, splits: Sequence[str], folder: Path) -> Path:
    """Return a folder with the documents of splits, for training; without those that share text with a test."""
    out = folder / "documents"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    nlp = spacy.blank("en")
    for split in splits:
        docs = [example.reference for example in create_corpus_reader(task.corpus, split, errors="skip")(nlp)]
        DocBin(store_user_data=True, docs=docs).to_disk(out / f"{split}.spacy")
    return out


def train_linker(task: Task, documents: Path, base: Path, seed: int) -> Language:
    """Return a linker that has learned from documents, with the settings of the project.

    task (Task): Whose labels count. documents (Path): Folder of ``write_documents``. base (Path): Knowledge base.
    seed (int): Of training.
    """
    overrides = {
        "paths.base": str(base),
        "system.seed": seed,
        "components.linker.labels": list(task.labels) or None,
    }
    config = load_config(PROJECT / "configs" / "linker.cfg", overrides=overrides)
    reader = {"@readers": "spacy-biomedplm.CorpusMixture.v1", "path": str(documents)}
    # Nothing is chosen by the scores during training: the last weights count.
    config["corpora"] = {"train": reader, "dev": {**reader, "max_docs": 1}}
    config["training"]["logger"] = {"@loggers": "spacy.ConsoleLogger.v1", "progress_bar": False}
    nlp = init_nlp(config)
    train(nlp, None, stdout=io.StringIO(), stderr=io.StringIO())
    return nlp


def score(nlp: Language, task: Task) -> dict[str, float]:
    """Return what ``count_mentions`` says of the test split, as shares in %. nlp (Language): With a linker."""
    examples = list(
        create_corpus_reader(task.corpus, task.test, given="entities", errors="skip", allow_noncommercial=True)(nlp)
    )
    for example, doc in zip(examples, nlp.pipe([example.predicted for example in examples]), strict=True):
        example.predicted = doc
    return count_mentions(examples, nlp.get_pipe("linker"))


def untrained(task: Task, base: Path) -> Language:
    """Return a linker that takes the most similar name. task (Task): For it. base (Path): Knowledge base."""
    nlp = spacy.blank("en")
    settings = {"linker_name": str(base), "labels": list(task.labels) or None, "threshold": 0.0}
    nlp.add_pipe("biomedplm_linker", name="linker", config=settings)
    return nlp


def measure(task: Task, seeds: int, folder: Path) -> list[dict[str, Any]]:
    """Return figures of a task for each way to learn. task (Task), seeds (int): Trainings. folder (Path): Scratch."""
    own = [(task.corpus, split, task.labels) for split in task.learn]
    more = [(corpus, split, (label,)) for corpus, split, label in task.more]
    ways: list[tuple[str, list[tuple[str, str, Any]], tuple[str, ...]]] = [("nothing", [], ())]
    for count in range(1, len(own) + 1):
        splits = task.learn[:count]
        if count == 1:
            ways.append((f"ranker: {splits[0]}", [], splits))
        ways.append((f"ranker and names: {' + '.join(splits)}", own[:count], splits))
    if more:
        others = ", ".join(corpus for corpus, _, _ in more)
        ways.append((f"{ways[-1][0]}, names of {others}", [*own, *more], task.learn))
    rows = []
    for way, sources, learn in ways:
        base = build_base(task, sources, folder)
        if learn:
            documents = write_documents(task, learn, folder)
            linkers = (train_linker(task, documents, base, seed) for seed in range(1, seeds + 1))
        else:
            linkers = iter([untrained(task, base)])
        runs = [score(linker, task) for linker in linkers]
        figures = {key: statistics.mean(run[key] for run in runs) for key in runs[0]}
        spread = statistics.stdev(run["accuracy"] for run in runs) if len(runs) > 1 else None
        known = KnowledgeBase.open(base)
        about = {"concepts": known.n_concepts, "names": known.n_names, "digest": known.digest}
        rows.append({"task": task.title, "learned_from": way, "base": {"name": known.name, **about}, **figures})
        rows[-1]["runs"] = [run["accuracy"] for run in runs]
        rows[-1]["spread"] = spread
        console.print(f"{task.title}, {way}: {figures['accuracy']:.2f}", highlight=False)
    return rows


def describe(row: dict[str, Any]) -> list[str]:
    """Return the cells of a row of the table."""
    spread = "" if row["spread"] is None else f" ± {row['spread']:.2f}"
    shares = [f"{row[key]:.1f}" for key in ("accuracy_all", "accuracy_covered", "missing")]
    return [
        row["task"],
        f"{row['base']['name']}, {row['base']['names']:,} names",
        row["learned_from"],
        f"{row['mentions']:,.0f}",
        f"{row['accuracy']:.1f}{spread}",
        *shares,
    ]


def main(
    seeds: int = typer.Option(3, min=1, help="Trainings of each linker."),
    only: str = typer.Option("", help="Corpora whose names hold this."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the accuracy of linkers."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="linking-") as scratch:
        for task in TASKS:
            if only in task.corpus:
                rows += measure(task, seeds, Path(scratch))
    record = {
        "figure": "accuracy@1 in % of gold mentions with a concept, those whose concept the base lacks among them",
        "rule": "any of a mention's concepts will do, as BioSyn counts; accuracy_all wants all of them and no other",
        **provenance(seeds),
        "results": rows,
    }
    columns = [
        "Test",
        "Base",
        "Learned from",
        "Mentions",
        "Accuracy@1",
        "All concepts",
        "Of those in the base",
        "Not in it",
    ]
    save(
        "linking_accuracy", record, markdown_table(columns, [describe(row) for row in rows]), output=output, docs=table
    )


if __name__ == "__main__":
    run(main)
