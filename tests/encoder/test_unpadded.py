import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language
from thinc.api import Adam

from spacy_biomedplm.encoder.attention import attend, gap_mask
from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.encoder.network import PlmNetwork
from spacy_biomedplm.encoder.unpadded import UnpaddedBert
from spacy_biomedplm.encoder.windows import plan_layouts

BERT_LIKE = ["bert", "electra", "roberta"]
LENGTHS = [5, 16, 17, 31, 32, 1, 3]
TEXT = "Treatment with aspirin in heart failure."


@pytest.fixture
def network(tiny_plm: Callable[..., Path]) -> Callable[..., PlmNetwork]:
    return lambda kind="bert", layer=-1: load_plm(str(tiny_plm(kind)), layer=layer)[1]


def read_both(network: PlmNetwork, lengths: list[int]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Vectors of each window, read end to end and one by one."""
    (layout,) = plan_layouts(lengths, max_cells=10_000)
    ids = torch.randint(10, 100, (layout.n_cells,), generator=torch.Generator().manual_seed(0))
    read = network.read_layout(ids, layout)
    found, wanted = [], []
    for number, start in zip(layout.windows, layout.starts, strict=True):
        window = slice(start, start + lengths[number])
        found.append(read[window])
        wanted.append(network(ids[None, window], torch.ones_like(ids[None, window]))[0])
    return found, wanted


@pytest.mark.parametrize("layer", [0, 1, -1, "mix"])
@pytest.mark.parametrize("kind", BERT_LIKE)
def test_end_to_end_equals_one_by_one(kind: str, layer: Any, network: Callable[..., PlmNetwork]) -> None:
    with torch.no_grad():
        for one, other in zip(*read_both(network(kind, layer), LENGTHS), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", BERT_LIKE)
def test_end_to_end_in_bf16_is_as_close_to_fp32_as_one_by_one(kind: str, network: Callable[..., PlmNetwork]) -> None:
    """The laid-out weights of prediction are for bf16 only."""
    module = network(kind)
    with torch.no_grad():
        exact, _ = read_both(module, LENGTHS)
        found, plain = read_both(module.to(torch.bfloat16), LENGTHS)
    error = max(float((one.float() - other).abs().max()) for one, other in zip(found, exact, strict=True))
    usual = max(float((one.float() - other).abs().max()) for one, other in zip(plain, exact, strict=True))
    assert 0 < error < 2 * usual


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_prediction_follows_weights_that_change(dtype: torch.dtype, network: Callable[..., PlmNetwork]) -> None:
    module = network().to(dtype)
    with torch.no_grad():
        before, _ = read_both(module, LENGTHS)
        generator = torch.Generator().manual_seed(1)
        for name, param in module.named_parameters():
            if name.endswith(("query.weight", "output.dense.bias")):
                param.add_(torch.randn(param.shape, generator=generator).to(dtype))
        found, wanted = read_both(module, LENGTHS)
    for one, other, old in zip(found, wanted, before, strict=True):
        torch.testing.assert_close(one, other, atol=0.1 if dtype == torch.bfloat16 else 1e-5, rtol=1e-2)
        assert float((one - old).abs().max()) > 0.2


def test_prediction_after_a_step_of_training(nlp: Language, make_encoder: Any) -> None:
    model = make_encoder("bert", precision="bf16")
    doc = nlp.make_doc(TEXT)
    before = model.predict([doc])[0]
    vectors, backprop = model.begin_update([doc])
    backprop([np.ones_like(vectors[0]) * np.arange(32, dtype="float32")])
    model.finish_update(Adam(0.05, use_averages=False))
    after = model.predict([doc])[0]
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_array_equal(after, model.copy().predict([doc])[0])


def test_prediction_without_packed_weights(network: Callable[..., PlmNetwork], monkeypatch: pytest.MonkeyPatch) -> None:
    """CPUs and builds of torch that lack the operators."""
    module = network().to(torch.bfloat16)
    with torch.no_grad():
        packed, _ = read_both(module, LENGTHS)
        monkeypatch.setattr("spacy_biomedplm.encoder.unpadded.can_pack", lambda: False)
        plain, _ = read_both(copy.deepcopy(module), LENGTHS)
    for one, other in zip(packed, plain, strict=True):
        torch.testing.assert_close(one, other, atol=0.1, rtol=0.05)


def test_a_network_that_has_predicted_can_be_copied_and_pickled(network: Callable[..., PlmNetwork]) -> None:
    module = network().to(torch.bfloat16)
    with torch.no_grad():
        wanted, _ = read_both(module, LENGTHS)
        for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            found, _ = read_both(other, LENGTHS)
            assert all(torch.equal(one, two) for one, two in zip(found, wanted, strict=True))


def test_what_is_in_the_gaps_does_not_matter(network: Callable[..., PlmNetwork]) -> None:
    module = network()
    (layout,) = plan_layouts(LENGTHS, max_cells=10_000)
    first = torch.randint(10, 100, (layout.n_cells,), generator=torch.Generator().manual_seed(0))
    second = torch.full_like(first, 7)
    windows = [slice(s, s + LENGTHS[number]) for s, number in zip(layout.starts, layout.windows, strict=True)]
    for window in windows:
        second[window] = first[window]
    with torch.no_grad():
        one, other = module.read_layout(first, layout), module.read_layout(second, layout)
    assert not torch.equal(one, other)
    assert all(torch.equal(one[window], other[window]) for window in windows)


def test_padded_and_end_to_end_agree(nlp: Language, make_encoder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through windows, alignment and pooling, with gradients."""
    docs = [nlp.make_doc(text) for text in (TEXT * 9, "the αβ 😀 cell", "", "a")]
    model = make_encoder("bert", window=20, overlap=4, max_batch_cells=96)
    found = []
    for fits in (True, False):
        monkeypatch.setattr(UnpaddedBert, "fits", lambda plm, fits=fits: fits)
        vectors, backprop = model.begin_update(docs)
        backprop([np.cos(np.arange(array.size, dtype="float32")).reshape(array.shape) for array in vectors])
        gradients = [p.grad.clone() for p in model.shims[0].module.parameters() if p.grad is not None]
        model.shims[0].module.zero_grad()
        found.append((vectors, gradients))
    for one, other in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)
    assert len(found[0][1]) > 10
    for one, other in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    "settings", [{"position_embedding_type": "relative_key"}, {"is_decoder": True}, {"model_type": "distilbert"}]
)
def test_fits_only_layers_of_bert(settings: dict[str, Any], network: Callable[..., PlmNetwork]) -> None:
    plm: Any = network().plm
    assert UnpaddedBert.fits(plm)
    config = copy.deepcopy(plm.config)
    for key, value in settings.items():
        setattr(config, key, value)
    plm.config = config
    assert not UnpaddedBert.fits(plm)


def test_fits_no_linear_layer_that_is_more_than_one(network: Callable[..., PlmNetwork]) -> None:
    class Adapted(torch.nn.Linear):
        pass

    plm: Any = network().plm
    plm.encoder.layer[1].output.dense = Adapted(48, 32)
    assert not UnpaddedBert.fits(plm)


def test_pruned_heads(network: Callable[..., PlmNetwork]) -> None:
    module: Any = network()
    module.plm.prune_heads({0: [1]})
    with torch.no_grad():
        for one, other in zip(*read_both(module, LENGTHS), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def plain_attention(inputs: torch.Tensor, layout: Any, lengths: list[int], n_heads: int) -> torch.Tensor:
    output = torch.zeros(len(inputs), inputs.shape[1] // 3, dtype=inputs.dtype)
    for number, start in zip(layout.windows, layout.starts, strict=True):
        rows = inputs[start : start + lengths[number]].view(lengths[number], 3, n_heads, -1).permute(1, 2, 0, 3)
        weights = torch.softmax(rows[0] @ rows[1].transpose(1, 2) / rows.shape[-1] ** 0.5, dim=-1)
        output[start : start + lengths[number]] = (weights @ rows[2]).transpose(0, 1).reshape(lengths[number], -1)
    return output


@pytest.mark.parametrize("at_once", [1, 2_000_000])
def test_attention_and_its_gradient_equal_the_formula(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy_biomedplm.encoder.attention._SCORES_AT_ONCE", at_once)
    (layout,) = plan_layouts(LENGTHS, max_cells=10_000)
    places = [(block, gap_mask(block, torch.float64)) for block in layout.blocks]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(layout.n_cells + 8, 3 * 12, dtype=torch.float64, generator=generator)
    factors = torch.randn(layout.n_cells + 8, 12, dtype=torch.float64, generator=generator)
    real = torch.zeros(len(inputs), 1, dtype=torch.float64)
    for number, start in zip(layout.windows, layout.starts, strict=True):
        real[start : start + LENGTHS[number]] = 1
    one, other = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    found, wanted = attend(one, places, 3), plain_attention(other, layout, LENGTHS, 3)
    torch.testing.assert_close(found * real, wanted)
    (found * real * factors).sum().backward()
    (wanted * factors).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    assert float(one.grad.abs().max()) > 0.1


def test_gradient_of_attention_in_bf16_is_as_close_as_the_fused_kernels() -> None:
    (layout,) = plan_layouts([48, 64], max_cells=10_000)
    generator = torch.Generator().manual_seed(0)
    exact = torch.randn(layout.n_cells, 3 * 64, generator=generator)
    factors = torch.randn(layout.n_cells, 64, generator=generator)
    places = [(block, gap_mask(block, torch.float32)) for block in layout.blocks]

    def gradient(inputs: torch.Tensor, attention: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        inputs = inputs.clone().requires_grad_()
        (attention(inputs).float() * factors).sum().backward()
        return inputs.grad.float()

    def fused(inputs: torch.Tensor) -> torch.Tensor:
        output = []
        for block in layout.blocks:
            rows = inputs[block.start : block.start + block.cells].view(block.cells, 3, 4, -1).permute(1, 2, 0, 3)
            found = torch.nn.functional.scaled_dot_product_attention(*rows[:, None])
            output.append(found[0].transpose(0, 1).reshape(block.cells, -1))
        return torch.cat(output)

    wanted = gradient(exact, lambda inputs: attend(inputs, places, 4))
    own = gradient(exact.bfloat16(), lambda inputs: attend(inputs, places, 4))
    usual = gradient(exact.bfloat16(), fused)
    assert 0 < float((own - wanted).norm()) < 1.5 * float((usual - wanted).norm())
