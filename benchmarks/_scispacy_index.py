"""The half of linking_index.py that runs where scispaCy is: needs nothing of this package.

python _scispacy_index.py NAMES_AND_MENTIONS.json FOLDER THREADS OUT.json
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import scispacy
from scispacy import candidate_generation
from scispacy.candidate_generation import CandidateGenerator, LinkerPaths, create_tfidf_ann_index
from scispacy.linking_utils import Entity, KnowledgeBase

K = 30


class Threaded:
    """An index of nmslib that is built with as many threads as there are cores; scispaCy's number of them is fixed."""

    def __init__(self, index: Any, threads: int) -> None:
        self._index, self._threads = index, threads

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def createIndex(self, settings: dict[str, Any], **options: Any) -> None:
        """Build it. settings, options: As for nmslib."""
        self._index.createIndex({**settings, "indexThreadQty": self._threads}, **options)


def rank(generate: CandidateGenerator, texts: list[str]) -> list[list[str]]:
    """Return the concepts for each text as scispaCy's linker ranks them: by their most similar name."""
    found = generate(texts, K)
    return [[c.concept_id for c in sorted(row, key=lambda c: -max(c.similarities))] for row in found]


def main(source: Path, folder: Path, threads: int, out: Path) -> None:
    """Build, load and ask. source, folder, threads, out: As on the command line."""
    given = json.loads(source.read_text(encoding="utf8"))
    entities = [
        Entity(concept_id=id, canonical_name=names[0], aliases=names[1:]) for id, names in given["concepts"].items()
    ]
    kb = KnowledgeBase(entities)
    init = candidate_generation.nmslib.init
    candidate_generation.nmslib.init = lambda *args, **options: Threaded(init(*args, **options), threads)
    start = time.perf_counter()
    create_tfidf_ann_index(str(folder), kb)
    build_seconds = time.perf_counter() - start
    candidate_generation.nmslib.init = init
    before = resident_mb()
    start = time.perf_counter()
    aliases, vectorizer, index = LinkerPaths.from_directory(str(folder)).load()
    load_seconds = time.perf_counter() - start
    generate = CandidateGenerator(ann_index=index, tfidf_vectorizer=vectorizer, ann_concept_aliases_list=aliases, kb=kb)
    ranked, seconds = {}, 0.0
    for corpus, texts in given["mentions"].items():
        start = time.perf_counter()
        ranked[corpus] = rank(generate, texts)
        seconds += time.perf_counter() - start
    result = {
        "version": scispacy.__version__,
        "build_seconds": build_seconds,
        "load_seconds": load_seconds,
        "load_mb": resident_mb() - before,
        "query_seconds": seconds,
        "ranked": ranked,
    }
    out.write_text(json.dumps(result), encoding="utf8")


def resident_mb() -> float:
    """Return the resident memory of this process in MB (10⁶ bytes); needs Linux."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
