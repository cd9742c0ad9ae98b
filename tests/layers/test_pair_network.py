from typing import Any

import numpy as np
import pytest
import torch

from spacy_biomedplm.layers import pair_network as network
from spacy_biomedplm.layers.pair_attention import PairAttention, bucket, near_mentions
from spacy_biomedplm.layers.pair_network import PairNetwork
from spacy_biomedplm.layers.pairs import PairArrays

CONFIG = {"width": 8, "hidden": 8, "types": 2, "columns": 3, "heads": 2, "represents": False}
ALL = [
    {**CONFIG, "pooling": pooling, "context": context, "blocks": blocks}
    for pooling, context, blocks in (
        ("start", "none", 0),
        ("ends", "first", 0),
        ("mean", "attention", 2),
        ("max", "pair", 0),
        ("max", "pair", 4),
    )
]


def arrays() -> PairArrays:
    """Two pairs: of mentions, and of a concept with three mentions and one with one."""
    return PairArrays(
        np.array([[1, 3], [4, 5], [6, 7], [9, 11], [12, 13], [8, 9]]),
        np.array([0, 1, 2, 2, 2, 3]),
        np.array([[0, 6], [5, 14]]),
        np.array([[0, 1], [1, 0]]),
        np.array([1, -2]),
    )


def test_buckets_double() -> None:
    assert bucket(np.array([0, 1, 2, 3, 4, 5, 8, 9, 64, 65, 9999])).tolist() == [0, 1, 2, 3, 3, 4, 4, 5, 7, 8, 8]
    assert bucket(np.array([-1, -2, -9999])).tolist() == [10, 11, 17]


def test_words_know_their_nearest_mention() -> None:
    head, tail = near_mentions(arrays())
    wanted = bucket(np.array([-1, 0, 0, 1, 2, 3, -1, 0, 1, -1, 0, 0, 1, 0, 1]))
    # The eighth word is as near to the mention before it as to the one behind it: before counts as positive.
    assert head.tolist() == wanted.tolist()
    assert tail[:6].tolist() == bucket(np.array([-4, -3, -2, -1, 0, 1])).tolist()


def test_attention_by_pair_is_what_the_formula_says() -> None:
    torch.manual_seed(0)
    module = PairAttention(8, 6, 8, 2)
    vectors, ends, pairs = torch.randn(14, 8), torch.randn(2, 6), arrays()
    near = [torch.from_numpy(side) for side in near_mentions(pairs)]
    first = 0
    for row, (start, stop) in enumerate(pairs.contexts.tolist()):
        places = [side[first : first + stop - start] for side in near]
        first += stop - start
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            asked = module.ask(ends[row])[part]
            keys = module.keys(vectors[start:stop])[:, part]
            values = module.values(vectors[start:stop])[:, part]
            for place, key, value in zip(places, module.near_keys, module.near_values, strict=True):
                keys, values = keys + key[place][:, part], values + value[place][:, part]
            wanted = torch.softmax(keys @ asked / 2, 0) @ values
            torch.testing.assert_close(module(vectors, pairs, ends)[row, part], wanted)


def test_contexts_of_many_sizes_come_back_in_order() -> None:
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 150, 300)
    contexts = np.stack([starts, starts + rng.integers(1, 50, 300)], 1)[rng.integers(0, 300, 900)]
    spans = np.repeat(contexts[:, :1], 2, 0) + np.array([0, 1])
    pairs = PairArrays(spans, np.arange(1800), contexts, np.zeros((900, 2), int), np.zeros(900, int))
    module = PairAttention(8, 6, 8, 2).eval()
    vectors, ends = torch.randn(200, 8), torch.randn(900, 6)
    found = module(vectors, pairs, ends)
    for row in (0, 17, 450, 899):
        torch.testing.assert_close(found[[row]], module(vectors, pairs.chosen(np.array([row])), ends[[row]]))


@pytest.mark.parametrize("config", ALL, ids=lambda config: f"{config['pooling']}-{config['context']}")
def test_pairs_are_judged_alone(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    module = PairNetwork(config).eval()
    vectors = torch.randn(14, 8)
    both = module(vectors, arrays(), 0.0)
    assert both.shape == (2, 3)
    for number in range(2):
        alone = module(vectors, arrays().chosen(np.array([number])), 0.0)
        torch.testing.assert_close(alone, both[[number]])
    monkeypatch.setattr(network, "_MOST_CELLS", 7)
    torch.testing.assert_close(module(vectors, arrays(), 0.0), both)


def test_several_mentions_are_joined_by_log_sum_exp() -> None:
    module = PairNetwork({**CONFIG, "pooling": "mean", "context": "none", "blocks": 0})
    vectors = torch.randn(14, 8)
    ends = module._ends(vectors, arrays())
    mentions = torch.stack([vectors[6], vectors[9:11].mean(0), vectors[12]])
    torch.testing.assert_close(ends[2], torch.logsumexp(mentions, 0))
    torch.testing.assert_close(ends[3], vectors[8])


@pytest.mark.parametrize("config", ALL, ids=lambda config: f"{config['pooling']}-{config['context']}")
def test_gradient(config: dict[str, Any]) -> None:
    torch.manual_seed(0)
    module = PairNetwork({**config, "represents": True}).double()
    vectors = torch.randn(14, 8, dtype=torch.float64, requires_grad=True)
    assert module(vectors, arrays(), 0.0).shape == (2, 3 + 8)
    assert torch.autograd.gradcheck(lambda x: module(x, arrays(), 0.0), (vectors,), atol=1e-4)
