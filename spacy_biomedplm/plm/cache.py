"""Text as piece ids on the disk, memory-mapped: it is cut once and read by every pass and every later run."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.text import RawDocument
from spacy_biomedplm.sentences import sentence_ends

CACHE_VERSION = 2
PARTS = ("train", "validation")
_BATCH = 512

# What is cut into pieces by itself, and where its sentences end; the end of the last goes without saying.
Part = tuple[str, list[int]]


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


def digest_file(path: Path) -> str:
    """Return a digest of a file.

    path (Path): The file.
    RAISES (BiomedplmError): B520 if it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise BiomedplmError(coded("B520", path=path, suffixes=error.strerror)) from error
    return digest.hexdigest()


def running_text(text: str) -> list[Part]:
    """Return a text as one part.

    text (str): A document.
    """
    return [(text, sentence_ends(text))]


def build_cache(
    folder: Path,
    documents: Iterable[RawDocument],
    tokenizer: Tokenizer,
    *,
    validation: float,
    made_of: dict[str, Any],
    split: Callable[[str], list[Part]] = running_text,
    unknown: int | None = None,
    finish: Callable[[], Mapping[str, Any]] = dict,
) -> None:
    """Cut documents into pieces and write them to a folder, which is complete or absent.

    folder (Path): New folder; a cache that is there is replaced.
    documents (Iterable[RawDocument]): Read once, as a stream.
    tokenizer (Tokenizer): Without padding or truncation.
    validation (float): Share of the documents held back, see ``is_validation``.
    made_of (dict[str, Any]): All that decides the content, as plain data; kept in meta.json.
    split (Callable): From the text of a document to its parts.
    unknown (int | None): Id of the piece for what the vocabulary does not know.
    finish (Callable): Called when all documents are read; returns what else is written, by the name of the file: text,
        or for "meta.json" further entries beside "made_of", "version", "dtype" and the counts of each part.
    RAISES (BiomedplmError): B523 if there is no text at all, B557 if the vocabulary knows none of it, B524 if the disk
        is full or cannot be written, B551 if there is a folder that is no cache. What was there stays then.
    """
    check_folder(folder)
    partial = folder.with_name(folder.name + ".partial")
    dtype = np.dtype(np.uint16 if tokenizer.get_vocab_size(with_added_tokens=True) <= 1 << 16 else np.uint32)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        cut = ((document, sentences) for document, sentences in _cut_all(documents, tokenizer, split) if sentences)
        parts = _write_parts(partial, cut, validation, dtype, unknown)
        if not parts["train"]["pieces"]:
            raise BiomedplmError(coded("B523", folder=folder))
        if parts["train"]["unknown"] == parts["train"]["pieces"]:
            raise BiomedplmError(coded("B557", folder=folder))
        others = dict(finish())
        meta = {"version": CACHE_VERSION, "made_of": made_of, "dtype": dtype.name, **parts}
        meta |= others.pop("meta.json", {})
        for name, content in {**others, "meta.json": json.dumps(meta, indent=1)}.items():
            (partial / name).write_text(content, encoding="utf8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)
    except OSError as error:
        raise BiomedplmError(coded("B524", path=folder, reason=error.strerror or error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """Make sure that a folder may be replaced by a cache.

    folder (Path): Folder of a cache.
    RAISES (BiomedplmError): B551 if something is there that is neither a cache nor an empty folder.
    """
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else [""] * folder.exists()
    if names and "meta.json" not in names:
        raise BiomedplmError(coded("B551", path=folder, found=", ".join(names[:3]) or "it is a file"))


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

    def __init__(self, folder: Path, name: str, dtype: np.dtype[Any], unknown: int | None, stack: ExitStack) -> None:
        self.dtype = dtype
        self.unknown = unknown
        self.files: dict[str, IO[bytes]] = {
            suffix: stack.enter_context((folder / f"{name}.{suffix}").open("wb"))
            for suffix in ("ids", "documents", "sentences")
        }
        self.counts = {"pieces": 0, "documents": 0, "sentences": 0, "unknown": 0}

    def add(self, sentences: list[list[int]]) -> None:
        """Write the pieces of a document, sentence by sentence."""
        ends = np.cumsum([len(ids) for ids in sentences]) + self.counts["pieces"]
        self.files["ids"].write(np.concatenate([np.asarray(ids, dtype=self.dtype) for ids in sentences]).tobytes())
        self.files["sentences"].write(ends.astype(np.int64).tobytes())
        self.files["documents"].write(ends[-1:].astype(np.int64).tobytes())
        self.counts["pieces"] = int(ends[-1])
        self.counts["documents"] += 1
        self.counts["sentences"] += len(sentences)
        self.counts["unknown"] += sum(ids.count(self.unknown) for ids in sentences) if self.unknown is not None else 0

    def sync(self) -> None:
        """Make sure that all is on the disk."""
        for file in self.files.values():
            file.flush()
            os.fsync(file.fileno())


def _write_parts(
    folder: Path,
    documents: Iterable[tuple[RawDocument, list[list[int]]]],
    validation: float,
    dtype: np.dtype[Any],
    unknown: int | None,
) -> dict[str, dict[str, int]]:
    with ExitStack() as stack:
        parts = {name: _Part(folder, name, dtype, unknown, stack) for name in PARTS}
        for document, sentences in documents:
            parts["validation" if is_validation(document.text, validation) else "train"].add(sentences)
        for written in parts.values():
            written.sync()
    return {name: part.counts for name, part in parts.items()}


def _cut_all(
    documents: Iterable[RawDocument], tokenizer: Tokenizer, split: Callable[[str], list[Part]]
) -> Iterator[tuple[RawDocument, list[list[int]]]]:
    """Yield each document with its pieces, sentence by sentence, without empty sentences.

    A part is cut as a whole: what stands before a sentence decides how some vocabularies cut its first word.
    """
    stream = iter(documents)
    while batch := list(islice(stream, _BATCH)):
        parts = [split(document.text) for document in batch]
        encoded = iter(tokenizer.encode_batch([text for found in parts for text, _ in found], add_special_tokens=False))
        for document, found in zip(batch, parts, strict=True):
            sentences = [ids for _, ends in found for ids in _divide(next(encoded), ends)]
            yield document, sentences


def _divide(encoded: Encoding, ends: list[int]) -> Iterator[list[int]]:
    """Yield the pieces between one end and the next; a piece belongs to where it begins."""
    ids = encoded.ids
    starts = np.array([start for start, _ in encoded.offsets] if ends else [], dtype=np.int64)
    places = [0, *np.searchsorted(starts, ends).tolist(), len(ids)]
    for first, last in pairwise(places):
        if last > first:
            yield ids[first:last]
