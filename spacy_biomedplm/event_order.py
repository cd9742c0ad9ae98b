"""The order of events that are arguments of each other, and circles among them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_SHOWN = 12
"""Events of a circle that a message names."""


def order_events(targets: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """Return identifiers of events so that each comes after those that are its arguments.

    targets (Mapping[str, Iterable[str]]): For each event, the events that are its arguments.
    RETURNS (tuple[list[str], list[str]]): The order, and the first circle of events that is found: then the order is
        not complete. No circle is an empty list.
    """
    order: list[str] = []
    return order, next(walk_events(targets, order), [])


def walk_events(targets: Mapping[str, Iterable[str]], order: list[str]) -> Iterator[list[str]]:
    """Yield circles of events, in time that grows with the events and arguments alone; what is left has no circle.

    targets (Mapping[str, Iterable[str]]): For each event, the events that are its arguments.
    order (list[str]): Gets the other events, each after those that are its arguments.
    YIELDS (list[str]): A circle; its last event is left out from then on.
    """
    done: set[str] = set()
    for first in targets:
        # No recursion: an untrusted file can nest events deeper than Python's stack.
        path = [(first, iter(targets[first]))] if first not in done else []
        depth = {first: 0}
        while path:
            name, rest = path[-1]
            following = next((t for t in rest if t in targets and t not in done), None)
            if following is not None and following not in depth:
                depth[following] = len(path)
                path.append((following, iter(targets[following])))
                continue
            if following is None:
                order.append(name)
            else:
                yield [above for above, _ in path[depth[following] :]]
            done.add(name)
            path.pop()
            del depth[name]


def show_circle(names: Sequence[str]) -> str:
    """Return a circle as text, of a long one the beginning and the end.

    names (Sequence[str]): The events in it.
    """
    shown = list(names)
    if len(shown) > MAX_SHOWN:
        shown = [*shown[: MAX_SHOWN - 2], f"({len(shown) - MAX_SHOWN + 1} more)", shown[-1]]
    return " → ".join([*shown, shown[0]])
