"""The indexes that lie in the folder of a knowledge base: which there are, making them, opening them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.index.dense import DenseIndex
from spacy_biomedplm.index.exact import ExactIndex, build_exact
from spacy_biomedplm.index.hybrid import HybridIndex
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.protocol import Index, NameBase
from spacy_biomedplm.index.storage import DESCRIPTION

LEXICAL = MappingProxyType[str, Any]({"exact": (ExactIndex, build_exact), "ngrams": (NgramIndex, build_ngrams)})
"""Class and builder of each index that needs the names only, by the name of its folder."""

DENSE = "dense"
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
    indexes: list[Index] = [LEXICAL[name][0](base.folder / name, base) for name in names if name in LEXICAL]
    if DENSE in names:
        # Brings the tokenizers library, which not everyone who opens an index needs.
        from spacy_biomedplm.encoder.texts import TextEncoder

        encoder = TextEncoder(str(base.folder / ENCODER), device=device)
        indexes.append(DenseIndex(base.folder / DENSE, base, encoder))
    return HybridIndex(indexes, base, **(options or {}))
