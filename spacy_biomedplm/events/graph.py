"""Documents as graphs: triggers and what can take part in their events are nodes, roles are edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spacy_biomedplm.attributes import Event
from spacy_biomedplm.events.schemes import REPEATED, base_role, number_roles


class Node(NamedTuple):
    """A trigger, or an entity or span that can take part in an event.

    start, stop (int): First token and the one after the last. label (str): Type of the events, or of the entity.
    is_trigger (bool): Whether it is a trigger. is_given (bool): Whether it is there from the start.
    """

    start: int
    stop: int
    label: str
    is_trigger: bool
    is_given: bool


class Edge(NamedTuple):
    """A role of a node in the events of a trigger.

    trigger, node (int): Numbers of the two. role (str): Without its number. score (float): Probability, above 0.
    """

    trigger: int
    role: str
    node: int
    score: float = 1.0


class Filled(NamedTuple):
    """An argument of an event.

    role (str): With its number. node (int): Number of the node. event (int): Which of the events of that trigger, by
        its number among all; -1 if the node is no trigger.
    """

    role: str
    node: int
    event: int


class Structure(NamedTuple):
    """An event. trigger (int): Number of its node. arguments (tuple[Filled, ...]): By role, then by place."""

    trigger: int
    arguments: tuple[Filled, ...]


@dataclass(frozen=True)
class Graph:
    """A document by one guideline.

    nodes (list[Node]): What is there. edges (list[Edge]): Roles.
    """

    nodes: list[Node]
    edges: list[Edge]


def canonical(arguments: Sequence[Filled], nodes: Sequence[Node]) -> tuple[Filled, ...]:
    """Return arguments in their order, numbered in the order of the text where roles differ by a number only.

    Numbers that tie two arguments together ("Theme2" and "Site2") stay.

    arguments (Sequence[Filled]): Of one event. nodes (Sequence[Node]): Of the document.
    """
    tied = any(role != base_role(role) and base_role(role) not in REPEATED for role, _, _ in arguments)
    ordered = sorted(arguments, key=lambda one: (one.role, nodes[one.node], one.event))
    if tied:
        return tuple(ordered)
    names: dict[str, list[str]] = {}
    for one in ordered:
        names.setdefault(base_role(one.role), []).append(one.role)
    found = []
    for role, numbered in sorted(names.items()):
        same = sorted(
            (one for one in ordered if base_role(one.role) == role), key=lambda one: (nodes[one.node], one.event)
        )
        numbered = number_roles(numbered)
        found += [Filled(name, one.node, one.event) for name, one in zip(numbered, same, strict=True)]
    return tuple(found)


def inner_first(events: Sequence[Event]) -> list[Event]:
    """Return events so that each comes after those that are its arguments.

    events (Sequence[Event]): Of a document, with identifiers and without circles.
    """
    order: list[Event] = []
    done: set[str] = set()
    waiting = list(events)[::-1]
    while waiting:
        event = waiting.pop()
        if event.id in done:
            continue
        inner = [one.target for one in event.arguments if isinstance(one.target, Event) and one.target.id not in done]
        if inner:
            waiting += [event, *inner]
        else:
            done.add(event.id)
            order.append(event)
    return order
