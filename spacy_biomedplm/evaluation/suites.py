"""Suites of tasks as data (suites/*.json), and the table that a suite makes of what could be run."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.evaluation.running import Outcome
from spacy_biomedplm.evaluation.scores import mean

FOLDER = Path(__file__).with_suffix("")
Average = Literal["tasks", "groups"]
_TASK_FIELDS = {"title": str, "group": str, "corpus": str, "split": str, "metric": str}


@dataclass(frozen=True)
class Task:
    """One line of a suite.

    title, group (str): As the suite's table has them.
    corpus, split (str): Of the catalogue.
    metric (str): One of METRICS.
    labels (tuple[str, ...]): Labels of mentions that are scored; empty for all.
    """

    title: str
    group: str
    corpus: str
    split: str
    metric: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """A list of tasks and how their scores become one number.

    name, title, source, notes (str): What it is and who made it.
    average (Average): Whether the suite's score is the mean over "tasks", or over "groups" of the mean of each.
    tasks (tuple[Task, ...]): In the order of the table.
    """

    name: str
    title: str
    source: str
    average: Average
    tasks: tuple[Task, ...]
    notes: str = ""


@dataclass(frozen=True)
class SuiteResult:
    """A suite with the outcome of each of its tasks, in order."""

    suite: Suite
    outcomes: tuple[Outcome, ...]

    @property
    def groups(self) -> dict[str, float]:
        """Mean of the scores that there are, for each group with any."""
        found: dict[str, list[float]] = {}
        for task, outcome in zip(self.suite.tasks, self.outcomes, strict=True):
            if outcome.score is not None:
                found.setdefault(task.group, []).append(outcome.score.main)
        return {group: mean(scores) for group, scores in found.items()}

    @property
    def scored(self) -> int:
        """How many tasks have a score."""
        return sum(outcome.score is not None for outcome in self.outcomes)

    @property
    def average(self) -> float | None:
        """The suite's score over what could be run; None if nothing could."""
        if self.suite.average == "groups":
            scores = list(self.groups.values())
        else:
            scores = [outcome.score.main for outcome in self.outcomes if outcome.score is not None]
        return mean(scores) if scores else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data.

        RETURNS (dict[str, Any]): "suite", "average" and what it is over, "scored", "groups" and "tasks".
        """
        tasks = [
            {
                "task": task.title,
                "group": task.group,
                "corpus": task.corpus,
                "split": task.split,
                "labels": list(task.labels),
                "metric": task.metric,
                **outcome.to_dict(),
            }
            for task, outcome in zip(self.suite.tasks, self.outcomes, strict=True)
        ]
        return {
            "suite": self.suite.name,
            "title": self.suite.title,
            "source": self.suite.source,
            "average": self.average,
            "average_over": self.suite.average,
            "scored": self.scored,
            "groups": self.groups,
            "tasks": tasks,
        }


def list_suites() -> tuple[str, ...]:
    """Return the names of the suites that come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_suite(name: str) -> Suite:
    """Return a suite.

    name (str): One of ``list_suites()``, or a JSON file of the same form.
    RAISES (BiomedplmError): B726 if there is neither, B727 for a file that is not such a suite, B725 if it names an
        unknown metric.
    """
    path = FOLDER / f"{name}.json" if name in list_suites() else Path(name)
    if not path.is_file():
        raise BiomedplmError(coded("B726", name=name, known=", ".join(list_suites())))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise BiomedplmError(coded("B727", path=path, reason=err)) from err
    reason = next(_faults(data), "")
    if reason:
        raise BiomedplmError(coded("B727", path=path, reason=reason))
    tasks = []
    for task in data["tasks"]:
        get_metric(task["metric"])
        given = {key: task[key] for key in _TASK_FIELDS}
        tasks.append(Task(**given, labels=tuple(task.get("labels", ()))))
    about = {key: data.get(key, "") for key in ("source", "notes")}
    return Suite(path.stem, data.get("title", path.stem), average=data["average"], tasks=tuple(tasks), **about)


def _faults(data: Any) -> Iterator[str]:
    """Yield what is wrong with the data of a suite."""
    if not isinstance(data, dict):
        yield "it is no JSON object"
    elif data.get("average") not in get_args(Average):
        yield f"'average' is {data.get('average')!r}, wanted one of {', '.join(get_args(Average))}"
    elif not isinstance(data.get("tasks"), list) or not data["tasks"]:
        yield "it has no 'tasks'"
    else:
        for key in ("title", "source", "notes"):
            if not isinstance(data.get(key, ""), str):
                yield f"'{key}' is no text"
        for number, task in enumerate(data["tasks"], start=1):
            yield from _task_faults(task, number)


def _task_faults(task: Any, number: int) -> Iterator[str]:
    if not isinstance(task, dict):
        yield f"task {number} is no JSON object"
        return
    for key, kind in (*_TASK_FIELDS.items(), ("labels", list)):
        if key in _TASK_FIELDS and key not in task:
            yield f"task {number} has no '{key}'"
        elif key in task and not isinstance(task[key], kind):
            yield f"'{key}' of task {number} is no {'text' if kind is str else 'list'}"
    labels = task.get("labels", [])
    if isinstance(labels, list) and not all(isinstance(label, str) for label in labels):
        yield f"'labels' of task {number} holds something that is no text"
    if unknown := sorted(set(task) - {*_TASK_FIELDS, "labels"}):
        yield f"task {number} has '{unknown[0]}', which no task has"


def run_suite(suite: Suite, run: Callable[[Task], Outcome]) -> SuiteResult:
    """Return the outcomes of all tasks of a suite.

    suite (Suite): What to run.
    run (Callable[[Task], Outcome]): Runs one task. A BiomedplmError of it (no such corpus here, a split it lacks) is
        the reason why the task has no score.
    """
    outcomes = []
    for task in suite.tasks:
        try:
            outcomes.append(run(task))
        except BiomedplmError as error:
            outcomes.append(Outcome(get_metric(task.metric), reason=str(error)))
    return SuiteResult(suite, tuple(outcomes))
