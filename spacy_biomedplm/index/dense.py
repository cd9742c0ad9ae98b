"""Names whose vectors from an encoder are nearest to that of a text."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.arrays import best_of_groups, fill_hits, spread, starts_of
from spacy_biomedplm.index.neighbours import NeighbourGraph, build_graph
from spacy_biomedplm.index.protocol import NO_NAME, Hits, Ints, Mask, NameBase
from spacy_biomedplm.index.storage import MappedIndex, check_new, check_query, write_index

Storage = Literal["f16", "i8"]

_DTYPES: dict[str, type[np.generic]] = {"f16": np.float16, "i8": np.int8}
# Vectors that are compared at a time: as fp32 they take 50 MB at a width of 384.
_BLOCK = 1 << 15
# Texts that are looked for together.
_TEXTS = 256
# Products of matrices differ in the last bits with their shape: so many more vectors are taken and computed anew.
_EXTRA = 16


class Encoder(Protocol):
    """Makes vectors of texts."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def identity(self) -> str:
        """Tells its vectors from those of other encoders."""

    @property
    def width(self) -> int:
        """Width of a vector."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length 1, or zeros, shape (n, width). texts (Sequence[str]): Any texts."""


class DenseIndex(MappedIndex):
    """Finds the names with the highest cosine of vectors: by comparing all, or along a graph where there is one.

    folder, base, verify: As for ``MappedIndex``.
    encoder (Encoder): What the names were encoded with.
    RAISES (BiomedplmError): B597 if it is another one; B598 if there is a graph and no library to read it.
    """

    KIND = "dense"

    def __init__(self, folder: Path, base: NameBase, encoder: Encoder, *, verify: bool = False) -> None:
        super().__init__(folder, base, verify=verify)
        self.encoder = encoder
        if self.settings["encoder"] != encoder.identity:
            reason = f"its digest is {encoder.identity[:12]}…, wanted {self.settings['encoder'][:12]}…"
            raise BiomedplmError(coded("B597", encoder=encoder.name, folder=folder, reason=reason))
        graph = self.arrays.get("graph")
        self._graph = None if graph is None else NeighbourGraph(self.folder / "graph.bin")
        self._scales = self.arrays.get("scales")

    @property
    def name(self) -> str:
        """Name of the index: that of its folder."""
        return self.folder.name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder, self.base, self.encoder)

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        """Return the nearest names for each text.

        texts, k, allowed: As for ``Index``.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        check_query(k, allowed, self.base)
        distinct = sorted(set(texts))
        found = [Hits(np.empty((0, k), dtype=np.int64), np.empty((0, k), dtype=np.float32))]
        for first in range(0, len(distinct), _TEXTS):
            found.append(self._search(self.encoder(distinct[first : first + _TEXTS]), k, allowed))
        number = {text: place for place, text in enumerate(distinct)}
        rows = np.array([number[text] for text in texts], dtype=np.int64)
        return Hits(*(np.concatenate(part)[rows] for part in zip(*found, strict=True)))

    def _search(self, queries: NDArray[np.float32], k: int, allowed: Mask | None) -> Hits:
        count = min(k + _EXTRA, len(self.arrays["vectors"]))
        if self._graph is None or allowed is not None:
            nearest = self._compare(queries, count, None if allowed is None else self._allowed_texts(allowed))
        else:
            nearest = self._graph.search(queries, count)
        of, places = np.nonzero(nearest >= 0)
        texts = nearest[of, places]
        # One by one in fp64, so that neither the batch nor the way to a vector changes a score.
        vectors = self._vectors(texts).astype(np.float64)
        scores = np.round((vectors * queries[of].astype(np.float64)).sum(axis=1), 5)
        empty: Mask = np.logical_not(queries.any(axis=1))
        return self._name(of[~empty[of]], texts[~empty[of]], scores[~empty[of]], allowed, (len(queries), k))

    def _compare(self, queries: NDArray[np.float32], count: int, allowed: Mask | None) -> Ints:
        """Return the nearest of all vectors, -1 where none is left."""
        turned = torch.from_numpy(queries)
        best_scores, best = torch.empty((len(queries), 0)), torch.empty((len(queries), 0), dtype=torch.int64)
        for first in range(0, len(self.arrays["vectors"]), _BLOCK):
            rows = slice(first, first + _BLOCK)
            scores = turned @ torch.from_numpy(self._vectors(rows)).T
            if allowed is not None:
                scores[:, torch.from_numpy(~allowed[rows])] = -torch.inf
            top, places = scores.topk(min(count, scores.shape[1]), dim=1)
            merged = torch.cat([best_scores, top], dim=1)
            best_scores, chosen = merged.topk(min(count, merged.shape[1]), dim=1)
            best = torch.cat([best, places + first], dim=1).gather(1, chosen)
        return torch.where(best_scores > -torch.inf, best, NO_NAME).numpy()

    def _vectors(self, rows: Ints | slice) -> NDArray[np.float32]:
        vectors = self.arrays["vectors"][rows].astype(np.float32)
        return vectors if self._scales is None else vectors * self._scales[rows][:, None]

    def _allowed_texts(self, allowed: Mask) -> Mask:
        return np.logical_or.reduceat(allowed[self.arrays["text_names"]], self.arrays["text_name_starts"][:-1])

    def _name(
        self, of: Ints, texts: Ints, scores: NDArray[np.float64], allowed: Mask | None, shape: tuple[int, int]
    ) -> Hits:
        starts = self.arrays["text_name_starts"].astype(np.int64)
        counts = starts[texts + 1] - starts[texts]
        names = self.arrays["text_names"][spread(starts[texts], counts)].astype(np.int64)
        of, scores = np.repeat(of, counts), np.repeat(scores, counts)
        if allowed is not None:
            kept = allowed[names]
            of, names, scores = of[kept], names[kept], scores[kept]
        best = best_of_groups(of, scores, names, shape[1])
        return fill_hits(of[best], names[best], scores[best], shape)


def build_dense(
    base: NameBase, folder: Path, encoder: Encoder, *, storage: Storage = "f16", graph: bool = False
) -> None:
    """Write an index of the vectors of names.

    base (NameBase): The names. Equal ones, told by 64 bits of a hash, are encoded once.
    folder (Path): New folder; its name is that of the index.
    encoder (Encoder): Makes the vectors.
    storage (Storage): Half precision, or bytes with a scale for each vector: half the size.
    graph (bool): Whether to write a graph of neighbours too, for bases of some 300,000 names or more.
    RAISES (BiomedplmError): B596 if the folder exists, B598 if the library for graphs is not there, B599 if the folder
        cannot be written, B671 if there are no names.
    """
    check_new(folder)
    if not base.n_names:
        raise BiomedplmError(coded("B671", kind=DenseIndex.KIND))
    keys = np.empty(base.n_names, dtype=np.uint64)
    for first, names in base.iter_names():
        keys[first : first + len(names)] = [_hash(name) for name in names]
    _, firsts, texts = np.unique(keys, return_index=True, return_inverse=True)
    # Texts in the order of their first names, so that they are read as they come.
    place = np.empty(len(firsts), dtype=np.int64)
    place[np.argsort(firsts)] = np.arange(len(firsts))
    by_text = np.sort((place[texts] << 32) | np.arange(base.n_names))
    arrays: dict[str, NDArray[Any]] = {
        "text_name_starts": starts_of(np.bincount(by_text >> 32, minlength=len(firsts))),
        "text_names": (by_text & 0xFFFFFFFF).astype(np.uint32),
    }
    with _scratch(folder, (len(firsts), encoder.width), _DTYPES[storage]) as vectors:
        arrays["vectors"] = vectors
        scales = _encode(base, np.sort(firsts), encoder, vectors)
        if storage == "i8":
            arrays["scales"] = scales
        if graph:
            arrays["graph"] = build_graph(vectors, folder)
        settings = {"encoder": encoder.identity, "name": encoder.name, "width": encoder.width, "storage": storage}
        facts = {"names": base.n_names, "texts": len(firsts)}
        write_index(folder, DenseIndex, base, settings=settings, facts=facts, arrays=arrays)


def _encode(base: NameBase, firsts: Ints, encoder: Encoder, vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Fill in the vectors of the names in some rows, and return the scale of each."""
    scales = np.ones(len(firsts), dtype=np.float32)
    for first, names in base.iter_names():
        begin, end = np.searchsorted(firsts, (first, first + len(names)))
        found = encoder([names[row - first] for row in firsts[begin:end]])
        if vectors.dtype == np.int8:
            largest = np.abs(found).max(axis=1, initial=0.0)
            scales[begin:end] = np.where(largest > 0, largest, 1.0) / 127
            found = np.rint(found / scales[begin:end, None])
        vectors[begin:end] = found
    return scales


@contextmanager
def _scratch(folder: Path, shape: tuple[int, int], dtype: type[np.generic]) -> Iterator[NDArray[Any]]:
    """Give a matrix in a file beside a folder, which is removed at the end."""
    path = folder.with_name(f"{folder.name}.vectors")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        yield np.memmap(path, dtype, "w+", shape=shape)
    except OSError as error:
        raise BiomedplmError(coded("B599", folder=folder, reason=error.strerror or error)) from error
    finally:
        path.unlink(missing_ok=True)


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf8", "surrogatepass"), digest_size=8).digest(), "little")
