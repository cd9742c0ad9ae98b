"""What an index is, what it finds, and what it needs of a knowledge base."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
NO_NAME = -1
"""Stands in Hits.names where there are fewer than k names."""


class Hits(NamedTuple):
    """The best names for each text.

    names (NDArray[np.int64]): Rows of names, shape (n, k), best first, equal scores by row; NO_NAME where there are no
        more. Of the names of one concept that the index takes for the same, only one is given.
    scores (NDArray[np.float32]): Their scores, shape (n, k), in [-1, 1]; 0 where there is no name.
    """

    names: Ints
    scores: NDArray[np.float32]


class NameBase(Protocol):
    """The names of a knowledge base, in rows; those of a concept lie together, the preferred one first."""

    @property
    def n_names(self) -> int:
        """Number of names."""

    @property
    def n_concepts(self) -> int:
        """Number of concepts."""

    @property
    def digest(self) -> str:
        """Tells this base from every other one."""

    @property
    def name_concepts(self) -> NDArray[Any]:
        """Row of the concept of each name, ascending, shape (n_names,)."""

    def iter_names(self, block: int = 65536) -> Iterator[tuple[int, list[str]]]:
        """Yield the row of the first name of a block, and its names. block (int): Names in a block."""


class Index(Protocol):
    """Finds names for texts."""

    @property
    def name(self) -> str:
        """Name of the index, by which candidates tell who found them."""

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        """Return the best names for each text; the same for a text whatever others are asked for with it.

        texts (Sequence[str]): Any texts.
        k (int): Most names for a text, at least 1.
        allowed (Mask | None): Which names may be found, shape (n_names,); None for all.
        """
