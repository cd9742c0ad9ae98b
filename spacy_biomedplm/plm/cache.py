"""Text as piece ids on the disk, memory-mapped: it is cut once and read by every pass and every later run."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.text import RawDocument

CACHE_VERSION = 1
PARTS = ("train", "validation")
_BATCH = 512
# A sentence ends at a full stop, question or exclamation mark before a capital, a digit or a bracket.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9(\[\"'])")


@dataclass(frozen=True)
class TokenCache:
    """The pieces of one part of a corpus.

    ids (NDArray): Piece ids of all documents, one behind the other, without special tokens, shape (pieces,).
    documents (NDArray): Where each document ends, shape (documents,).
    sentences (NDArray): Where each sentence ends, shape (sentences,); each end of a document is one.
    """

    ids: NDArray[Any]
    documents: NDArray[np.int64]
    sentences: NDArray[np.int64]


def digest_of(*parts: Any) -> str:
    """Return a digest of plain data.

    parts (Any): Strings, numbers, lists and dictionaries of them.
    """
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def is_validation(text: str, share: float) -> bool:
    """Say whether a document belongs to the validation part: decided by its text alone, so the same in every run.

    text (str): Its text.
    share (float): Of the documents that are held back, in [0, 1).
    """
    number = int.from_bytes(hashlib.blake2b(text.encode("utf8", "surrogatepass"), digest_size=8).digest(), "little")
    return number < share * 2**64


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, as far as punctuation tells them.

    text (str): A document.
    """
    return _SENTENCE_END.split(text)


def build_cache(
    folder: Path,
    documents: Iterable[RawDocument],
    tokenizer: Tokenizer,
    *,
    validation: float,
    made_of: dict[str, Any],
    split: Callable[[str], list[str]] = split_sentences,
    counts: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Cut documents into pieces and write them to a folder, which is complete or absent.

    folder (Path): New folder.
    documents (Iterable[RawDocument]): Read once, as a stream.
    tokenizer (Tokenizer): Without padding or truncation.
    validation (float): Share of the documents held back, see ``is_validation``.
    made_of (dict[str, Any]): All that decides the content, as plain data; kept in meta.json.
    split (Callable): From a document to its sentences.
    counts (Mapping[str, int] | None): What was counted while the documents were read, for meta.json.
    RETURNS (dict[str, Any]): What meta.json holds: "made_of", "version", "dtype", counts for each part, and "read" if
        anything was counted.
    RAISES (BiomedplmError): B523 if there is no text at all, B524 if the disk is full or cannot be written.
    """
    partial = folder.with_name(folder.name + ".partial")
    dtype = np.dtype(np.uint16 if tokenizer.get_vocab_size(with_added_tokens=True) <= 1 << 16 else np.uint32)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        cut = ((document, sentences) for document, sentences in _cut_all(documents, tokenizer, split) if sentences)
        parts = _write_parts(partial, cut, validation, dtype)
        if not parts["train"]["pieces"]:
            raise BiomedplmError(coded("B523", folder=folder))
        meta = {"version": CACHE_VERSION, "made_of": made_of, "dtype": dtype.name, **parts}
        if counts:
            meta["read"] = dict(counts)
        (partial / "meta.json").write_text(json.dumps(meta, indent=1), encoding="utf8")
        os.replace(partial, folder)
    except OSError as error:
        raise BiomedplmError(coded("B524", path=folder, reason=error.strerror or error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return meta


def open_cache(folder: Path, part: str, made_of: dict[str, Any]) -> TokenCache | None:
    """Map a part of a cache into memory, or return None if the folder is not there or was made of something else.

    folder (Path): From ``build_cache``.
    part (str): "train" or "validation".
    made_of (dict[str, Any]): What it must have been made of.
    RAISES (BiomedplmError): B525 if its files are damaged.
    """
    if not (folder / "meta.json").is_file():
        return None
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf8"))
        if meta["version"] != CACHE_VERSION or meta["made_of"] != made_of:
            return None
        counts = meta[part]
        return TokenCache(
            _map(folder / f"{part}.ids", np.dtype(meta["dtype"]), counts["pieces"]),
            _map(folder / f"{part}.documents", np.dtype(np.int64), counts["documents"]),
            _map(folder / f"{part}.sentences", np.dtype(np.int64), counts["sentences"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BiomedplmError(coded("B525", folder=folder, reason=error)) from error


def _map(file: Path, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    if file.stat().st_size != count * dtype.itemsize:
        raise ValueError(f"'{file.name}' has {file.stat().st_size} bytes, not {count * dtype.itemsize}")
    return np.memmap(file, dtype=dtype, mode="r", shape=(count,)) if count else np.empty(0, dtype=dtype)


class _Part:
    """The open files of one part."""

    def __init__(self, folder: Path, name: str, dtype: np.dtype[Any], stack: ExitStack) -> None:
        self.dtype = dtype
        self.files: dict[str, IO[bytes]] = {
            suffix: stack.enter_context((folder / f"{name}.{suffix}").open("wb"))
            for suffix in ("ids", "documents", "sentences")
        }
        self.counts = {"pieces": 0, "documents": 0, "sentences": 0}

    def add(self, sentences: list[list[int]]) -> None:
        """Write the pieces of a document, sentence by sentence."""
        ends = np.cumsum([len(ids) for ids in sentences]) + self.counts["pieces"]
        self.files["ids"].write(np.concatenate([np.asarray(ids, dtype=self.dtype) for ids in sentences]).tobytes())
        self.files["sentences"].write(ends.astype(np.int64).tobytes())
        self.files["documents"].write(ends[-1:].astype(np.int64).tobytes())
        self.counts["pieces"] = int(ends[-1])
        self.counts["documents"] += 1
        self.counts["sentences"] += len(sentences)

    def sync(self) -> None:
        """Make sure that all is on the disk."""
        for file in self.files.values():
            file.flush()
            os.fsync(file.fileno())


def _write_parts(
    folder: Path, documents: Iterable[tuple[RawDocument, list[list[int]]]], validation: float, dtype: np.dtype[Any]
) -> dict[str, dict[str, int]]:
    with ExitStack() as stack:
        parts = {name: _Part(folder, name, dtype, stack) for name in PARTS}
        for document, sentences in documents:
            parts["validation" if is_validation(document.text, validation) else "train"].add(sentences)
        for written in parts.values():
            written.sync()
    return {name: part.counts for name, part in parts.items()}


def _cut_all(
    documents: Iterable[RawDocument], tokenizer: Tokenizer, split: Callable[[str], list[str]]
) -> Iterator[tuple[RawDocument, list[list[int]]]]:
    """Yield each document with its pieces, sentence by sentence, without empty sentences."""
    stream = iter(documents)
    while batch := list(islice(stream, _BATCH)):
        sentences = [split(document.text) for document in batch]
        encoded = iter(tokenizer.encode_batch([s for found in sentences for s in found], add_special_tokens=False))
        for document, found in zip(batch, sentences, strict=True):
            yield document, [ids for ids in (next(encoded).ids for _ in found) if ids]
