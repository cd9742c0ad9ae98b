"""Ids of several vocabularies that mean the same: which of them become one, and what is told of the others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.curies import normalise_id, prefix_of

_SHOWN = 5


class Matching:
    """Takes exact matches and makes groups of ids, in which each vocabulary has one id at most.

    report (Report): Receives the matches that would put two ids of a vocabulary into one group.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._group: dict[str, str] = {}
        self._members: dict[str, dict[str, str]] = {}
        self._told: set[tuple[str, str]] = set()
        self._apart: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def add(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take the matches of one mapping; those of an earlier one decide where both cannot be.

        pairs (Iterable[tuple[str, str]]): Ids of two vocabularies. A match counts if, of these pairs, neither id has
            another one of the other's vocabulary.
        """
        matches = list(dict.fromkeys((normalise_id(one), normalise_id(other)) for one, other in pairs))
        others: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for one, other in matches:
            others[one, prefix_of(other)][other] = None
            others[other, prefix_of(one)][one] = None
        for one, other in matches:
            to, back = others[one, prefix_of(other)], others[other, prefix_of(one)]
            if len(to) == len(back) == 1:
                self._join(one, other)
            else:
                self._keep_apart(one, other, sorted({*to, *back} - {one}))

    @property
    def prefixes(self) -> set[str]:
        """The vocabularies whose ids have been joined with others."""
        return {prefix for members in self._members.values() for prefix in members}

    def mapping(self, to: tuple[str, ...]) -> dict[str, str]:
        """Return by which id others are replaced.

        to (tuple[str, ...]): Vocabularies, the best one first. Groups without an id of one of them stay apart.
        """
        replaced = {}
        for members in self._members.values():
            best = next((members[prefix] for prefix in to if prefix in members), None)
            if best is not None:
                replaced.update({id: best for id in members.values() if id != best})
        return replaced

    def facts(self, to: tuple[str, ...]) -> Iterator[Concept]:
        """Yield what the matches say of concepts: cross-references, to what they are and to what they may be.

        to (tuple[str, ...]): As for ``mapping``.
        """
        for members in self._members.values():
            ids = list(members.values())
            first = next((members[prefix] for prefix in to if prefix in members), None)
            for id in ids if first is None else [first]:
                yield Concept(id, xrefs=tuple(other for other in ids if other != id))
        for id, others in self._apart.items():
            yield Concept(id, xrefs=tuple(others))

    def _join(self, one: str, other: str) -> None:
        first, second = (self._group.get(id, id) for id in (one, other))
        if first == second and one in self._group:
            return
        ours, theirs = (self._members.get(group) or {prefix_of(group): group} for group in (first, second))
        both = {prefix for prefix in ours if prefix in theirs}
        if both:
            self._keep_apart(
                one, other, sorted({ours[prefix] for prefix in both} | {theirs[prefix] for prefix in both})
            )
            return
        self._members.pop(second, None)
        self._members[first] = {**ours, **theirs}
        self._group.update(dict.fromkeys(self._members[first].values(), first))

    def _keep_apart(self, one: str, other: str, ids: list[str]) -> None:
        self._apart[one][other] = None
        self._apart[other][one] = None
        self._report.counts["exact matches that are not one to one"] += 1
        if (one, prefix_of(other)) in self._told:
            return
        self._told.add((one, prefix_of(other)))
        shown = ", ".join(ids[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
        detail = coded("B576", id=one, vocabulary=prefix_of(other) or "no vocabulary", others=shown)
        self._report.add(Problem("excluded", "", 0, one, detail))
