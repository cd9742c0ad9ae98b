"""What every pre-training objective offers to the loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.config import PretrainConfig, fill_options
from spacy_biomedplm.plm.networks import Vocabulary
from spacy_biomedplm.plm.sampling import Mixture, Stream
from spacy_biomedplm.plm.sources import RUNNING_TEXT, Source

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Outcome:
    """What came of a batch.

    loss (Tensor): The mean loss, a scalar with gradient.
    counts (Mapping[str, tuple[float, int]]): For the log: sum and count of "loss" and of other figures, by name.
    """

    loss: torch.Tensor
    counts: Mapping[str, tuple[float, int]]


@dataclass(frozen=True)
class Corpora:
    """The cut corpora of a run, in the order of the config; validation may hold no piece."""

    names: Sequence[str]
    train: Sequence[TokenCache]
    validation: Sequence[TokenCache]
    weights: Sequence[float]


class Objective:
    """A model and what it learns from text: a batch is a pure function of the number of its first sequence.

    config (PretrainConfig): The config; ``options_class`` is what [objective] may hold besides "name".
    vocabulary (Vocabulary): The vocabulary.
    corpora (Corpora): The cut corpora.

    A subclass sets ``network``, all that learns, and ``model``, what is saved; and defines ``arrays`` and ``loss``.
    ``perplexity_of`` names the figure of ``Outcome.counts`` whose exponential is a perplexity; "" if none is.
    ``source`` reads the corpora.
    """

    options_class: Any = None
    perplexity_of = "loss"
    source: Source = RUNNING_TEXT
    network: nn.Module
    model: Any

    def __init__(self, config: PretrainConfig, vocabulary: Vocabulary, corpora: Corpora) -> None:
        self.config = config
        self.vocabulary = vocabulary
        self.corpora = corpora
        given = {key: value for key, value in config.objective.items() if key != "name"}
        self.options = fill_options(self.options_class, given, "[objective]")
        self.seed = config.training.seed
        self.mixture = Mixture(corpora.weights)
        self._streams = self.make_streams(corpora.train)
        self._held_back = self.make_streams([cache for cache in corpora.validation if len(cache.ids)])
        self.build()

    def build(self) -> None:
        """Make the model."""
        raise NotImplementedError

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return what the network needs for some samples.

        samples (Any): What ``stack`` made of them, by default piece ids of shape (rows, length).
        rng (np.random.Generator): Of everything left to chance.
        """
        raise NotImplementedError

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the loss of a batch.

        batch (dict[str, Tensor]): What ``arrays`` returned, on the device of the network.
        """
        raise NotImplementedError

    @property
    def remarks(self) -> Sequence[str]:
        """What the user and the record of a run are told of the samples; nothing by default."""
        return ()

    def make_streams(self, caches: Sequence[TokenCache]) -> list[Any]:
        """Return what hands out the samples of each corpus; sequences without padding by default."""
        frame = self.vocabulary.frame
        return [
            Stream(cache, frame, self.config.data.length, self.seed + number) for number, cache in enumerate(caches)
        ]

    def stack(self, samples: list[Any]) -> Any:
        """Return samples as one object for ``arrays``."""
        return np.stack(samples)

    @property
    def samples_per_pass(self) -> int:
        """Samples in which every corpus has been read once, as far as its weight allows."""
        shares = np.asarray(self.corpora.weights) / np.sum(self.corpora.weights)
        return int(max(stream.n_sequences / share for stream, share in zip(self._streams, shares, strict=True)))

    def batch(self, first: int, count: int) -> Arrays:
        """Return the arrays of some samples of the training part.

        first (int): Number of the first sample, from 0, without end. count (int): How many.
        """
        located = [self.mixture.locate(first + number) for number in range(count)]
        samples = [self._streams[corpus].sequence(number) for corpus, number in located]
        return self.arrays(self.stack(samples), np.random.default_rng((self.seed, 2, first)))

    def validation_batches(self, count: int, most: int) -> list[Callable[[], Arrays]]:
        """Return what makes the batches of the validation part: the same at every call.

        count (int): Samples of a batch. most (int): Most samples in all.
        """
        numbers = [
            (stream, number)
            for number in range(most)
            for stream in self._held_back
            if number < min(stream.n_sequences, most // len(self._held_back) + 1)
        ][:most]
        groups = [numbers[start : start + count] for start in range(0, len(numbers), count)]

        def make(group: list[tuple[Any, int]], place: int) -> Arrays:
            samples = [stream.sequence(number) for stream, number in group]
            return self.arrays(self.stack(samples), np.random.default_rng((self.seed, 3, place)))

        return [lambda group=group, place=place: make(group, place) for place, group in enumerate(groups)]  # type: ignore[misc]

    def save(self, folder: Path) -> None:
        """Write the model and its vocabulary as a Hugging Face folder.

        folder (Path): New folder.
        """
        self.write(self.model, folder)

    def write(self, model: Any, folder: Path) -> None:
        """Write one model and the vocabulary.

        model (PreTrainedModel): In fp32. folder (Path): New folder.
        """
        tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
        model.save_pretrained(folder, state_dict=tensors, safe_serialization=True)
        self.vocabulary.hugging.save_pretrained(folder)
