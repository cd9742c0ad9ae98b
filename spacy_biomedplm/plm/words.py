"""The words of raw text as a tokenizer cuts them, counted."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from spacy_biomedplm.errors import BiomedplmError, coded

BREAK = -1
"""Stands between two documents in ``WordCounts.order``."""

_MAX_CACHED = 1 << 20


@dataclass(frozen=True)
class WordCounts:
    """The words of a corpus: what the tokenizer's model gets to cut into pieces.

    words (tuple[str, ...]): Each once, as the tokenizer writes it (lower case, "Ġ" before it …).
    counts (NDArray[np.int64]): How often each occurs, shape (n_words,).
    documents (NDArray[np.int64]): In how many documents, shape (n_words,).
    n_documents (int): Documents that were read.
    order (NDArray[np.int32] | None): The text as numbers of words, BREAK after each document; None if not asked for.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    documents: NDArray[np.int64]
    n_documents: int
    order: NDArray[np.int32] | None = None


def check_unknown(name: str, tokenizer: Tokenizer) -> None:
    """Make sure that a tokenizer can cut every word: one without a piece for what it does not know fails in the midst.

    name (str): Where it is from, for the message. tokenizer (Tokenizer): Any tokenizer.
    RAISES (BiomedplmError): B519 if it cannot.
    """
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] == "Unigram":
        is_known, piece = model["unk_id"] is not None, "unk_id"
    else:
        piece = model["unk_token"]
        # BPE needs none: it passes over unknown characters, or has all bytes.
        is_known = piece in model["vocab"] if piece else model["type"] == "BPE"
    if not is_known:
        raise BiomedplmError(coded("B519", name=name, piece=piece))


def count_words(texts: Iterable[str], tokenizer: Tokenizer, *, keep_order: bool = False) -> WordCounts:
    """Count the words of a corpus.

    texts (Iterable[str]): One text for each document; read once.
    tokenizer (Tokenizer): Whose normaliser and pre-tokeniser are applied.
    keep_order (bool): Also keep the text itself, 4 bytes a word.
    RAISES (BiomedplmError): B510 if there is not one word.
    """
    cutter = _Cutter(tokenizer)
    counts: Counter[int] = Counter()
    documents: Counter[int] = Counter()
    order = []
    n_documents = 0
    for text in texts:
        numbers = list(chain.from_iterable(map(cutter.cut, text.split())))
        counts.update(numbers)
        documents.update(set(numbers))
        n_documents += 1
        if keep_order:
            order.append(np.array([*numbers, BREAK], dtype=np.int32))
    if not counts:
        raise BiomedplmError(coded("B510", documents=n_documents))
    size = range(len(cutter.numbers))
    return WordCounts(
        words=tuple(cutter.numbers),
        counts=np.array([counts[number] for number in size], dtype=np.int64),
        documents=np.array([documents[number] for number in size], dtype=np.int64),
        n_documents=n_documents,
        order=np.concatenate(order) if keep_order else None,
    )


class _Cutter:
    """Cuts what stands between white space into numbered words; the same string is cut once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.numbers: dict[str, int] = {}
        self._known: dict[str, list[int]] = {}
        self._normalizer = tokenizer.normalizer
        self._cut = tokenizer.pre_tokenizer.pre_tokenize_str

    def cut(self, chunk: str) -> list[int]:
        found = self._known.get(chunk)
        if found is None:
            # As after a space: byte-level and SentencePiece vocabularies tell the beginning of a word by it.
            text = f" {chunk}"
            text = text if self._normalizer is None else self._normalizer.normalize_str(text)
            found = [self.numbers.setdefault(word, len(self.numbers)) for word, _ in self._cut(text)]
            if len(self._known) >= _MAX_CACHED:
                self._known.clear()
            self._known[chunk] = found
        return found
