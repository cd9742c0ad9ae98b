"""Masked language modelling (Devlin et al., 2019): tell hidden pieces, words or runs from what stands around them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.losses import word_loss
from spacy_biomedplm.plm.masking import choose_runs, choose_words, describe_pieces, fill_up, hide
from spacy_biomedplm.plm.networks import SequenceReader, build_model, word_head
from spacy_biomedplm.plm.objectives.base import Arrays, Objective, Outcome


@dataclass(frozen=True)
class MaskedOptions:
    """Options of [objective].

    share (float): Of the pieces that are hidden, in (0, 1).
    whole_words (bool): Whether the pieces of a word are hidden together (Cui et al., 2019).
    run (int): Pieces of the runs that are hidden together instead of words; 0 for none. For overlapping k-mers of DNA
        it is k (Ji et al., 2021).
    """

    share: float = 0.15
    whole_words: bool = True
    run: int = 0


class MaskedLanguageModel(Objective):
    """[objective] name = "masked"."""

    options_class = MaskedOptions

    def build(self) -> None:
        """Make the model."""
        if not 0 < self.options.share < 1 or not 0 <= self.options.run <= self.config.data.length:
            reason = "share is in (0, 1), run is 0 or more and at most [data] length"
            raise BiomedplmError(coded("B527", path="[objective]", reason=reason))
        model = self.model = self.network = self.load()
        self.read = SequenceReader(model.base_model)
        self.head = word_head(model)
        self.pieces = describe_pieces(
            self.vocabulary.tokenizer,
            self.vocabulary.id_of("mask"),
            self.vocabulary.special_ids,
            model.get_input_embeddings().weight.shape[0],
        )

    def load(self) -> Any:
        """Return the model with its heads."""
        from transformers import AutoModelForMaskedLM

        return build_model(
            AutoModelForMaskedLM, self.config.model, self.vocabulary, length=self.config.data.length, seed=self.seed
        )

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return ids with hidden pieces, the places of those and what they were."""
        options = self.options
        if options.run:
            chosen = choose_runs(samples, self.pieces, options.share, options.run, rng)
        else:
            chosen = choose_words(samples, self.pieces, options.share, rng, whole_words=options.whole_words)
        places, gold = fill_up(np.flatnonzero(chosen), samples[chosen])
        return {"ids": hide(samples, chosen, self.pieces, rng), "places": places, "gold": gold}

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the cross-entropy of the hidden pieces."""
        loss, right = word_loss(self.head(self.read(batch["ids"])[batch["places"]]), batch["gold"])
        count = int((batch["gold"] >= 0).sum())
        return Outcome(loss, {"loss": (float(loss.detach()) * count, count), "accuracy": (right, count)})
