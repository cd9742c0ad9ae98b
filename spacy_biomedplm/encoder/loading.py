"""From a name or a folder to a Hugging Face encoder and its tokenizer; from a stored config back to both."""

import contextlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.errors import BiomedplmError, coded

_PACKAGE_NAME = re.compile(r"[A-Za-z][\w-]*")

# Positions of these start behind the padding id, so two places of the table are not positions.
_SHIFTED_POSITIONS = {
    "camembert",
    "data2vec-text",
    "ibert",
    "longformer",
    "luke",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}

# Regularising by dropout inside attention forces the CPU onto a slow path
# (docs/decisions.md); the dropout of the heads and of whole pieces takes its place.
_DROPOUT_KEYS = (
    "activation_dropout",
    "attention_probs_dropout_prob",
    "attn_pdrop",
    "embd_pdrop",
    "hidden_dropout",
    "hidden_dropout_prob",
    "attention_dropout",
    "dropout",
    "dropout_rate",
    "embedding_dropout",
    "mlp_dropout",
    "pooler_dropout",
    "resid_pdrop",
    "summary_last_dropout",
)


@dataclass(frozen=True)
class PieceTokenizer:
    """A fast tokenizer without padding or truncation, and the special tokens that frame a window.

    definition (str): The tokenizer as JSON, as in a Hugging Face ``tokenizer.json``.
    pad_id (int): Id of padding.
    """

    definition: str
    pad_id: int

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer itself."""
        tokenizer = Tokenizer.from_str(self.definition)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def mask_id(self) -> int | None:
        """Id of the mask piece, or None if the model has none."""
        found = (self.tokenizer.token_to_id(piece) for piece in ("[MASK]", "<mask>"))
        return next((number for number in found if number is not None), None)

    @cached_property
    def frame(self) -> tuple[list[int], list[int]]:
        """Special tokens before and after the pieces of a window."""
        return find_frame(self.tokenizer)

    def encode(self, texts: list[str]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the pieces of each text, all of them.

        texts (list[str]): Any texts.
        RETURNS (list[tuple[NDArray, NDArray]]): Piece ids, shape (n,), and character offsets, shape (n, 2).
        """
        return [
            (np.array(e.ids, dtype=np.int64), np.array(e.offsets, dtype=np.int64).reshape(-1, 2))
            for e in self.tokenizer.encode_batch(texts, add_special_tokens=False)
        ]


def find_frame(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the special pieces before and behind a text, those that the tokenizer itself writes.

    tokenizer (Tokenizer): The tokenizer.
    """
    encoded = tokenizer.encode("a", add_special_tokens=True)
    real = [place for place, special in enumerate(encoded.special_tokens_mask) if not special]
    if not real:
        return encoded.ids, []
    return encoded.ids[: real[0]], encoded.ids[real[-1] + 1 :]


def load_plm(name: str, *, layer: int | str) -> tuple[dict[str, Any], PlmNetwork]:
    """Return the config of a network and the network with the weights of a pre-trained encoder.

    name (str): Folder with a Hugging Face encoder, or its name on the hub, or the name of an installed Python
        package that carries one. The hub is asked only if the model is not on this machine.
    layer (int | str): See ``PlmNetwork``.
    RETURNS (tuple[dict, nn.Module]): What ``build_network`` needs to make the same network again, and the network.
    RAISES (BiomedplmError): B101 if the model is nowhere, B102 if its files are damaged, B103 if weights and config do
        not fit, B105 if there are no safetensors, B106 or B110 if the tokenizer does not do, B107 for a layer that
        the encoder does not have.
    """
    from transformers import AutoConfig
    from transformers.utils import logging

    folder = find_folder(name)
    config = read_files(name, folder, lambda: AutoConfig.from_pretrained(folder, trust_remote_code=False))
    set_dropout(config, 0.0)
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        plm, report = read_files(name, folder, lambda: _load_weights(folder, config))
    finally:
        logging.set_verbosity(before)
    missing = [key for key in report["missing_keys"] if "pooler" not in key and "position_ids" not in key]
    if missing or report["mismatched_keys"]:
        wrong = missing + [str(key) for key in report["mismatched_keys"]]
        raise BiomedplmError(coded("B103", name=name, count=len(wrong), examples=", ".join(wrong[:3])))
    stored = {
        "plm": _stored_config(config),
        "width": config.hidden_size,
        "layer": layer,
        "name": name,
        "tokenizer": read_files(name, folder, lambda: _load_tokenizer(folder)),
        "max_pieces": longest_input(config),
        "pad_id": config.pad_token_id if config.pad_token_id is not None else 0,
    }
    _check_pieces(name, piece_tokenizer(stored).tokenizer, config.vocab_size)
    return stored, _wrap(plm, config, layer)


def load_tokenizer(name: str) -> Tokenizer:
    """Return the tokenizer of a pre-trained encoder, without padding or truncation.

    name (str): As for ``load_plm``; or a folder that holds a tokenizer.json and no encoder.
    RAISES (BiomedplmError): As ``load_plm``.
    """
    folder = Path(name) if (Path(name) / "tokenizer.json").is_file() else find_folder(name)
    return PieceTokenizer(read_files(name, folder, lambda: _load_tokenizer(folder)), 0).tokenizer


def build_network(stored: dict[str, Any]) -> PlmNetwork:
    """Return the network of a stored config, its weights not filled in.

    stored (dict): What ``load_plm`` returned first.
    RETURNS (PlmNetwork): The network.
    RAISES (BiomedplmError): B104 if the installed transformers does not know the model type.
    """
    from transformers import AutoConfig
    from transformers.modeling_utils import no_init_weights

    values = dict(stored["plm"])
    model_type = values.pop("model_type")
    try:
        config = AutoConfig.for_model(model_type, **values)
    except ValueError as error:
        raise BiomedplmError(coded("B104", model_type=model_type)) from error
    with no_init_weights():
        plm = _auto_class(config).from_config(config)
    return _wrap(plm, config, stored["layer"])


def piece_tokenizer(stored: dict[str, Any]) -> PieceTokenizer:
    """Return the tokenizer of a stored config."""
    return PieceTokenizer(stored["tokenizer"], stored["pad_id"])


def save_plm(stored: dict[str, Any], network: PlmNetwork, folder: Path) -> None:
    """Write an encoder as a Hugging Face folder, in fp32: for other systems, or for another training to start from.

    stored (dict[str, Any]): Its config, as ``load_plm`` returns it and a trained pipeline keeps it.
    network (PlmNetwork): The encoder.
    folder (Path): New folder.
    """
    from transformers import PreTrainedTokenizerFast

    pieces = piece_tokenizer(stored)
    prefix, suffix = pieces.frame
    special = {
        "pad_token": pieces.pad_id,
        "mask_token": pieces.mask_id,
        "cls_token": prefix[0] if prefix else None,
        "sep_token": suffix[-1] if suffix else None,
    }
    names = {key: pieces.tokenizer.id_to_token(number) for key, number in special.items() if number is not None}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces.tokenizer, model_max_length=stored["max_pieces"], **names
    )
    tokenizer.save_pretrained(folder)
    tensors = {name: tensor.detach().float().contiguous() for name, tensor in network.plm.state_dict().items()}
    plm: Any = network.plm
    plm.save_pretrained(folder, state_dict=tensors, safe_serialization=True)


def longest_input(config: Any) -> int:
    """Return the most pieces, special tokens counted, that an encoder reads at once.

    config (PretrainedConfig): Config of the encoder.
    RETURNS (int): 512 where positions are relative and the config names no limit.
    """
    limit = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 512
    if config.model_type in _SHIFTED_POSITIONS:
        limit -= config.pad_token_id + 1
    return limit if limit > 0 else 512


def find_folder(name: str) -> Path:
    """Return the folder of a Hugging Face model.

    name (str): As for ``load_plm``.
    RAISES (BiomedplmError): B101 if the model is nowhere.
    """
    looked = [f"the folder '{name}'"]
    if (Path(name) / "config.json").is_file():
        return Path(name)
    if _PACKAGE_NAME.fullmatch(name):
        looked.append(f"the Python package '{name.replace('-', '_')}'")
        spec = importlib.util.find_spec(name.replace("-", "_"))
        if spec is not None and spec.origin is not None:
            for folder in (Path(spec.origin).parent, Path(spec.origin).parent / "model"):
                if (folder / "config.json").is_file():
                    return folder
    if Path(name).is_absolute() or Path(name).exists() or name.count("/") > 1:
        raise BiomedplmError(coded("B101", name=name, looked=", ".join(looked)))
    return _find_on_hub(name, looked)


def _find_on_hub(name: str, looked: list[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.txt", "*.model", "*.safetensors"]
    looked.append("the local Hugging Face cache")
    with contextlib.suppress(LocalEntryNotFoundError, HFValidationError):
        folder = Path(snapshot_download(name, allow_patterns=patterns, local_files_only=True))
        if (folder / "config.json").is_file() and list(folder.glob("*.safetensors")):
            return folder
    looked.append("the Hugging Face hub")
    try:
        folder = Path(snapshot_download(name, allow_patterns=patterns))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise BiomedplmError(coded("B101", name=name, looked=", ".join(looked))) from error
    if (folder / "config.json").is_file():
        return folder
    raise BiomedplmError(coded("B101", name=name, looked=", ".join(looked)))


def _auto_class(config: Any) -> Any:
    from transformers import AutoModel, AutoModelForTextEncoding

    return AutoModelForTextEncoding if config.is_encoder_decoder else AutoModel


def _load_weights(folder: Path, config: Any) -> tuple[nn.Module, dict[str, Any]]:
    if not list(folder.glob("*.safetensors")):
        raise BiomedplmError(coded("B105", folder=folder))
    return _auto_class(config).from_pretrained(
        folder,
        config=config,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        # Reported as B103, with what differs.
        ignore_mismatched_sizes=True,
    )


def _load_tokenizer(folder: Path) -> str:
    if (folder / "tokenizer.json").is_file():
        definition = (folder / "tokenizer.json").read_text(encoding="utf-8")
        return Tokenizer.from_str(definition).to_str()
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise BiomedplmError(coded("B106", folder=folder))
    return tokenizer.backend_tokenizer.to_str()


def _check_pieces(name: str, tokenizer: Tokenizer, vocab_size: int) -> None:
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=0)
    if highest >= vocab_size:
        raise BiomedplmError(coded("B110", name=name, found=highest, wanted=vocab_size - 1))


def read_files(name: str, folder: Path, read: Callable[[], Any]) -> Any:
    """Return what a function reads from the folder of a model.

    name (str), folder (Path): The model, for the message.
    read (Callable[[], Any]): Calls tokenizers, transformers or safetensors.
    RAISES (BiomedplmError): B102 for whatever comes out of it.
    """
    try:
        return read()
    except BiomedplmError:
        raise
    except Exception as error:  # tokenizers and transformers raise the bare class for damaged files
        raise BiomedplmError(coded("B102", name=name, folder=folder, reason=error)) from error


def set_dropout(config: Any, share: float) -> None:
    """Set every kind of dropout in the config of an encoder.

    config (PretrainedConfig): Any.
    share (float): In [0, 1).
    """
    for key in _DROPOUT_KEYS:
        if isinstance(getattr(config, key, None), float):
            setattr(config, key, share)
    if hasattr(config, "reference_compile"):
        config.reference_compile = False


def _stored_config(config: Any) -> dict[str, Any]:
    values = {key: value for key, value in config.to_diff_dict().items() if not key.startswith("_")}
    for key in ("transformers_version", "architectures", "torch_dtype"):
        values.pop(key, None)
    return {**values, "model_type": config.model_type}


def _wrap(plm: nn.Module, config: Any, layer: int | str) -> PlmNetwork:
    if getattr(plm, "pooler", None) is not None:
        setattr(plm, "pooler", None)  # noqa: B010 - mypy knows no attribute of a module but modules
    n_layers = config.num_hidden_layers
    if isinstance(layer, int) and not -n_layers - 1 <= layer <= n_layers:
        raise BiomedplmError(coded("B107", layer=layer, n_layers=n_layers))
    # No dropout inside the encoder, whatever its config calls it.
    return PlmNetwork(plm, n_layers, layer).eval()
