"""What a linker looks mentions up in: a knowledge base, its indexes, and which of its names count."""

from collections import defaultdict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.hybrid import HybridIndex
from spacy_biomedplm.index.opening import open_indexes
from spacy_biomedplm.index.protocol import Mask
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.sources.corpus import is_corpus

VOCABULARY, CORPORA = "vocabulary", "corpora"
"""Groups of names: those of vocabularies, and those that annotated corpora use."""


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
        return {VOCABULARY: None if wanted.all() else wanted}
    return groups
