"""The indexes that lie in the folder of a knowledge base: which there are, making them, opening them."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.dense import DenseIndex, build_dense
from spacy_biomedplm.index.exact import ExactIndex, build_exact
from spacy_biomedplm.index.hybrid import HybridIndex
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.protocol import Index, NameBase
from spacy_biomedplm.index.storage import DESCRIPTION, check_new

LEXICAL = MappingProxyType[str, Any]({"exact": (ExactIndex, build_exact), "ngrams": (NgramIndex, build_ngrams)})
"""Class and builder of each index that needs the names only, by the name of its folder."""

DENSE = "dense"
_ENCODER_FILES = (".json", ".txt", ".model", ".safetensors")
ENCODER = "encoder"
"""Folder with the encoder that the vectors of the dense index are from."""


class Base(NameBase, Protocol):
    """A base of names that lies in a folder."""

    @property
    def folder(self) -> Path:
        """Where it lies."""


def list_indexes(base: Base) -> list[str]:
    """Return the indexes that a base has in its folder. base (Base): Any."""
    return [name for name in (*LEXICAL, DENSE) if (base.folder / name / DESCRIPTION).is_file()]


def find_damaged(base: Base) -> dict[str, BiomedplmError]:
    """Return the indexes that are incomplete, damaged or of another base, each with what is wrong.

    base (Base): Any; all files of the indexes in its folder are read.
    """
    found = {}
    for name in (*LEXICAL, DENSE):
        if os.path.lexists(base.folder / name):
            try:
                _open(base, name, "cpu", verify=True)
            except BiomedplmError as error:
                found[name] = error
    return found


def remove_index(base: Base, name: str) -> None:
    """Remove an index from the folder of a base; the dense one with its encoder.

    base (Base): Any. name (str): The index.
    RAISES (BiomedplmError): B599 if it cannot be removed.
    """
    for folder in (base.folder / name, *([base.folder / ENCODER] if name == DENSE else ())):
        try:
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            raise BiomedplmError(coded("B599", folder=folder, reason=error.strerror or error)) from error


def build_lexical(base: Base) -> list[str]:
    """Make the lexical indexes that a base lacks, in its folder, and return their names.

    base (Base): Any.
    RAISES (BiomedplmError): B596, B599, B670 and B671, as the functions that make them.
    """
    there = list_indexes(base)
    made = [name for name in LEXICAL if name not in there]
    for name in made:
        LEXICAL[name][1](base, base.folder / name)
    return made


def add_dense(base: Base, encoder: Path, *, device: str = "cpu", graph: bool = False) -> None:
    """Make the dense index of a base in its folder, with a copy of the encoder.

    base (Base): Any without one.
    encoder (Path): Folder of an encoder, as ``load_plm`` reads it.
    device (str): Where it computes.
    graph (bool): As for ``build_dense``.
    RAISES (BiomedplmError): B596 if there is one; as ``build_dense`` and ``load_plm``.
    """
    from spacy_biomedplm.encoder.texts import TextEncoder

    check_new(base.folder / DENSE)
    own = base.folder / ENCODER
    check_new(own)
    # Read before it is copied: what is no encoder is not left behind.
    TextEncoder(str(encoder), device=device)
    files = [path for path in sorted(encoder.iterdir()) if path.suffix in _ENCODER_FILES and path.is_file()]
    own.mkdir()
    try:
        for path in files:
            shutil.copyfile(path, own / path.name)
        build_dense(base, base.folder / DENSE, TextEncoder(str(own), device=device), graph=graph)
    except BaseException:
        shutil.rmtree(own)
        raise


def open_indexes(base: Base, *, device: str = "cpu", options: Mapping[str, Any] | None = None) -> HybridIndex:
    """Return the indexes in the folder of a base as one.

    base (Base): Any.
    device (str): Where the encoder of the dense index computes.
    options (Mapping[str, Any] | None): For ``HybridIndex``.
    RAISES (BiomedplmError): B590 if there is none; as the indexes, if one is damaged or was made from another base.
    """
    names = list_indexes(base)
    if not names:
        raise BiomedplmError(coded("B590", folder=base.folder))
    return HybridIndex([_open(base, name, device) for name in names], base, **(options or {}))


def _open(base: Base, name: str, device: str, *, verify: bool = False) -> Index:
    folder = base.folder / name
    if verify and not (folder / DESCRIPTION).is_file():
        raise BiomedplmError(coded("B594", path=folder / DESCRIPTION, reason="it is missing"))
    if name in LEXICAL:
        index: Index = LEXICAL[name][0](folder, base, verify=verify)
        return index
    # Brings the tokenizers library, which not everyone who opens an index needs.
    from spacy_biomedplm.encoder.texts import TextEncoder

    return DenseIndex(folder, base, TextEncoder(str(base.folder / ENCODER), device=device), verify=verify)
