"""Write the corpora of the catalogue as DocBins, with no held-out document in the training data.

python scripts/prepare.py --corpora-dir $BIOMEDPLM_CORPORA --output corpus/ [--final]
"""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import spacy
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.corpora import Corpus, Report, get_corpus, load_corpus
from spacy_biomedplm.corpora.deduplication import fingerprint
from spacy_biomedplm.corpora.exclusion import hold_out_tests
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.held_out import Fingerprint, HeldOut, Match, tabulate

ATTRIBUTES = ["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"]
DEV_SHARE = 0.10
FINAL_DEV_SHARE = 0.08

# What the shipped pipeline is trained on. The terms of ddi2013 forbid commercial use: it is not among them.
CORPORA = (
    "anatem",
    "bc2gm",
    "bc5cdr",
    "bioid",
    "bionlp09-ner",
    "bionlp11epi-ner",
    "bionlp11id-ner",
    "bionlp13cg-ner",
    "bionlp13ge-ner",
    "bionlp13pc-ner",
    "bionlp-st-2011-epi",
    "bionlp-st-2011-ge",
    "bionlp-st-2011-id",
    "bionlp-st-2013-cg",
    "bionlp-st-2013-pc",
    "biored",
    "craft-iob",
    "drugprot",
    "ex-ptm",
    "gnormplus",
    "jnlpba",
    "linnaeus",
    "ncbi-disease",
    "nlm-chem",
    "nlm-gene",
    "s800",
    "tmvar3",
)

OTHER_SPLITS = ("species800-pubtator",)
"""Corpora that divide the articles of one of these in another way; what learns from these is not scored on them."""

app = typer.Typer(add_completion=False)
console = Console()


@dataclass(eq=False)
class Loaded:
    """One corpus in memory: documents and fingerprints of each split, and what the readers reported."""

    corpus: Corpus
    splits: dict[str, list[tuple[Doc, Fingerprint]]]
    report: Report
    matches: list[Match] = field(default_factory=list)


def is_held_back(group: str, share: float) -> bool:
    """Tell whether the documents of an article go to the dev part: a property of its name alone.

    group (str): What the documents of the article have in common.
    share (float): Share of the articles to hold back, in [0, 1].
    """
    number = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big")
    return number / 2**64 < share


def load(corpus: Corpus, root: Path, vocab: Any) -> Loaded:
    """Read every split of a corpus."""
    report = Report(errors="repair")
    splits = {}
    for split in corpus.splits:
        docs = load_corpus(corpus.name, split, vocab, root, report, allow_noncommercial=True)
        splits[split] = [(doc, fingerprint(doc, split)) for doc in docs]
    return Loaded(corpus, splits, report)


def divide(corpora: list[Loaded], *, final: bool, keep_dev: Collection[str] = ()) -> None:
    """Turn the splits of every corpus into the parts to train on and to watch, in place.

    The official dev split is the dev part by default, and with ``final`` that of the corpora in ``keep_dev`` (they
    can be scored on nothing else). With ``final``, or without such a split, it is a share of
    all documents that are not test documents: first those that share text with the dev part of another corpus
    (they could not be trained on anyway), and, while these are fewer than the share, those that the hash of the
    article's name chooses. Corpora of packed sentences choose first, in long runs: the end of each run cuts an
    abstract in two, which the whole abstracts of other corpora then cannot be trained on.
    """
    share = FINAL_DEV_SHARE if final else DEV_SHARE
    kept_whole = [loaded for loaded in corpora if not final or loaded.corpus.name in keep_dev]
    official = [loaded for loaded in kept_whole if "dev" in loaded.splits]
    others = [loaded for loaded in corpora if "train" in loaded.splits and loaded not in official]
    held = collect(official, "dev")
    for loaded in sorted(others, key=lambda loaded: bool(loaded.corpus.ids)):
        pairs = [*loaded.splits["train"], *loaded.splits.pop("dev", [])]
        kept, _ = HeldOut(held).split([print_ for _, print_ in pairs])
        left = share - (len(pairs) - len(kept)) / len(pairs)
        free = {index for index in kept if not is_held_back(name_article(loaded.corpus, pairs[index][1]), left)}
        for split in ("train", "dev"):
            loaded.splits[split] = [
                (doc, replace(print_, corpus=f"{loaded.corpus.name}/{split}"))
                for index, (doc, print_) in enumerate(pairs)
                if (index in free) == (split == "train")
            ]
        held.extend(print_ for _, print_ in loaded.splits["dev"])


def name_article(corpus: Corpus, document: Fingerprint) -> str:
    """Return a name that the documents of one article share, in all corpora if they give its public identifier."""
    return document.public_id or f"{corpus.name}:{corpus.group_id(document.doc_id)}"


def drop(corpora: list[Loaded], split: str, held_out: HeldOut) -> None:
    """Take the documents of a split that share text with held-out ones out of every corpus, in place."""
    for loaded in track(corpora, description=f"Comparing {split} documents", console=console):
        pairs = loaded.splits.get(split)
        if pairs is None:
            continue
        kept, matches = held_out.split([print_ for _, print_ in pairs])
        loaded.splits[split] = [pairs[index] for index in kept]
        loaded.matches.extend(matches)


def collect(corpora: list[Loaded], split: str) -> list[Fingerprint]:
    """Return the fingerprints of a split of every corpus, for "test" of all its tests."""
    return [
        print_
        for loaded in corpora
        for name, pairs in loaded.splits.items()
        if name.partition("-")[0] == split
        for _, print_ in pairs
    ]


def write(corpora: list[Loaded], output: Path) -> None:
    """Write one DocBin for each corpus and split."""
    for loaded in track(corpora, description="Writing", console=console):
        for split, pairs in loaded.splits.items():
            path = output / split / f"{loaded.corpus.name}.spacy"
            if not pairs:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".part")
            DocBin(attrs=ATTRIBUTES, store_user_data=True, docs=[doc for doc, _ in pairs]).to_disk(half)
            half.replace(path)


def summarize(loaded: Loaded) -> dict[str, Any]:
    """Return what is written about a corpus."""
    splits = {}
    for split, pairs in loaded.splits.items():
        mentions = Counter(span.label_ for doc, _ in pairs for span in doc.spans[ENTITIES_KEY])
        splits[split] = {
            "docs": len(pairs),
            "words": sum(len(doc.text.split()) for doc, _ in pairs),
            "mentions": sum(mentions.values()),
            "mentions_per_label": dict(sorted(mentions.items())),
        }
    dropped = Counter(match.corpus.rpartition("/")[2] for match in loaded.matches)
    return {
        "licence": loaded.corpus.licence,
        "source": loaded.corpus.source,
        "labels": list(loaded.corpus.labels),
        "splits": splits,
        "dropped": dict(dropped),
        "reader": dict(loaded.report.counts),
    }


def summarize_all(corpora: list[Loaded]) -> dict[str, Any]:
    """Return what is written about all corpora, and what was dropped from which for which other."""
    rows = tabulate([match for loaded in corpora for match in loaded.matches])
    dropped = [dict(zip(("training", "held_out", "reason", "docs"), row, strict=True)) for row in rows]
    return {"corpora": {loaded.corpus.name: summarize(loaded) for loaded in corpora}, "dropped": dropped}


def show(summary: dict[str, Any]) -> None:
    """Print the documents, words and mentions of each corpus, and what was dropped for which reason."""
    table = Table(title="Corpora")
    for name in ("corpus", "split"):
        table.add_column(name)
    for name in ("docs", "words", "mentions"):
        table.add_column(name, justify="right")
    table.add_column("licence", max_width=40, no_wrap=True)
    for name, entry in summary["corpora"].items():
        for split, counts in entry["splits"].items():
            numbers = [f"{counts[key]:,}" for key in ("docs", "words", "mentions")]
            table.add_row(name, split, *numbers, entry["licence"])
    console.print(table)
    table = Table(title="Dropped: documents that share text with held-out ones")
    for name in ("training corpus", "held-out corpus", "reason"):
        table.add_column(name)
    table.add_column("documents", justify="right")
    for row in summary["dropped"]:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


def hold_out(corpora: list[Loaded], tests: HeldOut, *, final: bool, keep_dev: list[str]) -> list[Loaded]:
    """Return the corpora, their splits divided and free of held-out documents.

    tests (HeldOut): Test documents of all corpora of the catalogue, also of those that are not trained on.
    """
    drop(corpora, "dev", tests)
    drop(corpora, "train", tests)
    divide(corpora, final=final, keep_dev=keep_dev)
    drop(corpora, "train", HeldOut(collect(corpora, "dev")))
    return corpora


@app.command()
def main(
    corpora_dir: Path = typer.Option(..., envvar="BIOMEDPLM_CORPORA", help="Folder with one folder per corpus."),
    output: Path = typer.Option(Path("corpus"), help="Folder to write to."),
    final: bool = typer.Option(False, help="Train on train and dev, but for 8 % of the articles."),
    keep_dev: list[str] = typer.Option([], help="Corpora whose dev split stays whole and out of training (--final)."),
    only: list[str] = typer.Option([], help="Only these corpora are written; all are compared."),
) -> None:
    """Read, de-duplicate and write every corpus that the shipped pipeline is trained on."""
    begin = time.perf_counter()
    vocab = spacy.blank("en").vocab
    try:
        for name in [*only, *keep_dev]:
            get_corpus(name)
        known = [get_corpus(name) for name in CORPORA]
        everything = [load(corpus, corpora_dir, vocab) for corpus in track(known, "Reading", console=console)]
        tests = hold_out_tests(("en",), corpora_dir, except_for=OTHER_SPLITS)
        corpora = hold_out(everything, tests, final=final, keep_dev=keep_dev)
        corpora = [loaded for loaded in corpora if not only or loaded.corpus.name in only]
        write(corpora, output)
        summary = {"final": final, **summarize_all(corpora)}
        text = json.dumps(summary, indent=1, ensure_ascii=False) + "\n"
        (output / "summary.json").write_text(text, encoding="utf-8")
    except (BiomedplmError, OSError) as err:
        console.print(str(err), style="red", markup=False, highlight=False)
        raise typer.Exit(1) from err
    show(summary)
    console.print(f"Written to {output} in {time.perf_counter() - begin:.0f} s.")


if __name__ == "__main__":
    app()
