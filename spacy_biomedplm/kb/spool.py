"""What a build has read so far: numbers in arrays, texts in a file, nothing as objects."""

from array import array
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from spacy_biomedplm.kb.layout import starts_of

_BUFFER = 1 << 20


class Spool:
    """Texts, each with the record that it belongs to. path (Path): File for the texts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=_BUFFER)
        self._owners = array("I")
        self._lengths = array("I")
        self._checksums = array("I")

    def add(self, owner: int, text: bytes) -> None:
        """Append a text. owner (int): Number of its record. text (bytes): UTF-8."""
        self._owners.append(owner)
        self._lengths.append(len(text))
        self._checksums.append(crc32(text))
        self._file.write(text)

    def __len__(self) -> int:
        return len(self._owners)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()

    def load(self) -> "Spooled":
        """Return what was appended."""
        self._file.flush()
        lengths = as_numbers(self._lengths)
        blob = np.memmap(self._path, np.uint8, "r").view(np.ndarray) if lengths.any() else np.empty(0, np.uint8)
        owners, checksums = as_numbers(self._owners), as_numbers(self._checksums)
        return Spooled(owners, starts_of(lengths)[:-1], lengths, checksums, blob)


class Spooled(NamedTuple):
    """Texts that were read.

    owners, starts, lengths, checksums (NDArray): Record, place in the blob, bytes and CRC-32 of each text.
    blob (NDArray[np.uint8]): All of them.
    """

    owners: NDArray[Any]
    starts: NDArray[np.int64]
    lengths: NDArray[Any]
    checksums: NDArray[Any]
    blob: NDArray[np.uint8]

    def text(self, index: int) -> bytes:
        """Return a text. index (int): Its number."""
        start = int(self.starts[index])
        return self.blob[start : start + int(self.lengths[index])].tobytes()


def as_numbers(values: "array[Any]") -> NDArray[Any]:
    """Return an array of Python as one of numpy, without a copy. values (array): The numbers."""
    return np.frombuffer(values, dtype=values.typecode) if len(values) else np.empty(0, values.typecode)
