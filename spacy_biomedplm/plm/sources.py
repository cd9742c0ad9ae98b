"""Where the documents of a corpus come from: an objective names the source that reads its corpora."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spacy_biomedplm.held_out import Match
from spacy_biomedplm.plm.cache import Part, running_text
from spacy_biomedplm.plm.exclusions import Exclusions
from spacy_biomedplm.plm.text import RawDocument, find_files, iter_texts


@dataclass(frozen=True)
class Reading:
    """The documents of a corpus as a stream; the rest is whole when the stream has ended.

    documents (Iterator[RawDocument]): Without held-out ones, if they are to be dropped.
    matches (list[Match]): Held-out documents that were found.
    counts (Counter[str]): What else was left out or put together on the way, for people.
    """

    documents: Iterator[RawDocument]
    matches: list[Match]
    counts: Counter[str]


class Source(Protocol):
    """How corpora are read. ``made_of`` is kept with what was cut, to tell sources apart."""

    made_of: Mapping[str, str]

    def find_files(self, path: Path) -> list[Path]:
        """Return the files that a path of a corpus stands for."""

    def read_exclusions(self, paths: Sequence[Path]) -> Any:
        """Return what ``read`` compares documents with."""

    def read(self, files: Sequence[Path], exclusions: Any, *, drop: bool) -> Reading:
        """Return the documents of a corpus.

        files (Sequence[Path]): From ``find_files``. exclusions (Any): From ``read_exclusions``.
        drop (bool): Whether held-out documents are left out.
        """

    def split(self, text: str) -> list[Part]:
        """Return the parts of a document that are cut into pieces by themselves."""


class RunningText:
    """Text in sentences, see ``plm.text``; held-out documents are found as ``plm.exclusions`` says."""

    made_of: Mapping[str, str] = {}

    def find_files(self, path: Path) -> list[Path]:
        """Return the files of raw text that a path stands for."""
        return find_files(path)

    def read_exclusions(self, paths: Sequence[Path]) -> Exclusions:
        """Return the held-out documents."""
        return Exclusions(paths)

    def read(self, files: Sequence[Path], exclusions: Any, *, drop: bool) -> Reading:
        """Return the documents of a corpus."""
        matches: list[Match] = []

        def documents() -> Iterator[RawDocument]:
            for file in files:
                for document in iter_texts(file):
                    match = exclusions.find(document)
                    if match is not None:
                        matches.append(match)
                    if match is None or not drop:
                        yield document

        return Reading(documents(), matches, Counter())

    def split(self, text: str) -> list[Part]:
        """Return the text as one part."""
        return running_text(text)


RUNNING_TEXT = RunningText()
