"""The files of a linker in the folder of a pipeline."""

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import srsly

from spacy_biomedplm.errors import BiomedplmError, coded

BASE = "base"
"""Folder of the knowledge base in that of the linker."""


def write_parts(folder: Path, parts: Mapping[str, Callable[[], Any]], exclude: Collection[str]) -> None:
    """Write each part to a file of its own.

    folder (Path): Made if it is not there. parts (Mapping): What makes each part. exclude (Collection[str]): Not these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in parts.items():
        if name not in exclude:
            _file(folder, name).write_bytes(srsly.msgpack_dumps(make()))


def read_parts(folder: Path, names: Collection[str], exclude: Collection[str]) -> dict[str, Any]:
    """Return the parts that ``write_parts`` wrote.

    folder (Path): Where. names (Collection[str]): All parts. exclude (Collection[str]): Not these.
    RAISES (BiomedplmError): B691 for a file that is missing.
    """
    wanted = [name for name in names if name not in exclude]
    for name in wanted:
        if not _file(folder, name).is_file():
            raise BiomedplmError(coded("B691", path=_file(folder, name)))
    return {name: srsly.msgpack_loads(_file(folder, name).read_bytes()) for name in wanted}


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.msgpack"


def replace_base(folder: Path, base: Path | None) -> None:
    """Copy a knowledge base into the folder of a linker, in place of another one.

    folder (Path): Of the linker. base (Path | None): Folder of the base; None leaves the linker without one.
    """
    own = folder / BASE
    if base is not None and base.resolve() == own.resolve():
        return
    if own.exists():
        shutil.rmtree(own)
    if base is not None:
        shutil.copytree(base, own)
