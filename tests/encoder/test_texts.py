import random
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from spacy_biomedplm.encoder.texts import TextEncoder

TEXTS = ["aspirin", "acute liver failure", "", "TNF-α", "the patients " * 200, "aspirin", "a", "\x00", "of the liver"]


@pytest.fixture
def folder(tiny_plm: Callable[..., Path]) -> str:
    return str(tiny_plm("bert"))


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_texts_are_vectors_of_the_model(folder: str, pooling: Literal["mean", "cls"]) -> None:
    from transformers import AutoModel, AutoTokenizer

    encoder = TextEncoder(folder, pooling=pooling, precision="fp32")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    for text in ("aspirin", "acute liver failure"):
        with torch.no_grad():
            hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
        wanted = hidden.mean(0) if pooling == "mean" else hidden[0]
        assert encoder([text])[0] == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-5)


def test_texts_have_the_same_vector_whatever_is_read_with_them(folder: str) -> None:
    encoder = TextEncoder(folder)
    wanted = {text: encoder([text])[0] for text in TEXTS}
    texts = TEXTS * 9
    random.Random(1).shuffle(texts)
    for text, vector in zip(texts, encoder(texts), strict=True):
        assert (vector == wanted[text]).all()
        assert np.linalg.norm(vector) == pytest.approx(
            1.0 if text and text != "\x00" else float(vector.any()), abs=1e-5
        )
    assert encoder([]).shape == (0, encoder.width)


def test_identity_tells_encoders_apart(tiny_plm: Callable[..., Path]) -> None:
    one = TextEncoder(str(tiny_plm("bert")), precision="fp32")
    assert one.identity == TextEncoder(str(tiny_plm("bert")), precision="fp32").identity
    others = {
        TextEncoder(str(tiny_plm("bert")), pooling="cls").identity,
        TextEncoder(str(tiny_plm("roberta"))).identity,
    }
    assert len(others | {one.identity}) == 3
