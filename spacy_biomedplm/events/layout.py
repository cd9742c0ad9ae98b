"""Where the scores of each guideline are, and the numbers of what all guidelines have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.events.triggers import columns_of


class Columns(NamedTuple):
    """Places of the scores of a guideline. words, pairs (slice): Of each word, and of each pair."""

    words: slice
    pairs: slice


@dataclass(frozen=True)
class Layout:
    """What the network of several guidelines looks like.

    columns (list[Columns]): Of each guideline. types (dict[str, int]): Number of each label of a node, from 1: 0 is any
        other. labels, roles (dict[str, int]): Number of each type of event, and of each role.
    """

    columns: list[Columns]
    types: dict[str, int]
    labels: dict[str, int]
    roles: dict[str, int]

    def sizes(self) -> dict[str, int]:
        """Return the sizes of ``EventNetwork``."""
        return {
            "trigger_columns": self.columns[-1].words.stop,
            "role_columns": self.columns[-1].pairs.stop,
            "types": 1 + len(self.types),
            "labels": len(self.labels),
            "roles": len(self.roles),
        }


def lay_out(schemes: Sequence[EventScheme]) -> Layout:
    """Return the layout of guidelines. schemes (Sequence[EventScheme]): All of a model."""
    columns, words, pairs = [], 0, 0
    for scheme in schemes:
        columns.append(Columns(slice(words, words + len(columns_of(scheme))), slice(pairs, pairs + len(scheme.roles))))
        words, pairs = columns[-1].words.stop, columns[-1].pairs.stop
    participants = {label for scheme in schemes for one in scheme.participants for label in (one[0], one[2])}
    labels = sorted({label for scheme in schemes for label in scheme.labels})
    return Layout(
        columns,
        {label: number for number, label in enumerate(sorted(participants | set(labels)), 1)},
        {label: number for number, label in enumerate(labels)},
        {role: number for number, role in enumerate(sorted({role for scheme in schemes for role in scheme.roles}))},
    )
