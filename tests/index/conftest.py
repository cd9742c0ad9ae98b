"""A base of a few names in memory, with what an index needs of one."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from numpy.typing import NDArray

CONCEPTS = {
    "D1": ("Parkinson Disease", "Disease, Parkinson", "Paralysis Agitans", "PD"),
    "D2": ("Breast Neoplasms", "breast cancer", "Cancer of the Breast", "Mammary Tumours"),
    "D3": ("Diabetes Mellitus, Type 2", "type II diabetes", "NIDDM"),
    "D4": ("Liver Diseases", "hepatic disorder"),
    "D5": ("Liver Cirrhosis", "cirrhosis of liver"),
    "D6": ("Anaemia, Sickle Cell", "sickle cell disease"),
    "G1": ("TNF", "tumor necrosis factor", "TNF-α"),
    "G2": ("PD", "pyruvate dehydrogenase", "pyruvate-dehydrogenase"),
    "X1": ("!!!",),
}


@dataclass(frozen=True)
class MemoryBase:
    """Names of concepts, concept by concept."""

    concepts: Mapping[str, Sequence[str]]

    @cached_property
    def names(self) -> list[str]:
        return [name for names in self.concepts.values() for name in names]

    @property
    def n_names(self) -> int:
        return len(self.names)

    @property
    def n_concepts(self) -> int:
        return len(self.concepts)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.concepts).encode()).hexdigest()

    @cached_property
    def name_concepts(self) -> NDArray[np.uint32]:
        return np.repeat(np.arange(len(self.concepts)), [len(n) for n in self.concepts.values()]).astype(np.uint32)

    def iter_names(self, block: int = 65536) -> Iterator[tuple[int, list[str]]]:
        for first in range(0, self.n_names, block):
            yield first, self.names[first : first + block]

    def row(self, concept: str, name: str) -> int:
        """Row of a name of a concept."""
        before = list(self.concepts).index(concept)
        return sum(len(names) for names in list(self.concepts.values())[:before]) + self.concepts[concept].index(name)


@pytest.fixture
def base() -> MemoryBase:
    return MemoryBase(CONCEPTS)


@pytest.fixture
def make_base() -> Callable[[Mapping[str, Sequence[str]]], MemoryBase]:
    return MemoryBase
