"""One vector for a short text, such as a name: from any encoder, the same whatever other texts are read with it."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from spacy_biomedplm.encoder.loading import load_plm, piece_tokenizer
from spacy_biomedplm.encoder.precision import Precision, choose_dtype
from spacy_biomedplm.encoder.windows import Batch, Window, fill_ids, split_windows

# Windows of a batch, and steps of their length. A kernel may sum in another order for another shape, so the shape of
# the batch that a text is read in has to follow from the text alone.
_ROWS = 32
_STEP = 16
# Pieces of a window, special ones counted; names that are longer are read in several.
_LONGEST = 128


class TextEncoder:
    """Makes vectors of texts with a pre-trained encoder.

    name (str): As for ``load_plm``: folder, name on the hub, or package.
    pooling ("mean" | "cls"): The mean of all pieces, special ones too; or the vector of the first piece.
    precision (Precision): What the encoder computes in.
    device (str): Where it computes.
    RAISES (BiomedplmError): As ``load_plm``.
    """

    def __init__(
        self,
        name: str,
        *,
        pooling: Literal["mean", "cls"] = "mean",
        precision: Precision = "auto",
        device: str = "cpu",
    ) -> None:
        self.name = name
        self.pooling = pooling
        self.device = torch.device(device)
        stored, network = load_plm(name, layer=-1)
        self.width: int = stored["width"]
        self._tokenizer = piece_tokenizer(stored)
        self._longest = min(_LONGEST, stored["max_pieces"])
        self._network = network.to(self.device, choose_dtype(precision, self.device)).eval()

    @cached_property
    def identity(self) -> str:
        """Tells vectors of this encoder from those of others: a digest of weights, tokenizer and pooling."""
        digest = hashlib.sha256(f"{self.pooling}\n{self._tokenizer.definition}".encode())
        for name, weights in sorted(self._network.state_dict().items()):
            digest.update(name.encode())
            digest.update(weights.float().cpu().numpy().tobytes())
        return digest.hexdigest()

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of length 1, shape (n, width); zeros for a text without any piece.

        texts (Sequence[str]): Any texts. Of one that is longer than a window the vectors of all its windows are
            added, each as many times as it has pieces.
        """
        prefix, suffix = self._tokenizer.frame
        pieces = [ids for ids, _ in self._tokenizer.encode(list(texts))] if texts else []
        longest = self._longest - len(prefix) - len(suffix)
        windows = [part for text, ids in enumerate(pieces) for part in split_windows(text, len(ids), longest, 0)]
        sums = np.zeros((len(texts), self.width))
        for batch in _plan([part.end - part.start + len(prefix) + len(suffix) for part in windows], self._longest):
            ids, mask = fill_ids(batch, windows, pieces, prefix=prefix, suffix=suffix, pad=self._tokenizer.pad_id)
            pooled = self._read(ids, mask)
            for row, number in enumerate(batch.windows):
                part = windows[number]
                sums[part.doc] += pooled[row].astype(np.float64) * _share(part, len(pieces[part.doc]))
        lengths = np.sqrt((sums**2).sum(axis=1, keepdims=True))
        return (sums / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)

    def _read(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        kept = torch.from_numpy(mask).to(self.device)
        hidden = self._network(torch.from_numpy(ids).to(self.device), kept).float()
        if self.pooling == "cls":
            return hidden[:, 0].cpu().numpy()
        weights = kept.float()[..., None]
        return ((hidden * weights).sum(1) / weights.sum(1)).cpu().numpy()


def _plan(lengths: Sequence[int], longest: int) -> list[Batch]:
    """Return batches of a shape that depends on the length of their windows only."""
    rounded: dict[int, list[int]] = {}
    for number, length in enumerate(lengths):
        rounded.setdefault(min(longest, -(-length // _STEP) * _STEP), []).append(number)
    return [
        Batch(tuple(numbers[first : first + _ROWS]), _ROWS, length)
        for length, numbers in sorted(rounded.items())
        for first in range(0, len(numbers), _ROWS)
    ]


def _share(part: Window, n_pieces: int) -> float:
    return (part.end - part.start) / n_pieces
