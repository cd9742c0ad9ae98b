"""What a linker looks mentions up in: a knowledge base, its indexes, and which of its names count."""

from collections import defaultdict
from functools import cached_property
from math import log1p
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.hybrid import HybridIndex
from spacy_biomedplm.index.opening import open_indexes
from spacy_biomedplm.index.protocol import Ints, Mask
from spacy_biomedplm.kb.curies import prefix_of
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.sources.corpus import is_corpus
from spacy_biomedplm.linking.lexical import compare, words_of

VOCABULARY, CORPORA = "vocabulary", "corpora"
"""Groups of names: those of vocabularies, and those that annotated corpora use."""


# Concepts of which facts are kept: about 50 MB.
_KEPT = 1 << 16
# Texts of which is kept how alike names are: about 30 MB.
_KEPT_LIKENESS = 1 << 13


class Facts(NamedTuple):
    """What of a concept counts for how well it fits a mention.

    row (int), id (str), preferred (str): Its row, id and preferred name.
    words (frozenset[str]): Of the preferred name.
    kinds (tuple[str, ...]): Its semantic types and its vocabulary.
    names (float): Logarithm of the number of its names, plus 1.
    """

    row: int
    id: str
    preferred: str
    words: frozenset[str]
    kinds: tuple[str, ...]
    names: float


class Knowledge:
    """A knowledge base, opened for linking.

    folder (Path): Folder of the base.
    filters (Filters): Which of its names count.
    RAISES (BiomedplmError): As ``KnowledgeBase``, its ``select`` and ``open_indexes``.
    """

    def __init__(self, folder: Path, filters: Filters) -> None:
        self.base = KnowledgeBase.open(folder)
        self.index: HybridIndex = open_indexes(self.base)
        self.groups = _groups(self.base.select(filters), self._of_corpora)
        self._facts: dict[int, Facts] = {}
        self._likeness: dict[tuple[str, bytes, bytes], NDArray[np.float32]] = {}

    def facts(self, row: int) -> Facts:
        """Return what counts of a concept. row (int): Its row."""
        found = self._facts.get(row)
        if found is None:
            if len(self._facts) == _KEPT:
                self._facts.clear()
            id, names = self.base.id_of(row), self.base.names_of(row)
            preferred = self.base.name_text(names.start)
            kinds = (*self.base.types_of(row), prefix_of(id))
            found = Facts(row, id, preferred, frozenset(words_of(preferred)), kinds, log1p(len(names)))
            self._facts[row] = found
        return found

    def compare(self, text: str, names: Ints, concepts: Ints) -> NDArray[np.float32]:
        """Return how alike a text is to names and to the preferred names of concepts, see ``lexical.compare``.

        text (str): Of a mention. names (Ints): Row of a name for each concept. concepts (Ints): Rows.
        RETURNS (NDArray[float32]): Shape (concepts, 2 * len(LEXICAL)).
        """
        key = text, names.tobytes(), concepts.tobytes()
        found = self._likeness.get(key)
        if found is None:
            if len(self._likeness) == _KEPT_LIKENESS:
                self._likeness.clear()
            others = [self.base.name_text(row) for row in names.tolist()]
            others += [self.facts(row).preferred for row in concepts.tolist()]
            found = np.hstack(np.split(compare(text, others), 2))
            found.setflags(write=False)
            self._likeness[key] = found
        return found

    @cached_property
    def defined(self) -> NDArray[np.bool_]:
        """Which concepts have a definition, shape (n_concepts,)."""
        return self.base.has_definition()

    @cached_property
    def _of_corpora(self) -> NDArray[np.bool_]:
        numbers = [number for number, source in enumerate(self.base.sources) if is_corpus(source)]
        return np.isin(self.base.name_sources, numbers)

    @cached_property
    def corpus_names(self) -> dict[int, list[int]]:
        """Rows of the names that corpora use, by row of the concept."""
        found: dict[int, list[int]] = defaultdict(list)
        rows = np.flatnonzero(self._of_corpora)
        for row, concept in zip(rows.tolist(), self.base.name_concepts[rows].tolist(), strict=True):
            found[concept].append(row)
        return dict(found)


def _groups(wanted: Mask, of_corpora: Mask) -> dict[str, Mask | None]:
    """Return the groups that have names, each with its names; None stands for all names of the base."""
    groups: dict[str, Mask | None] = {VOCABULARY: wanted & ~of_corpora, CORPORA: wanted & of_corpora}
    if not of_corpora.any():
        groups = {VOCABULARY: None if wanted.all() else wanted}
    for mask in groups.values():
        if mask is not None:
            # Indexes remember what they found among the same names only if these cannot change.
            mask.setflags(write=False)
    return groups
