"""Causal language modelling (Radford et al., 2019; Luo et al., 2022, BioGPT): tell each piece from those before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.losses import word_loss
from spacy_biomedplm.plm.networks import build_model
from spacy_biomedplm.plm.objectives.base import Arrays, Objective, Outcome
from spacy_biomedplm.plm.sampling import Frame, Stream


@dataclass(frozen=True)
class CausalOptions:
    """[objective] holds nothing but the name."""


class CausalLanguageModel(Objective):
    """[objective] name = "causal".

    Documents stand end to end, each with the separator behind it. A sequence begins as the tokenizer begins one; it has
    one piece more than the model reads, so that the model tells a piece at every place.
    """

    options_class = CausalOptions

    def build(self) -> None:
        """Make the model.

        RAISES (BiomedplmError): B543 if it sees what it is to tell.
        """
        from transformers import AutoModelForCausalLM

        self.model = self.network = build_model(
            AutoModelForCausalLM, self.config.model, self.vocabulary, length=self.config.data.length, seed=self.seed
        )
        if not is_causal(self.model):
            raise BiomedplmError(coded("B543", found=self.model.config.model_type))

    def make_streams(self, caches: Sequence[TokenCache]) -> list[Any]:
        """Return what hands out sequences that are one piece longer than the model reads."""
        found = self.vocabulary.frame
        frame = Frame(found.prefix, (), found.separator)
        length = self.config.data.length + 1
        return [Stream(cache, frame, length, self.seed + number) for number, cache in enumerate(caches)]

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return what is read and what follows each piece."""
        return {"ids": samples[:, :-1].copy(), "gold": samples[:, 1:].reshape(-1)}

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the cross-entropy of all next pieces."""
        logits = self.model(input_ids=batch["ids"]).logits
        count = len(batch["gold"])
        loss, right = word_loss(logits.reshape(count, -1), batch["gold"])
        return Outcome(loss, {"loss": (float(loss.detach()) * count, count), "accuracy": (right, count)})


@torch.no_grad()
def is_causal(model: Any) -> bool:
    """Say whether the scores at a place do not depend on the pieces behind it.

    model (PreTrainedModel): A language model; it is left as it was.
    """
    was_training = model.training
    ids = torch.zeros(2, 4, dtype=torch.int64, device=model.device)
    ids[1, -1] = 1
    first, second = model.eval()(input_ids=ids).logits[:, :-1]
    model.train(was_training)
    return torch.allclose(first, second, rtol=1e-4, atol=1e-5)
