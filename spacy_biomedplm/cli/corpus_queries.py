"""What the commands of ``biomedplm corpora`` answer, as plain data."""

import os
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from spacy_biomedplm.corpora.catalogue import (
    ROOT_VARIABLE,
    find_files,
    find_root,
    get_corpus,
    has_files,
    is_here,
    locate,
    read_catalogue,
)
from spacy_biomedplm.corpora.corpus import Access, Corpus
from spacy_biomedplm.corpora.fetching import Fetched, Observer, fetch_corpus
from spacy_biomedplm.corpora.statistics import Statistics, count_corpus
from spacy_biomedplm.errors import BiomedplmError, coded

HERE = "here"
_AVAILABILITY = (HERE, *get_args(Access))


def list_corpora(
    *,
    task: str | None = None,
    language: str | None = None,
    label: str | None = None,
    availability: str | None = None,
    table: str | None = None,
) -> list[dict[str, Any]]:
    """Return the corpora that meet every condition, in alphabetical order.

    task (str | None): One of its tasks. language (str | None): One of its languages.
    label (str | None): Part of one of its labels, in any case.
    availability (str | None): "here", if its files are in the folder of corpora, or its access.
    table (str | None): Number of a table of the survey that lists it.
    RETURNS (list[dict[str, Any]]): "name", "title", "tasks", "languages", "layers", "survey", "access", "here", and
        "readable" (whether a reader takes its files).
    RAISES (BiomedplmError): B499 for a task, a language or a table that no corpus has, or no such availability.
    """
    catalogue = read_catalogue()
    _check("availability", availability, _AVAILABILITY)
    _check("task", task, sorted({name for corpus in catalogue.values() for name in corpus.tasks}))
    _check("language", language, sorted({name for corpus in catalogue.values() for name in corpus.languages}))
    _check("table", table, sorted({number for corpus in catalogue.values() for number in corpus.survey}))
    root = _root()
    rows = []
    for corpus in catalogue.values():
        here = has_files(corpus, root)
        labels = [name.casefold() for labels in corpus.layers.values() for name in labels]
        if (
            (task is None or task in corpus.tasks)
            and (language is None or language in corpus.languages)
            and (label is None or any(label.casefold() in name for name in labels))
            and (availability is None or (here if availability == HERE else corpus.access == availability))
            and (table is None or table in map(str, corpus.survey))
        ):
            rows.append(_summarise(corpus, here))
    return rows


def _check(option: str, value: str | None, known: Iterable[str | int]) -> None:
    names = [str(name) for name in known]
    if value is not None and value not in names:
        raise BiomedplmError(coded("B499", option=option, value=value, known=", ".join(names)))


def _summarise(corpus: Corpus, here: bool) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "title": corpus.title,
        "tasks": list(corpus.tasks),
        "languages": list(corpus.languages),
        "layers": {layer: list(labels) for layer, labels in corpus.layers.items()},
        "survey": list(corpus.survey),
        "access": corpus.access,
        "commercial": corpus.commercial,
        "here": here,
        "readable": corpus.reader is not None,
    }


def describe_corpus(name: str) -> dict[str, Any]:
    """Return the record of a corpus, and which of its files are there.

    name (str): Name in the catalogue.
    RETURNS (dict[str, Any]): The fields of Corpus, and "here": where each file lies, or None.
    RAISES (BiomedplmError): B414 for an unknown corpus.
    """
    corpus = get_corpus(name)
    root = _root()
    places = {file: locate(corpus, file, root) if root else None for file in corpus.list_files()}
    return {**asdict(corpus), "here": {file: path and str(path) for file, path in places.items()}}


def list_paths(name: str, split: str | None = None) -> list[Path]:
    """Return where the files of a corpus lie, each once.

    name (str): Name in the catalogue. split (str | None): One split; None for all.
    RAISES (BiomedplmError): B414 for an unknown corpus, B415 for a split it lacks, B416 without a folder of corpora,
        B417 for a file that is not there.
    """
    corpus = get_corpus(name)
    root = find_root()
    paths: dict[Path, None] = {}
    for chosen in corpus.splits if split is None and corpus.splits else (split or "",):
        for found in find_files(corpus, chosen, root).values():
            paths.update(dict.fromkeys(found))
    return list(paths)


def fetch(name: str, to: Path | None, *, progress: Observer) -> Iterator[Fetched]:
    """Bring the files of a corpus into a folder.

    name (str): Name in the catalogue.
    to (Path | None): Folder of corpora; None takes the one that BIOMEDPLM_CORPORA names.
    progress (Observer): See ``fetch_corpus``.
    RAISES (BiomedplmError): B414 for an unknown corpus, B416 without a folder of corpora, and those of
        ``fetch_corpus``.
    """
    corpus = get_corpus(name)
    return fetch_corpus(corpus, to or find_root(), source=_root(), progress=progress)


def count(
    names: Sequence[str],
    *,
    all_here: bool = False,
    failures: MutableMapping[str, BiomedplmError],
    progress: Callable[[str, str, int], None],
) -> Iterator[Statistics]:
    """Count the splits of corpora.

    names (Sequence[str]): Names in the catalogue.
    all_here (bool): Every corpus that is there and that a reader takes.
    failures (MutableMapping[str, BiomedplmError]): Gets what could not be counted, by the name that was given: B414
        for an unknown corpus, B417 for one that is not there, and the errors of ``count_corpus``.
    progress (Callable[[str, str, int], None]): Called with corpus, split and documents so far.
    RAISES (BiomedplmError): B416 without a folder of corpora, B421 without names.
    """
    root = find_root()
    here = [c.name for c in read_catalogue().values() if all_here and c.reader is not None and has_files(c, root)]
    if not (names or here):
        raise BiomedplmError(coded("B421"))
    counted: set[str] = set()
    for name in (*names, *here):
        try:
            corpus = get_corpus(name)
            if corpus.name not in counted:
                counted.add(corpus.name)
                yield from _count(corpus, root, progress)
        except BiomedplmError as error:
            failures[name] = error


def _count(corpus: Corpus, root: Path, progress: Callable[[str, str, int], None]) -> Iterator[Statistics]:
    if not any(is_here(corpus, split, root) for split in corpus.splits):
        # The error names the file that is missing.
        find_files(corpus, corpus.splits[0] if corpus.splits else "", root)
    yield from count_corpus(corpus, root, progress=lambda split, documents: progress(corpus.name, split, documents))


def explain_root() -> str:
    """Return why no corpus counts as here, or nothing if there is a folder of corpora."""
    folder = os.environ.get(ROOT_VARIABLE)
    if _root() is not None:
        return ""
    reason = f"names '{folder}', which is no folder" if folder else "is not set"
    return f"{ROOT_VARIABLE} {reason}: no corpus counts as here."


def _root() -> Path | None:
    folder = os.environ.get(ROOT_VARIABLE)
    return Path(folder) if folder and Path(folder).is_dir() else None
