"""Stage 3: which candidate events are right, level by level for many documents at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from spacy_biomedplm.events.assembly import assemble
from spacy_biomedplm.events.graph import Graph, Structure
from spacy_biomedplm.events.network import Candidates, EventNetwork
from spacy_biomedplm.events.schemes import EventScheme, base_role
from spacy_biomedplm.layers.runs import highest_of_runs


class Sheet(NamedTuple):
    """A document by one guideline.

    graph (Graph): Triggers, what can take part, and roles. scheme (EventScheme): The guideline.
    first (int): Row of its first token. pairs (Mapping[tuple[int, int], int]): Row of each pair of trigger and node.
    """

    graph: Graph
    scheme: EventScheme
    first: int
    pairs: Mapping[tuple[int, int], int]


class Judged(NamedTuple):
    """Candidates that were looked at together.

    sheets (list[int]): Number of the document of each candidate. candidates (list[Structure]): The candidates.
    scores (Tensor): That it is an event, is negated, is speculated; shape (candidates, 3).
    """

    sheets: list[int]
    candidates: list[Structure]
    scores: torch.Tensor


Decide = Callable[[Judged], Sequence[bool]]
"""Says which candidates are right."""


def judge_structures(
    network: EventNetwork,
    vectors: torch.Tensor,
    edges: torch.Tensor,
    sheets: Sequence[Sheet],
    labels: Mapping[str, int],
    roles: Mapping[str, int],
    decide: Decide,
    dropout: float = 0.0,
) -> tuple[list[list[Structure]], list[int]]:
    """Return the events of each document, and how many candidates were too many to be looked at.

    vectors (Tensor): Shape (tokens of all documents, width). edges (Tensor): What represents each pair of a trigger and
        a node, shape (pairs, hidden).
    sheets (Sequence[Sheet]): The documents. labels, roles (Mapping[str, int]): Numbers of types of events and of roles.
    decide (Decide): Called with the candidates of each level of all documents together.
    dropout (float): Share of components set to 0, in [0, 1).
    RETURNS (tuple[list[list[Structure]], list[int]]): Of each document; each event after those that are its arguments.
    """
    anchors, anchor_of = _anchors(vectors, sheets)
    taking = [_takers(sheet.graph) for sheet in sheets]
    steps = [assemble(sheet.graph, sheet.scheme) for sheet in sheets]
    ends: list[tuple[list[Structure], int]] = [([], 0) for _ in sheets]
    # Row of the vector of each event found so far.
    rows: list[list[int]] = [[] for _ in sheets]
    inner = vectors.new_zeros((0, edges.shape[1]))
    waiting: dict[int, list[Structure]] = {}
    for number, step in enumerate(steps):
        _advance(number, step.__next__, waiting, ends)
    while waiting:
        numbers = [number for number, candidates in waiting.items() for _ in candidates]
        candidates = [candidate for of_document in waiting.values() for candidate in of_document]
        decisions: list[bool] = []
        if candidates:
            arrays = _to_arrays(numbers, candidates, sheets, taking, anchor_of, rows, labels, roles)
            found = network.represent(anchors, edges, inner, arrays, dropout)
            decisions = list(decide(Judged(numbers, candidates, network.score_events(found))))
            kept = [row for row, is_right in enumerate(decisions) if is_right]
            for place, row in enumerate(kept):
                rows[numbers[row]].append(len(inner) + place)
            inner = torch.cat([inner, found[kept]])
        first = 0
        for number, of_document in list(waiting.items()):
            own = decisions[first : first + len(of_document)]
            first += len(of_document)
            del waiting[number]
            step = steps[number]
            _advance(number, lambda step=step, own=own: step.send(own), waiting, ends)  # type: ignore[misc]
    return [events for events, _ in ends], [left_out for _, left_out in ends]


def _advance(
    number: int,
    step: Callable[[], list[Structure]],
    waiting: dict[int, list[Structure]],
    ends: list[tuple[list[Structure], int]],
) -> None:
    try:
        waiting[number] = step()
    except StopIteration as end:
        ends[number] = end.value


def _anchors(vectors: torch.Tensor, sheets: Sequence[Sheet]) -> tuple[torch.Tensor, dict[tuple[int, int], int]]:
    """Return a vector for each trigger, the maximum over its words, and the row of each by document and node."""
    triggers = [
        (number, place, sheet.first + node.start, sheet.first + node.stop)
        for number, sheet in enumerate(sheets)
        for place, node in enumerate(sheet.graph.nodes)
        if node.is_trigger
    ]
    runs = np.array([(start, stop) for _, _, start, stop in triggers], dtype=np.int64).reshape(-1, 2)
    rows = {(number, place): row for row, (number, place, _, _) in enumerate(triggers)}
    return highest_of_runs(vectors, runs[:, 0], runs[:, 1]), rows


def _takers(graph: Graph) -> dict[int, set[int]]:
    """Return the nodes that have a role in the events of each trigger."""
    found: dict[int, set[int]] = {}
    for edge in graph.edges:
        found.setdefault(edge.trigger, set()).add(edge.node)
    return found


def _to_arrays(
    numbers: Sequence[int],
    candidates: Sequence[Structure],
    sheets: Sequence[Sheet],
    taking: Sequence[Mapping[int, set[int]]],
    anchor_of: Mapping[tuple[int, int], int],
    rows: Sequence[Sequence[int]],
    labels: Mapping[str, int],
    roles: Mapping[str, int],
) -> Candidates:
    inside, outside = [], []
    for place, (number, (trigger, arguments)) in enumerate(zip(numbers, candidates, strict=True)):
        sheet = sheets[number]
        for role, node, event in arguments:
            inner = rows[number][event] if event >= 0 else -1
            inside.append((place, sheet.pairs[trigger, node], roles[base_role(role)], inner))
        others = taking[number].get(trigger, set()).difference(node for _, node, _ in arguments)
        outside += [(place, sheet.pairs[trigger, node]) for node in sorted(others)]
    return Candidates(
        np.array(
            [anchor_of[number, one.trigger] for number, one in zip(numbers, candidates, strict=True)], dtype=np.int64
        ),
        np.array(
            [
                labels[sheets[number].graph.nodes[one.trigger].label]
                for number, one in zip(numbers, candidates, strict=True)
            ],
            dtype=np.int64,
        ),
        np.array(inside, dtype=np.int64).reshape(-1, 4),
        np.array(outside, dtype=np.int64).reshape(-1, 2),
    )
