"""A graph of near vectors in a file, with the library usearch, which is loaded when a graph is asked for."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.protocol import NO_NAME, Ints

# Neighbours of a vector in the graph; vectors that are looked at when it is built, and when it is searched.
_CONNECTIVITY = 16
_EXPANSION_ADD = 128
_EXPANSION_SEARCH = 128
_BLOCK = 1 << 16


class NeighbourGraph:
    """A graph that is mapped from its file.

    path (Path): The file.
    RAISES (BiomedplmError): B598 if the library is not there, B594 if it cannot read the file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._index = _library().Index.restore(str(path), view=True)
        except RuntimeError as error:
            raise BiomedplmError(coded("B594", path=path, reason=error)) from error
        self._index.expansion_search = _EXPANSION_SEARCH

    def search(self, queries: NDArray[np.float32], count: int) -> Ints:
        """Return the rows of vectors near to each query, shape (n, count), -1 where there are fewer.

        queries (NDArray[np.float32]): Shape (n, width).
        count (int): How many; most of the nearest are among them, not always all.
        """
        rows = np.full((len(queries), count), NO_NAME, dtype=np.int64)
        for number, query in enumerate(queries):
            found = self._index.search(query, count, threads=1).keys.astype(np.int64)
            rows[number, : len(found)] = found
        return rows


def build_graph(vectors: NDArray[Any], folder: Path) -> NDArray[np.uint8]:
    """Return a graph of vectors as bytes.

    vectors (NDArray): Shape (n, width).
    folder (Path): Beside it a file is written, and removed again.
    RAISES (BiomedplmError): B598 if the library is not there.
    """
    index = _library().Index(
        ndim=vectors.shape[1],
        metric="cos",
        dtype="i8",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION_SEARCH,
    )
    for first in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[first : first + _BLOCK], dtype=np.float32)
        # One thread: with several the graph differs from run to run.
        index.add(np.arange(first, first + len(block), dtype=np.uint64), block, threads=1)
    path = folder.with_name(f"{folder.name}.graph")
    try:
        index.save(str(path))
        return np.fromfile(path, dtype=np.uint8)
    finally:
        path.unlink(missing_ok=True)


def _library() -> Any:
    try:
        import usearch.index
    except ImportError as error:
        raise BiomedplmError(
            coded("B598", what="An index with a graph of neighbours", library="usearch", extra="neighbours")
        ) from error
    return usearch.index
