"""Whether the scorers of events count as the tasks' own programs do, on perturbed copies of gold documents.

python benchmarks/scorer_agreement_events.py --originals FOLDER

FOLDER holds the programs as they were published, one folder for each task: ge09 (from bionlp09_shared_task_evaluation_
tools_v1), ge11 (BioNLP-ST_2011_genia_tools_rev1), ge13 (BioNLP-ST-2013-GE-tools), epi11 and id11 (BioNLP-ST_2011_EPI-
eval-tools, BioNLP-ST_2011_ID-eval-tools), cg13 and pc13 (an evaluation.py each, in the version for Python 3 with -d).
They are no part of this repository. Needs perl, and Python 2 for EPI and ID.
"""

import hashlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import typer
from _common import ROOT, OutputOption, console, markdown_table, provenance, run, save
from _perturb import Perturber, Schema

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events
from spacy_biomedplm.evaluation.event_scores import EventRule
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.brat import format_a1_a2

# Gold and answers of each line of a table: gold events, found ones, answers, right ones.
Rows: TypeAlias = dict[str, tuple[int, ...]]

CORPORA = {
    "GE09": "bionlp-st-2009/dev",
    "GE11": "bionlp-st-2011-ge/dev",
    "GE13": "bionlp-st-2013-ge/train",
    "EPI11": "bionlp-st-2011-epi/dev",
    "ID11": "bionlp-st-2011-id/dev",
    "CG13": "bionlp-st-2013-cg/dev",
    "PC13": "bionlp-st-2013-pc/dev",
}
CORE_ROLES = {"EPI11": "Site,Sidechain,Contextgene", "ID11": "Site,AtLoc,ToLoc,CSite"}
GE09_FILES = {"1": "t1", "2": "t12", "3": "t13"}
RATES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)
# Names in the tables of the originals are cut here.
NAME_CHARS = 21
LINE = re.compile(r"^\s*(\S+)\s+(\d+) \(\s*(\d+)\)\s+(\d+) \(\s*(\d+)\)", re.MULTILINE)
DOCS_FILE = ROOT / "docs" / "evaluation.md"
PYTHON2 = "python2"


class Original:
    """The published program of a task.

    rule (str): Name of the rule.
    folder (Path): Where the program is.
    work (Path): Empty folder; the gold documents are put into it.
    gold (dict[str, bytes]): Files of the gold standard by name.
    python2 (str): Interpreter of the programs for Python 2.
    """

    def __init__(self, rule: str, folder: Path, work: Path, gold: dict[str, bytes], python2: str) -> None:
        self.rule, self.folder, self.work, self.python2 = rule, folder, work, python2
        self.failures: Counter[str] = Counter()
        self.gold = work / "gold"
        self.gold.mkdir(parents=True)
        for name, content in gold.items():
            (self.gold / name).write_bytes(content)
        files = sorted(map(str, self.gold.glob("*.a2")))
        if rule == "GE09":
            self._perl("a2-normalize.pl", "-eu", "-g", str(self.gold), *files)
            for task in GE09_FILES.values():
                self._perl("generate-task-specific-a2-file.pl", "-e", f"-{task}", *files)
        elif rule in CORE_ROLES:
            shutil.copytree(self.gold, work / "gold-core")
            self._core(work / "gold-core")

    def programs(self) -> dict[str, str]:
        """Return the SHA-256 of each file of the program."""
        files = sorted(file for file in self.folder.iterdir() if file.suffix in (".pl", ".py"))
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def score(self, answers: dict[str, str], *, strict: bool) -> dict[str, Rows]:
        """Return the tables of the program by task; one that it does not print for these answers is missing.

        answers (dict[str, str]): .a2 files by document.
        strict (bool): Whether to run it without -s and -p.
        """
        folder = self.work / "answers"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for doc_id, content in answers.items():
            (folder / f"{doc_id}.a2").write_text(content, encoding="utf-8")
        modes = [] if strict else ["-s", "-p"]
        if self.rule.startswith("GE"):
            return self._score_genia(folder, modes)
        tables = {"full": self._python(folder, self.gold, modes)}
        if self.rule in CORE_ROLES:
            core = self.work / "answers-core"
            shutil.rmtree(core, ignore_errors=True)
            shutil.copytree(folder, core)
            self._core(core)
            tables["core"] = self._python(core, self.work / "gold-core", modes)
        return {task: rows for task, table in tables.items() if (rows := _rows(table))}

    def _score_genia(self, folder: Path, modes: Sequence[str]) -> dict[str, Rows]:
        files = sorted(map(str, folder.glob("*.a2")))
        self._perl("a2-normalize.pl", "-u", "-g", str(self.gold), *files)
        tables = {}
        for task, ending in GE09_FILES.items():
            if self.rule == "GE09":
                self._perl("generate-task-specific-a2-file.pl", f"-{ending}", *files)
                arguments = ["-g", str(self.gold), *modes, *(f"{file}.{ending}" for file in files)]
            else:
                arguments = ["-g", str(self.gold), f"-t{task}", *modes, *files]
            tables[task] = _rows(self._perl("a2-evaluate.pl", *arguments))
        return {task: rows for task, rows in tables.items() if rows}

    def _core(self, folder: Path) -> None:
        files = sorted(map(str, folder.glob("*.a2")))
        roles = CORE_ROLES[self.rule]
        self._run(self.python2, str(self.folder / "subset.py"), "-s", "core", "-m", "-a", roles, *files)
        for file in files:
            Path(f"{file}.core").replace(file)

    def _python(self, folder: Path, gold: Path, modes: Sequence[str]) -> str:
        program = str(self.folder / "evaluation.py")
        if self.rule in CORE_ROLES:
            return self._run(self.python2, program, *modes, "-r", str(gold), *sorted(map(str, folder.glob("*.a2"))))
        return self._run(sys.executable, program, *modes, "-r", str(gold), "-d", f"{folder}/")

    def _perl(self, program: str, *arguments: str) -> str:
        return self._run("perl", str(self.folder / program), *arguments)

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": "0"})
        lines = [*done.stderr.splitlines(), *(line for line in done.stdout.splitlines() if "SKIPPING" in line)]
        # GE answers may repeat events, and that is what the normaliser says; all else would be an answer not scored.
        self.failures.update(
            line[:100] for line in lines if not re.match(r"\s*$|duplicate|no argument that|Use of uninitialized", line)
        )
        return done.stdout


def _rows(table: str) -> Rows:
    return {line[1].strip("=[] "): tuple(map(int, line.groups()[1:])) for line in LINE.finditer(table)}


def our_rows(gold: Sequence[DocumentRecord], answers: Sequence[DocumentRecord], rule: EventRule, task: str) -> Rows:
    """Return the table of our scorer, with names as the originals cut them."""
    scores = score_events(gold, answers, rule=rule, task=task)
    counts = {**scores.by_type, **scores.totals}
    return {name[:NAME_CHARS]: (c.gold, c.found, c.answers, c.right) for name, c in counts.items()}


def compare(ours: Rows, original: Rows) -> list[str]:
    """Return the lines that differ."""
    return [f"{name}: {ours.get(name)}, original {row}" for name, row in original.items() if ours.get(name) != row]


def main(
    originals: Path = typer.Option(..., help="Folder of the published programs."),
    python2: str = typer.Option(PYTHON2, help="Interpreter of Python 2."),
    copies: int = typer.Option(210, min=1, help="Perturbed copies for each task; a quarter as many without -s -p."),
    documents: int = typer.Option(20, min=1, help="Documents of each copy."),
    only: list[str] = typer.Option([], help="Rules, such as GE11; all if none is named."),
    seed: int = typer.Option(0, help="Seed."),
    output: Path = OutputOption,
    table: Path = typer.Option(DOCS_FILE, help="Markdown file whose markers are filled."),
) -> None:
    """Compare the scorers of events with the tasks' own programs."""
    results: dict[str, Any] = {}
    for name in only or CORPORA:
        if not (originals / name.lower()).is_dir():
            results[name] = {"missing": "no original program in the folder"}
            continue
        begin = time.perf_counter()
        results[name] = study(name, originals / name.lower(), copies, documents, seed, python2)
        console.print(f"{name}: {time.perf_counter() - begin:.0f} s")
    record = {
        "figure": (
            "Lines of the tables (a label or a total: gold events, found ones, answers, right ones) that are equal to "
            "those of the task's own program, over perturbed copies of gold documents"
        ),
        **provenance(seed),
        "share of events changed": list(RATES),
        "results": results,
    }
    header = ["rule", "corpus", "task", "copies", "lines", "equal", "other", "F1 of the answers"]
    save(
        "scorer_agreement_events",
        record,
        markdown_table(header, table_rows(results), left=3),
        output=output,
        docs=table,
    )


def study(name: str, folder: Path, copies: int, documents: int, seed: int, python2: str) -> dict[str, Any]:
    """Return how far the scorer of a rule and the original agree.

    name (str): Name of the rule.
    folder (Path): The original program.
    copies, documents, seed, python2: As in ``main``.
    """
    rule = EVENT_RULES[name]
    corpus, split = CORPORA[name].split("/")
    (path,) = find_files(get_corpus(corpus), split, find_root())["path"]
    report = Report(errors="repair")
    records = {record.doc_id: fit(record, report) for record in read_brat(path, report=report)}
    members = read_members(path, (".txt", ".a1", ".a2"), Report())
    files = {Path(file).name: content for file, content in members.items()}
    if report.counts:
        raise BiomedplmError(f"{path}: {report.counts}")
    schema = Schema(records.values(), rule.given)
    eventful = [record for record in records.values() if record.events]
    usable = [record for record in eventful if rule.program == "ordered" or not has_lone_site(record)]
    tallies: dict[str, dict[str, Any]] = {}
    changes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        original = Original(name, folder, Path(work) / "program", files, python2)
        for strict in (False, True):
            # The first copy is the gold standard itself, whole.
            for number in range((copies // 4 if strict else copies) + 1):
                rng = random.Random(f"{seed} {name} {strict} {number}")
                gold = rng.sample(usable, min(documents, len(usable))) if number else usable
                perturber = Perturber(schema, rng, rng.choice(RATES) if number else 0)
                answers = [perturber.answer(record) for record in gold]
                changes += perturber.done
                tables = original.score({a.doc_id: format_a1_a2(a, Counter())[1] for a in answers}, strict=strict)
                for task in rule.tasks:
                    ours = our_rows(gold, answers, rule.strict() if strict else rule, task)
                    key = f"{task}, strict" if strict else f"{task}, -s -p"
                    _note(tallies.setdefault(key, _empty()), number, ours, tables.get(task))
        return {
            "corpus": CORPORA[name],
            "documents of each copy": min(documents, len(usable)),
            "documents that the original cannot score": len(eventful) - len(usable),
            "original": {"files": original.programs(), "messages": dict(original.failures.most_common(10))},
            "changes made": dict(sorted(changes.items())),
            "tasks": tallies,
        }


def has_lone_site(record: DocumentRecord) -> bool:
    """Return whether an event has a Site but no Theme to go with it: the original of CG stops at such mutations."""
    roles = ([argument.role for argument in event.arguments] for event in record.events)
    return any("Site" in found and "Theme" not in found for found in roles)


def _empty() -> dict[str, Any]:
    return {"copies": 0, "lines": 0, "equal": 0, "different": [], "totals": []}


def _note(tally: dict[str, Any], number: int, ours: Rows, original: Rows | None) -> None:
    """Add one copy to the counts of a task."""
    if original is None:
        tally["not scored by the original"] = tally.get("not scored by the original", 0) + 1
        return
    different = compare(ours, original)
    tally["copies"] += 1
    tally["lines"] += len(original)
    tally["equal"] += len(original) - len(different)
    tally["different"] += [f"copy {number}: {line}" for line in different]
    last = list(original)[-1]
    shown = [" ".join(map(str, rows.get(last, ()))) for rows in (ours, original)]
    tally["totals"].append(f"{number}: {shown[0]} | {shown[1]}")


def table_rows(results: dict[str, Any]) -> Iterable[list[str]]:
    """Return the rows of the table in the documentation."""
    for name, result in results.items():
        if "missing" in result:
            yield [name, CORPORA[name], result["missing"], "", "", "", "", ""]
            continue
        for task, tally in result["tasks"].items():
            scores = [_f1(*map(int, line.split(": ")[1].split(" | ")[1].split())) for line in tally["totals"]]
            shown = f"{min(scores):.0f} to {max(scores):.0f}" if scores else ""
            counts = [tally["copies"], tally["lines"], tally["equal"], len(tally["different"])]
            yield [name, CORPORA[name], task, *(f"{count:,}" for count in counts), shown]


def _f1(gold: int, found: int, answers: int, right: int) -> float:
    recall, precision = found / gold if gold else 0.0, right / answers if answers else 0.0
    return 200 * recall * precision / (recall + precision) if recall + precision else 0.0


if __name__ == "__main__":
    run(main)
