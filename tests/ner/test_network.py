from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch

from spacy_biomedplm.ner.network import TaggerNetwork, tagger_groups
from spacy_biomedplm.ner.tags import TagScheme, encode_tags, make_schemes

GUIDELINES = {"a": ["X"], "b": ["Y", "Z"]}
HEADS = {"linear": (0, False), "bilstm": (4, False), "crf": (0, True), "bilstm_crf": (4, True)}


def make_network(head: str, width: int = 6) -> TaggerNetwork:
    torch.manual_seed(0)
    hidden, crf = HEADS[head]
    network = TaggerNetwork(width, make_schemes(GUIDELINES), hidden=hidden, crf=crf).double()
    for transitions in network.transitions:
        transitions.data.normal_()
    return network


def paths_of(scheme: TagScheme, n_tokens: int) -> list[tuple[int, ...]]:
    """All legal sequences of tags."""
    begin, finish = scheme.borders
    return [
        path
        for path in product(range(scheme.n_tags), repeat=n_tokens)
        if begin[path[0]] == finish[path[-1]] == 0 and all(scheme.transitions[a, b] == 0 for a, b in pairwise(path))
    ]


def unknown_tags(scheme: TagScheme, labels: list[int]) -> torch.Tensor:
    unknown = torch.zeros(scheme.n_tags, dtype=torch.bool)
    for label in labels:
        unknown[1 + 4 * label : 5 + 4 * label] = True
    return unknown


def fits(path: tuple[int, ...], tags: list[int], unknown: torch.Tensor) -> bool:
    return all(p == t or (t == 0 and bool(unknown[p])) for p, t in zip(path, tags, strict=True))


DOCUMENTS = [([(0, 2, 1)], 3), ([], 2), ([(1, 2, 0)], 2), ([(0, 3, 0)], 3)]


@pytest.mark.parametrize("unknown_labels", [[], [1], [0]])
def test_crf_loss_equals_enumeration(unknown_labels: list[int]) -> None:
    network = make_network("crf")
    number, scheme = 1, network.schemes[1]
    documents = [(e, n) for e, n in DOCUMENTS if not any(label in unknown_labels for *_, label in e)]
    tags = [encode_tags(entities, n).tolist() for entities, n in documents]
    lengths = [len(row) for row in tags]
    scores = torch.randn(sum(lengths), scheme.n_tags, dtype=torch.float64)
    learned = network.transitions[number].detach()
    unknown = unknown_tags(scheme, unknown_labels)
    wanted = 0.0
    for own, row in zip(scores.split(lengths), tags, strict=True):
        weights, right = [], []
        for path in paths_of(scheme, len(row)):
            weight = sum(own[t, tag] for t, tag in enumerate(path)) + sum(learned[a, b] for a, b in pairwise(path))
            weights.append(weight)
            if fits(path, row, unknown):
                right.append(weight)
        wanted += float(torch.stack(weights).logsumexp(0) - torch.stack(right).logsumexp(0))
    rows = unknown.expand(sum(lengths), -1) if unknown_labels else None
    found = network.loss(scores, number, torch.tensor([t for row in tags for t in row]), lengths, rows)
    assert float(found.detach()) == pytest.approx(wanted, rel=1e-6)


def test_token_loss_of_a_partial_annotation_is_the_marginal() -> None:
    network = make_network("linear")
    scheme = network.schemes[1]
    unknown = unknown_tags(scheme, [1])
    scores = torch.randn(3, scheme.n_tags, dtype=torch.float64)
    tags = [0, 4, 0]
    probabilities = scores.softmax(1)
    right = [probabilities[t, tag] + (probabilities[t, unknown].sum() if tag == 0 else 0) for t, tag in enumerate(tags)]
    wanted = -float(torch.stack(right).log().sum())
    found = network.loss(scores, 1, torch.tensor(tags), [3], unknown.expand(3, -1))
    assert float(found) == pytest.approx(wanted, rel=1e-9)


def test_token_loss_is_cross_entropy() -> None:
    network = make_network("linear")
    scores = torch.randn(4, 5, dtype=torch.float64)
    tags = torch.tensor([0, 1, 3, 0])
    wanted = -scores.log_softmax(1)[torch.arange(4), tags].sum()
    assert float(network.loss(scores, 0, tags, [4], None)) == pytest.approx(float(wanted), rel=1e-9)
    nothing_unknown = torch.zeros(4, 5, dtype=torch.bool)
    assert float(network.loss(scores, 0, tags, [4], nothing_unknown)) == pytest.approx(float(wanted), rel=1e-9)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("unknown_labels", [[], [1]])
def test_gradient_of_every_head(head: str, unknown_labels: list[int]) -> None:
    """Of vectors and of all weights, against finite differences."""
    network = make_network(head, width=3)
    lengths = [3, 2]
    tags = torch.from_numpy(np.concatenate([encode_tags([(0, 2, 0)], 3), encode_tags([], 2)]))
    unknown = unknown_tags(network.schemes[1], unknown_labels).expand(5, -1) if unknown_labels else None

    def loss(vectors: torch.Tensor, *weights: torch.Tensor) -> Any:
        scores = network(vectors, lengths, 0.0)[:, network.schemes[1].columns]
        return network.loss(scores, 1, tags, lengths, unknown)

    vectors = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(loss, (vectors, *network.parameters()))


@pytest.mark.parametrize("head", HEADS)
def test_documents_do_not_see_each_other(head: str) -> None:
    network = make_network(head)
    vectors = torch.randn(9, 6, dtype=torch.float64)
    lengths = [0, 4, 0, 1, 4, 0]
    together = network(vectors, lengths, 0.0)
    alone = torch.cat([network(part, [len(part)], 0.0) for part in vectors.split(lengths)])
    torch.testing.assert_close(together, alone)
    assert together.shape == (9, 5 + 9)


@pytest.mark.parametrize("head", HEADS)
def test_no_tokens(head: str) -> None:
    assert make_network(head)(torch.zeros(0, 6, dtype=torch.float64), [0, 0], 0.0).shape == (0, 14)


def test_dropout_only_when_asked() -> None:
    network = make_network("linear")
    vectors = torch.randn(50, 6, dtype=torch.float64)
    torch.testing.assert_close(network(vectors, [50], 0.0), network(vectors, [50], 0.0))
    assert not torch.allclose(network(vectors, [50], 0.5), network(vectors, [50], 0.0))


@pytest.mark.parametrize(("head", "scales"), [("bilstm", [3.0]), ("bilstm_crf", [3.0, 30.0])])
def test_groups_hold_every_parameter_once(head: str, scales: list[float]) -> None:
    network = make_network(head)
    groups = tagger_groups(network, lr_scale=3.0)
    assert [group["lr_scale"] for group in groups] == scales
    found = [id(param) for group in groups for param in group["params"]]
    assert sorted(found) == sorted(id(param) for param in network.parameters())
