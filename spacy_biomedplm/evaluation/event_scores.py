"""Rules of the tasks on events as data, and the counts that their programs print."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from spacy_biomedplm.errors import BiomedplmError, coded

MODIFICATIONS = ("Negation", "Speculation")


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Counts of gold events and of answers, as the tasks' programs print them.

    gold, found (int): Gold events, and how many of them an answer matches.
    answers, right (int): Answers without repeats, and how many of them match a gold event. With approximate spans
        this may differ from ``found``: one answer can match several gold events, and the reverse.

    Counts add up with ``+``; ``sum(…, EventCounts())`` works.
    """

    gold: int = 0
    found: int = 0
    answers: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        """Share of all gold events that were found, in [0, 1]; 0 if there is none."""
        return self.found / self.gold if self.gold else 0.0

    @property
    def precision(self) -> float:
        """Share of the answers that are right, in [0, 1]; 0 without any."""
        return self.right / self.answers if self.answers else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]; 0 if both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __add__(self, other: "EventCounts") -> "EventCounts":
        return EventCounts(
            self.gold + other.gold, self.found + other.found, self.answers + other.answers, self.right + other.right
        )

    def to_dict(self) -> dict[str, float]:
        """Return counts and scores as plain data.

        RETURNS (dict[str, float]): "gold", "found", "answers", "right", "precision", "recall" and "f1".
        """
        counts = {"gold": self.gold, "found": self.found, "answers": self.answers, "right": self.right}
        return {**counts, "precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class EventTask:
    """One way in which a rule is applied: what of each document counts, and how counts are added up.

    totals (Mapping[str, tuple[str, ...]]): Labels whose counts each total adds up; the last total is the task's score.
    dropped (frozenset[str]): Roles that are left out, without the number at their end.
    modifications (bool): Whether Negation and Speculation count.
    repeats (Literal["keep", "merge", "drop"]): What happens to events that are equal once roles are left out: they
        stay; they are taken for one; or all but the first are left out together with what refers to them.
    """

    totals: Mapping[str, tuple[str, ...]]
    dropped: frozenset[str] = frozenset()
    modifications: bool = False
    repeats: Literal["keep", "merge", "drop"] = "keep"


@dataclass(frozen=True, slots=True)
class EventRule:
    """How a task matches answers with gold events; bionlp.py lists those that there are.

    name (str): Such as "GE11".
    program (Literal["ordered", "paired"]): Family of the task's program: arguments compared as ordered lists
        (genia.py), or Themes with their Sites as pairs (event_matching.py).
    given (frozenset[str]): Labels of the mentions that participants are given.
    tasks (Mapping[str, EventTask]): The first is the task's primary one.
    labels (frozenset[str]): Labels of events.
    soft (bool): Whether a predicted span needs to lie only inside the gold one as extended to the words around it.
    approximate (bool): Whether of an event inside an event only the Themes count.
    soft_entities (bool): Whether ``soft`` holds for mentions that are not triggers too.
    renamed (Mapping[tuple[str, str], str]): Roles that are read as another one, by label of the event ("" for any) and
        role, without numbers.
    merged_places (bool): Whether AtLoc, ToLoc and FromLoc are one role.
    """

    name: str
    program: Literal["ordered", "paired"]
    given: frozenset[str]
    tasks: Mapping[str, EventTask]
    labels: frozenset[str]
    soft: bool = True
    approximate: bool = True
    soft_entities: bool = True
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    merged_places: bool = False

    def strict(self) -> "EventRule":
        """Return the rule with equal spans and all arguments of inner events: the programs without -s and -p."""
        return replace(self, soft=False, approximate=False)

    def task(self, name: str = "") -> EventTask:
        """Return one of its tasks.

        name (str): Such as "1", "core" or "full"; empty for the primary one.
        RAISES (BiomedplmError): B700 if there is none of that name.
        """
        if name and name not in self.tasks:
            known = ", ".join(f"'{known}'" for known in self.tasks)
            raise BiomedplmError(coded("B700", rule=self.name, task=name, known=known))
        return self.tasks[name or next(iter(self.tasks))]


@dataclass(frozen=True, slots=True)
class EventScores:
    """What a scorer of events found.

    rule, task (str): Such as "GE11" and "1".
    by_type (dict[str, EventCounts]): For each label, in the order of the task's table.
    totals (dict[str, EventCounts]): For each total of the task's table, such as "SVT-TOTAL".
    """

    rule: str
    task: str
    by_type: dict[str, EventCounts]
    totals: dict[str, EventCounts]

    @property
    def total(self) -> EventCounts:
        """The task's score: its last total."""
        return list(self.totals.values())[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data.

        RETURNS (dict[str, Any]): "rule", "task", "total", "totals" and "by_type".
        """
        totals = {name: counts.to_dict() for name, counts in self.totals.items()}
        by_type = {name: counts.to_dict() for name, counts in self.by_type.items()}
        head = {"rule": self.rule, "task": self.task}
        return {**head, "total": self.total.to_dict(), "totals": totals, "by_type": by_type}


def count_labels(
    *, gold: Iterable[str], found: Iterable[str], answers: Iterable[str], right: Iterable[str]
) -> dict[str, EventCounts]:
    """Return counts for each label.

    gold, found, answers, right (Iterable[str]): Label of each event that counts as that.
    """
    tallies = [Counter(labels) for labels in (gold, found, answers, right)]
    return {label: EventCounts(*(tally[label] for tally in tallies)) for label in {**tallies[0], **tallies[2]}}


def add_up(
    counts: Mapping[str, EventCounts], rule: EventRule, task: EventTask
) -> tuple[dict[str, EventCounts], dict[str, EventCounts]]:
    """Return the table of a task: a line for each label, and the totals.

    counts (Mapping[str, EventCounts]): Summed over documents, by label.
    rule (EventRule): Whose labels are known; others count in the last total.
    task (EventTask): Whose totals, and in which order labels come.
    RETURNS (tuple[dict[str, EventCounts], dict[str, EventCounts]]): By label and by total.
    """
    order = dict.fromkeys(label for labels in task.totals.values() for label in labels)
    totals = dict(task.totals)
    last = list(totals)[-1]
    if not rule.labels.isdisjoint(order):
        unknown = sorted(label for label in counts if label not in rule.labels and label not in MODIFICATIONS)
        order |= dict.fromkeys(unknown)
        totals[last] = (*totals[last], *unknown)
    by_type = {label: counts.get(label, EventCounts()) for label in order}
    return by_type, {name: _sum(by_type[label] for label in labels) for name, labels in totals.items()}


def _sum(counts: Iterable[EventCounts]) -> EventCounts:
    return sum(counts, EventCounts())
