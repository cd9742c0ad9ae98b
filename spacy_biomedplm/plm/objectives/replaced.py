"""Detection of replaced pieces (Clark et al., 2020, ELECTRA): a small generator fills gaps, a detector finds which."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from spacy_biomedplm.encoder.loading import longest_input, set_dropout
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.config import ModelConfig
from spacy_biomedplm.plm.losses import word_loss
from spacy_biomedplm.plm.masking import choose_words, describe_pieces, fill_up
from spacy_biomedplm.plm.networks import SequenceReader, build_model, read_model_config, word_head
from spacy_biomedplm.plm.objectives.base import Arrays, Objective, Outcome

GENERATOR_FOLDER = "generator"


@dataclass(frozen=True)
class ReplacedOptions:
    """Options of [objective].

    share (float): Of the pieces that the generator fills in, in (0, 1).
    generator_width (float): Width of a new generator as a share of that of the detector, in (0, 1].
    generator (str | None): Folder or name of a generator to go on from, such as the folder "generator" in a model that
        was trained so; by default a new one is made.
    weight (float): Factor of the loss of the detector, above 0.
    """

    share: float = 0.15
    generator_width: float = 0.25
    generator: str | None = None
    weight: float = 50.0


class ReplacedPieces(Objective):
    """[objective] name = "replaced".

    ELECTRA's detector is trained with its own head; any other encoder as a token classifier with one label. Both
    networks have the same table of pieces; those of ELECTRA's design share positions too.
    """

    options_class = ReplacedOptions
    perplexity_of = "generator_loss"

    def build(self) -> None:
        """Make the detector, which is what is saved, and the generator."""
        from transformers import AutoModelForPreTraining, AutoModelForTokenClassification

        options, length = self.options, self.config.data.length
        in_range = 0 < options.share < 1 and 0 < options.generator_width <= 1 and options.weight > 0
        if not in_range:
            reason = "share is in (0, 1), generator_width in (0, 1], weight is above 0"
            raise BiomedplmError(coded("B527", path="[objective]", reason=reason))
        hugging = read_model_config(self.config.model, self.vocabulary)
        is_electra = hugging.model_type == "electra"
        if not is_electra:
            hugging.num_labels = 1
        self.model = build_model(
            AutoModelForPreTraining if is_electra else AutoModelForTokenClassification,
            self.config.model,
            self.vocabulary,
            length=length,
            seed=self.seed,
            hugging=hugging,
        )
        self.detect = detection_head(self.model)
        self.generator = self._load_generator() if options.generator else self._new_generator()
        _share_embeddings(self.generator, self.model)
        self.generator.train()
        self.network = nn.ModuleDict({"generator": self.generator, "detector": self.model})
        self.tell = word_head(self.generator)
        self.read_generator = SequenceReader(self.generator.base_model)
        self.read = SequenceReader(self.model.base_model)
        rows = self.model.get_input_embeddings().weight.shape[0]
        self.pieces = describe_pieces(
            self.vocabulary.tokenizer, self.vocabulary.id_of("mask"), self.vocabulary.special_ids, rows
        )

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return ids, the same with gaps, the places of the gaps, what stood there, and the chance that fills them."""
        chosen = choose_words(samples, self.pieces, self.options.share, rng, whole_words=False)
        places, gold = fill_up(np.flatnonzero(chosen), samples[chosen])
        return {
            "ids": samples,
            "gaps": np.where(chosen, self.pieces.mask, samples),
            "places": places,
            "gold": gold,
            "chance": rng.random(len(gold), dtype=np.float32),
        }

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the cross-entropy of the generator plus the weighted one of the detector over all pieces."""
        ids, places, gold = batch["ids"], batch["places"], batch["gold"]
        logits = self.tell(self.read_generator(batch["gaps"])[places])
        words, _ = word_loss(logits, gold)
        filled = ids.reshape(-1).clone()
        known = gold >= 0
        filled[places[known]] = sample(logits.detach()[known], batch["chance"][known])
        replaced = filled != ids.reshape(-1)
        scores = self.detect(self.read(filled.reshape(ids.shape))).reshape(-1).float()
        detection = binary_cross_entropy_with_logits(scores, replaced.float())
        loss = words + self.options.weight * detection
        told = scores > 0
        n_gaps, n_replaced, count = int(known.sum()), int(replaced.sum()), ids.numel()
        counts = {
            "loss": (float(loss.detach()) * len(ids), len(ids)),
            "generator_loss": (float(words.detach()) * n_gaps, n_gaps),
            "detection_loss": (float(detection.detach()) * count, count),
            "detection_accuracy": (int((told == replaced).sum()), count),
            "detection_recall": (int((told & replaced).sum()), n_replaced),
        }
        return Outcome(loss, counts)

    def save(self, folder: Path) -> None:
        """Write the detector, and the generator in the sub-folder "generator".

        folder (Path): New folder.
        """
        super().save(folder)
        self.write(self.generator, folder / GENERATOR_FOLDER)

    def _new_generator(self) -> Any:
        from transformers import ElectraConfig, ElectraForMaskedLM

        given, table = self.model.config, self.model.get_input_embeddings()
        head_width = given.hidden_size // given.num_attention_heads
        n_heads = max(1, round(given.num_attention_heads * self.options.generator_width))
        config = ElectraConfig(
            vocab_size=table.num_embeddings,
            embedding_size=table.embedding_dim,
            hidden_size=n_heads * head_width,
            num_hidden_layers=given.num_hidden_layers,
            num_attention_heads=n_heads,
            intermediate_size=4 * n_heads * head_width,
            max_position_embeddings=longest_input(given),
            type_vocab_size=getattr(given, "type_vocab_size", 0) or 1,
            layer_norm_eps=getattr(given, "layer_norm_eps", 1e-12),
            pad_token_id=given.pad_token_id or 0,
        )
        set_dropout(config, self.config.model.dropout)
        return ElectraForMaskedLM(config)

    def _load_generator(self) -> Any:
        from transformers import AutoModelForMaskedLM

        name = self.options.generator
        found = build_model(
            AutoModelForMaskedLM,
            ModelConfig(start=name, dropout=self.config.model.dropout),
            self.vocabulary,
            length=self.config.data.length,
            seed=self.seed,
        )
        wanted = tuple(self.model.get_input_embeddings().weight.shape)
        shape = tuple(found.get_input_embeddings().weight.shape)
        if shape != wanted:
            raise BiomedplmError(coded("B542", name=name, found=shape, wanted=wanted))
        return found


def sample(logits: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    """Return a piece drawn from each distribution.

    logits (Tensor): Shape (places, vocabulary).
    chance (Tensor): Uniform in [0, 1), shape (places,); the same chance and logits give the same piece.
    RETURNS (Tensor): Ids, int64, shape (places,).
    """
    summed = torch.softmax(logits, dim=-1, dtype=torch.float32).cumsum(dim=-1)
    # The sum differs from 1 by rounding.
    return torch.searchsorted(summed, (chance * summed[:, -1])[:, None], right=True)[:, 0].clamp(
        max=logits.shape[1] - 1
    )


def detection_head(model: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the head that scores how likely a piece was replaced, as a function of vectors.

    model (PreTrainedModel): A detector: ElectraForPreTraining or a token classifier with one label.
    RAISES (BiomedplmError): B545 for an architecture whose head is not known.
    """
    if model.config.model_type == "electra":
        return lambda hidden: model.discriminator_predictions(hidden)
    if model.config.model_type == "modernbert":
        return lambda hidden: model.classifier(model.head(hidden))
    if not isinstance(getattr(model, "classifier", None), nn.Linear):
        raise BiomedplmError(coded("B545", found=model.config.model_type))
    return lambda hidden: model.classifier(hidden)


def _share_embeddings(generator: Any, detector: Any) -> None:
    found, wanted = (getattr(model.base_model, "embeddings", None) for model in (generator, detector))
    if wanted is not None and type(found) is type(wanted) and _shapes(found) == _shapes(wanted):
        generator.base_model.embeddings = wanted
    else:
        generator.set_input_embeddings(detector.get_input_embeddings())
    generator.tie_weights()


def _shapes(module: Any) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in module.named_parameters()}
