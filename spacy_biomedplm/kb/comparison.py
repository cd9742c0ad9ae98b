"""How two knowledge bases differ."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Difference:
    """One concept that two bases do not have alike.

    kind (str): "added" (only the second base has it), "removed" (only the first one) or "changed".
    id (str): Of the concept. name (str): Its preferred name, in the second base if it is there.
    fields (dict[str, Any]): Of a changed concept, what differs: "preferred", "definition" and "obsolete" as the old and
        the new value, "names", "types", "parents" and "xrefs" as what was removed and what was added.
    """

    kind: str
    id: str
    name: str
    fields: dict[str, Any] = field(default_factory=dict)


def iter_differences(old: KnowledgeBase, new: KnowledgeBase) -> Iterator[Difference]:
    """Yield the concepts that two bases do not have alike, in the order of their ids.

    old, new (KnowledgeBase): The bases.
    """
    sides = (_rows(old, 0), _rows(new, 1))
    for id, group in groupby(merge(*sides), itemgetter(0)):
        places = {side: row for _, side, row in group}
        if 1 not in places:
            yield Difference(REMOVED, id.decode(), old.preferred_name(places[0]))
        elif 0 not in places:
            yield Difference(ADDED, id.decode(), new.preferred_name(places[1]))
        else:
            fields = _compare(old.concept(places[0]), new.concept(places[1]))
            if fields:
                yield Difference(CHANGED, id.decode(), new.preferred_name(places[1]), fields)


def count_differences(differences: Iterable[Difference]) -> Counter[str]:
    """Return how many concepts differ, by kind, and how many of the changed ones by field ("changed: names").

    differences (Iterable[Difference]): From ``iter_differences``.
    """
    counts: Counter[str] = Counter()
    for one in differences:
        counts[one.kind] += 1
        counts.update(f"{CHANGED}: {name}" for name in one.fields)
    return counts


def _rows(base: KnowledgeBase, side: int) -> Iterator[tuple[bytes, int, int]]:
    return ((id.encode(), side, row) for row, id in enumerate(base))


def _compare(old: Concept, new: Concept) -> dict[str, Any]:
    if old == new:
        return {}
    found: dict[str, Any] = {}
    for name, before, after in (
        ("preferred", old.names[0].text, new.names[0].text),
        ("definition", old.definition, new.definition),
        ("obsolete", old.obsolete, new.obsolete),
    ):
        if before != after:
            found[name] = {"old": before, "new": after}
    for name, ours, theirs in (
        ("names", [one.text for one in old.names], [one.text for one in new.names]),
        ("types", old.types, new.types),
        ("parents", old.parents, new.parents),
        ("xrefs", old.xrefs, new.xrefs),
    ):
        removed, added = (sorted(set(a) - set(b)) for a, b in ((ours, theirs), (theirs, ours)))
        if removed or added:
            found[name] = {"removed": removed, "added": added}
    return found
