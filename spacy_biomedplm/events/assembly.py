"""From triggers and roles to events, inner ones first."""

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import combinations, permutations, product
from math import comb, perm, prod
from typing import TypeAlias

from spacy_biomedplm.events.graph import Edge, Filled, Graph, Structure, canonical
from spacy_biomedplm.events.schemes import EventScheme, base_role

MOST_CANDIDATES = 256
"""Candidate events of a trigger; of more, those with the most probable roles are looked at."""

WORTH_A_WORD = 0.1
"""Candidates that are left out are counted if the product of the probabilities of their roles may be this high."""

_MOST_CHOICES = 12
_MOST_WAYS = 2048

Propose: TypeAlias = Callable[
    [Graph, int, Sequence[Edge], dict[int, list[int]], EventScheme], tuple[list[Structure], int]
]
_Side: TypeAlias = list[tuple[str, tuple[float, int, int]]]


def assemble(
    graph: Graph, scheme: EventScheme, candidates_of: Propose | None = None
) -> Generator[list[Structure], Sequence[bool], tuple[list[Structure], int]]:
    """Put the events of a document together.

    graph (Graph): Triggers, what can take part, and roles. scheme (EventScheme): Which arguments go together.
    candidates_of (Propose | None): Makes the candidates of a trigger; ``propose`` by default.
    YIELDS (list[Structure]): The candidates of each level, perhaps none: events whose arguments are no events, then
        those that take these, and so on. It is sent which of them are right.
    RETURNS (tuple[list[Structure], int]): What was right, each after those that are its arguments; and how many
        candidates were too many to be looked at.
    """
    accepted: list[Structure] = []
    events_of: dict[int, list[int]] = {}
    left_out = 0
    for level in levels(graph):
        candidates: list[Structure] = []
        for trigger, edges in level:
            proposed, too_many = (candidates_of or propose)(graph, trigger, edges, events_of, scheme)
            candidates += proposed
            left_out += too_many
        decisions = yield candidates
        for candidate, is_right in zip(candidates, decisions, strict=True):
            if is_right:
                events_of.setdefault(candidate.trigger, []).append(len(accepted))
                accepted.append(candidate)
    return accepted, left_out


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
) -> tuple[list[Structure], int]:
    """Return the candidate events of a trigger, the most probable first, and how many there are beyond those.

    Of those that are improbable beyond doubt there can be any number, and they are not counted.

    graph (Graph): The document. trigger (int): Number of its node. edges (Sequence[Edge]): Its roles.
    events_of (dict[int, list[int]]): Events of each trigger inside. scheme (EventScheme): Which arguments go together.
    """
    choices: dict[str, list[tuple[float, int, int]]] = {}
    for edge in edges:
        inner = events_of.get(edge.node, ()) if graph.nodes[edge.node].is_trigger else (-1,)
        choices.setdefault(edge.role, []).extend((edge.score, edge.node, event) for event in inner)
    for of_role in choices.values():
        of_role.sort(reverse=True)
    found: dict[Structure, float] = {}
    left_out = 0
    for roles in scheme.structures.get(graph.nodes[trigger].label, ()):
        ways, too_many = _fill(roles, choices)
        left_out += too_many
        for filled, score in ways:
            structure = Structure(trigger, canonical(filled, graph.nodes))
            found[structure] = max(score, found.get(structure, 0.0))
    best = sorted(found, key=lambda one: -found[one])
    return best[:MOST_CANDIDATES], left_out + sum(found[one] >= WORTH_A_WORD for one in best[MOST_CANDIDATES:])


def _fill(
    roles: tuple[str, ...], choices: dict[str, list[tuple[float, int, int]]]
) -> tuple[Iterator[tuple[list[Filled], float]], int]:
    """Return the ways to fill the roles of a structure, each with how probable it is, and how many there are beyond."""
    groups: dict[str, list[str]] = {}
    for role in roles:
        groups.setdefault(base_role(role), []).append(role)
    if not all(len(choices.get(base, ())) >= len(names) for base, names in groups.items()):
        return iter(()), 0
    is_tied = len(groups) > 1 and any(len(names) > 1 or names[0][-1:].isdigit() for names in groups.values())

    def count_ways(most: int) -> int:
        ways = perm if is_tied else comb
        return prod(ways(min(len(choices[base]), max(most, len(names))), len(names)) for base, names in groups.items())

    total = count_ways(max(map(len, choices.values()), default=0))
    # The most probable of each role, as many as leave a number of ways that can be looked at.
    most = next((most for most in range(_MOST_CHOICES, 1, -1) if count_ways(most) <= _MOST_WAYS), 1)
    pick = permutations if is_tied else combinations
    sides = [
        [list(zip(names, picked, strict=True)) for picked in pick(choices[base][: max(most, len(names))], len(names))]
        for base, names in groups.items()
    ]
    left_out = total - min(total, count_ways(most))
    if left_out and _highest_left_out(groups, choices, most) < WORTH_A_WORD:
        left_out = 0
    return _combine(sides), left_out


def _highest_left_out(
    groups: dict[str, list[str]], choices: dict[str, list[tuple[float, int, int]]], most: int
) -> float:
    """Return the highest probability that a way can have to fill the roles with a choice that is left out."""
    taken = {base: [score for score, _, _ in choices[base][: len(names)]] for base, names in groups.items()}
    kept = {base: max(most, len(names)) for base, names in groups.items()}
    return max(
        # In place of the least probable of the best.
        prod([*taken[base][:-1], choices[base][kept[base]][0]]) * prod(prod(taken[one]) for one in taken if one != base)
        for base in groups
        if len(choices[base]) > kept[base]
    )


def _combine(sides: Sequence[Sequence[_Side]]) -> Iterator[tuple[list[Filled], float]]:
    for parts in product(*sides):
        pairs = [pair for part in parts for pair in part]
        if len({target[1:] for _, target in pairs}) == len(pairs):
            score = prod(probability for _, (probability, _, _) in pairs)
            yield [Filled(role, node, event) for role, (_, node, event) in pairs], score
