"""A knowledge base on disk: a folder of raw arrays that are mapped into memory, and kb.json that says what they are."""

import hashlib
import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.corpora.containers import printable
from spacy_biomedplm.errors import BiomedplmError, coded

FORMAT = "biomedplm-kb"
VERSION = 1
DESCRIPTION = "kb.json"
SUPPRESSED, OBSOLETE = 1, 2
"""Bits of the flags of names and concepts."""

# Smaller bases are compared with their checksums whenever they are opened.
_ALWAYS_VERIFIED = 64_000_000
_CHUNK = 1 << 24

TEXTS = ("ids", "names", "definitions", "xrefs")
"""Columns of texts: a file of UTF-8, and one of the places where each begins, with the end of the last one."""
COLUMNS = {
    "name_starts": ("u4", "concepts", 1),
    "name_concepts": ("u4", "names", 0),
    "name_sources": ("u2", "names", 0),
    "name_types": ("u2", "names", 0),
    "name_languages": ("u1", "names", 0),
    "name_flags": ("u1", "names", 0),
    "concept_flags": ("u1", "concepts", 0),
    "type_starts": ("u4", "concepts", 1),
    "types": ("u2", "types", 0),
    "parent_starts": ("u4", "concepts", 1),
    "parents": ("u4", "parents", 0),
    "child_starts": ("u4", "concepts", 1),
    "children": ("u4", "parents", 0),
    "xref_starts": ("u4", "concepts", 1),
    "xref_hashes": ("u4", "xrefs", 0),
    "xref_order": ("u4", "xrefs", 0),
    **{f"{name}_offsets": ("u8", "concepts" if name in ("ids", "definitions") else name, 1) for name in TEXTS},
}
"""Type of each array, and how many it has: one for each of what is counted in kb.json, and perhaps one more."""
ENDS = {
    **{"name_starts": "names", "type_starts": "types", "parent_starts": "parents", "child_starts": "parents"},
    **{"xref_starts": "xrefs", **{f"{name}_offsets": f"{name}.bin" for name in TEXTS}},
}
"""What the last number of an array of places is: a count of kb.json, or the bytes of a file."""
COUNTS = ("concepts", "names", "types", "parents", "xrefs", "definitions")
TABLES = ("sources", "term_types", "languages", "types")
"""Lists of kb.json, whose places columns name; "mappings" may stand beside them."""
_FIELDS = {"name": str, "tables": dict, "counts": dict, "filters": dict, "files": dict, "digest": str}


class Csr(NamedTuple):
    """Rows of different lengths, end to end. Row i has ``values[starts[i] : starts[i + 1]]``.

    starts, values (NDArray): As said. limit (int): Values are smaller. path (Path): File of the values, for errors.
    """

    starts: NDArray[Any]
    values: NDArray[Any]
    limit: int
    path: Path

    def row(self, index: int) -> NDArray[Any]:
        """Return a row.

        index (int): Its number.
        RAISES (BiomedplmError): B563 if what stands there cannot be.
        """
        first, last = span_of(self.starts, index, self.path)
        values: NDArray[Any] = self.values[first:last]
        if last > first and int(values.max()) >= self.limit:
            raise damaged(self.path, f"row {index} has a number above {self.limit - 1}")
        return values

    def owners(self) -> NDArray[np.int64]:
        """Return the row of each value.

        RAISES (BiomedplmError): B563 if the places of rows cannot be.
        """
        starts = self.starts.astype(np.int64)
        lengths: NDArray[np.int64] = starts[1:] - starts[:-1]
        if len(lengths) and int(lengths.min()) < 0:
            raise damaged(self.path, "its rows overlap")
        rows = np.arange(len(lengths), dtype=np.int64)
        return np.repeat(rows, lengths)


class Texts:
    """A column of texts in a file.

    path (Path): File of the texts, for errors.
    blob (NDArray): Its bytes.
    offsets (NDArray): Where each text begins, and the end of the last one.
    """

    def __init__(self, path: Path, blob: NDArray[Any], offsets: NDArray[Any]) -> None:
        self._path = path
        self._blob = blob.data
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def lengths(self) -> NDArray[np.int64]:
        """Return the number of bytes of each text; below 0 where a place cannot be."""
        places = self._offsets.astype(np.int64)
        lengths: NDArray[np.int64] = places[1:] - places[:-1]
        return lengths

    def raw(self, row: int) -> bytes:
        """Return the bytes of a text.

        row (int): Its number.
        RAISES (BiomedplmError): B563 if its place cannot be.
        """
        first, last = span_of(self._offsets, row, self._path)
        return bytes(self._blob[first:last])

    def __getitem__(self, row: int) -> str:
        return self._decode(self.raw(row))

    def block(self, first: int, last: int) -> list[str]:
        """Return the texts from one number up to another one.

        first, last (int): The numbers.
        RAISES (BiomedplmError): B563 if their places cannot be.
        """
        places = self._offsets[first : last + 1].tolist()
        if places != sorted(places) or places[-1] > len(self._blob):
            raise damaged(self._path, f"a text from {first} to {last} begins or ends where it cannot")
        raw = bytes(self._blob[places[0] : places[-1]])
        start = places[0]
        return [self._decode(raw[one - start : next - start]) for one, next in pairwise(places)]

    def find(self, text: str) -> int | None:
        """Return the number of a text, None if there is none. text (str): Texts must be sorted by their bytes."""
        wanted = text.encode("utf8", "surrogatepass")
        row = bisect_left(range(len(self)), wanted, key=self.raw)
        return row if row < len(self) and self.raw(row) == wanted else None

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode("utf8")
        except UnicodeDecodeError as error:
            raise damaged(self._path, "it is not UTF-8") from error


class Writer:
    """Writes the files of a base and remembers what kb.json has to say of them. folder (Path): An empty folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, dict[str, Any]] = {}

    def array(self, name: str, array: NDArray[Any]) -> None:
        """Write an array.

        name (str): One of COLUMNS. array (NDArray): Numbers.
        RAISES (BiomedplmError): B573 if its type cannot hold them.
        """
        kind = COLUMNS[name][0]
        limit = int(np.iinfo(kind).max)
        if len(array) and int(array.max()) > limit:
            raise BiomedplmError(coded("B573", what=f"entries in '{name}'", wanted=limit))
        step = max(1, _CHUNK // array.dtype.itemsize)
        blocks = (array[first : first + step] for first in range(0, len(array), step))
        self.bytes(name, (block.astype(f"<{kind}").tobytes() for block in blocks))

    def bytes(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file. name (str): Without its ending. chunks (Iterable[bytes]): What is in it."""
        digest, size = hashlib.sha256(), 0
        with (self.folder / f"{name}.bin").open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def describe(self, name: str, tables: Mapping[str, Any], counts: Mapping[str, int], filters: object) -> None:
        """Write kb.json. name (str): Of the base. tables, counts (Mapping), filters: What it holds; see docs."""
        described = {
            "format": FORMAT,
            "version": VERSION,
            "name": name,
            "counts": dict(counts),
            "filters": filters,
            "tables": dict(tables),
            "files": dict(sorted(self.files.items())),
        }
        described["digest"] = _digest(described)
        text = json.dumps(described, indent=1, ensure_ascii=False)
        (self.folder / DESCRIPTION).write_text(text + "\n", encoding="utf8")


def read_description(folder: Path) -> dict[str, Any]:
    """Return what kb.json says.

    folder (Path): Folder of a base.
    RAISES (BiomedplmError): B560 if there is none, B561 if it is damaged, B562 if it is of another version.
    """
    path = folder / DESCRIPTION
    if not os.path.isfile(path):
        raise BiomedplmError(coded("B560", folder=printable(folder)))
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BiomedplmError(coded("B561", path=path, reason=error)) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BiomedplmError(coded("B561", path=path, reason=f"its format is not '{FORMAT}'"))
    if found.get("version") != VERSION:
        raise BiomedplmError(coded("B562", folder=folder, found=found.get("version"), wanted=VERSION))
    wrong = _find_wrong(found)
    if wrong:
        raise BiomedplmError(coded("B561", path=path, reason=f"'{wrong}' is missing or of another kind"))
    if found["digest"] != _digest({key: value for key, value in found.items() if key != "digest"}):
        raise BiomedplmError(coded("B561", path=path, reason="it does not have the checksum that it names"))
    return found


def map_files(folder: Path, described: Mapping[str, Any], *, verify: bool) -> dict[str, NDArray[Any]]:
    """Return the arrays of a base, mapped into memory.

    folder (Path): Its folder.
    described (Mapping): What kb.json says.
    verify (bool): Whether to compare files with their checksums, which reads them whole; those of a small base always
        are.
    RAISES (BiomedplmError): B563 for a file that is missing or damaged.
    """
    files, counts = described["files"], described["counts"]
    arrays = {}
    for name in (*COLUMNS, *TEXTS):
        path = folder / f"{name}.bin"
        size = files[name]["bytes"]
        _check_size(path, size)
        kind, counted, more = COLUMNS.get(name, ("u1", "", 0))
        if counted and size != (counts[counted] + more) * int(kind[1]):
            raise damaged(path, f"it should have {counts[counted] + more} numbers for what kb.json counts")
        arrays[name] = _map(path, kind, size)
    for name, what in ENDS.items():
        end = counts[what] if what in counts else files[what.removesuffix(".bin")]["bytes"]
        if int(arrays[name][0]) != 0 or int(arrays[name][-1]) != end:
            raise damaged(
                folder / f"{name}.bin", f"it leads from {arrays[name][0]} to {arrays[name][-1]}, not 0 to {end}"
            )
    if verify or sum(file["bytes"] for file in files.values()) <= _ALWAYS_VERIFIED:
        for name, array in arrays.items():
            if hashlib.sha256(array.view(np.uint8).data).hexdigest() != files[name]["sha256"]:
                raise damaged(folder / f"{name}.bin", "its bytes do not have the checksum that kb.json names")
    return arrays


def span_of(starts: NDArray[Any], index: int, path: Path) -> tuple[int, int]:
    """Return where a row begins and ends.

    starts (NDArray): Places of all rows, and the end of the last one. index (int): The row. path (Path): For errors.
    RAISES (BiomedplmError): B563 for places that cannot be. IndexError for a row that there is not.
    """
    if not 0 <= index < len(starts) - 1:
        raise IndexError(index)
    first, last = int(starts[index]), int(starts[index + 1])
    if not first <= last <= int(starts[-1]):
        raise damaged(path, f"row {index} begins or ends where it cannot")
    return first, last


def damaged(path: Path, reason: object) -> BiomedplmError:
    """Return the error B563. path (Path): The file. reason (object): What is wrong with it."""
    return BiomedplmError(coded("B563", path=path, reason=reason))


def gather(blob: NDArray[Any], starts: NDArray[Any], lengths: NDArray[Any]) -> Iterator[bytes]:
    """Yield pieces of bytes one after the other, many at a time.

    blob (NDArray): All bytes. starts, lengths (NDArray): Place and length of each piece.
    """
    ends = np.cumsum(lengths, dtype=np.int64)
    first = 0
    while first < len(starts):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + (_CHUNK >> 2), "right")))
        sizes = lengths[first:last].astype(np.int64)
        within = np.arange(int(ends[last - 1]) - before) - np.repeat(ends[first:last] - before - sizes, sizes)
        yield blob[np.repeat(starts[first:last].astype(np.int64), sizes) + within].tobytes()
        first = last


def starts_of(lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each row starts and the last one ends. lengths (NDArray): Of the rows."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def _digest(described: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _find_wrong(found: Mapping[str, Any]) -> str:
    """Return what of kb.json is missing or not as it should be, or nothing."""
    for key, kind in _FIELDS.items():
        if type(found.get(key)) is not kind:
            return key
    counts, tables, files = found["counts"], found["tables"], found["files"]
    for key in COUNTS:
        if type(counts.get(key)) is not int or counts[key] < 0:
            return f"counts.{key}"
    for key in TABLES:
        kind = dict if key == "sources" else str
        if type(tables.get(key)) is not list or any(type(one) is not kind for one in tables[key]):
            return f"tables.{key}"
    for key in ("sources", "mappings"):
        described = tables.get(key, [])
        if type(described) is not list or not all(map(_is_described, described)):
            return f"tables.{key}"
    for key in {*files, *COLUMNS, *TEXTS}:
        one = files.get(key)
        if type(one) is not dict or type(one.get("bytes")) is not int or (key not in COLUMNS and key not in TEXTS):
            return f"files.{key}"
        if type(one.get("sha256")) is not str:
            return f"files.{key}"
    return ""


def _is_described(one: object) -> bool:
    """Return whether this is a name with facts."""
    return isinstance(one, dict) and "name" in one and all(type(fact) is str for fact in one.values())


def _check_size(path: Path, wanted: int) -> None:
    if path.is_symlink() or not path.is_file():
        raise damaged(path, "it is missing")
    found = path.stat().st_size
    if found != wanted:
        raise damaged(path, f"it has {found} bytes, kb.json says {wanted}")


def _map(path: Path, kind: str, size: int) -> NDArray[Any]:
    dtype = np.dtype(f"<{kind}")
    try:
        # The view is an array proper: memmap runs Python code for each slice of it.
        return np.memmap(path, dtype, "r").view(np.ndarray) if size else np.empty(0, dtype)
    except (OSError, ValueError) as error:
        raise damaged(path, error) from error
