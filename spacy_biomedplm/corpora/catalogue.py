"""The corpora the package knows: what is where, in which format, with which labels and terms (catalogue.json)."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.documents import LabelScheme
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.iob import read_iob
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.pubtator import read_pubtator
from spacy_biomedplm.errors import BiomedplmError, coded

ROOT_VARIABLE = "BIOMEDPLM_CORPORA"
SPLITS = ("train", "dev", "test")
READERS: Mapping[str, Callable[..., Iterator[Doc]]] = {
    "brat": read_brat,
    "ddi": read_ddi,
    "drugprot": read_drugprot,
    "iob": read_iob,
    "pubtator": read_pubtator,
}


@dataclass(frozen=True)
class Corpus:
    """An entry of the catalogue.

    name (str): Name of the corpus, of its folder and of its annotation guideline.
    reader (str): Key of READERS.
    labels (tuple[str, ...]): What the corpus annotates.
    files (Mapping[str, Mapping[str, str]]): For each split, the file names that the reader takes ("path" first).
    licence (str): Terms of use, as far as they are stated.
    source (str): Where the files come from.
    commercial (bool): Whether the terms allow commercial use.
    label_map (Mapping[str, str | None]): See LabelScheme.
    options (Mapping[str, Any]): Further arguments of the reader.
    ids (str): What the identifiers are ("pmid", "medline-ui"), or empty if they name nothing outside the corpus.
    pmid (str): Pattern whose group 1 is the PMID in an identifier; others have none.
    group (str): Pattern whose group 1 is shared by the documents of one article, which stay together in a split.
    notes (str): What one must know about the annotations.
    """

    name: str
    reader: str
    labels: tuple[str, ...]
    files: Mapping[str, Mapping[str, str]]
    licence: str
    source: str
    commercial: bool = True
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    ids: str = ""
    pmid: str = r"(.+)"
    group: str = r"(.+)"
    notes: str = ""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits the corpus has: of "train", "dev" and "test", and then further tests ("test-ddi")."""
        return tuple(sorted(self.files, key=lambda split: SPLITS.index(split) if split in SPLITS else len(SPLITS)))

    @property
    def scheme(self) -> LabelScheme:
        """Names and labels for the readers."""
        return LabelScheme(self.name, self.labels, self.label_map)

    def public_id(self, doc_id: str) -> str | None:
        """Return an identifier that other corpora share, such as "pmid:7769899", or None.

        doc_id (str): Identifier of a document of this corpus.
        """
        match = re.fullmatch(self.pmid, doc_id) if self.ids else None
        return f"{self.ids}:{match.group(1)}" if match else None

    def group_id(self, doc_id: str) -> str:
        """Return what the documents of one article have in common.

        doc_id (str): Identifier of a document of this corpus.
        """
        match = re.fullmatch(self.group, doc_id)
        return match.group(1) if match else doc_id


@lru_cache(maxsize=1)
def read_catalogue() -> Mapping[str, Corpus]:
    """Return every corpus by its name, in alphabetical order."""
    entries = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
    return {
        name: Corpus(name=name, **{**entry, "labels": tuple(entry["labels"])})
        for name, entry in sorted(entries.items())
    }


def get_corpus(name: str) -> Corpus:
    """Return the entry of a corpus.

    name (str): Such as "bc5cdr".
    RAISES (BiomedplmError): B414 if the catalogue has no such corpus.
    """
    catalogue = read_catalogue()
    if name not in catalogue:
        raise BiomedplmError(coded("B414", name=name, known=", ".join(catalogue)))
    return catalogue[name]


def find_root(root: Path | str | None = None) -> Path:
    """Return the folder of the corpora.

    root (Path | str | None): The folder; None takes the environment variable BIOMEDPLM_CORPORA.
    RAISES (BiomedplmError): B416 if neither says where it is, B401 if it is not there.
    """
    folder = root or os.environ.get(ROOT_VARIABLE)
    if not folder:
        raise BiomedplmError(coded("B416", variable=ROOT_VARIABLE))
    if not Path(folder).is_dir():
        raise BiomedplmError(coded("B401", path=folder))
    return Path(folder)


def load_corpus(
    name: str,
    split: str,
    vocab: Vocab,
    root: Path | str | None = None,
    report: Report | None = None,
    *,
    allow_noncommercial: bool = False,
) -> Iterator[Doc]:
    """Stream the reference documents of one split of a corpus.

    name (str): Name in the catalogue.
    split (str): "train", "dev", "test", or a further test of the corpus.
    vocab (Vocab): The pipeline's vocabulary.
    root (Path | str | None): Folder of the corpora; None takes the environment variable BIOMEDPLM_CORPORA.
    report (Report | None): Collects what was repaired, dropped, excluded or skipped; without one, a mention that
        cannot be placed is an error.
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    RETURNS (Iterator[Doc]): As the readers make them. Mistakes in the arguments are raised by the call, not by
        the first document.
    RAISES (BiomedplmError): B414 for an unknown corpus, B415 for a split it lacks, B416 without a folder, B417 for
        a missing file, B418 for terms that forbid commercial use; while reading, the errors of the reader.
    """
    corpus = get_corpus(name)
    if split not in corpus.files:
        raise BiomedplmError(coded("B415", name=name, split=split, known=", ".join(corpus.splits)))
    if not (corpus.commercial or allow_noncommercial):
        raise BiomedplmError(coded("B418", name=name, licence=corpus.licence))
    paths = _find_files(corpus, split, find_root(root))
    reader = READERS[corpus.reader]
    return reader(paths.pop("path"), vocab, scheme=corpus.scheme, report=report, **paths, **corpus.options)


def _find_files(corpus: Corpus, split: str, root: Path) -> dict[str, Path]:
    paths = {argument: root / corpus.name / name for argument, name in corpus.files[split].items()}
    for path in paths.values():
        if not path.exists():
            values = {"path": path, "split": split, "name": corpus.name, "root": root, "source": corpus.source}
            raise BiomedplmError(coded("B417", **values, folder=corpus.name, variable=ROOT_VARIABLE))
    return paths
