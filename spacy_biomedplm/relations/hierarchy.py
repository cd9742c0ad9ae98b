"""Relations of wider concepts where those of narrower ones are known: "a drug induces a disease" says no more then."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.kb.bases import find_base
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.relations.candidates import Pair
from spacy_biomedplm.relations.schemes import GUIDELINE

IsA: TypeAlias = Callable[[str, str], bool]
"""Whether the first concept is the second, or a narrower one."""

# Vocabulary of identifiers that corpora write without.
_COMMON = "MESH:"


def open_hierarchy(name: str) -> IsA:
    """Return what tells narrower from wider concepts.

    name (str): Folder of a knowledge base whose concepts have parents, or its name in that of BIOMEDPLM_KB.
    RETURNS (IsA): Identifiers of MeSH may lack the vocabulary; of one that the base does not have nothing is narrower.
    RAISES (BiomedplmError): As ``find_base`` and ``KnowledgeBase``.
    """
    return partial(_is_a, find_base(name))


def _is_a(folder: Path, narrow: str, wide: str) -> bool:
    return narrow == wide or _known(folder, wide) in _lineage(folder, narrow)


@lru_cache(maxsize=1 << 14)
def _lineage(folder: Path, id: str) -> frozenset[str]:
    """Return a concept and all wider ones."""
    base, own = _open(folder), _known(folder, id)
    return frozenset((own, *base.ancestors(own))) if own in base else frozenset()


@lru_cache(maxsize=1 << 14)
def _known(folder: Path, id: str) -> str:
    base = _open(folder)
    return next((found for name in (id, _COMMON + id) for found in base.find(name)), id)


@lru_cache(maxsize=4)
def _open(folder: Path) -> KnowledgeBase:
    return KnowledgeBase.open(folder)


def without_wider(relations: Sequence[Relation], is_a: IsA) -> list[Relation]:
    """Return relations without those between concepts of which one that is really narrower has the same label.

    relations (Sequence[Relation]): Of a document. is_a (IsA): From ``open_hierarchy``.
    """
    return [
        one
        for one in relations
        if not (isinstance(one.head, str) and isinstance(one.tail, str))
        or not any(_is_narrower(other, one, is_a) for other in relations if _kind(other) == _kind(one))
    ]


def _kind(relation: Relation) -> tuple[str, str | None]:
    return relation.label, relation.infons.get(GUIDELINE)


def _is_narrower(other: Relation, one: Relation, is_a: IsA) -> bool:
    ends = (other.head, other.tail, one.head, one.tail)
    if not all(isinstance(end, str) for end in ends):
        return False
    head, tail, wide_head, wide_tail = map(str, ends)
    is_equal = is_a(wide_head, head) and is_a(wide_tail, tail)
    return is_a(head, wide_head) and is_a(tail, wide_tail) and not is_equal


def not_wider(pairs: Sequence[Pair], labels: NDArray[np.bool_], is_a: IsA) -> NDArray[np.int64]:
    """Return which candidates are either right or not wider than a right one; the others would teach what is not so.

    pairs (Sequence[Pair]): Candidates of a document between concepts.
    labels (NDArray[np.bool_]): Right labels of each, shape (pairs, labels). is_a (IsA): From ``open_hierarchy``.
    RETURNS (NDArray[np.int64]): Their places, ascending.
    """
    right = [_ends(pairs[row]) for row in np.flatnonzero(labels.any(axis=1)).tolist()]
    kept = [row for row, pair in enumerate(pairs) if labels[row].any() or not _is_wider(_ends(pair), right, is_a)]
    return np.array(kept, dtype=np.int64)


def _ends(pair: Pair) -> tuple[str, str]:
    return str(pair.head.target), str(pair.tail.target)


def _is_wider(ends: tuple[str, str], right: Iterable[tuple[str, str]], is_a: IsA) -> bool:
    return any(is_a(head, ends[0]) and is_a(tail, ends[1]) for head, tail in right)
