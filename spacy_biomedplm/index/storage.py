"""An index on disk: a folder of raw arrays that are mapped into memory, and index.json that says what they are."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.protocol import Mask, NameBase

Arrays = Mapping[str, NDArray[Any]]

FORMAT = "biomedplm-index"
DESCRIPTION = "index.json"
# Indexes that are smaller as a whole are compared with their checksums whenever they are opened.
_ALWAYS_VERIFIED = 64_000_000
_DTYPES = frozenset(("<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "|i1", "|u1"))
_NAME = re.compile(r"[a-z][a-z_]*\Z")
_FIELDS = {"version": int, "base": str, "settings": dict, "facts": dict, "files": dict}


class MappedIndex:
    """An index whose arrays lie in files. Pickled, it is its folder and its base; copies map the same files.

    folder (Path): Where it lies.
    base (NameBase): The names it was made from.
    verify (bool): Whether to compare files with their checksums, which reads them whole; small ones always are.
    RAISES (BiomedplmError): B590 if there is none, B591, B592 or B594 if it is damaged, of another kind or version,
        B593 if it was made from another base.
    """

    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def __init__(self, folder: Path, base: NameBase, *, verify: bool = False) -> None:
        self.folder = Path(folder)
        self.base = base
        described = read_description(self.folder, self.KIND)
        if described["version"] != self.VERSION:
            raise BiomedplmError(coded("B592", folder=folder, found=described["version"], wanted=self.VERSION))
        if described["base"] != base.digest:
            raise BiomedplmError(
                coded("B593", folder=folder, found=described["base"][:12], wanted=f"{base.digest[:12]}…")
            )
        self.settings = MappingProxyType[str, Any](described["settings"])
        self.facts = MappingProxyType[str, Any](described["facts"])
        self.arrays = _map_files(self.folder, described["files"], verify)

    @classmethod
    def open(cls, folder: Path, base: NameBase, *, verify: bool = False) -> Self:
        """Return the index of a folder. folder, base, verify: As for the class."""
        return cls(folder, base, verify=verify)

    @property
    def name(self) -> str:
        """Name of the index: its kind."""
        return self.KIND

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folder, self.base)


def read_description(folder: Path, kind: str | None = None) -> dict[str, Any]:
    """Return what index.json says.

    folder (Path): Folder of an index.
    kind (str | None): Kind that it has to be of; None for any.
    RAISES (BiomedplmError): B590 if there is none, B591 if it is damaged or of another kind.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise BiomedplmError(coded("B590", folder=folder))
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise BiomedplmError(coded("B591", path=path, kind=kind or "any", reason=error)) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        reason = f"its format is not '{FORMAT}'"
    elif kind not in (None, found.get("kind")):
        reason = f"it describes an index of kind '{found.get('kind')}'"
    else:
        wrong = [key for key, kept in _FIELDS.items() if type(found.get(key)) is not kept]
        reason = f"'{wrong[0]}' is missing or of another type" if wrong else ""
    if reason:
        raise BiomedplmError(coded("B591", path=path, kind=kind or "any", reason=reason))
    return dict(found)


def write_index(
    folder: Path,
    kind: type[MappedIndex],
    base: NameBase,
    *,
    settings: Mapping[str, Any],
    facts: Mapping[str, Any],
    arrays: Arrays,
) -> None:
    """Write an index to a new folder, which gets its name when all is written.

    folder (Path): The folder. kind (type[MappedIndex]): What opens it. base (NameBase): What it was made from.
    settings, facts (Mapping): Whatever goes into JSON: what it was made with, what was counted.
    arrays (Arrays): By name.
    RAISES (BiomedplmError): B596 if the folder exists, B599 if it cannot be written.
    """
    check_new(folder)
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        files = {name: _write_array(partial / f"{name}.bin", array) for name, array in sorted(arrays.items())}
        described = {
            "format": FORMAT,
            "version": kind.VERSION,
            "kind": kind.KIND,
            "base": base.digest,
            "settings": dict(settings),
            "facts": dict(facts),
            "files": files,
        }
        (partial / DESCRIPTION).write_text(json.dumps(described, indent=1) + "\n", encoding="utf8")
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise BiomedplmError(coded("B599", folder=folder, reason=error.strerror or error)) from error


def check_new(folder: Path) -> None:
    """Make sure that a folder does not exist. folder (Path): Any. RAISES (BiomedplmError): B596."""
    if folder.exists() or folder.is_symlink():
        raise BiomedplmError(coded("B596", folder=folder))


def check_query(k: int, allowed: Mask | None, base: NameBase) -> None:
    """Make sure that a query can be answered.

    k (int): Most names for a text. allowed (Mask | None): Which names may be found. base (NameBase): The names.
    RAISES (BiomedplmError): B595.
    """
    if k < 1:
        raise BiomedplmError(coded("B595", setting="k", found=k, wanted="1 or more"))
    if allowed is not None and (allowed.shape != (base.n_names,) or allowed.dtype != np.bool_):
        found = f"{allowed.dtype} of shape {allowed.shape}"
        raise BiomedplmError(coded("B595", setting="allowed", found=found, wanted=f"bool of shape ({base.n_names},)"))


def _write_array(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    raw = data.reshape(-1).view(np.uint8).data
    with path.open("xb") as file:
        file.write(raw)
    digest = hashlib.sha256(raw).hexdigest()
    return {"dtype": data.dtype.str, "shape": list(data.shape), "bytes": data.nbytes, "sha256": digest}


def _map_files(folder: Path, files: Mapping[str, Any], verify: bool) -> dict[str, NDArray[Any]]:
    mapped = {}
    total = 0
    for name, described in files.items():
        path = folder / f"{name}.bin"
        reason = _find_fault(path, name, described)
        if reason:
            raise BiomedplmError(coded("B594", path=path, reason=reason))
        total += described["bytes"]
        mapped[name] = _map(path, np.dtype(described["dtype"]), tuple(described["shape"]))
    if verify or total <= _ALWAYS_VERIFIED:
        for name, array in mapped.items():
            found = hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()
            if found != files[name]["sha256"]:
                reason = "its bytes do not have the checksum that index.json names"
                raise BiomedplmError(coded("B594", path=folder / f"{name}.bin", reason=reason))
    return mapped


def _find_fault(path: Path, name: str, described: Any) -> str:
    """Return what is wrong with a file before it is read, or nothing."""
    keys = {"dtype", "shape", "bytes", "sha256"}
    if not _NAME.match(name) or not isinstance(described, dict) or set(described) != keys:
        return "index.json does not describe it as an array"
    shape = described["shape"]
    known = described["dtype"] in _DTYPES and isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if not known or described["bytes"] != int(np.prod([np.dtype(described["dtype"]).itemsize, *shape])):
        return "index.json describes it with a type, a shape or a size that do not fit each other"
    if path.is_symlink() or not path.is_file():
        return "it is missing"
    size = path.stat().st_size
    return "" if size == described["bytes"] else f"it has {size} bytes, index.json says {described['bytes']}"


def _map(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        # The view is an array proper: memmap runs Python code for each slice of it.
        return np.memmap(path, dtype, "r", shape=shape).view(np.ndarray) if 0 not in shape else np.empty(shape, dtype)
    except (OSError, ValueError) as error:
        raise BiomedplmError(coded("B594", path=path, reason=error)) from error
