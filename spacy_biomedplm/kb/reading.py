"""What readers of sources share: where problems go, and what is known of the sources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.concepts import Concept


@dataclass
class Reading:
    """What a reader of a source is given.

    report (Report): Receives what is mended and left out.
    scratch (Path): Folder for files that a reader needs for a while, such as runs of a sort.
    origins (dict[str, dict[str, str]]): What is known of each source of names: "version", "licence", "url", "title".
    mappings (dict[str, dict[str, str]]): The same of mappings, and of sources that give other facts than names.
    path (str), line (int): Where the concept at hand stands; nothing and 0 where that is not known.
    """

    report: Report
    scratch: Path
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    mappings: dict[str, dict[str, str]] = field(default_factory=dict)
    path: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """Where the concept at hand stands, for the beginning of an error."""
        return f"{self.path}, line {self.line}: " if self.line else f"{self.path}: " if self.path else ""

    def note(self, source: str, facts: Mapping[str, str]) -> None:
        """Remember what is known of a source; what was known before stays. source (str): Its name. facts (Mapping)."""
        _add(self.origins.setdefault(source, {}), facts)

    def note_mapping(self, name: str, facts: Mapping[str, str]) -> None:
        """Remember what is known of a mapping. name (str): Its own. facts (Mapping): As for ``note``."""
        _add(self.mappings.setdefault(name, {}), facts)


def _add(known: dict[str, str], facts: Mapping[str, str]) -> None:
    for key, value in facts.items():
        if value:
            known.setdefault(key, value)


class Reader(Protocol):
    """Reads a source: the concepts of a vocabulary, or some facts of them."""

    def __call__(self, path: Path, name: str, reading: Reading) -> Iterator[Concept]:
        """Yield concepts. path (Path): File or folder. name (str): Of the source. reading (Reading): Where facts go."""
