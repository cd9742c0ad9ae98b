"""Whether the scorers count as the tasks' own programs do, on perturbed copies of gold documents.

python benchmarks/scorer_agreement.py --originals FOLDER

Events have a script of their own (scorer_agreement_events.py). FOLDER is described in _originals.py; needs perl, java,
pandas and scikit-learn, which the originals import.
"""

import hashlib
import itertools
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import _originals_labels
import _originals_mentions
import _originals_relations
import typer
from _changes import (
    as_chemprot,
    change_answers,
    change_biored,
    change_labels,
    change_mentions,
    change_numbers,
    change_relations,
    change_words,
    flat,
    flip_labels,
    linkable,
    rank_concepts,
)
from _common import ROOT, OutputOption, console, markdown_table, provenance, run, save
from _originals import NOT_RUN, ORIGINALS, Folder, Numbers, Records
from rich.progress import track

from spacy_biomedplm.corpora.catalogue import find_root, read_corpus
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.question_xml import read_mediqa_rqe
from spacy_biomedplm.corpora.questions import read_bioasq, read_pubmedqa
from spacy_biomedplm.corpora.tables import read_tables
from spacy_biomedplm.evaluation import answers, classification, concepts, entities, relations
from spacy_biomedplm.evaluation.scores import Score
from spacy_biomedplm.types import DocumentRecord

RATES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
DOCS_FILE = ROOT / "docs" / "evaluation.md"
# Programs print as many decimals, at least.
PRECISION = 1e-6
CHEMPROT_NOTE = (
    "each line of the answers is given once: the program counts a repeated one as wrong, though its readme says that "
    "repeats do not count, as here"
)
DRUGPROT_NOTE = (
    "run document by document: over several, format_relations puts the last pair of a document where the first of the "
    "next belongs (pos0 grows by one too little)"
)
Perturb = Callable[[Records, float, random.Random], list[DocumentRecord]]


@dataclass(frozen=True)
class Comparison:
    """A scorer and a program.

    metrics (str): As the package names them. original (str): Of ORIGINALS. corpus (str): Gold documents.
    gold (Callable[[], Records]): Reads them. perturb (Perturb): Makes an answer of them.
    ours, theirs (Callable): The same numbers under the same names.
    note (str): What else to know.
    """

    metrics: str
    original: str
    corpus: str
    gold: Callable[[], Records]
    perturb: Perturb
    ours: Callable[[Records, Records], Numbers]
    theirs: Callable[[Records, Records], Numbers]
    note: str = ""


def _counts(score: Score) -> Numbers:
    assert score.counts is not None
    return {"tp": float(score.counts.tp), "fp": float(score.counts.fp), "fn": float(score.counts.fn)}


def _corpus(name: str, split: str, limit: int) -> list[DocumentRecord]:
    return list(itertools.islice(read_corpus(name, split, report=Report(errors="repair")), limit))


def comparisons(folder: Folder, root: Path) -> Iterator[Comparison]:
    """Yield what is compared. folder (Folder): The originals. root (Path): The corpora."""

    def entity(**options: Any) -> Callable[[Records, Records], Score]:
        return partial(entities.score_entities, **options)

    def tagged(name: str, split: str) -> Callable[[], Records]:
        return lambda: [flat(record) for record in _corpus(name, split, 60)]

    def found(score: Callable[[Records, Records], Score], *names: str) -> Callable[[Records, Records], Numbers]:
        def numbers(gold: Records, predicted: Records) -> Numbers:
            result = score(gold, predicted)
            return {name: result.main if name == "main" else result.more[name] for name in names}

        return numbers

    def phrases(gold: Records, predicted: Records) -> Numbers:
        counts = entity()(gold, predicted).counts
        assert counts is not None
        return {"gold": float(counts.gold), "predicted": float(counts.predicted), "tp": float(counts.tp)}

    def three(gold: Records, predicted: Records) -> Numbers:
        counts = entity()(gold, predicted).counts
        assert counts is not None
        return {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}

    def ends(gold: Records, predicted: Records) -> Numbers:
        return {m: _counts(entity(matching=m)(gold, predicted))["tp"] for m in ("exact", "left", "right")}

    yield Comparison(
        "entity-exact",
        "conlleval.pl",
        "bionlp13cg-ner dev",
        tagged("bionlp13cg-ner", "dev"),
        change_words,
        phrases,
        _originals_mentions.conlleval(folder),
    )
    yield Comparison(
        "entity-exact",
        "seqeval",
        "bionlp13cg-ner dev",
        tagged("bionlp13cg-ner", "dev"),
        change_words,
        three,
        _originals_mentions.seqeval(folder),
    )
    yield Comparison(
        "entity-exact, entity-left, entity-right",
        "evalIOB2.pl",
        "jnlpba test",
        tagged("jnlpba", "test"),
        change_words,
        ends,
        _originals_mentions.eval_iob2(folder),
        "the version of April 2004; it numbers mentions by their first word",
    )
    kit = "BC5CDR evaluation kit 0.0.3"
    cdr = partial(_corpus, "bc5cdr", "test", 60)
    yield Comparison(
        "entity-exact (diseases)",
        kit,
        "bc5cdr test",
        cdr,
        change_mentions,
        lambda g, p: _counts(entity(labels=["Disease"])(g, p)),
        _originals_mentions.bc5cdr(folder, "mention", "Disease"),
    )
    disease = partial(concepts.score_document_concepts, labels=["Disease"], gold_documents_only=True)
    yield Comparison(
        "concept-f1 (diseases)",
        kit,
        "bc5cdr test",
        cdr,
        change_mentions,
        lambda g, p: _counts(disease(g, p)),
        _originals_mentions.bc5cdr(folder, "id", "Disease"),
    )
    yield Comparison(
        "cid-f1",
        kit,
        "bc5cdr test",
        cdr,
        change_mentions,
        lambda g, p: _counts(relations.score_concept_relations(g, p)),
        _originals_mentions.bc5cdr(folder, "relation", "CID"),
    )
    drug = partial(_corpus, "drugprot", "dev", 12)
    chemprot = partial(relations.score_relations, labels=relations.CHEMPROT_LABELS, directed=True)
    yield Comparison(
        "chemprot-f1",
        "ChemProt evaluation kit",
        "drugprot dev, types as ChemProt groups",
        lambda: as_chemprot(drug()),
        change_relations,
        lambda g, p: _counts(chemprot(g, p)),
        _originals_relations.chemprot(folder),
        CHEMPROT_NOTE,
    )
    types = partial(relations.score_relations, labels=relations.DRUGPROT_LABELS)
    yield Comparison(
        "drugprot-f1",
        "DrugProt evaluation library",
        "drugprot dev",
        drug,
        change_relations,
        lambda g, p: _counts(types(g, p)),
        _originals_relations.drugprot(folder),
        DRUGPROT_NOTE,
    )

    def pairs(gold: Records, predicted: Records) -> Numbers:
        score = relations.score_biored(gold, predicted)
        return {"all": score.main, **{name: score.more[f"{name}_f1"] for name in ("pair", "pair_type", "pair_novelty")}}

    def biored() -> Records:
        return change_biored(_corpus("biored", "test", 60), 0.0, random.Random(0))

    yield Comparison(
        "biored", "BioREDirect", "biored test", biored, change_biored, pairs, _originals_relations.biored(folder)
    )

    def exact(gold: Records, predicted: Records) -> Numbers:
        one, two, three = (
            score(gold, predicted) for score in (answers.score_yes_no, answers.score_factoids, answers.score_lists)
        )
        numbers = {"accuracy": one.main, "mrr": two.main, "f1": three.main, "macro_f1": one.more["macro_f1"]}
        numbers |= {"strict": two.more["strict_accuracy"], "lenient": two.more["lenient_accuracy"]}
        return (
            numbers
            | {n: three.more[n] for n in ("precision", "recall")}
            | {n: one.more[n] for n in ("f1_yes", "f1_no")}
        )

    def questions() -> Records:
        return [r for r in read_bioasq(root / "bioasq" / "5B5_golden.json") if r.labels or r.answers]

    yield Comparison(
        "bioasq-yesno, bioasq-factoid, bioasq-list",
        "BioASQ Evaluation-Measures",
        "bioasq 5B5",
        questions,
        change_answers,
        exact,
        _originals_labels.bioasq(folder),
    )

    def hoc() -> Records:
        names = {str(number): name for number, name in enumerate("abcdefghij")}
        options: dict[str, Any] = {
            "text": "sentence",
            "doc_id": "index",
            "labels": "labels",
            "flags": True,
            "names": names,
        }
        return list(read_tables(root / "hoc" / "test.tsv", group=r"(.+)_s\d+", **options))

    def averages(gold: Records, predicted: Records) -> Numbers:
        score = classification.score_labels(gold, predicted)
        return {"micro_f1": score.main, "sample_f1": score.more["sample_f1"]}

    yield Comparison(
        "hoc-sample-f1, hoc-micro-f1",
        "BLUE eval_hoc.py, eval_sts.py",
        "hoc test",
        hoc,
        flip_labels,
        averages,
        _originals_labels.hoc(folder),
        "the micro average is that of LinkBERT utils_hoc.py",
    )

    def biosses() -> Records:
        options = {"doc_id": "pair_id", "text": "sent1", "text2": "sent2", "score": "score"}
        return list(read_tables(root / "biosses" / "train.tsv", **options))

    yield Comparison(
        "pearson",
        "BLUE eval_hoc.py, eval_sts.py",
        "biosses train",
        biosses,
        change_numbers,
        found(classification.score_similarity, "pearson"),
        _originals_labels.sts(folder),
    )
    qa = root / "pubmedqa"
    yield Comparison(
        "pubmedqa",
        "PubMedQA evaluation.py",
        "pubmedqa test",
        lambda: list(read_pubmedqa(qa / "ori_pqal.json", ids=qa / "test_ground_truth.json")),
        change_labels,
        lambda g, p: {
            "accuracy": classification.score_classes(g, p).main,
            "macro_f1": classification.score_macro(g, p).main,
        },
        _originals_labels.pubmedqa(folder),
    )
    rqe = root / "mediqa-rqe" / "MEDIQA2019-Task2-RQE-ValidationSet-AMIA2016.xml"
    yield Comparison(
        "accuracy",
        "MEDIQA 2019 evaluator",
        "mediqa-rqe validation",
        lambda: list(read_mediqa_rqe(rqe)),
        change_labels,
        lambda g, p: {"accuracy": classification.score_classes(g, p).main},
        _originals_labels.mediqa(folder),
        "the accuracy of its tasks 1 (MedNLI) and 2 is computed by the same lines",
    )
    linking = partial(concepts.score_linking, composite=False, ks=(1, 5))
    yield Comparison(
        "linking-any",
        "BioSyn utils.py",
        "ncbi-disease test",
        lambda: linkable(_corpus("ncbi-disease", "test", 60)),
        rank_concepts,
        found(linking, "accuracy@1", "accuracy@5"),
        _originals_mentions.biosyn(folder),
    )


def compare(item: Comparison, copies: int, seed: int) -> dict[str, Any]:
    """Return both results of every copy, and how many of them agree.

    item (Comparison): What. copies (int): How many. seed (int): Of the first copy.
    """
    gold = item.gold()
    rows, differences = [], []
    names: list[str] = []
    for number in track(range(copies), f"{item.metrics} / {item.original}", console=console, transient=True):
        rate = RATES[number % len(RATES)]
        predicted = item.perturb(gold, rate, random.Random(f"{seed}:{number}"))
        ours, theirs = item.ours(gold, predicted), item.theirs(gold, predicted)
        names = sorted(theirs)
        pairs = [(round(ours[name], 8), round(theirs[name], 8)) for name in names]
        if any(abs(one - other) > PRECISION for one, other in pairs):
            differences.append(number)
        rows.append(" ".join(f"{value:.6g}" for pair in pairs for value in pair))
    return {
        "metrics": item.metrics,
        "original": item.original,
        "corpus": item.corpus,
        "documents": len(gold),
        "copies": copies,
        "copies that agree": copies - len(differences),
        "numbers of each copy": names,
        "note": item.note,
        "copies that differ": differences,
        "ours and theirs, for each number of each copy": rows,
    }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the programs in a folder, by name and content."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in (".py", ".pl", ".jar"))
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def main(
    folder: Path = typer.Option(..., "--originals", help="Folder of the tasks' own programs."),
    copies: int = typer.Option(204, help="Perturbed copies for each comparison."),
    only: str = typer.Option("", help="Compare only with originals whose name holds this."),
    seed: int = typer.Option(0, help="Seed."),
    output: Path = OutputOption,
    docs: Path = typer.Option(DOCS_FILE, help="Markdown file whose markers are filled."),
) -> None:
    """Compare the package's scorers with the tasks' own programs."""
    with tempfile.TemporaryDirectory() as work:
        place = Folder(folder.resolve(), Path(work))
        results = [compare(item, copies, seed) for item in comparisons(place, find_root()) if only in item.original]
        programs = {name: {"from": path, "sha256": digest(place.path(name))} for name, path in ORIGINALS.items()}
    rows = [
        [r["metrics"], r["original"], r["corpus"], f"{r['copies that agree']} of {r['copies']}", r["note"] or "–"]
        for r in results
    ]
    table = markdown_table(["metrics", "original", "gold documents", "copies that agree", "note"], rows)
    record = {
        "figure": "Perturbed copies of gold documents on which the package and the task's own program give the same "
        "numbers, and these numbers",
        **provenance(seed),
        "share of annotations changed": RATES,
        "results": results,
        "originals": programs,
        "not run": NOT_RUN,
    }
    if only:
        console.print(table, markup=False, highlight=False, soft_wrap=True)
    else:
        save("scorer_agreement", record, table, output=output, docs=docs)


if __name__ == "__main__":
    run(main)
