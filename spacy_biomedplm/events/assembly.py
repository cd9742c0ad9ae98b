"""From triggers and roles to events, inner ones first."""

from collections.abc import Generator, Iterator, Sequence
from itertools import combinations, permutations, product

from spacy_biomedplm.events.graph import Edge, Filled, Graph, Structure, canonical
from spacy_biomedplm.events.schemes import EventScheme, base_role

MOST_CANDIDATES = 64
"""Candidate events of a trigger; of more, those with the most probable roles are looked at."""

_MOST_CHOICES = 8


def assemble(graph: Graph, scheme: EventScheme) -> Generator[list[Structure], Sequence[bool], list[Structure]]:
    """Put the events of a document together.

    graph (Graph): Triggers, what can take part, and roles. scheme (EventScheme): Which arguments go together.
    YIELDS (list[Structure]): The candidates of each level, perhaps none: events whose arguments are no events, then
        those that take these, and so on. It is sent which of them are right.
    RETURNS (list[Structure]): What was right, each after those that are its arguments.
    """
    accepted: list[Structure] = []
    events_of: dict[int, list[int]] = {}
    for level in levels(graph):
        candidates = [
            candidate for trigger, edges in level for candidate in propose(graph, trigger, edges, events_of, scheme)
        ]
        decisions = yield candidates
        for candidate, is_right in zip(candidates, decisions, strict=True):
            if is_right:
                events_of.setdefault(candidate.trigger, []).append(len(accepted))
                accepted.append(candidate)
    return accepted


def levels(graph: Graph) -> Iterator[list[tuple[int, list[Edge]]]]:
    """Yield triggers with their roles, each after the triggers that take part in its events.

    graph (Graph): Where roles form a circle, the least probable of it is left out.
    """
    edges_of: dict[int, list[Edge]] = {number: [] for number, node in enumerate(graph.nodes) if node.is_trigger}
    for edge in sorted(graph.edges, key=lambda edge: -edge.score):
        # The most probable come first: one that would close a circle is the least probable of it.
        if not (graph.nodes[edge.node].is_trigger and _reaches(edges_of, edge.node, edge.trigger)):
            edges_of[edge.trigger].append(edge)
    depth: dict[int, int] = {}
    waiting = list(edges_of)
    while waiting:
        number = waiting[-1]
        inner = [edge.node for edge in edges_of[number] if edge.node in edges_of]
        missing = [node for node in inner if node not in depth]
        if missing:
            waiting += missing
        else:
            depth[number] = 1 + max((depth[node] for node in inner), default=-1)
            waiting.pop()
    for level in range(1 + max(depth.values(), default=-1)):
        yield [(number, edges_of[number]) for number in edges_of if depth[number] == level]


def _reaches(edges_of: dict[int, list[Edge]], start: int, goal: int) -> bool:
    waiting, seen = [start], {start}
    while waiting:
        number = waiting.pop()
        if number == goal:
            return True
        for edge in edges_of.get(number, ()):
            if edge.node not in seen:
                seen.add(edge.node)
                waiting.append(edge.node)
    return False


def propose(
    graph: Graph, trigger: int, edges: Sequence[Edge], events_of: dict[int, list[int]], scheme: EventScheme
) -> list[Structure]:
    """Return the candidate events of a trigger, the most probable first.

    graph (Graph): The document. trigger (int): Number of its node. edges (Sequence[Edge]): Its roles.
    events_of (dict[int, list[int]]): Events of each trigger inside. scheme (EventScheme): Which arguments go together.
    """
    choices: dict[str, list[tuple[float, int, int]]] = {}
    for edge in edges:
        inner = events_of.get(edge.node, ()) if graph.nodes[edge.node].is_trigger else (-1,)
        choices.setdefault(edge.role, []).extend((edge.score, edge.node, event) for event in inner)
    choices = {role: sorted(found, reverse=True)[:_MOST_CHOICES] for role, found in choices.items()}
    found: dict[Structure, float] = {}
    for roles in scheme.structures.get(graph.nodes[trigger].label, ()):
        for filled, score in _fill(roles, choices):
            structure = Structure(trigger, canonical(filled, graph.nodes))
            found[structure] = max(score, found.get(structure, 0.0))
    return sorted(found, key=lambda one: -found[one])[:MOST_CANDIDATES]


def _fill(
    roles: tuple[str, ...], choices: dict[str, list[tuple[float, int, int]]]
) -> Iterator[tuple[list[Filled], float]]:
    """Yield the ways to fill the roles of a structure, and how probable each is."""
    groups: dict[str, list[str]] = {}
    for role in roles:
        groups.setdefault(base_role(role), []).append(role)
    if not all(len(choices.get(base, ())) >= len(names) for base, names in groups.items()):
        return
    is_tied = len({len(names) for names in groups.values() if len(names) > 1 or names[0][-1:].isdigit()}) > 0
    pick = permutations if is_tied and len(groups) > 1 else combinations
    sides = [
        [list(zip(names, picked, strict=True)) for picked in pick(choices[base], len(names))]
        for base, names in groups.items()
    ]
    for parts in product(*sides):
        pairs = [pair for part in parts for pair in part]
        if len({target[1:] for _, target in pairs}) == len(pairs):
            score = 1.0
            for _, (probability, _, _) in pairs:
                score *= probability
            yield [Filled(role, node, event) for role, (_, node, event) in pairs], score
