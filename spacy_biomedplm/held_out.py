"""Find texts of held-out documents in other corpora, whatever they went through on the way (numpy only).

A training document is dropped if one of these holds for a held-out document:

- ``id``: both have the same public identifier (PMID, MEDLINE UI);
- ``text``: their normalised words are the same (six words or more);
- ``passage``: they share at least ``min_shared`` positions of twelve equal words that are not boilerplate (two
  such positions mean thirteen equal words in a row, or two separate runs of twelve);
- ``sentence``: the held-out document is a single short sentence, of six to twelve words, and the training
  document holds it word for word.

Words are compared without case, punctuation, accents, Greek letters and the borders between letters and digits.
A run of twelve words is boilerplate if it stands in ``common_docs`` or more documents of one corpus ("error bars
represent the standard error of …"), whichever side it is on.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.fingerprints import (
    MIN_WORDS,
    SHINGLE_WORDS,
    Hashes,
    hash_text,
    hash_windows,
)

MIN_SHARED = 2
COMMON_DOCS = 4


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of a document.

    corpus (str): Corpus and split, such as "bc5cdr/test".
    doc_id (str): Identifier in that corpus.
    public_id (str | None): Identifier that other corpora share.
    words (Hashes): Hash of each normalised word.
    """

    corpus: str
    doc_id: str
    public_id: str | None
    words: Hashes

    @property
    def is_sentence(self) -> bool:
        """Whether the text is too short for shingles but long enough to be told from others."""
        return MIN_WORDS <= len(self.words) <= SHINGLE_WORDS


@dataclass(frozen=True)
class Match:
    """Why a training document was dropped.

    corpus (str): Where the training document is from.
    doc_id (str): Its identifier.
    held_out (str): Corpus and split of the held-out document, such as "bc5cdr/test".
    held_out_id (str): Identifier of the held-out document.
    reason (str): "id", "text", "passage" or "sentence".
    shared (int): Positions of twelve equal words, for a passage; else 0.
    """

    corpus: str
    doc_id: str
    held_out: str
    held_out_id: str
    reason: str
    shared: int = 0


class HeldOut:
    """An index of held-out documents that training documents are compared with.

    documents (Sequence[Fingerprint]): The held-out documents.
    min_shared (int): Shared positions of twelve words that make a passage; at least 1.
    common_docs (int): Documents of one corpus in which a run of words makes it boilerplate; at least 2.
    """

    def __init__(
        self, documents: Sequence[Fingerprint], *, min_shared: int = MIN_SHARED, common_docs: int = COMMON_DOCS
    ) -> None:
        self.documents = list(documents)
        self.min_shared = min_shared
        self.common_docs = common_docs
        self._ids: dict[str, int] = {}
        self._texts: dict[int, int] = {}
        self._sentences: dict[int, dict[int, int]] = {}
        for index, document in enumerate(self.documents):
            if document.public_id is not None:
                self._ids.setdefault(document.public_id, index)
            if len(document.words) >= MIN_WORDS:
                self._texts.setdefault(hash_text(document.words), index)
            if document.is_sentence:
                size = len(document.words)
                self._sentences.setdefault(size, {}).setdefault(hash_text(document.words), index)
        self._shingles, self._owners = _index_shingles(self.documents, _find_common(self.documents, common_docs))

    def match(self, document: Fingerprint, common: Hashes | None = None) -> Match | None:
        """Return why a training document must be dropped, or None if it may stay.

        document (Fingerprint): The training document.
        common (Hashes | None): Sorted runs of words that are boilerplate in its corpus.
        RETURNS (Match | None): The first of the reasons "id", "text", "passage", "sentence" that holds.
        """
        if document.public_id is not None and document.public_id in self._ids:
            return self._explain(document, self._ids[document.public_id], "id")
        if len(document.words) >= MIN_WORDS and (whole := hash_text(document.words)) in self._texts:
            return self._explain(document, self._texts[whole], "text")
        owners = self._find_owners(document, common)
        if len(owners) >= self.min_shared:
            return self._explain(document, Counter(owners.tolist()).most_common(1)[0][0], "passage", len(owners))
        for size, sentences in self._sentences.items():
            for found in hash_windows(document.words, size).tolist():
                if found in sentences:
                    return self._explain(document, sentences[found], "sentence")
        return None

    def _find_owners(self, document: Fingerprint, common: Hashes | None) -> NDArray[np.int64]:
        shingles = np.unique(hash_windows(document.words, SHINGLE_WORDS))
        if common is not None and len(common):
            shingles = shingles[~_contains(common, shingles)]
        return self._owners[np.searchsorted(self._shingles, shingles[_contains(self._shingles, shingles)])]

    def _explain(self, document: Fingerprint, index: int, reason: str, shared: int = 0) -> Match:
        other = self.documents[index]
        return Match(document.corpus, document.doc_id, other.corpus, other.doc_id, reason, shared)

    def split(self, documents: Sequence[Fingerprint]) -> tuple[list[int], list[Match]]:
        """Tell the training documents of one corpus that may stay from those that must go.

        documents (Sequence[Fingerprint]): All of them: boilerplate is found among them.
        RETURNS (tuple[list[int], list[Match]]): Positions of those that stay, and why each other one goes.
        """
        common = _find_common(documents, self.common_docs)
        kept = []
        matches = []
        for index, document in enumerate(documents):
            match = self.match(document, common)
            if match is None:
                kept.append(index)
            else:
                matches.append(match)
        return kept, matches


def tabulate(matches: Iterable[Match]) -> list[tuple[str, str, str, int]]:
    """Return how many documents were dropped for each pair of corpora and each reason.

    matches (Iterable[Match]): From deduplicate.
    RETURNS (list[tuple[str, str, str, int]]): Training corpus, held-out corpus, reason, number of documents.
    """
    counts = Counter((match.corpus, match.held_out, match.reason) for match in matches)
    return [(*key, count) for key, count in sorted(counts.items())]


def _contains(sorted_values: Hashes, values: Hashes) -> NDArray[np.bool_]:
    if not len(sorted_values):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(sorted_values, values), len(sorted_values) - 1)
    return np.asarray(sorted_values[places] == values)


def _find_common(documents: Sequence[Fingerprint], common_docs: int) -> Hashes:
    corpora: dict[str, list[Hashes]] = {}
    seen: set[tuple[str, int]] = set()
    for document in documents:
        # A text that a corpus holds several times is one text, not boilerplate.
        key = (document.corpus, hash_text(document.words))
        if key not in seen:
            seen.add(key)
            shingles = np.unique(hash_windows(document.words, SHINGLE_WORDS))
            corpora.setdefault(document.corpus, []).append(shingles)
    common = []
    for parts in corpora.values():
        values, counts = np.unique(np.concatenate(parts), return_counts=True)
        common.append(values[counts >= common_docs])
    return np.unique(np.concatenate(common)) if common else np.empty(0, dtype=np.uint64)


def _index_shingles(documents: Sequence[Fingerprint], common: Hashes) -> tuple[Hashes, NDArray[np.int64]]:
    parts = [np.unique(hash_windows(document.words, SHINGLE_WORDS)) for document in documents]
    if not parts:
        return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    shingles, first = np.unique(np.concatenate(parts), return_index=True)
    keep = ~_contains(common, shingles)
    return shingles[keep], owners[first][keep]
