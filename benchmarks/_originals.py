"""The tasks' own programs, which are no part of this repository, and where they lie.

The modules _originals_*.py make functions of them: from gold documents and answers to the numbers that each prints. A
folder holds one folder for each public repository they come from, named OWNER_NAME, as it was published (see
ORIGINALS).
"""

import contextlib
import importlib
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
