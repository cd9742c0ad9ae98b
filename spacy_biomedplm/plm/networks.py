"""Models with the heads they are pre-trained with, and the fast way of equal sequences through them (torch only)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from spacy_biomedplm.encoder.loading import find_folder, find_frame, longest_input, read_files, set_dropout
from spacy_biomedplm.encoder.unpadded import UnpaddedBert
from spacy_biomedplm.encoder.windows import Block, Layout
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.config import ModelConfig
from spacy_biomedplm.plm.sampling import Frame

# Pieces of a role, for a tokenizer that does not name them.
_ROLES = {
    "mask": ("[MASK]", "<mask>"),
    "cls": ("[CLS]", "<s>"),
    "sep": ("[SEP]", "</s>"),
    "pad": ("[PAD]", "<pad>"),
    "unk": ("[UNK]", "<unk>"),
}

# What transformers raises for a config that makes no model.
_NO_MODEL = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer and what its special pieces are for.

    folder (Path): Where it is from. hugging (Any): The tokenizer of transformers, to be saved with a model.
    """

    folder: Path
    hugging: Any

    @property
    def tokenizer(self) -> Tokenizer:
        """The fast tokenizer, without padding or truncation."""
        tokenizer: Tokenizer = self.hugging.backend_tokenizer
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def id_of(self, role: str) -> int:
        """Return the id of a special piece.

        role (str): "mask", "cls", "sep", "pad", "bos", "eos" or "unk".
        RAISES (BiomedplmError): B530 if the vocabulary has none.
        """
        found = self.find(role)
        if found is None:
            raise BiomedplmError(coded("B530", folder=self.folder, role=role))
        return found

    def find(self, role: str) -> int | None:
        """Return the id of a special piece, or None. role (str): As for ``id_of``."""
        given = getattr(self.hugging, f"{role}_token_id")
        # A tokenizer.json alone does not say what its pieces are for.
        named = (self.tokenizer.token_to_id(piece) for piece in _ROLES.get(role, ()))
        return next((int(number) for number in (given, *named) if number is not None), None)

    @property
    def special_ids(self) -> set[int]:
        """Ids of all special pieces."""
        added = self.tokenizer.get_added_tokens_decoder()
        found = {self.find(role) for role in _ROLES}
        return {
            *self.hugging.all_special_ids,
            *(number for number, piece in added.items() if piece.special),
            *(number for number in found if number is not None),
        }

    @property
    def frame(self) -> Frame:
        """Special pieces around a sequence: those that its own tokenizer writes."""
        prefix, suffix = find_frame(self.tokenizer)
        separator = suffix[0] if suffix else self.find("sep")
        if separator is None:
            separator = self.id_of("eos")
        return Frame(tuple(prefix), tuple(suffix), separator)


def load_vocabulary(config: ModelConfig) -> Vocabulary:
    """Return the vocabulary of a model that is to be trained.

    config (ModelConfig): The section [model].
    RAISES (BiomedplmError): B101 if the folder is nowhere, B102 if its files are damaged, B106 if it is not fast.
    """
    from transformers import AutoTokenizer

    folder = find_folder_of_tokenizer(config.vocabulary) if config.vocabulary else find_folder(str(config.start))
    options = {"use_fast": True, "local_files_only": True, "trust_remote_code": False}
    hugging = read_files(str(folder), folder, lambda: AutoTokenizer.from_pretrained(folder, **options))
    if not hugging.is_fast:
        raise BiomedplmError(coded("B106", folder=folder))
    return Vocabulary(folder, hugging)


def find_folder_of_tokenizer(name: str) -> Path:
    """Return a folder that holds a tokenizer, with or without a model.

    name (str): A folder, or as for ``find_folder``.
    RAISES (BiomedplmError): B101.
    """
    return Path(name) if (Path(name) / "tokenizer.json").is_file() else find_folder(name)


def read_model_config(config: ModelConfig, vocabulary: Vocabulary) -> Any:
    """Return the config of transformers of a model that is to be trained.

    config (ModelConfig): The section [model].
    vocabulary (Vocabulary): A new model has as many rows as it has pieces.
    RETURNS (PretrainedConfig): With the dropout that [model] asks for.
    RAISES (BiomedplmError): B101 if the start is nowhere, B102 if its config is damaged, B532 for a config.json that
        is none.
    """
    from transformers import AutoConfig

    if config.scratch is None:
        name = str(config.start)
        folder = find_folder(name)
        hugging = read_files(name, folder, lambda: AutoConfig.from_pretrained(folder, trust_remote_code=False))
    else:
        try:
            values = json.loads(config.scratch.read_text(encoding="utf8"))
            model_type = values.pop("model_type")
            hugging = AutoConfig.for_model(model_type, **{**values, "vocab_size": len(vocabulary.hugging)})
        except _NO_MODEL as error:
            raise BiomedplmError(coded("B532", path=config.scratch, reason=error)) from error
    set_dropout(hugging, config.dropout)
    return hugging


def build_model(
    auto_class: Any,
    config: ModelConfig,
    vocabulary: Vocabulary,
    *,
    length: int,
    seed: int,
    hugging: Any = None,
) -> Any:
    """Return a model with a head, loaded or with random weights; parameters the start does not have are new.

    auto_class (type): One of transformers' AutoModelFor… classes.
    config (ModelConfig): The section [model].
    vocabulary (Vocabulary): Its vocabulary.
    length (int): Pieces of the longest sequence it must read.
    seed (int): Of new weights.
    hugging (PretrainedConfig | None): Instead of what ``read_model_config`` returns.
    RETURNS (PreTrainedModel): In fp32, in training mode; square matrices of a new head are the identity, so that the
        head starts from what the encoder says.
    RAISES (BiomedplmError): B102 if files are damaged or the model has no such head, B105 without safetensors, B110
        for a vocabulary that does not fit the weights, B531 for sequences longer than the model reads, B532 for a
        config.json that makes no model, B533 for a start without the weights of an encoder.
    """
    torch.manual_seed(seed)
    if hugging is None:
        hugging = read_model_config(config, vocabulary)
    if config.scratch is not None:
        model = _build_new(auto_class, hugging, config.scratch)
    else:
        model = _load(auto_class, hugging, str(config.start))
    rows = model.get_input_embeddings().weight.shape[0]
    highest = max(vocabulary.hugging.get_vocab().values())
    if highest >= rows:
        raise BiomedplmError(coded("B110", name=vocabulary.folder, found=highest, wanted=rows - 1))
    if length > longest_input(model.config):
        raise BiomedplmError(coded("B531", found=length, wanted=longest_input(model.config)))
    _freeze(model, config.frozen)
    return model.train()


def _build_new(auto_class: Any, hugging: Any, path: Path) -> Any:
    try:
        return auto_class.from_config(hugging)
    except _NO_MODEL as error:
        raise BiomedplmError(coded("B532", path=path, reason=error)) from error


def _load(auto_class: Any, hugging: Any, name: str) -> Any:
    from transformers.utils import logging

    folder = find_folder(name)
    if not list(folder.glob("*.safetensors")):
        raise BiomedplmError(coded("B105", folder=folder))
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        options = {
            "config": hugging,
            "torch_dtype": torch.float32,
            "use_safetensors": True,
            "local_files_only": True,
            "trust_remote_code": False,
            "output_loading_info": True,
        }
        model, report = read_files(name, folder, lambda: auto_class.from_pretrained(folder, **options))
    finally:
        logging.set_verbosity(before)
    _check_loaded(model, report["missing_keys"], name)
    return model


def _check_loaded(model: Any, missing: list[str], name: str) -> None:
    # Of a model with encoder and decoder both are its base; all but the head over the vocabulary must be there.
    prefix = "" if model.base_model is model else f"{model.base_model_prefix}."
    new = ("pooler", "position_ids", *(("lm_head", "final_logits_bias") if model.base_model is model else ()))
    lost = [key for key in missing if key.startswith(prefix) and not any(part in key for part in new)]
    if lost:
        raise BiomedplmError(coded("B533", name=name, count=len(lost), examples=", ".join(lost[:3])))
    values = dict(model.named_parameters())
    with torch.no_grad():
        for key in missing:
            weight = values.get(key)
            if weight is not None and weight.ndim == 2 and weight.shape[0] == weight.shape[1]:
                weight.copy_(torch.eye(len(weight)))


def _freeze(model: Any, frozen: tuple[str, ...]) -> None:
    for prefix in frozen:
        found = [value for name, value in model.base_model.named_parameters() if name.startswith(prefix)]
        if not found:
            names = sorted({".".join(name.split(".")[:3]) for name, _ in model.base_model.named_parameters()})
            raise BiomedplmError(coded("B534", found=prefix, names=", ".join(names[:12])))
        for value in found:
            value.requires_grad_(False)


def depth_of(name: str, n_layers: int) -> int:
    """Return how many layers lie above a parameter of an encoder, for layer-wise rates.

    name (str): Its name, counted from the encoder.
    n_layers (int): Layers of the encoder.
    RETURNS (int): 0 for the highest layer and all above it, the number of layers for the embeddings.
    """
    match = _LAYER.search(name)
    if match:
        return max(0, n_layers - 1 - int(match.group(1)))
    return n_layers if "embed" in name or name.startswith(("wte", "wpe", "shared")) else 0


class SequenceReader:
    """Reads matrices of pieces without padding: on CPUs all rows end to end, elsewhere as transformers does.

    encoder (PreTrainedModel): The encoder under a head; weights and gradients are its own.
    """

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder
        dropouts = [module.p for module in encoder.modules() if isinstance(module, nn.Dropout)]
        self.fast = UnpaddedBert(encoder) if not any(dropouts) and UnpaddedBert.fits(encoder) else None

    def __call__(self, ids: torch.Tensor, types: torch.Tensor | None = None) -> torch.Tensor:
        """Return the vectors of the last layer.

        ids (Tensor): Piece ids, int64, shape (rows, length).
        types (Tensor | None): Which segment each piece is of, same shape; None for one segment.
        RETURNS (Tensor): Shape (rows * length, width).
        """
        rows, length = ids.shape
        if self.fast is None or ids.device.type != "cpu":
            given = {} if types is None else {"token_type_ids": types}
            return self.encoder(input_ids=ids, **given)[0].reshape(rows * length, -1)
        layout = Layout(tuple(range(rows)), (Block(0, length, (length,) * rows),), rows * length)
        last = torch.empty(0)
        for hidden in self.fast.hidden_states(ids.reshape(-1), layout, None if types is None else types.reshape(-1)):
            last = hidden
        return last


def word_head(model: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the head that tells hidden words, as a function of vectors: only chosen places need go through it.

    model (PreTrainedModel): A model for masked language modelling.
    RAISES (BiomedplmError): B535 for an architecture whose head is not known.
    """
    kind = model.config.model_type
    if kind in ("bert", "megatron-bert", "mobilebert", "deberta", "deberta-v2") and hasattr(model, "cls"):
        return model.cls.predictions
    if kind in ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer"):
        return model.lm_head
    if kind == "electra":
        return lambda hidden: model.generator_lm_head(model.generator_predictions(hidden))
    if kind == "distilbert":
        return lambda hidden: model.vocab_projector(
            model.vocab_layer_norm(model.activation(model.vocab_transform(hidden)))
        )
    if kind == "modernbert":
        return lambda hidden: model.decoder(model.head(hidden))
    if kind == "albert":
        return model.predictions
    raise BiomedplmError(coded("B535", found=kind))
