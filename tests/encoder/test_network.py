from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language
from thinc.api import Adam

from spacy_biomedplm.encoder.network import layer_of, parameter_groups

ARCHITECTURES = "bert electra distilbert roberta longformer modernbert albert xlnet deberta-v2 t5".split()
TEXT = "Treatment with aspirin in heart failure."


def names_of(module: torch.nn.Module) -> dict[int, str]:
    return {id(param): name for name, param in module.named_parameters()}


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_layer_of_orders_embeddings_below_layers(kind: str, make_encoder: Any) -> None:
    module = make_encoder(kind, layer="mix").shims[0].module
    levels = {name: layer_of(name, module.n_layers) for name, _ in module.named_parameters()}
    assert {levels["mix_weights"], levels["mix_scale"]} == {3}
    assert {name for name, level in levels.items() if level == 0} >= {n for n in levels if "word_embedding" in n}
    for number in (0, 1):
        own = {name for name in levels if any(f"{word}.{number}." in name for word in ("layer", "layers", "block"))}
        # T5's blocks hold sublayers that are numbered as well; ALBERT's numbers are those of groups.
        own = {name for name in own if (kind != "t5" or f"block.{number}." in name) and kind != "albert"}
        assert {levels[name] for name in own} == ({number + 1} if own else set())
    assert {0, 2} <= set(levels.values())
    assert kind == "albert" or {0, 1, 2} <= set(levels.values())


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_parameter_groups_decay_from_the_top(kind: str, make_encoder: Any) -> None:
    module = make_encoder(kind).shims[0].module
    groups = parameter_groups(module, frozen_layers=0, layer_decay=0.5)
    names = names_of(module)
    assert sorted(names[id(p)] for group in groups for p in group["params"]) == sorted(names.values())
    for group in groups:
        assert {0.5 ** (3 - layer_of(names[id(p)], 2)) for p in group["params"]} == {group["lr_scale"]}
    assert groups[0]["lr_scale"] == 0.125
    assert groups[-1]["lr_scale"] == 0.5


@pytest.mark.parametrize("frozen_layers", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("kind", ["bert", "modernbert", "t5", "albert"])
def test_frozen_layers_do_not_move(frozen_layers: int, kind: str, nlp: Language, make_encoder: Any) -> None:
    model = make_encoder(kind, frozen_layers=frozen_layers)
    module = model.shims[0].module
    before = {name: param.detach().clone() for name, param in module.named_parameters()}
    for _ in range(2):
        vectors, backprop = model.begin_update([nlp.make_doc(TEXT)])
        backprop([np.sign(array) for array in vectors])
        model.finish_update(Adam(0.01, use_averages=False))
    for name, param in module.named_parameters():
        assert param.grad is None, "a gradient was kept"
        moved = not torch.equal(before[name], param)
        assert moved == (layer_of(name, 2) >= frozen_layers) or name.endswith("mask_emb"), name


def test_layer_decay_scales_the_first_step(nlp: Language, make_encoder: Any) -> None:
    """Adam's first step is the learning rate itself wherever there is a gradient."""
    model = make_encoder("bert", layer_decay=0.1)
    module = model.shims[0].module
    before = {name: param.detach().clone() for name, param in module.named_parameters()}
    vectors, backprop = model.begin_update([nlp.make_doc(TEXT)])
    generator = np.random.default_rng(0)
    backprop([generator.normal(size=array.shape).astype("float32") for array in vectors])
    model.finish_update(Adam(0.01, use_averages=False, L2=0.0, grad_clip=0.0))
    for name, rate in (("plm.encoder.layer.1.", 1e-3), ("plm.encoder.layer.0.", 1e-4), ("plm.embeddings.", 1e-5)):
        steps = [
            float((p - before[n]).detach().abs().max()) for n, p in module.named_parameters() if n.startswith(name)
        ]
        assert max(steps) == pytest.approx(rate, rel=0.05)


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("layer", [-1, "mix"])
def test_gradient_equals_finite_differences(kind: str, layer: Any, nlp: Language, make_encoder: Any) -> None:
    """Through windows, batches, alignment and pooling."""
    model = make_encoder(kind, layer=layer, window=12, overlap=2, max_batch_cells=64)
    module = model.shims[0].module
    if kind != "longformer":  # its masked softmax is for float32 only
        module.double()
    docs = [nlp.make_doc(TEXT), nlp.make_doc(""), nlp.make_doc("the αβ 😀 cell")]
    generator = np.random.default_rng(0)
    vectors, backprop = model.begin_update(docs)
    gradients = [generator.normal(size=array.shape).astype("float32") for array in vectors]
    backprop(gradients)

    def value() -> float:
        found = model.predict(docs)
        return sum(float((a.astype("f8") * g).sum()) for a, g in zip(found, gradients, strict=True))

    checked = 0
    for _, param in list(module.named_parameters())[::3]:
        if param.grad is None:
            continue
        direction = torch.from_numpy(generator.normal(size=tuple(param.shape))).to(param.dtype)
        wanted = float((param.grad * direction).sum())
        step = (1e-3 if kind == "longformer" else 1e-4) / max(1.0, abs(wanted))
        with torch.no_grad():
            param.add_(step * direction)
            above = value()
            param.sub_(2 * step * direction)
            below = value()
            param.add_(step * direction)
        assert (above - below) / (2 * step) == pytest.approx(wanted, rel=0.02, abs=0.05)
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_evaluation_and_training_agree(kind: str, nlp: Language, make_encoder: Callable[..., Any]) -> None:
    """No dropout inside the encoder, neither in a fresh one nor in one that was loaded."""
    model = make_encoder(kind)
    docs = [nlp.make_doc(TEXT)]
    for other in (model, model.copy()):
        trained, _ = other.begin_update(docs)
        np.testing.assert_allclose(trained[0], model.predict(docs)[0], atol=2e-5)


def test_piece_dropout_masks_in_training_only(nlp: Language, make_encoder: Any) -> None:
    model = make_encoder("bert", piece_dropout=0.5)
    docs = [nlp.make_doc(TEXT)]
    torch.manual_seed(0)
    trained, _ = model.begin_update(docs)
    predicted = model.predict(docs)
    assert np.abs(trained[0] - predicted[0]).max() > 1e-3
    np.testing.assert_array_equal(predicted[0], make_encoder("bert").predict(docs)[0])
