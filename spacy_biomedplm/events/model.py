"""The architecture "spacy-biomedplm.EventExtractor.v1": documents in, events or what they teach out."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats1d, Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.events.layout import lay_out
from spacy_biomedplm.events.learning import STAGES, Lesson, lesson_losses
from spacy_biomedplm.events.network import EventNetwork
from spacy_biomedplm.events.prediction import Found, Page, Thresholds, find_events
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.layers.torch_shim import TorchShim, torch_shim

EventInput: TypeAlias = tuple[list[Doc], list[Lesson], list[EventScheme]]


def build_event_extractor(
    tok2vec: Model[list[Doc], list[Floats2d]],
    hidden_width: int = 256,
    attention_heads: int = 4,
    lr_scale: float = 1.0,
    average_decay: float = 0.0,
) -> Model[EventInput, Floats1d]:
    """Return a model of events.

    tok2vec (Model[list[Doc], list[Floats2d]]): Encoder, or listener to one.
    hidden_width (int): Width of what represents triggers, roles and events.
    attention_heads (int): Of the attention of roles to the words of their sentence; must divide hidden_width.
    lr_scale (float): Factor on the learning rate of the config for this head.
    average_decay (float): Decay of the moving average of the weights, in [0, 1); 0 keeps none.
    RETURNS (Model): In training the loss of each stage, shape (4,).
    """
    shim = TorchShim(EventNetwork, partial(_groups, lr_scale=lr_scale), average_decay=average_decay)
    settings = {"hidden": hidden_width, "heads": attention_heads}
    output: Model[Any, Floats1d] = Model(
        "event_head", _learn, dims={"nO": len(STAGES)}, attrs={"dropout_rate": 0.0, "settings": settings}, shims=[shim]
    )
    return Model(
        "event_extractor",
        forward,
        layers=[tok2vec, output],
        refs={"tok2vec": tok2vec, "output_layer": output},
    )


def _groups(network: torch.nn.Module, *, lr_scale: float) -> list[dict[str, Any]]:
    return [{"params": list(network.parameters()), "lr_scale": lr_scale}]


def set_schemes(model: Model[Any, Any], schemes: Sequence[EventScheme]) -> None:
    """Give a model that has not learned yet its network.

    model (Model): What ``build_event_extractor`` returned. schemes (Sequence[EventScheme]): Its guidelines.
    """
    output = model.get_ref("output_layer")
    width = model.get_ref("tok2vec").get_dim("nO")
    config = {**output.attrs["settings"], "width": width, **lay_out(schemes).sizes()}
    torch_shim(output).set_module(config, EventNetwork(config), torch.float32)


def forward(
    model: Model[EventInput, Floats1d], inputs: EventInput, is_train: bool
) -> tuple[Floats1d, Callable[[Floats1d], EventInput]]:
    """Return the losses of a batch, and the callback that takes their gradient."""
    docs, lessons, schemes = inputs
    vectors, backprop_vectors = model.get_ref("tok2vec")(docs, is_train)
    losses, backprop_losses = model.get_ref("output_layer")((vectors, lessons, schemes), is_train)

    def backprop(gradient: Floats1d) -> EventInput:
        backprop_vectors(backprop_losses(gradient)[0])
        return inputs

    return losses, backprop


def _learn(model: Model[Any, Floats1d], inputs: Any, is_train: bool) -> tuple[Floats1d, Callable[[Floats1d], Any]]:
    vectors, lessons, schemes = inputs
    shim = torch_shim(model)
    if not lessons:
        nothing = [model.ops.alloc2f(*array.shape) for array in vectors]
        return model.ops.alloc1f(len(STAGES)), lambda gradient: (nothing, lessons, schemes)
    joined = _join(vectors, shim).requires_grad_(is_train)
    shim.module.train(is_train)
    with torch.set_grad_enabled(is_train):
        dropout = model.attrs["dropout_rate"] if is_train else 0.0
        losses = lesson_losses(
            cast(EventNetwork, shim.module), joined, lessons, schemes, lay_out(schemes), (0.3, 0.3), dropout
        )
    ends = np.cumsum([len(array) for array in vectors])[:-1].tolist()

    def backprop(gradient: Floats1d) -> Any:
        losses.backward(xp2torch(gradient, device=shim.device))
        assert joined.grad is not None
        return model.ops.xp.split(torch2xp(joined.grad, ops=model.ops), ends), lessons, schemes

    return cast(Floats1d, torch2xp(losses.detach(), ops=model.ops)), backprop


def predict_events(
    model: Model[Any, Any],
    docs: Sequence[Doc],
    pages: Sequence[Page],
    schemes: Sequence[EventScheme],
    thresholds: Thresholds,
    max_pairs: int,
) -> list[Found]:
    """Return the events of each page.

    model (Model): What ``build_event_extractor`` returned. docs (Sequence[Doc]): Documents, not all of them empty.
    pages (Sequence[Page]): Of these. schemes, thresholds, max_pairs: See ``find_events``.
    """
    vectors = model.get_ref("tok2vec").predict(list(docs))
    shim = torch_shim(model.get_ref("output_layer"))
    shim.module.eval()
    with torch.no_grad():
        network = cast(EventNetwork, shim.module)
        return find_events(network, _join(vectors, shim), pages, schemes, lay_out(schemes), thresholds, max_pairs)


def _join(vectors: Sequence[Floats2d], shim: TorchShim) -> torch.Tensor:
    # spacy-transformers gives an empty document vectors of width 0.
    return torch.cat([xp2torch(array, device=shim.device) for array in vectors if len(array)])
