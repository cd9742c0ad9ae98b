"""The architectures of events: documents in, events or what they teach out."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats1d, Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.events.layout import lay_out
from spacy_biomedplm.events.learning import STAGES, Lesson, lesson_losses
from spacy_biomedplm.events.network import EventNetwork, TriggerNetwork
from spacy_biomedplm.events.prediction import Found, Page, Thresholds, find_events
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.events.tagging import TaggingNetwork, find_by_tags, tagging_losses, tagging_sizes
from spacy_biomedplm.layers.ranges import check_head, check_range
from spacy_biomedplm.layers.torch_shim import TorchShim, torch_shim

_PASSED_ON = (0.2, 0.2)
"""Probabilities above which wrong triggers and wrong roles are passed on in training."""

EventInput: TypeAlias = tuple[list[Doc], list[Lesson], list[EventScheme]]


def build_event_extractor(
    tok2vec: Model[list[Doc], list[Floats2d]],
    hidden_width: int = 256,
    attention_heads: int = 4,
    lr_scale: float = 1.0,
    average_decay: float = 0.0,
    encoder_scale: float = 1.0,
) -> Model[EventInput, Floats1d]:
    """Return a model of events that scores each candidate event (as DeepEventMine, Trieu et al., 2020, does).

    tok2vec (Model[list[Doc], list[Floats2d]]): Encoder, or listener to one.
    hidden_width (int): Width of what represents triggers, roles and events.
    attention_heads (int): Of the attention of roles to the words of their sentence; must divide hidden_width.
    lr_scale (float): Factor on the learning rate of the config for this head.
    average_decay (float): Decay of the moving average of the weights, in [0, 1); 0 keeps none.
    encoder_scale (float): Factor on the gradient that the encoder gets from this head: below 1 where others share it.
    RETURNS (Model): In training the loss of each stage, shape (4,).
    RAISES (BiomedplmError): B005 for a number that cannot be.
    """
    check_range(
        "attention_heads",
        attention_heads,
        attention_heads >= 1 and hidden_width % attention_heads == 0,
        f"a divisor of hidden_width = {hidden_width}",
    )
    settings = {"hidden": hidden_width, "heads": attention_heads}
    return _build(tok2vec, "templates", settings, lr_scale, average_decay, encoder_scale)


def build_event_tagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    hidden_width: int = 256,
    lr_scale: float = 1.0,
    average_decay: float = 0.0,
    encoder_scale: float = 1.0,
) -> Model[EventInput, Floats1d]:
    """Return a model that labels words with their roles and makes events by rule (BEESL, Ramponi et al., 2020).

    tok2vec (Model[list[Doc], list[Floats2d]]): Encoder, or listener to one.
    hidden_width, lr_scale, average_decay, encoder_scale: See ``build_event_extractor``.
    RETURNS (Model): In training the loss of each stage, shape (4,).
    RAISES (BiomedplmError): B005 for a number that cannot be.
    """
    return _build(tok2vec, "tags", {"hidden": hidden_width}, lr_scale, average_decay, encoder_scale)


class _Decoder(NamedTuple):
    network: type[TriggerNetwork]
    sizes: Callable[[Sequence[EventScheme]], dict[str, int]]
    learn: Callable[..., torch.Tensor]
    find: Callable[..., list[Found]]


_DECODERS = {
    "templates": _Decoder(EventNetwork, lambda schemes: lay_out(schemes).sizes(), lesson_losses, find_events),
    "tags": _Decoder(TaggingNetwork, tagging_sizes, tagging_losses, find_by_tags),
}


def _decoder(model: Model[Any, Any]) -> _Decoder:
    return _DECODERS[model.get_ref("output_layer").attrs["decoder"]]


def _build(
    tok2vec: Model[list[Doc], list[Floats2d]],
    decoder: str,
    settings: dict[str, int],
    lr_scale: float,
    average_decay: float,
    encoder_scale: float,
) -> Model[EventInput, Floats1d]:
    check_head(
        hidden_width=settings["hidden"], lr_scale=lr_scale, average_decay=average_decay, encoder_scale=encoder_scale
    )
    groups = partial(_groups, lr_scale=lr_scale)
    shim = TorchShim(_DECODERS[decoder].network, groups, average_decay=average_decay)
    output: Model[Any, Floats1d] = Model(
        "event_head",
        _learn,
        dims={"nO": len(STAGES)},
        attrs={"dropout_rate": 0.0, "settings": settings, "decoder": decoder},
        shims=[shim],
    )
    return Model(
        "event_extractor",
        forward,
        layers=[tok2vec, output],
        refs={"tok2vec": tok2vec, "output_layer": output},
        attrs={"encoder_scale": encoder_scale},
    )


def _groups(network: torch.nn.Module, *, lr_scale: float) -> list[dict[str, Any]]:
    return [{"params": list(network.parameters()), "lr_scale": lr_scale}]


def set_schemes(model: Model[Any, Any], schemes: Sequence[EventScheme]) -> None:
    """Give a model that has not learned yet its network.

    model (Model): What ``build_event_extractor`` returned. schemes (Sequence[EventScheme]): Its guidelines.
    """
    output = model.get_ref("output_layer")
    width = model.get_ref("tok2vec").get_dim("nO")
    decoder = _decoder(model)
    config = {**output.attrs["settings"], "width": width, **decoder.sizes(schemes)}
    torch_shim(output).set_module(config, decoder.network(config), torch.float32)


def forward(
    model: Model[EventInput, Floats1d], inputs: EventInput, is_train: bool
) -> tuple[Floats1d, Callable[[Floats1d], EventInput]]:
    """Return the losses of a batch, and the callback that takes their gradient."""
    docs, lessons, schemes = inputs
    vectors, backprop_vectors = model.get_ref("tok2vec")(docs, is_train)
    losses, backprop_losses = model.get_ref("output_layer")((vectors, lessons, schemes), is_train)

    def backprop(gradient: Floats1d) -> EventInput:
        backprop_vectors([model.attrs["encoder_scale"] * array for array in backprop_losses(gradient)[0]])
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
        learn = _DECODERS[model.attrs["decoder"]].learn
        losses = learn(shim.module, joined, lessons, schemes, lay_out(schemes), _PASSED_ON, dropout)
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
        find = _decoder(model).find
        return find(shim.module, _join(vectors, shim), pages, schemes, lay_out(schemes), thresholds, max_pairs)


def _join(vectors: Sequence[Floats2d], shim: TorchShim) -> torch.Tensor:
    # spacy-transformers gives an empty document vectors of width 0.
    return torch.cat([xp2torch(array, device=shim.device) for array in vectors if len(array)])
