"""The tasks' own programs for labels and answers as functions; see _originals.py."""

import contextlib
import csv
import io
import json
import os
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _originals import Folder, Numbers, Records

from spacy_biomedplm.evaluation.classification import best_label


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
