"""Span corruption (Raffel et al., 2020, T5): write what stood where a sentinel stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.losses import word_loss
from spacy_biomedplm.plm.masking import Flags, Ids
from spacy_biomedplm.plm.networks import Vocabulary, build_model, read_model_config
from spacy_biomedplm.plm.objectives.base import Arrays, Objective, Outcome
from spacy_biomedplm.plm.sampling import Frame, Stream


@dataclass(frozen=True)
class SpanOptions:
    """Options of [objective].

    share (float): Of the pieces that are in spans, in (0, 0.5].
    span (float): Mean length of a span in pieces, 1 or more.
    """

    share: float = 0.15
    span: float = 3.0


@dataclass(frozen=True)
class SpanSizes:
    """Numbers that are the same in every sequence, so that none is padded or cut.

    pieces (int): Of the text. hidden (int): Of those, in spans. spans (int): How many spans.
    """

    pieces: int
    hidden: int
    spans: int

    @property
    def input(self) -> int:
        """Pieces that the encoder reads, without special pieces at the ends."""
        return self.pieces - self.hidden + self.spans

    @property
    def target(self) -> int:
        """Pieces that the decoder writes, without the end."""
        return self.hidden + self.spans


class SpanCorruption(Objective):
    """[objective] name = "spans".

    [data] length is what the encoder reads; the text of a sequence is longer. Documents stand end to end with nothing
    between them, as for T5: the separator is the end of what the decoder writes. A config without
    decoder_start_token_id gets the id of the padding piece.
    """

    options_class = SpanOptions

    def build(self) -> None:
        """Make the model.

        RAISES (BiomedplmError): B544 if there are fewer sentinels than spans.
        """
        from transformers import AutoModelForSeq2SeqLM

        hugging = read_model_config(self.config.model, self.vocabulary)
        if hugging.decoder_start_token_id is None:
            hugging.decoder_start_token_id = self.vocabulary.id_of("pad")
        self.start = int(hugging.decoder_start_token_id)
        self.sentinels = find_sentinels(self.vocabulary, self.sizes.spans)
        length = max(self.config.data.length, self.sizes.target + 1)
        self.model = self.network = build_model(
            AutoModelForSeq2SeqLM, self.config.model, self.vocabulary, length=length, seed=self.seed, hugging=hugging
        )

    def make_streams(self, caches: Sequence[TokenCache]) -> list[Any]:
        """Return what hands out stretches of text that become as long as [data] says.

        RAISES (BiomedplmError): B527 if the options are out of range.
        """
        self.frame, options = self.vocabulary.frame, self.options
        if not 0 < options.share <= 0.5 or options.span < 1:
            raise BiomedplmError(coded("B527", path="[objective]", reason="share is in (0, 0.5], span is 1 or more"))
        n_special = len(self.frame.prefix) + len(self.frame.suffix)
        self.sizes = choose_sizes(self.config.data.length - n_special, options.share, options.span)
        bare, no_ends = Frame((), (), self.frame.separator), np.empty(0, dtype=np.int64)
        return [
            Stream(TokenCache(cache.ids, no_ends, cache.sentences), bare, self.sizes.pieces, self.seed + number)
            for number, cache in enumerate(caches)
        ]

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return what the encoder reads, what the decoder reads and what it writes."""
        inputs, targets = corrupt(samples, choose_spans(len(samples), self.sizes, rng), self.sentinels)
        rows, frame = len(samples), self.frame
        prefix, suffix = (np.tile(np.array(ids, dtype=np.int64), (rows, 1)) for ids in (frame.prefix, frame.suffix))
        end = np.full((rows, 1), frame.separator)
        start = np.full((rows, 1), self.start)
        return {
            "ids": np.concatenate([prefix, inputs, suffix], axis=1),
            "decoder_ids": np.concatenate([start, targets], axis=1),
            "gold": np.concatenate([targets, end], axis=1).reshape(-1),
        }

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the cross-entropy of what the decoder writes."""
        found = self.model(input_ids=batch["ids"], decoder_input_ids=batch["decoder_ids"], use_cache=False)
        count = len(batch["gold"])
        loss, right = word_loss(found.logits.reshape(count, -1), batch["gold"])
        return Outcome(loss, {"loss": (float(loss.detach()) * count, count), "accuracy": (right, count)})


def find_sentinels(vocabulary: Vocabulary, count: int) -> NDArray[np.int64]:
    """Return the ids of the pieces that stand for spans, in their order.

    vocabulary (Vocabulary): With <extra_id_0>, <extra_id_1> … (T5), perhaps with "▁" before them (mT5).
    count (int): How many are wanted.
    RAISES (BiomedplmError): B544 if there are fewer.
    """
    pieces = vocabulary.hugging.get_vocab()
    found: list[int] = []
    while len(found) < count:
        name = f"<extra_id_{len(found)}>"
        number = pieces.get(name, pieces.get(f"▁{name}"))
        if number is None:
            raise BiomedplmError(coded("B544", folder=vocabulary.folder, found=len(found), wanted=count))
        found.append(number)
    return np.array(found, dtype=np.int64)


def choose_sizes(length: int, share: float, span: float) -> SpanSizes:
    """Return the sizes of the longest text whose input has some length.

    length (int): Pieces of the input, without special pieces at the ends, at least 2.
    share (float): Of the text that is in spans, in (0, 0.5].
    span (float): Mean pieces of a span, 1 or more.
    """
    # Each further piece of the text lengthens the input by one or not at all.
    pieces = length
    while _sizes(pieces + 1, share, span).input <= length:
        pieces += 1
    return _sizes(pieces, share, span)


def _sizes(pieces: int, share: float, span: float) -> SpanSizes:
    # At most one half, so that a piece can stand between any two spans.
    hidden = min(max(round(pieces * share), 1), pieces // 2)
    return SpanSizes(pieces, hidden, max(round(hidden / span), 1))


def choose_spans(rows: int, sizes: SpanSizes, rng: np.random.Generator) -> Flags:
    """Choose spans at random; a text begins outside a span and ends with one, as in T5.

    rows (int): How many texts.
    RETURNS (Flags): Shape (rows, pieces), with the same number of pieces and of spans in each row.
    """
    kept = _partition(rows, sizes.pieces - sizes.hidden, sizes.spans, rng)
    hidden = _partition(rows, sizes.hidden, sizes.spans, rng)
    lengths = np.stack([kept, hidden], axis=2).reshape(-1)
    return np.repeat(np.tile([False, True], rows * sizes.spans), lengths).reshape(rows, sizes.pieces)


def _partition(rows: int, items: int, parts: int, rng: np.random.Generator) -> Ids:
    """Return lengths of parts, at least 1 each, that sum to ``items`` in each row; all ways are as likely."""
    cuts = np.zeros((rows, items - 1), dtype=np.bool_)
    cuts[:, : parts - 1] = True
    places = np.nonzero(rng.permuted(cuts, axis=1))[1].reshape(rows, parts - 1) + 1
    edges = np.concatenate([np.zeros((rows, 1), int), places, np.full((rows, 1), items)], axis=1)
    return np.diff(edges, axis=1)


def corrupt(ids: Ids, hidden: Flags, sentinels: Ids) -> tuple[Ids, Ids]:
    """Return inputs, with a sentinel for each span, and targets, with a sentinel for each stretch between spans.

    ids (Ids): Shape (rows, pieces). hidden (Flags): From ``choose_spans``, same shape.
    sentinels (Ids): At least as many as spans of a row.
    """
    return _replace_runs(ids, hidden, sentinels), _replace_runs(ids, ~hidden, sentinels)


def _replace_runs(ids: Ids, flags: Flags, sentinels: Ids) -> Ids:
    starts = flags.copy()
    starts[:, 1:] &= ~flags[:, :-1]
    number = np.cumsum(starts, axis=1) - 1
    return np.where(starts, sentinels[number], ids)[~flags | starts].reshape(len(ids), -1)
