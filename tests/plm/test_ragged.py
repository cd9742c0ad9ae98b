"""Sequences of different lengths: the same vectors however they are read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModel

from spacy_biomedplm.encoder.loading import set_dropout
from spacy_biomedplm.plm.ragged import RaggedReader, pool

LENGTHS = [3, 17, 1, 33, 16, 5]


def load(folder: Path) -> Any:
    config = AutoConfig.from_pretrained(folder)
    set_dropout(config, 0.0)
    return AutoModel.from_pretrained(folder, config=config).eval()


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_vectors_are_those_of_single_sequences(kind: str, tiny_plm: Callable[..., Path]) -> None:
    model = load(tiny_plm(kind))
    read = RaggedReader(model, model.config.pad_token_id)
    assert (read.fast is None) == (kind == "distilbert")
    ids = torch.randint(5, model.config.vocab_size, (sum(LENGTHS),), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = read(ids, torch.tensor(LENGTHS))
        single = [model(input_ids=part[None])[0][0] for part in ids.split(LENGTHS)]
    torch.testing.assert_close(found, torch.cat(single), rtol=1e-4, atol=1e-5)


def test_gradients_reach_the_embeddings(tiny_plm: Callable[..., Path]) -> None:
    gradients = []
    for fast in (True, False):
        model = load(tiny_plm("bert"))
        read = RaggedReader(model, 0)
        if not fast:
            read.fast = None
        read(torch.arange(5, 12), torch.tensor([4, 3]))[[0, 4]].sum().backward()
        gradients.append(model.embeddings.word_embeddings.weight.grad)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_pooling() -> None:
    vectors = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    lengths = torch.tensor([2, 1])
    assert pool(vectors, lengths, mean=False).tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert pool(vectors.bfloat16(), lengths, mean=True).tolist() == [[2.0, 3.0], [5.0, 6.0]]
