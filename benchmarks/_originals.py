"""The tasks' own programs as functions: from gold documents and answers to the numbers that each prints.

The programs are no part of this repository. A folder holds one folder for each public repository they come from, named
OWNER_NAME, as it was published (see ORIGINALS).
"""

import contextlib
import csv
import importlib
import io
import json
import os
import re
import runpy
import subprocess
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy_biomedplm.evaluation.classification import best_label
from spacy_biomedplm.evaluation.concepts import concept_ids
from spacy_biomedplm.evaluation.relations import DRUGPROT_LABELS
from spacy_biomedplm.types import DocumentRecord

Records = Sequence[DocumentRecord]
Numbers = dict[str, float]
ORIGINALS = {
    "conlleval.pl": "chakki-works_seqeval/tests/conlleval.pl",
    "seqeval": "chakki-works_seqeval",
    "evalIOB2.pl": "hamadanayel_first/evalIOB2.pl",
    "BC5CDR evaluation kit 0.0.3": "JHnlp_BioCreative-V-CDR-Corpus/BC5CDR_Evaluation-0.0.3/bc5cdr_eval.jar",
    "ChemProt evaluation kit": (
        "TurkuNLP_BioCreativeVI_CHEMPROT_RE/ANN_Systems/ChemProt_Official_EvalKit/bc6chemprot_eval.jar"
    ),
    "DrugProt evaluation library": "tonifuc3m_drugprot-evaluation-library/src",
    "BioREDirect": "ncbi-nlp_BioREDirect/src",
    "BioASQ Evaluation-Measures": "BioASQ_Evaluation-Measures/flat/BioASQEvaluation/dist",
    "BLUE eval_hoc.py, eval_sts.py": "ncbi-nlp_BLUE_Benchmark",
    "LinkBERT utils_hoc.py": "michiyasunaga_LinkBERT/src/seqcls",
    "PubMedQA evaluation.py": "pubmedqa_pubmedqa/evaluation.py",
    "MEDIQA 2019 evaluator": "abachaa_MEDIQA2019/Eval_Scripts",
    "BioSyn utils.py": "dmis-lab_BioSyn",
}
NOT_RUN = {
    "ddi-f1, ddi-macro-f1": "SemEval 2013 task 9.2: no public copy of the organisers' program was found; it counts as "
    "relation-f1, which agrees with those of ChemProt and DrugProt",
    "ncbi-concept-f1": "DNorm's evaluation is part of its own Java package, which no public repository holds; the "
    "micro average is that of concept-f1",
    "pico-word-macro-f1": "BLURB names the measure but published no program",
    "positive-f1": "BLURB and BioBERT compute it inside their training scripts",
    "rouge, bioasq-summary-rouge": "the library rouge-score is called itself",
}


class Folder:
    """The originals in a folder, and a place for the files that they read."""

    def __init__(self, root: Path, work: Path) -> None:
        self.root, self.work = root, work

    def path(self, name: str) -> Path:
        """Return where an original lies. name (str): Of ORIGINALS."""
        path = self.root / ORIGINALS[name]
        if not path.exists():
            raise FileNotFoundError(f"{path}: {name} is not there; see ORIGINALS in {__file__}.")
        return path

    def write(self, name: str, content: str) -> str:
        """Return the path of a new file in the place for files. name, content (str): What is written."""
        path = self.work / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def call(self, *command: str, cwd: Path | None = None) -> str:
        """Return what a program prints. command (str): With arguments. cwd (Path | None): Folder to run in."""
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)
        if done.returncode:
            raise OSError(f"{' '.join(command)[:80]}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def load(self, name: str, module: str) -> Any:
        """Return a module of an original. name (str): Of ORIGINALS. module (str): Below its folder."""
        with _imports_from(self.path(name)):
            return importlib.import_module(module)


@contextlib.contextmanager
def _imports_from(folder: Path) -> Iterator[None]:
    # What BLUE's scripts read their command line and print their reports with; neither is used here.
    for name in ("fire", "tabulate"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.path.insert(0, str(folder))
    known = set(sys.modules)
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            if name.split(".")[0] in ("utils", "compute_metrics", "evaluation", "utils_hoc"):
                del sys.modules[name]


def tags(record: DocumentRecord) -> list[str]:
    """Return the IOB2 tags of the words of a document whose mentions do not overlap."""
    starts = {mention.start: mention for mention in record.mentions}
    found, current = [], None
    for match in re.finditer(r"\S+", record.text):
        if match.start() in starts:
            current = starts[match.start()]
            found.append(f"B-{current.label}")
        else:
            found.append(f"I-{current.label}" if current and match.start() < current.end else "O")
    return found


def conlleval(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return conlleval.pl: mentions in gold, predicted and right."""
    program = folder.path("conlleval.pl")

    def score(gold: Records, predicted: Records) -> Numbers:
        lines = [
            "\n".join(f"w {one} {other}" for one, other in zip(tags(g), tags(p), strict=True))
            for g, p in zip(gold, predicted, strict=True)
        ]
        text = "\n\n".join(lines) + "\n"
        done = subprocess.run(["perl", str(program)], input=text, capture_output=True, text=True, check=True)
        match = re.search(r"with (\d+) phrases; found: (\d+) phrases; correct: (\d+)", done.stdout)
        assert match is not None, done.stdout
        return dict(zip(("gold", "predicted", "tp"), map(float, match.groups()), strict=True))

    return score


def seqeval(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return seqeval: precision, recall and F1."""
    module = folder.load("seqeval", "seqeval.metrics")

    def score(gold: Records, predicted: Records) -> Numbers:
        sides = [*map(tags, gold)], [*map(tags, predicted)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = ("precision", "recall", "f1")
            return {name: float(getattr(module, f"{name}_score")(*sides)) for name in names}

    return score


def eval_iob2(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return evalIOB2.pl of JNLPBA: mentions that are right, and whose left or right end is."""
    program = folder.path("evalIOB2.pl")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = []
        for name, side in (("gold.iob2", gold), ("answer.iob2", predicted)):
            paths.append(folder.write(name, "".join("\n".join(f"w\t{t}" for t in tags(r)) + "\n\n" for r in side)))
        shown = folder.call("perl", str(program), *paths)
        found = re.findall(r"(?:FULLY CORRECT|correct LEFT|correct RIGHT)[^:]*: (\d+)", shown)
        return dict(zip(("exact", "left", "right"), map(float, found[:3]), strict=True))

    return score


def pubtator(records: Records) -> str:
    """Return documents as PubTator, with the concepts of a mention between bars."""
    lines = []
    for record in records:
        text = record.text.replace("\n", " ")
        lines += [f"{record.doc_id}|t|{text}", f"{record.doc_id}|a|"]
        for mention in record.mentions:
            ids = "|".join(concept.id for concept in mention.concepts) or "-1"
            start, end = mention.fragments[0]
            lines.append("\t".join((record.doc_id, str(start), str(end), text[start:end], mention.label, ids)))
        for relation in record.relations:
            lines.append("\t".join((record.doc_id, relation.label, *(a.target for a in relation.arguments))))
        lines.append("")
    return "\n".join(lines) + "\n"


def bc5cdr(folder: Folder, kind: str, label: str) -> Callable[[Records, Records], Numbers]:
    """Return the BC5CDR kit: "mention", "id" or "relation", and what of."""
    jar = folder.path("BC5CDR evaluation kit 0.0.3")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = [folder.write("gold.txt", pubtator(gold)), folder.write("answer.txt", pubtator(predicted))]
        java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(jar))
        shown = folder.call(*java, "ncbi.bc5cdr_eval.Evaluate", kind, label, "PubTator", *paths)
        found = dict(re.findall(r"^(TP|FP|FN): (\d+)", shown, re.MULTILINE))
        return {name.lower(): float(number) for name, number in found.items()}

    return score


def _rows(records: Records) -> str:
    return "".join(
        "\t".join((r.doc_id, relation.label, f"Arg1:{one.target}", f"Arg2:{two.target}")) + "\n"
        for r in records
        for relation in r.relations
        for one, two in [relation.arguments]
    )


def chemprot(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the ChemProt kit."""
    jar = folder.path("ChemProt evaluation kit")

    def score(gold: Records, predicted: Records) -> Numbers:
        (folder.work / "out").mkdir(exist_ok=True)
        (folder.work / "temp").mkdir(exist_ok=True)
        once = "".join(dict.fromkeys(_rows(predicted).splitlines(keepends=True)))
        paths = [folder.write("answer.tsv", once), folder.write("gold.tsv", _rows(gold))]
        java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(jar.resolve()))
        folder.call(*java, "org.biocreative.tasks.chemprot.main.Main", *paths, cwd=folder.work)
        shown = (folder.work / "out" / "eval.txt").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(TP|FP|FN): (\d+)", shown, re.MULTILINE))
        return {name.lower(): float(number) for name, number in found.items()}

    return score


def drugprot(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the DrugProt library, document by document (see the notes of its comparison)."""
    utils = folder.load("DrugProt evaluation library", "utils")
    import pandas

    tag = {name: number for number, name in enumerate(DRUGPROT_LABELS, start=1)}

    def frame(records: Records) -> Any:
        rows = [row.split("\t") for row in _rows(records).splitlines()]
        return pandas.DataFrame(rows, columns=["pmid", "rel_type", "arg1", "arg2"], dtype=str)

    def counts(gold: DocumentRecord, predicted: DocumentRecord, chemicals: set[str]) -> list[int]:
        names: dict[str, list[str]] = {"chemicals": [], "genes": []}
        for mention in gold.mentions:
            names["chemicals" if mention.label == "CHEMICAL" else "genes"].append(mention.id)
        combinations, number = utils.get_chemical_gene_combinations({gold.doc_id: names})
        if not number:
            return [0, 0, 0]
        sides = []
        for record in (gold, predicted):
            if record.relations:
                table, _ = utils.prepro_relations(frame([record]), chemicals, list(tag), gs_files={gold.doc_id})
            else:
                table = pandas.DataFrame(columns=["pmid", "rel_type", "chemical", "gene"])
            sides.append(table)
        wanted, found = utils.format_relations(*sides, combinations, number, len(tag), tag)
        pairs = [(a, b) for one, other in zip(wanted, found, strict=True) for a, b in zip(one, other, strict=True)]
        return [pairs.count((1, 1)), pairs.count((0, 1)), pairs.count((1, 0))]

    def score(gold: Records, predicted: Records) -> Numbers:
        chemicals = {f"{r.doc_id}-{m.id}" for r in gold for m in r.mentions if m.label == "CHEMICAL"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = [counts(g, p, chemicals) for g, p in zip(gold, predicted, strict=True)]
        return dict(zip(("tp", "fp", "fn"), (float(sum(column)) for column in zip(*rows, strict=True)), strict=True))

    return score


def biored(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the scores of BioREDirect: F1 of pair, type and novelty, over all pairs of either side."""
    module = folder.load("BioREDirect", "evaluation")
    import numpy

    def score(gold: Records, predicted: Records) -> Numbers:
        sides: list[dict[tuple[str, ...], tuple[str, str]]] = [{}, {}]
        for side, records in zip(sides, (gold, predicted), strict=True):
            for record in records:
                for relation in record.relations:
                    pair = tuple(sorted(a.target for a in relation.arguments))
                    side[(record.doc_id, *pair)] = (relation.label, relation.infons["novelty"])
        pairs = sorted({*sides[0], *sides[1]})
        none = ("None", "None")
        wanted, found = ([side.get(pair, none) for pair in pairs] for side in sides)
        names = sorted({label for label, _ in (*wanted, *found)} - {"None"})
        types = [[label for label, _ in side] for side in (wanted, found)]
        merged = [module.merge_labels(numpy.array(side, dtype=object), names, "Association") for side in types]
        both = [module.merge_labels_with_novelty(side, names, "Association") for side in (wanted, found)]
        novel = module.f1_score_novelty_with_details
        return {
            "pair": float(module.f1_score_with_details(*merged, labels=["Association"])["f1"]),
            "pair_type": float(module.f1_score_with_details(*types, labels=names)["f1"]),
            "pair_novelty": float(novel(*both, ["Association"], "None")["f1"]),
            "all": float(novel(wanted, found, names, "None")["f1"]),
        }

    return score


def bioasq(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return BioASQ's measures of exact answers, version 8."""
    dist = folder.path("BioASQ Evaluation-Measures")
    names = ("accuracy", "strict", "lenient", "mrr", "precision", "recall", "f1", "macro_f1", "f1_yes", "f1_no")

    def questions(records: Records) -> str:
        rows = []
        for record in records:
            kind = record.infons["type"]
            exact = best_label(record.labels) if kind == "yesno" else [list(group) for group in record.answers]
            rows.append({"id": record.doc_id, "body": "?", "type": kind, "exact_answer": exact})
        return json.dumps({"questions": rows})

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = [folder.write("gold.json", questions(gold)), folder.write("answer.json", questions(predicted))]
        java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", f"{dist}/BioASQEvaluation.jar:{dist}/lib/*")
        shown = folder.call(*java, "evaluation.EvaluatorTask1b", "-phaseB", "-e", "8", *paths)
        return dict(zip(names, map(float, shown.split()), strict=True))

    return score


def hoc(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the sample average of BLUE, over documents with a label, and the micro average of LinkBERT for BLURB."""
    import numpy

    blue = folder.load("BLUE eval_hoc.py, eval_sts.py", "blue.eval_hoc")
    numpy.float = float  # type: ignore[attr-defined]  # gone since numpy 1.24, LinkBERT needs it
    linkbert = folder.load("LinkBERT utils_hoc.py", "utils_hoc")

    def rows(records: Records) -> Any:
        return numpy.array([[int(value >= 0.5) for value in record.labels.values()] for record in records])

    def score(gold: Records, predicted: Records) -> Numbers:
        wanted, found = rows(gold), rows(predicted)
        named = wanted.any(axis=1)
        micro = linkbert.compute_p_r_f(found, wanted)[2]
        return {
            "sample_f1": float(blue.get_p_r_f_arrary(found[named], wanted[named])[2]),
            "micro_f1": float(micro),
        }

    return score


def sts(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return Pearson's correlation of BLUE's eval_sts.py."""
    module = folder.load("BLUE eval_hoc.py, eval_sts.py", "blue.eval_sts")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = []
        for name, side in (("gold.tsv", gold), ("answer.tsv", predicted)):
            rows = "".join(f"{record.doc_id}\t{record.labels['similarity']!r}\n" for record in side)
            paths.append(folder.write(name, "index\tscore\n" + rows))
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            module.eval_sts(*paths)
        return {"pearson": float(shown.getvalue().split(": ")[1])}

    return score


def pubmedqa(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return PubMedQA's accuracy and macro F1, as printed with six decimals."""
    program = folder.path("PubMedQA evaluation.py")

    def score(gold: Records, predicted: Records) -> Numbers:
        (folder.work / "data").mkdir(exist_ok=True)
        folder.write("data/test_ground_truth.json", json.dumps({r.doc_id: best_label(r.labels) for r in gold}))
        answers = folder.write("answer.json", json.dumps({r.doc_id: best_label(r.labels) for r in predicted}))
        before, arguments = Path.cwd(), sys.argv
        try:
            os.chdir(folder.work)
            sys.argv = [str(program), answers]
            with contextlib.redirect_stdout(io.StringIO()) as shown:
                runpy.run_path(str(program))
        finally:
            os.chdir(before)
            sys.argv = arguments
        found = re.findall(r"(\d\.\d+)", shown.getvalue())
        return {"accuracy": float(found[0]), "macro_f1": float(found[1])}

    return score


def mediqa(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the accuracy of MEDIQA 2019, task 2."""
    module = folder.load("MEDIQA 2019 evaluator", "mediqa2019_evaluator_allTasks_final")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = []
        for name, side in (("gold.csv", gold), ("answer.csv", predicted)):
            stream = io.StringIO()
            csv.writer(stream).writerows((record.doc_id, best_label(record.labels)) for record in side)
            paths.append(folder.write(name, stream.getvalue()))
        evaluator = module.MediqaEvaluator(paths[0], task=2)
        return {"accuracy": float(evaluator._evaluate({"submission_file_path": paths[1]})["score"])}

    return score


def biosyn(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return accuracy@k of BioSyn, where a mention has one concept with alternative identifiers."""
    module = folder.load("BioSyn utils.py", "utils")

    def score(gold: Records, predicted: Records) -> Numbers:
        queries = []
        for wanted, found in zip(gold, predicted, strict=True):
            for mention, answer in zip(wanted.mentions, found.mentions, strict=True):
                right = "|".join(concept_ids(mention.concepts, None))
                labels = [{"label": module.check_label(c.id, right)} for c in answer.concepts]
                queries.append({"mentions": [{"candidates": labels}]})
        data = module.evaluate_topk_acc({"queries": queries})
        return {f"accuracy@{k}": float(data[f"acc{k}"]) for k in (1, 5)}

    return score
