"""Settings of every test: the network and model hubs are off, costly tests run only where they can."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Set before any test module imports huggingface_hub, which reads them at import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}

# No deadline: the first call of a kernel, or a busy core, takes longer than hypothesis allows. The same examples every
# time in CI: a run must not fail for what a change did not touch.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run also the tests that take minutes")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("slow") and not item.config.getoption("--slow"):
        pytest.skip("takes minutes: run with --slow")
    if item.get_closest_marker("corpora") and _find_corpora() is None:
        pytest.skip("BIOMEDPLM_CORPORA names no folder")
    if item.get_closest_marker("gpu") and not _has_cuda():
        pytest.skip("no CUDA device")


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    """The folder of corpora, for tests marked corpora."""
    folder = _find_corpora()
    assert folder is not None, "mark the test with pytest.mark.corpora"
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Fail every test that connects to another machine, also where the caller would catch an OSError."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guard(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guard_lookup(socket.getaddrinfo))
        yield


def _guard(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL_HOSTS:
            pytest.fail(f"the network is off in tests, connected to {address}")
        return connect(self, address)

    return guarded


def _guard_lookup(look_up: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOCAL_HOSTS:
            pytest.fail(f"the network is off in tests, looked up {host}")
        return look_up(host, *args, **kwargs)

    return guarded


def _find_corpora() -> Path | None:
    folder = Path(os.environ.get("BIOMEDPLM_CORPORA", "-"))
    return folder if folder.is_dir() else None


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


# Encoders for tests: tiny, random, made in memory, saved as a Hugging Face folder.

WIDTH = 32
_SIZES = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 128,
}
_DEBERTA = {
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_buckets": 8,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "type_vocab_size": 0,
    "position_biased_input": False,
    "conv_kernel_size": 3,
    "conv_act": "gelu",
}
# Model type, kind of tokenizer, settings of the config.
PLMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bert": ("bert", "wordpiece", _SIZES),
    "electra": ("electra", "wordpiece", {**_SIZES, "embedding_size": 16}),
    "distilbert": (
        "distilbert",
        "wordpiece",
        {"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 48, "max_position_embeddings": 128},
    ),
    "roberta": ("roberta", "bytes", {**_SIZES, "max_position_embeddings": 130, "pad_token_id": 1}),
    "longformer": (
        "longformer",
        "bytes",
        {**_SIZES, "max_position_embeddings": 130, "pad_token_id": 1, "attention_window": [8, 8]},
    ),
    "modernbert": (
        "modernbert",
        "bytes",
        {**_SIZES, "local_attention": 16, "global_attn_every_n_layers": 2, "pad_token_id": 1},
    ),
    "albert": ("albert", "pieces", {**_SIZES, "embedding_size": 16}),
    "xlnet": ("xlnet", "pieces", {"d_model": WIDTH, "n_layer": 2, "n_head": 2, "d_inner": 48}),
    "deberta-v2": ("deberta-v2", "pieces", {**_SIZES, **_DEBERTA}),
    "t5": ("t5", "pieces", {"d_model": WIDTH, "num_layers": 2, "num_heads": 2, "d_kv": 16, "d_ff": 48}),
}
_WORDS = "the of in and with cell cells protein aspirin kinase treatment heart failure lithium receptor".split()
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-.,;:()/αβé"


@pytest.fixture(scope="session")
def tiny_plm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Maker of encoder folders: tiny_plm("bert") is the same folder each time; see PLMS for the names."""
    made: dict[str, Path] = {}

    def make(kind: str = "bert") -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp("plms") / kind
            _save_plm(kind, made[kind])
        return made[kind]

    return make


def _save_plm(kind: str, folder: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding

    model_type, pieces, settings = PLMS[kind]
    tokenizer = _make_tokenizer(pieces, kind)
    config = AutoConfig.for_model(model_type, vocab_size=tokenizer.get_vocab_size(), **settings)
    torch.manual_seed(1)
    auto = AutoModelForTextEncoding if config.is_encoder_decoder else AutoModel
    model = auto.from_config(config).eval()
    with torch.no_grad():
        # Large weights, so that every piece has an influence on every other.
        for param in model.parameters():
            param.normal_(0.0 if param.dim() > 1 else 0.5, 0.15)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save(str(folder / "tokenizer.json"))


def _make_tokenizer(pieces: str, kind: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    if pieces == "bytes":
        # Ids 0 to 4; trained, because merges are hard to write by hand.
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        tokenizer = Tokenizer(models.BPE())
        # ModernBERT's pieces carry their leading space in the offsets, RoBERTa's do not.
        trim = kind != "modernbert"
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=trim)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=330, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
        tokenizer.train_from_iterator([" ".join(_WORDS)] * 5, trainer)
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim, False)
        tokenizer.decoder = decoders.ByteLevel()
    elif pieces == "wordpiece":
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        vocab = [*special, *_CHARACTERS, *(f"##{c}" for c in _CHARACTERS), *_WORDS, "abc", "##abc"]
        tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(vocab)}, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.TemplateProcessing("[CLS] $0 [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
        tokenizer.add_special_tokens(special)
    else:
        special = ["<pad>", "<unk>", "<cls>", "<sep>", "<mask>"]
        scored = [*((s, 0.0) for s in special), ("▁", -3.0), *((c, -4.0) for c in _CHARACTERS)]
        scored += [(f"▁{word}", -5.0) for word in _WORDS] + [("abc", -4.0), ("▁in▁the", -6.0)]
        tokenizer = Tokenizer(models.Unigram(scored, unk_id=1, byte_fallback=False))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        # T5 marks the beginning of the text as a word of its own.
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
            prepend_scheme="always" if kind == "t5" else "first", split=False
        )
        frame = {"t5": "$0 <sep>", "xlnet": "$0 <sep> <cls>"}.get(kind, "<cls> $0 <sep>")
        tokenizer.post_processor = processors.TemplateProcessing(frame, None, [("<cls>", 2), ("<sep>", 3)])
        tokenizer.add_special_tokens(special)
    return tokenizer


@pytest.fixture
def encoder_gradients(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What listeners hand on to their encoder: the gradient of each batch, shape (tokens, width), is added here."""
    import numpy as np
    from spacy.pipeline.tok2vec import Tok2VecListener

    found: list[Any] = []
    receive = Tok2VecListener.receive

    def listen(self: Tok2VecListener, batch_id: int, outputs: Any, backprop: Callable[[Any], Any]) -> None:
        def hand_on(gradient: Any) -> Any:
            found.append(np.concatenate(gradient))
            return backprop(gradient)

        receive(self, batch_id, outputs, hand_on)

    monkeypatch.setattr(Tok2VecListener, "receive", listen)
    return found
