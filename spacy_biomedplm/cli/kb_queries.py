"""What the commands of ``biomedplm kb`` answer, as plain data."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.exact import LEVELS
from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.index.opening import list_indexes, open_indexes
from spacy_biomedplm.kb import Filters, KnowledgeBase
from spacy_biomedplm.kb.curies import prefix_of

_NEIGHBOURS = 3


@dataclass(frozen=True)
class Found:
    """A concept that was found by a text.

    id, name (str): The concept and its preferred name.
    matched (str): The name that was found. source (str): Of that name.
    score (float): From 1 for the text itself downwards. types (list[str]): Semantic types.
    evidence (dict[str, float]): Score of that concept in each index that found it.
    """

    id: str
    name: str
    matched: str
    source: str
    score: float
    types: list[str]
    evidence: dict[str, float]


def search(base: KnowledgeBase, text: str, k: int, filters: Filters) -> list[Found]:
    """Return the concepts that a text may name, the best one first.

    base (KnowledgeBase): Where to look: with its indexes, or, where it has none, at all names one after the other for
        those that are the text after normalisation.
    text (str): A name. k (int): Most concepts. filters (Filters): What is looked for.
    RAISES (BiomedplmError): B572 for a filter that does not fit the base, B595 for a k below 1.
    """
    allowed = base.select(filters)
    if not list_indexes(base):
        return _search_names(base, text, k, allowed)
    rows = []
    for candidate in open_indexes(base).candidates([text], k, allowed)[0]:
        name = max(candidate.evidence, key=lambda one: one[2])[1]
        evidence = {index: round(score, 4) for index, _, score in candidate.evidence}
        rows.append(_found(base, candidate.concept, name, candidate.score, evidence))
    return rows


def explain_nothing(base: KnowledgeBase, filters: Filters) -> list[str]:
    """Return why a search may have found nothing, apart from the text, a sentence each.

    base (KnowledgeBase): Where it looked. filters (Filters): What it looked for.
    """
    known = base.semantic_types
    groups = {known[type].group for type in base.types if type in known}
    reasons = []
    if not base.types and (filters.groups or filters.types):
        reasons.append("Its concepts have no semantic types, so filters of types and groups leave nothing.")
    elif filters.groups and groups.isdisjoint(filters.groups):
        reasons.append(
            f"No concept is of the group {', '.join(filters.groups)}; there are: {', '.join(sorted(groups))}."
        )
    for what in ("suppressed", "obsolete"):
        if getattr(filters, what) and not base.filters.get(what):
            reasons.append(f"The base was built without {what} names; `biomedplm kb build --{what}` keeps them.")
    return reasons


def _search_names(base: KnowledgeBase, text: str, k: int, allowed: NDArray[np.bool_]) -> list[Found]:
    if k < 1:
        raise BiomedplmError(coded("B595", setting="k", found=k, wanted="1 or more"))
    rules = [rule for level, _ in LEVELS.values() for rule in level]
    wanted = normalise([text], rules)[0]
    best: dict[int, int] = {}
    for first, names in base.iter_names():
        forms = normalise(names, rules) if wanted else []
        for place in (first + number for number, form in enumerate(forms) if form == wanted):
            if allowed[place]:
                best.setdefault(int(base.name_concepts[place]), place)
    return [_found(base, row, name, 1.0, {"names": 1.0}) for row, name in list(best.items())[:k]]


def _found(base: KnowledgeBase, row: int, name_row: int, score: float, evidence: dict[str, float]) -> Found:
    name = base.name_at(name_row)
    preferred, types = base.preferred_name(row), base.types_of(row)
    return Found(base.id_of(row), preferred, name.text, name.source, round(score, 4), types, evidence)


def show(base: KnowledgeBase, id: str) -> dict[str, Any]:
    """Return all that a base says of a concept.

    base (KnowledgeBase): Any. id (str): Own or former id of a concept, or its id in another vocabulary.
    RETURNS (dict[str, Any]): The fields of Concept; "asked" (the id that was given), "type_names" by type, "parents"
        and "children" as ids with their preferred names.
    RAISES (BiomedplmError): B566 if the id stands for no concept, or for several; the message names those next to it.
    """
    found = base.find(id)
    if len(found) != 1:
        standing = f"It stands for {', '.join(found)}. " if found else _name_neighbours(base, id)
        raise BiomedplmError(coded("B566", id=id, name=base.name, hint=standing))
    concept = base[found[0]]
    known = base.semantic_types
    return {
        "asked": id,
        **asdict(concept),
        "type_names": {type: known[type].name if type in known else "" for type in concept.types},
        "parents": {one: base.preferred_name(base.row_of(one)) for one in concept.parents},
        "children": {one: base.preferred_name(base.row_of(one)) for one in base.children(concept.id)},
    }


def _name_neighbours(base: KnowledgeBase, id: str) -> str:
    place = bisect_left(range(len(base)), id.encode("utf8", "surrogatepass"), key=lambda row: base.id_of(row).encode())
    rows = range(max(0, place - _NEIGHBOURS), min(len(base), place + _NEIGHBOURS))
    return f"Next to it are {', '.join(map(base.id_of, rows))}. "


def describe(base: KnowledgeBase) -> dict[str, Any]:
    """Return what a base holds.

    base (KnowledgeBase): Any.
    RETURNS (dict[str, Any]): "name", "folder", "digest", "bytes" (of all its files, without indexes), "counts",
        "filters" (those of the build), "sources" (with their facts and how many names they gave), "mappings" (with
        their facts; also sources that give other facts than names), "languages" and
        "term_types" (names of each), "types", "groups" and "prefixes" (concepts of each), and "indexes".
    """
    numbers = {
        name: _counts(column, table)
        for name, column, table in (
            ("sources", base.name_sources, [one["name"] for one in base.sources]),
            ("languages", base.name_languages, base.languages),
            ("term_types", base.name_types, base.term_types),
            ("types", base.concept_types.values, base.types),
        )
    }
    return {
        "name": base.name,
        "folder": str(base.folder),
        "digest": base.digest,
        "bytes": sum(path.stat().st_size for path in base.folder.iterdir() if path.is_file()),
        "counts": dict(base.counts),
        "filters": dict(base.filters),
        **numbers,
        "sources": [{**one, "names": numbers["sources"][one["name"]]} for one in base.sources],
        "mappings": base.mappings,
        "groups": _count_groups(base),
        "prefixes": _count_prefixes(base),
        "indexes": list_indexes(base),
    }


def _counts(column: Any, table: Sequence[str]) -> dict[str, int]:
    return dict(zip(table, np.bincount(column, minlength=len(table)).tolist(), strict=True))


def _count_groups(base: KnowledgeBase) -> dict[str, int]:
    """Return how many concepts each semantic group has; one of two groups counts for both."""
    known = base.semantic_types
    groups = [known[type].group if type in known else "" for type in base.types]
    found = sorted(set(groups) - {""})
    starts = np.asarray(base.concept_types.starts, dtype=np.int64)
    owners = np.repeat(np.arange(base.n_concepts), np.diff(starts))
    numbers = np.array([found.index(group) if group else -1 for group in groups], dtype=np.int64)
    of = numbers[base.concept_types.values] if len(groups) else np.empty(0, dtype=np.int64)
    return {group: len(np.unique(owners[of == number])) for number, group in enumerate(found)}


def _count_prefixes(base: KnowledgeBase) -> dict[str, int]:
    return dict(sorted(Counter(map(prefix_of, base)).items()))
