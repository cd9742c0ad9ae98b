"""Masked language modelling of two segments, with the question of how they belong together (BERT, ALBERT)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.losses import word_loss
from spacy_biomedplm.plm.networks import build_model, read_model_config
from spacy_biomedplm.plm.objectives.base import Arrays, Outcome
from spacy_biomedplm.plm.objectives.masked import MaskedLanguageModel
from spacy_biomedplm.plm.sampling import Frame, Ids, Stream

_POOLED_LIKE_BERT = ("bert", "megatron-bert", "mobilebert")


@dataclass(frozen=True)
class Pair:
    """A sample.

    ids, types (Ids): Pieces and the segment of each, 0 or 1; shape (length,).
    label (int): 0 if the second segment goes on where the first ends, else 1.
    """

    ids: Ids
    types: Ids
    label: int


class PairStream:
    """Two segments of a corpus in each sequence, full to the last piece; they meet at the end of a sentence.

    cache (TokenCache): The part. Segments are split where a sentence ends and its document goes on, so that the second
        half belongs to the first; a segment may reach into neighbouring documents.
    frame (Frame): Special pieces; the separator stands between the segments too.
    length (int): Pieces of a sequence, special pieces counted.
    seed (int): Of the order, of splits and of labels.
    swaps (bool): Whether wrong pairs are right ones in the wrong order (Lan et al., 2020); else the second segment is
        from another document (Devlin et al., 2019).
    RAISES (BiomedplmError): B541 if there is no document with two sentences, or nothing to draw wrong segments from.
    """

    def __init__(self, cache: TokenCache, frame: Frame, length: int, seed: int, *, swaps: bool) -> None:
        self.cache, self.frame, self.seed, self.swaps = cache, frame, seed, swaps
        # One piece less than a stream of single segments has room for: the separator in the middle.
        self._windows = Stream(cache, frame, length - 1, seed)
        self._size = len(cache.ids) + len(cache.documents)
        inner = np.setdiff1d(cache.sentences, cache.documents, assume_unique=True)
        # Places in the line of pieces and separators.
        self._splits = inner + np.searchsorted(cache.documents, inner)
        if not len(inner) or (not swaps and len(cache.documents) < 2):
            wanted = "a document with two sentences" + ("" if swaps else " and a second document")
            counts = {"documents": len(cache.documents), "sentences": len(cache.sentences)}
            raise BiomedplmError(coded("B541", wanted=wanted, **counts))

    @property
    def n_sequences(self) -> int:
        """Sequences of one pass."""
        return self._windows.n_sequences

    def sequence(self, number: int) -> Pair:
        """Return a sample.

        number (int): From 0; beyond one pass the next one begins.
        """
        rng = np.random.default_rng((self.seed, number, 4))
        start, split = self._split(self._windows.start(number), rng)
        body = self._windows.body
        first = self._windows.line(start, split)
        label = int(rng.random() < 0.5)
        if label and not self.swaps:
            second = self._windows.line(self._elsewhere((start + split) % self._size, rng), body - split)
        else:
            second = self._windows.line((start + split) % self._size, body - split)
        if label and self.swaps:
            first, second = second, first
        prefix, suffix = self.frame.prefix, self.frame.suffix
        ids = np.concatenate([prefix, first, [self.frame.separator], second, suffix]).astype(np.int64)
        return Pair(ids, (np.arange(len(ids)) > len(prefix) + len(first)).astype(np.int64), label)

    def _split(self, start: int, rng: np.random.Generator) -> tuple[int, int]:
        """Return where a window begins and the pieces of its first segment."""
        body, splits = self._windows.body, self._splits
        end = start + min(body, self._size)
        found = splits[slice(*np.searchsorted(splits, [start + 1, end]))] - start
        around = splits[: np.searchsorted(splits, end - self._size)] + self._size - start
        choice = np.concatenate([found, around])
        if len(choice):
            return start, int(rng.choice(choice))
        # One sentence fills the window: the next place where segments can meet is brought into its middle.
        place = int(splits[np.searchsorted(splits, start) % len(splits)])
        return (place - body // 2) % self._size, body // 2

    def _elsewhere(self, split: int, rng: np.random.Generator) -> int:
        """Return where some sentence of another document begins."""
        cache = self.cache
        here = int(np.searchsorted(cache.documents + np.arange(len(cache.documents)), split))
        other = int(rng.integers(len(cache.documents) - 1))
        other += other >= here
        begin = int(cache.documents[other - 1]) if other else 0
        first, last = np.searchsorted(cache.sentences, [begin + 1, int(cache.documents[other])])
        chosen = int(rng.integers(first, last + 1))
        return (begin if chosen == first else int(cache.sentences[chosen - 1])) + other


class _SegmentPairs(MaskedLanguageModel):
    perplexity_of = "masked_loss"
    swaps: bool

    def load(self) -> Any:
        """Return the model with both heads.

        RAISES (BiomedplmError): B540 if the architecture has no head for pairs, B530 if sequences begin without a
            special piece.
        """
        from transformers import AutoModelForPreTraining

        hugging = read_model_config(self.config.model, self.vocabulary)
        kind = hugging.model_type
        reason = None
        if kind not in (*_POOLED_LIKE_BERT, "albert"):
            reason = f"those of type {', '.join(_POOLED_LIKE_BERT)} and albert have one"
        elif hugging.type_vocab_size < 2:
            reason = "its type_vocab_size is below 2, so it cannot tell two segments apart"
        elif kind == "albert" and hugging.num_labels != 2:
            reason = f"its config names {hugging.num_labels} labels, of which the head for pairs has 2"
        if reason is not None:
            raise BiomedplmError(coded("B540", found=kind, reason=reason))
        if not self.vocabulary.frame.prefix:
            raise BiomedplmError(coded("B530", folder=self.vocabulary.folder, role="cls"))
        settings = {"length": self.config.data.length, "seed": self.seed, "hugging": hugging}
        return build_model(AutoModelForPreTraining, self.config.model, self.vocabulary, **settings)

    def make_streams(self, caches: Sequence[TokenCache]) -> list[Any]:
        """Return what hands out pairs."""
        frame, length = self.vocabulary.frame, self.config.data.length
        return [PairStream(c, frame, length, self.seed + number, swaps=self.swaps) for number, c in enumerate(caches)]

    def stack(self, samples: list[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the pieces, segments and labels of pairs."""
        return (
            np.stack([pair.ids for pair in samples]),
            np.stack([pair.types for pair in samples]),
            np.array([pair.label for pair in samples], dtype=np.int64),
        )

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return what masked language modelling needs, the segments and the labels."""
        ids, types, labels = samples
        return {**super().arrays(ids, rng), "types": types, "labels": labels}

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the sum of the cross-entropies of hidden pieces and of labels."""
        rows, length = batch["ids"].shape
        hidden = self.read(batch["ids"], batch["types"])
        words, right = word_loss(self.head(hidden[batch["places"]]), batch["gold"])
        logits = self._relate(hidden.reshape(rows, length, -1)[:, :1]).float()
        pairs = cross_entropy(logits, batch["labels"])
        loss = words + pairs
        n_right = int((logits.argmax(dim=1) == batch["labels"]).sum())
        count = int((batch["gold"] >= 0).sum())
        counts = {
            "loss": (float(loss.detach()) * rows, rows),
            "masked_loss": (float(words.detach()) * count, count),
            "accuracy": (right, count),
            "pair_loss": (float(pairs.detach()) * rows, rows),
            "pair_accuracy": (n_right, rows),
        }
        return Outcome(loss, counts)

    def _relate(self, first: torch.Tensor) -> torch.Tensor:
        """Return the scores of both labels from the vectors of the first pieces, shape (rows, 1, width)."""
        base = self.model.base_model
        if self.model.config.model_type in _POOLED_LIKE_BERT:
            return self.model.cls.seq_relationship(base.pooler(first))
        # Without the dropout of its own that ALBERT has in front of this head.
        return self.model.sop_classifier.classifier(base.pooler_activation(base.pooler(first[:, 0])))


class NextSegment(_SegmentPairs):
    """[objective] name = "masked+next": is the second segment what follows the first (Devlin et al., 2019, BERT)?"""

    swaps = False


class SegmentOrder(_SegmentPairs):
    """[objective] name = "masked+order": are two segments in their order (Lan et al., 2020, ALBERT)?"""

    swaps = True
