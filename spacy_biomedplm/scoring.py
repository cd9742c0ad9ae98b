"""Precision, recall and F1 over sets of keys: what every scorer of the package counts with."""

from collections.abc import Callable, Hashable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True)
class PRF:
    """Counts of one comparison, and what follows from them.

    tp (int): Predicted and in the gold standard.
    fp (int): Predicted only.
    fn (int): In the gold standard only, also what no candidate generator proposed.

    Counts add up with ``+`` (micro average); ``sum(…, PRF())`` works.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def predicted(self) -> int:
        """How many were predicted."""
        return self.tp + self.fp

    @property
    def gold(self) -> int:
        """How many the gold standard has."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """Share of the predicted that is right, in [0, 1]; 0 if nothing was predicted."""
        return self.tp / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold standard that was found, in [0, 1]; 0 if it is empty."""
        return self.tp / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, in [0, 1]; 0 if both are."""
        total = self.predicted + self.gold
        return 2 * self.tp / total if total else 0.0

    def __add__(self, other: "PRF") -> "PRF":
        return PRF(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    def to_dict(self) -> dict[str, float]:
        """Return counts and scores as plain data.

        RETURNS (dict[str, float]): "tp", "fp", "fn", "precision", "recall" and "f1".
        """
        scores = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, **scores}


def count(predicted: AbstractSet[KeyT], gold: AbstractSet[KeyT]) -> PRF:
    """Return how far two sets of keys agree.

    predicted (AbstractSet[KeyT]): Keys such as (document, start, end, label). A set: a duplicate counts once.
    gold (AbstractSet[KeyT]): All keys of the gold standard.
    RETURNS (PRF): Counts.
    """
    found = len(predicted & gold)
    return PRF(tp=found, fp=len(predicted) - found, fn=len(gold) - found)


def count_by_label(
    predicted: AbstractSet[KeyT], gold: AbstractSet[KeyT], label_of: Callable[[KeyT], str], labels: Iterable[str] = ()
) -> dict[str, PRF]:
    """Return how far two sets of keys agree, for each label.

    predicted (AbstractSet[KeyT]): Predicted keys.
    gold (AbstractSet[KeyT]): All keys of the gold standard.
    label_of (Callable[[KeyT], str]): From a key to its label.
    labels (Iterable[str]): Labels to list even if neither set has them.
    RETURNS (dict[str, PRF]): In alphabetical order: given labels, and all that are predicted or in the gold
        standard. Their sum is the micro average.
    """
    names = {*labels, *map(label_of, predicted), *map(label_of, gold)}
    groups: dict[str, tuple[set[KeyT], set[KeyT]]] = {name: (set(), set()) for name in sorted(names)}
    for side, keys in enumerate((predicted, gold)):
        for key in keys:
            groups[label_of(key)][side].add(key)
    return {name: count(*sides) for name, sides in groups.items()}
