from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from tokenizers import Tokenizer

from spacy_biomedplm.encoder.architecture import build_plm_encoder

WIDTH = 32


@pytest.fixture(scope="session")
def nlp() -> Language:
    return spacy.blank("en")


@pytest.fixture(scope="session")
def make_encoder(tiny_plm: Callable[..., Path]) -> Callable[..., Any]:
    """Maker of initialised encoders: make_encoder("bert", pooling="first")."""

    def make(kind: str = "bert", **options: Any) -> Any:
        options = {"width": WIDTH, "precision": "fp32", **options}
        model = build_plm_encoder(str(tiny_plm(kind)), **options)
        model.initialize()
        return model

    return make


class Reference:
    """The plainest way to the vectors: Hugging Face's model called on one window, characters compared one by one."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding

        config = AutoConfig.from_pretrained(folder)
        auto = AutoModelForTextEncoding if config.is_encoder_decoder else AutoModel
        self.model = auto.from_pretrained(folder).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        framed = self.tokenizer.encode("aspirin")
        at = [i for i, special in enumerate(framed.special_tokens_mask) if not special]
        self.prefix, self.suffix = framed.ids[: at[0]], framed.ids[at[-1] + 1 :]

    def hidden(self, piece_ids: list[int], layer: int = -1) -> np.ndarray:
        """Vectors of the pieces of one window."""
        ids = torch.tensor([[*self.prefix, *piece_ids, *self.suffix]])
        with torch.no_grad():
            output = self.model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
        # The highest layer is what the model gives out: some models have a norm above it.
        last = layer in (-1, len(output.hidden_states) - 1)
        states = output.last_hidden_state if last else output.hidden_states[layer]
        return states[0, len(self.prefix) : len(self.prefix) + len(piece_ids)].numpy()

    def pool(self, doc: Doc, hidden: np.ndarray, offsets: list[tuple[int, int]], pooling: str = "mean") -> np.ndarray:
        rows = []
        for token in doc:
            own = set(range(token.idx, token.idx + len(token)))
            found = [vector for vector, (a, b) in zip(hidden, offsets, strict=True) if own & set(range(a, b))]
            if pooling == "first":
                found = found[:1]
            rows.append(np.mean(found, axis=0) if found else np.zeros(hidden.shape[1]))
        return np.array(rows, dtype=np.float32).reshape(len(doc), hidden.shape[1])

    def vectors(self, doc: Doc, *, layer: int = -1, pooling: str = "mean") -> np.ndarray:
        """Vectors of the tokens of a document that fits one window."""
        encoded = self.tokenizer.encode(doc.text, add_special_tokens=False)
        return self.pool(doc, self.hidden(encoded.ids, layer), encoded.offsets, pooling)

    def n_pieces(self, text: str) -> int:
        return len(self.tokenizer.encode(text, add_special_tokens=False).ids)


@pytest.fixture(scope="session")
def reference(tiny_plm: Callable[..., Path]) -> Callable[[str], Reference]:
    made: dict[str, Reference] = {}

    def make(kind: str) -> Reference:
        if kind not in made:
            made[kind] = Reference(tiny_plm(kind))
        return made[kind]

    return make
