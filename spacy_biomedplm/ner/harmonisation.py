"""One view of entities out of many annotation guidelines."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from spacy_biomedplm.errors import BiomedplmError, coded


class Mention(NamedTuple):
    """An entity as one guideline sees it: token offsets (end exclusive), label, probability, guideline."""

    start: int
    end: int
    label: str
    score: float
    guideline: str


def default_harmonisation() -> dict[str, list[str]]:
    """Return which guidelines' labels make up each harmonised label, those of the preferred guideline first.

    RETURNS (dict[str, list[str]]): For example {"CHEMICAL": ["bc5cdr/Chemical", "biored/ChemicalEntity"]}.
    """
    return json.loads((Path(__file__).parent / "harmonisation.json").read_text(encoding="utf-8"))


class Harmoniser:
    """Translates labels of guidelines into harmonised ones.

    table (Mapping[str, Sequence[str]]): As ``default_harmonisation``.
    guidelines (Mapping[str, Sequence[str]]): The guidelines of a model, with their labels.

    A label that the table does not name keeps its name and stays out of the flat view. A guideline that it does not
    name at all stands for itself: all its labels are taken as they are.
    """

    def __init__(self, table: Mapping[str, Sequence[str]], guidelines: Mapping[str, Sequence[str]]) -> None:
        known = {f"{guideline}/{label}" for guideline, labels in guidelines.items() for label in labels}
        named = {source.split("/", 1)[0] for sources in table.values() for source in sources}
        self.labels = {source: label for label, sources in table.items() for source in sources}
        self.preferred: set[str] = set()
        for sources in table.values():
            available = [source for source in sources if source in known]
            leads = [source.split("/", 1)[0] for source in available]
            self.preferred.update(source for source, lead in zip(available, leads, strict=True) if lead == leads[0])
        self.preferred.update(source for source in known if source.split("/", 1)[0] not in named)

    @staticmethod
    def check(table: Mapping[str, Sequence[str]], guidelines: Mapping[str, Sequence[str]]) -> None:
        """Make sure that a table fits a model; guidelines that the model does not have are fine.

        table (Mapping[str, Sequence[str]]): As ``default_harmonisation``.
        guidelines (Mapping[str, Sequence[str]]): The guidelines of the model, with their labels.
        RAISES (BiomedplmError): B204 for a source without a guideline, or with a label that its guideline lacks.
        """
        for label, sources in table.items():
            for source in sources:
                guideline, slash, name = source.partition("/")
                if not slash or name not in guidelines.get(guideline, [name]):
                    known = ", ".join(f"{g}/{n}" for g, names in guidelines.items() for n in names)
                    raise BiomedplmError(coded("B204", source=source, label=label, known=known))

    def label(self, mention: Mention) -> str:
        """Return the harmonised label of a mention; its own label if the table does not know it."""
        return self.labels.get(f"{mention.guideline}/{mention.label}", mention.label)

    def is_preferred(self, mention: Mention) -> bool:
        """Return whether the mention's guideline decides on its harmonised label."""
        return f"{mention.guideline}/{mention.label}" in self.preferred

    def flat(self, mentions: Iterable[Mention]) -> list[Mention]:
        """Return the mentions of the preferred guidelines without overlap, under harmonised labels."""
        return without_overlap(m._replace(label=self.label(m)) for m in mentions if self.is_preferred(m))

    def merged(self, mentions: Iterable[Mention]) -> list[Mention]:
        """Return all mentions under harmonised labels, equal ones once.

        mentions (Iterable[Mention]): Mentions of all guidelines.
        RETURNS (list[Mention]): Of equal ones, that of the preferred guideline remains, else the most probable; score
            and guideline are its own. A best score of many would not be a calibrated one.
        """
        groups: dict[tuple[int, int, str], list[Mention]] = {}
        for mention in mentions:
            groups.setdefault((mention.start, mention.end, self.label(mention)), []).append(mention)
        return [
            max(group, key=lambda m: (self.is_preferred(m), m.score))._replace(label=label)
            for (_, _, label), group in sorted(groups.items())
        ]


def without_overlap(mentions: Iterable[Mention]) -> list[Mention]:
    """Return the mentions that remain when of two that overlap the more probable wins, then the longer.

    mentions (Iterable[Mention]): In any order.
    RETURNS (list[Mention]): In the order of the text.
    """
    taken: set[int] = set()
    kept = []
    for mention in sorted(mentions, key=lambda m: (-m.score, m.start - m.end, m.start, m.label)):
        tokens = range(mention.start, mention.end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            kept.append(mention)
    return sorted(kept)
