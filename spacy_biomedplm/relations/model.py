"""The architecture "spacy-biomedplm.PairClassifier.v1": documents and pairs in, scores of labels out."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.pair_network import ContextPooling, PairNetwork, Pooling
from spacy_biomedplm.layers.pairs import PairArrays
from spacy_biomedplm.layers.ranges import check_head
from spacy_biomedplm.layers.torch_shim import TorchShim, torch_shim

PairInput: TypeAlias = tuple[list[Doc], PairArrays]
VectorInput: TypeAlias = tuple[list[Floats2d], PairArrays]


def build_pair_classifier(
    tok2vec: Model[list[Doc], list[Floats2d]],
    pooling: Pooling = "max",
    context: ContextPooling = "pair",
    hidden_width: int = 256,
    attention_heads: int = 4,
    bilinear_blocks: int = 0,
    lr_scale: float = 1.0,
    average_decay: float = 0.0,
    encoder_scale: float = 1.0,
) -> Model[PairInput, Floats2d]:
    """Return a model that scores pairs of mentions or concepts.

    tok2vec (Model[list[Doc], list[Floats2d]]): Encoder, or listener to one.
    pooling ("start" | "ends" | "mean" | "max"): Which tokens of a mention make its vector; of a marked mention the
        first is the mark (Baldini Soares et al., 2019). Vectors of several mentions of a concept are joined by the
        logarithm of the sum of exponentials.
    context ("none" | "first" | "attention" | "pair"): What of the words around is added: nothing; the vector of the
        first token; the attention summary of all (Su and Vijay-Shanker, 2022); or one for each pair, by attention that
        knows the two ends and how far each word is from them.
    hidden_width (int): Width of the layer before the scores, and of attention by pair.
    attention_heads (int): Of attention by pair; must divide hidden_width.
    bilinear_blocks (int): Blocks of a grouped bilinear form of head and tail (Zhou et al., 2021, ATLOP); must divide
        hidden_width; 0 takes the product of the two instead.
    lr_scale (float): Factor on the learning rate of the config for this head.
    average_decay (float): Decay of the moving average of the weights, in [0, 1); 0 keeps none.
    encoder_scale (float): Factor on the gradient that the encoder gets from this head: below 1 where others share it.
    RETURNS (Model[PairInput, Floats2d]): Shape (pairs, scores of all guidelines).
    RAISES (BiomedplmError): B005 or B221 for a number that cannot be.
    """
    check_head(hidden_width=hidden_width, lr_scale=lr_scale, average_decay=average_decay, encoder_scale=encoder_scale)
    for name, value in (("attention_heads", attention_heads), ("bilinear_blocks", bilinear_blocks)):
        if value < 0 or (value and hidden_width % value) or (name == "attention_heads" and not value):
            wanted = f"a divisor of hidden_width = {hidden_width}"
            raise BiomedplmError(coded("B221", setting=name, found=value, wanted=wanted))
    shim = TorchShim(PairNetwork, partial(_groups, lr_scale=lr_scale), average_decay=average_decay)
    settings = {
        "pooling": pooling,
        "context": context,
        "hidden": hidden_width,
        "heads": attention_heads,
        "blocks": bilinear_blocks,
    }
    output: Model[VectorInput, Floats2d] = Model(
        "pair_head", _judge, dims={"nO": None}, attrs={"dropout_rate": 0.0, "settings": settings}, shims=[shim]
    )
    return Model(
        "pair_classifier",
        forward,
        layers=[tok2vec, output],
        refs={"tok2vec": tok2vec, "output_layer": output},
        attrs={"encoder_scale": encoder_scale},
    )


def _groups(network: torch.nn.Module, *, lr_scale: float) -> list[dict[str, Any]]:
    return [{"params": list(network.parameters()), "lr_scale": lr_scale}]


def set_outputs(model: Model[Any, Any], *, types: int, columns: int, represents: bool) -> None:
    """Give a model that has not learned yet its network.

    model (Model): What ``build_pair_classifier`` returned.
    types (int): Number of types of entities. columns (int): Number of scores.
    represents (bool): Whether it gives what the scores are computed from too, for contrastive learning.
    """
    output = model.get_ref("output_layer")
    config = {
        **output.attrs["settings"],
        "width": model.get_ref("tok2vec").get_dim("nO"),
        "types": types,
        "columns": columns,
        "represents": represents,
    }
    torch_shim(output).set_module(config, PairNetwork(config), torch.float32)
    output.set_dim("nO", columns, force=True)


def forward(
    model: Model[PairInput, Floats2d], inputs: PairInput, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], PairInput]]:
    """Return the scores of pairs, and the callback that takes their gradient."""
    docs, pairs = inputs
    vectors, backprop_vectors = model.get_ref("tok2vec")(docs, is_train)
    scores, backprop_scores = model.get_ref("output_layer")((vectors, pairs), is_train)

    def backprop(gradient: Floats2d) -> PairInput:
        backprop_vectors([model.attrs["encoder_scale"] * array for array in backprop_scores(gradient)[0]])
        return inputs

    return scores, backprop


def _judge(
    model: Model[VectorInput, Floats2d], inputs: VectorInput, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], VectorInput]]:
    vectors, pairs = inputs
    shim = torch_shim(model)
    if not len(pairs):
        nothing = [model.ops.alloc2f(*array.shape) for array in vectors]
        return model.ops.alloc2f(0, model.get_dim("nO")), lambda gradient: (nothing, pairs)
    # spacy-transformers gives an empty document vectors of width 0.
    filled = [xp2torch(array, device=shim.device) for array in vectors if len(array)]
    joined = torch.cat(filled).requires_grad_(is_train)
    shim.module.train(is_train)
    with torch.set_grad_enabled(is_train):
        scores = shim.module(joined, pairs, model.attrs["dropout_rate"] if is_train else 0.0)
    ends = np.cumsum([len(array) for array in vectors])[:-1].tolist()

    def backprop(gradient: Floats2d) -> VectorInput:
        scores.backward(xp2torch(gradient, device=shim.device))
        assert joined.grad is not None
        return model.ops.xp.split(torch2xp(joined.grad, ops=model.ops), ends), pairs

    return cast(Floats2d, torch2xp(scores.detach(), ops=model.ops)), backprop
