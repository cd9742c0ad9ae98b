"""Identifiers of events that depend on nothing but the events."""

from collections.abc import Mapping
from typing import Any

from spacy.tokens import Doc

from spacy_biomedplm.attributes import EVENTS_KEY, RECORD_KEY, RELATIONS_KEY
from spacy_biomedplm.event_order import order_events

Key = tuple[Any, ...]


def number_events(doc: Doc) -> None:
    """Put the events of a document in one order, and give them their identifiers anew in it.

    doc (Doc): Its events come first that have no events inside, then those that take these, and so on; among equals in
        the order of their triggers and arguments in the text. Two events of nearly the same probability change places
        where texts are read in other batches; with this they do not.
    """
    rows: list[dict[str, Any]] = doc.user_data.get(EVENTS_KEY, [])
    found = {row["id"]: row for row in rows}
    targets = {name: [t for _, kind, t in row["arguments"] if kind == "event"] for name, row in found.items()}
    order, circle = order_events(targets)
    if not rows or circle:  # A circle is an error of whoever reads the events.
        return
    depth: dict[str, int] = {}
    levels: dict[int, list[str]] = {}
    for name in order:
        depth[name] = 1 + max((depth[target] for target in targets[name] if target in depth), default=-1)
        levels.setdefault(depth[name], []).append(name)
    ranks: dict[str, int] = {}
    for _, names in sorted(levels.items()):
        for name in sorted(names, key=lambda name: _key(found[name], ranks)):
            ranks[name] = len(ranks)
    free = sorted(found, key=lambda name: (len(name), name))
    names_of = {name: free[rank] for name, rank in ranks.items()}
    doc.user_data[EVENTS_KEY] = [_renamed(found[name], names_of) for name in ranks]
    if RELATIONS_KEY in doc.user_data:
        doc.user_data[RELATIONS_KEY] = [_renamed(row, names_of) for row in doc.user_data[RELATIONS_KEY]]
    _rename_rest(doc, names_of, ranks)


def _key(row: Mapping[str, Any], ranks: Mapping[str, int]) -> Key:
    arguments = [
        (role, kind, (ranks.get(target, -1), 0, target) if kind == "event" else _place(kind, target))
        for role, kind, target in row["arguments"]
    ]
    return (*_place("mention", row["trigger"]), row["label"], arguments)


def _place(kind: str, target: str) -> Key:
    """Return first and last character of a mention and its key, and only the identifier of a concept."""
    if kind != "mention":
        return (0, 0, target)
    start, end, _ = target.split(":", 2)
    return int(start), int(end), target


def _renamed(row: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return an event, or a relation, with the new names of events."""
    arguments = [
        [role, kind, names.get(target, target) if kind == "event" else target]
        for role, kind, target in row["arguments"]
    ]
    own = names.get(row["id"], row["id"]) if "trigger" in row else row["id"]
    return {**row, "id": own, "arguments": arguments}


def _rename_rest(doc: Doc, names: Mapping[str, str], ranks: Mapping[str, int]) -> None:
    """Put attributes of events in the order of these, with their own identifiers anew; rename targets of notes."""
    rest = doc.user_data.get(RECORD_KEY, {})
    said = [row for row in rest.get("attributes", ()) if row[2] in names]
    free = [row[0] for row in said]
    said.sort(key=lambda row: (ranks[row[2]], row[1]))
    if said:
        others = [row for row in rest["attributes"] if row[2] not in names]
        said = [[name, label, names[target], value] for name, (_, label, target, value) in zip(free, said, strict=True)]
        rest["attributes"] = [*others, *said]
    if "notes" in rest:
        rest["notes"] = [[name, label, names.get(target, target), text] for name, label, target, text in rest["notes"]]
