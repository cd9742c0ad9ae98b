"""Roles as labels of single words, and events by rule: the encoding of BEESL.

A word that takes part is labelled with its role and with the trigger: its type, and how many triggers of this type
there are on the way to it (Ramponi et al., 2020, doi:10.18653/v1/2020.emnlp-main.431).
"""

from collections.abc import Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.events.graph import Edge, Filled, Graph, Node, Structure, canonical
from spacy_biomedplm.events.schemes import EventScheme, base_role
from spacy_biomedplm.layers.pairs import Ints

FARTHEST = 3
"""Triggers of one type that are counted to either side."""


class Tag(NamedTuple):
    """What a word is in the events of a trigger.

    role (str): Without its number. label (str): Type of the trigger.
    offset (int): Of the triggers of this type in the sentence, 1 is the next to the right and -1 the next to the left.
    """

    role: str
    label: str
    offset: int


def tags_of(scheme: EventScheme) -> list[Tag]:
    """Return all labels of a guideline. scheme (EventScheme): The guideline."""
    heads = sorted({(role, label) for label, role, _ in scheme.participants})
    offsets = [offset for offset in range(-FARTHEST, FARTHEST + 1) if offset]
    return [Tag(role, label, offset) for role, label in heads for offset in offsets]


def heads_of(nodes: Sequence[Node], sentences: Ints) -> list[dict[tuple[str, int], int]]:
    """Return for each node the triggers of its sentence by type and offset.

    nodes (Sequence[Node]): Of a document. sentences (Ints): First token of each sentence, ascending.
    """
    places = np.searchsorted(sentences, [node.start for node in nodes], side="right").tolist()
    triggers: dict[tuple[int, str], list[int]] = {}
    for number in sorted(range(len(nodes)), key=lambda number: nodes[number]):
        if nodes[number].is_trigger:
            triggers.setdefault((places[number], nodes[number].label), []).append(number)
    labels_in: dict[int, list[str]] = {}
    for place, label in triggers:
        labels_in.setdefault(place, []).append(label)
    found: list[dict[tuple[str, int], int]] = []
    for number, node in enumerate(nodes):
        heads: dict[tuple[str, int], int] = {}
        for label in labels_in.get(places[number], ()):
            others = [other for other in triggers[places[number], label] if other != number]
            left = [other for other in others if nodes[other].start < node.start]
            right = [other for other in others if nodes[other].start >= node.start]
            heads |= {(label, -place): other for place, other in enumerate(left[: -FARTHEST - 1 : -1], 1)}
            heads |= {(label, place): other for place, other in enumerate(right[:FARTHEST], 1)}
        found.append(heads)
    return found


def tag_targets(graph: Graph, nodes: Sequence[Node], sentences: Ints, scheme: EventScheme) -> NDArray[np.bool_]:
    """Return which labels nodes have.

    graph (Graph): Right answers; its nodes come first among the nodes. nodes (Sequence[Node]): Of the document.
    RETURNS (NDArray[np.bool_]): Shape (nodes, labels).
    """
    columns = {tag: column for column, tag in enumerate(tags_of(scheme))}
    targets = np.zeros((len(nodes), len(columns)), dtype=bool)
    heads = [{other: key for key, other in of_node.items()} for of_node in heads_of(nodes, sentences)]
    for trigger, role, node, _ in graph.edges:
        if trigger in heads[node]:
            column = columns.get(Tag(role, *heads[node][trigger]))
            if column is not None:
                targets[node, column] = True
    return targets


def find_tagged(
    nodes: Sequence[Node],
    probabilities: NDArray[np.float32],
    sentences: Ints,
    scheme: EventScheme,
    threshold: float,
) -> list[Edge]:
    """Return the roles that labels say, if there is such a trigger and the guideline allows them.

    probabilities (NDArray[np.float32]): Shape (nodes, labels). threshold (float): What a label needs, from 0 to 1.
    """
    tags, allowed = tags_of(scheme), frozenset(scheme.participants)
    heads = heads_of(nodes, sentences)
    rows, columns = np.nonzero(probabilities >= threshold)
    found = []
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        role, label, offset = tags[column]
        trigger = heads[row].get((label, offset))
        if trigger is not None and (label, role, nodes[row].label) in allowed:
            found.append(Edge(trigger, role, row, float(probabilities[row, column])))
    return found


def unmerge(
    graph: Graph, trigger: int, edges: Sequence[Edge], events_of: dict[int, list[int]], scheme: EventScheme
) -> tuple[list[Structure], int]:
    """Return the events of a trigger by rule.

    Each Theme, with each Cause, is an event of its own, with all else that has a role; where the guideline has events
    of several Themes, two of them make one if each stands on another side of the trigger, or if all are on one side.
    What the guideline knows no event of is left out, but for the largest part that it knows.

    edges (Sequence[Edge]): Its roles. events_of (dict[int, list[int]]): Events of each trigger inside.
    RETURNS (tuple[list[Structure], int]): Events, and 0: none is left out for want of room.
    """
    nodes = graph.nodes
    known = set(scheme.structures.get(nodes[trigger].label, ()))
    filled: dict[str, list[Filled]] = {}
    for edge in sorted(edges, key=lambda edge: nodes[edge.node]):
        inner = events_of.get(edge.node, ()) if nodes[edge.node].is_trigger else (-1,)
        filled.setdefault(edge.role, []).extend(Filled(edge.role, edge.node, event) for event in inner)
    themes = [[one] for one in filled.pop("Theme", ())]
    if len(themes) > 1 and any("Theme2" in roles for roles in known):
        themes = _pair_up([one for (one,) in themes], nodes, trigger)
    causes = [[one] for one in filled.pop("Cause", ())]
    others = [one for of_role in filled.values() for one in of_role]
    found: dict[Structure, None] = {}
    for theme, cause in product(themes or [[]], causes or [[]]):
        arguments = _fitting([*theme, *cause], others, known)
        if arguments is not None:
            found[Structure(trigger, canonical(arguments, nodes))] = None
    return list(found), 0


def _pair_up(themes: Sequence[Filled], nodes: Sequence[Node], trigger: int) -> list[list[Filled]]:
    left = [one for one in themes if nodes[one.node] < nodes[trigger]]
    right = [one for one in themes if nodes[one.node] >= nodes[trigger]]
    pairs = product(left, right) if left and right else combinations(themes, 2)
    return [[one, other._replace(role="Theme2")] for one, other in pairs if one.node != other.node]


def _fitting(core: list[Filled], others: Sequence[Filled], known: set[tuple[str, ...]]) -> list[Filled] | None:
    """Return the largest event that the guideline knows: the core, or its Theme alone, with some of the others."""
    times: dict[str, int] = {}
    extra = []
    for one in others:
        times[one.role] = times.get(one.role, 0) + 1
        number = times[one.role]
        extra.append(one if number == 1 else one._replace(role=f"{one.role}{number}"))
    alone = [one for one in core if base_role(one.role) == "Theme"]
    for base in (core, alone) if alone else (core,):
        arguments = list(base)
        # One after the other, as long as there is an event that has at least these.
        for one in extra:
            wanted = {argument.role for argument in [*arguments, one]}
            if any(wanted <= set(roles) for roles in known):
                arguments.append(one)
        while arguments or not base:
            if tuple(sorted(one.role for one in arguments)) in known:
                return arguments
            if not arguments:
                break
            arguments.pop()
    return None
