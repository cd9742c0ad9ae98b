"""Tiny random models of every architecture the encoder loads, to try one out where its weights cannot be had."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

_PIECES = 400
_SIZES: Mapping[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 512,
}
_SHIFTED = {**_SIZES, "max_position_embeddings": 514}
_T5 = {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 64}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "albert": {**_SIZES, "embedding_size": 16},
    "bert": _SIZES,
    "biogpt": _SIZES,
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 512},
    "electra": {**_SIZES, "embedding_size": 16},
    "esm": {**_SHIFTED, "mask_token_id": 4, "position_embedding_type": "rotary"},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 512},
    "longformer": {**_SHIFTED, "attention_window": [32, 32]},
    "megatron-bert": _SIZES,
    "mobilebert": {**_SIZES, "embedding_size": 32, "intra_bottleneck_size": 32, "num_feedforward_networks": 1},
    "modernbert": {**_SIZES, "local_attention": 32, "global_attn_every_n_layers": 2},
    "mpnet": _SHIFTED,
    "mt5": _T5,
    "roberta": _SHIFTED,
    "t5": _T5,
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 64},
}
"""By model type of transformers: settings that make a network of some ten thousand parameters."""


def save_tiny(architecture: str, tokenizer: str | None, texts: Sequence[str], folder: Path) -> None:
    """Write a Hugging Face folder with a tiny random model.

    architecture (str): One of SETTINGS.
    tokenizer (str | None): Kind of tokenizer, as a record of the catalogue has it; None for WordPiece.
    texts (Sequence[str]): What its pieces are learned from.
    folder (Path): Where to write; it is made.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding

    made = _train_tokenizer(tokenizer or "wordpiece-uncased", texts)
    special = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    size = made.get_vocab_size()
    config = AutoConfig.for_model(architecture, vocab_size=size, **special, **SETTINGS[architecture])
    # A seed of its own, so that the caller's random numbers stay what they are.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = (AutoModelForTextEncoding if config.is_encoder_decoder else AutoModel).from_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    network.save_pretrained(folder, safe_serialization=True)
    made.save(str(folder / "tokenizer.json"))


def _train_tokenizer(kind: str, texts: Sequence[str]) -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    options: dict[str, Any] = {"vocab_size": _PIECES, "special_tokens": special, "show_progress": False}
    if kind == "bpe":
        tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **options)
    elif kind == "sentencepiece":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(unk_token="[UNK]", **options)
    elif kind in ("residues", "k-mers", "words", "codes"):
        tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.WordLevelTrainer(**options)
    else:
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=kind != "wordpiece-cased")
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(**options)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $0 [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer
