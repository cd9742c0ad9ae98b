"""Stage 2: which nodes have a role in the events of a trigger."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.events.graph import Edge, Graph, Node
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.layers.pairs import Ints, PairArrays


def propose_pairs(
    nodes: Sequence[Node], sentences: Ints, scheme: EventScheme, most: int
) -> tuple[list[tuple[int, int]], int]:
    """Return the pairs of a trigger and a node of its sentence that the guideline has a role for.

    nodes (Sequence[Node]): Of a document. sentences (Ints): First token of each sentence, ascending.
    scheme (EventScheme): The guideline. most (int): Pairs; of more, the nearest are taken.
    RETURNS (tuple[list[tuple[int, int]], int]): Numbers of trigger and node, by trigger; and how many were left out.
    """
    admitted: dict[str, set[str]] = {}
    for label, _, participant in scheme.participants:
        admitted.setdefault(label, set()).add(participant)
    # By sentence and label: a sentence of very many entities is looked through for each kind that can take part.
    in_sentence: dict[tuple[int, str], list[int]] = {}
    places = np.searchsorted(sentences, [node.start for node in nodes], side="right").tolist()
    for number, (place, node) in enumerate(zip(places, nodes, strict=True)):
        in_sentence.setdefault((place, node.label), []).append(number)
    found = [
        (trigger, other)
        for trigger, node in enumerate(nodes)
        if node.is_trigger
        for other in sorted(
            other for label in admitted.get(node.label, ()) for other in in_sentence.get((places[trigger], label), ())
        )
        if other != trigger
    ]
    if len(found) <= most:
        return found, 0
    distances = [abs(nodes[other].start - nodes[trigger].start) for trigger, other in found]
    nearest = np.sort(np.argsort(distances, kind="stable")[:most])
    return [found[row] for row in nearest.tolist()], len(found) - most


def pair_arrays(
    documents: Iterable[tuple[int, int, Sequence[Node], Ints, Sequence[tuple[int, int]]]], types: Mapping[str, int]
) -> PairArrays:
    """Return pairs of several documents as arrays.

    documents (Iterable): Of each the row of its first token, its number of tokens, nodes, first token of each sentence,
        and pairs.
    types (Mapping[str, int]): Number of each label of nodes; 0 for others.
    """
    spans, contexts, kinds, gaps = [], [], [], []
    for first, n_tokens, nodes, sentences, pairs in documents:
        bounds = [*sentences.tolist(), n_tokens]
        for pair in pairs:
            head, tail = (nodes[number] for number in pair)
            spans += [(first + node.start, first + node.stop) for node in (head, tail)]
            place = int(np.searchsorted(sentences, head.start, side="right"))
            contexts.append((first + bounds[place - 1], first + bounds[place]))
            kinds.append((types.get(head.label, 0), types.get(tail.label, 0)))
            gaps.append(max(tail.start - head.stop, 0) or min(tail.stop - head.start, 0))
    return PairArrays(
        np.array(spans, dtype=np.int64).reshape(-1, 2),
        np.arange(len(spans), dtype=np.int64),
        np.array(contexts, dtype=np.int64).reshape(-1, 2),
        np.array(kinds, dtype=np.int64).reshape(-1, 2),
        np.array(gaps, dtype=np.int64),
    )


def role_targets(gold: Graph, pairs: Sequence[tuple[int, int]], scheme: EventScheme) -> NDArray[np.bool_]:
    """Return which roles the pairs of a gold document have.

    gold (Graph): Right answers; its nodes come first in the numbers of the pairs.
    RETURNS (NDArray[np.bool_]): Shape (pairs, roles).
    """
    roles = {role: place for place, role in enumerate(scheme.roles)}
    rows = {pair: row for row, pair in enumerate(pairs)}
    targets = np.zeros((len(pairs), len(roles)), dtype=bool)
    for trigger, role, node, _ in gold.edges:
        if (trigger, node) in rows and role in roles:
            targets[rows[trigger, node], roles[role]] = True
    return targets


def find_edges(
    pairs: Sequence[tuple[int, int]],
    probabilities: NDArray[np.float32],
    nodes: Sequence[Node],
    scheme: EventScheme,
    threshold: float,
) -> list[Edge]:
    """Return the roles that are probable enough and that the guideline allows.

    pairs: Numbers of trigger and node. probabilities (NDArray[np.float32]): Shape (pairs, roles).
    nodes (Sequence[Node]): Of the document. threshold (float): From 0 to 1.
    """
    allowed = frozenset(scheme.participants)
    roles = scheme.roles
    rows, columns = np.nonzero(probabilities >= threshold)
    return [
        Edge(pairs[row][0], roles[column], pairs[row][1], float(probabilities[row, column]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if (nodes[pairs[row][0]].label, roles[column], nodes[pairs[row][1]].label) in allowed
    ]
