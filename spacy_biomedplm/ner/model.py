"""The architecture "spacy-biomedplm.TokenTagger.v1": token vectors in, scores of every guideline's tags out."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.layers.ranges import check_head
from spacy_biomedplm.layers.torch_shim import TorchShim, torch_shim
from spacy_biomedplm.ner.network import TaggerNetwork, tagger_groups
from spacy_biomedplm.ner.tags import make_schemes

Head = Literal["linear", "bilstm", "crf", "bilstm_crf"]


def build_token_tagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    head: Head = "linear",
    hidden_width: int = 128,
    lr_scale: float = 1.0,
    average_decay: float = 0.0,
) -> Model[list[Doc], list[Floats2d]]:
    """Return a model that scores, for every token, the BIOES tags of every guideline.

    tok2vec (Model[list[Doc], list[Floats2d]]): Encoder, or listener to one.
    head ("linear" | "bilstm" | "crf" | "bilstm_crf"): With "bilstm", one BiLSTM layer reads the vectors first; with
        "crf", transitions between tags have learned scores. Sequences are legal with every head.
    hidden_width (int): Width of each direction of the BiLSTM.
    lr_scale (float): Factor on the learning rate of the config for this head; transitions learn ten times as fast.
    average_decay (float): Decay of the moving average of the weights, in [0, 1); 0 keeps none.
    RETURNS (Model[list[Doc], list[Floats2d]]): One array of shape (tokens, tags of all guidelines) per document.
    RAISES (BiomedplmError): B005 for a number that cannot be.
    """
    check_head(hidden_width=hidden_width, lr_scale=lr_scale, average_decay=average_decay)
    shim = TorchShim(build_network, partial(tagger_groups, lr_scale=lr_scale), average_decay=average_decay)
    output: Model[list[Floats2d], list[Floats2d]] = Model(
        "tagger_head",
        forward,
        dims={"nO": None},
        attrs={"dropout_rate": 0.0, "head": head, "hidden_width": hidden_width},
        shims=[shim],
    )
    model: Model[list[Doc], list[Floats2d]] = chain(tok2vec, output)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output)
    return model


def build_network(config: dict[str, Any]) -> TaggerNetwork:
    """Return the network of a stored config: width, guidelines, hidden width and whether it has transitions."""
    schemes = make_schemes(config["guidelines"])
    return TaggerNetwork(config["width"], schemes, hidden=config["hidden"], crf=config["crf"])


def set_guidelines(model: Model[Any, Any], guidelines: dict[str, list[str]]) -> None:
    """Give a model that has not learned yet its guidelines, and make its network.

    model (Model): What ``build_token_tagger`` returned.
    guidelines (dict[str, list[str]]): Labels of each guideline.
    """
    output = model.get_ref("output_layer")
    head: str = output.attrs["head"]
    config = {
        "width": model.get_ref("tok2vec").get_dim("nO"),
        "guidelines": guidelines,
        "hidden": output.attrs["hidden_width"] if "bilstm" in head else 0,
        "crf": "crf" in head,
    }
    torch_shim(output).set_module(config, build_network(config), torch.float32)
    output.set_dim("nO", make_schemes(guidelines)[-1].columns.stop, force=True)


def predict_scores(model: Model[list[Doc], list[Floats2d]], docs: Sequence[Doc]) -> NDArray[np.float32]:
    """Return the scores of all documents in one array; ``model.predict`` gives an array per document.

    model (Model): What ``build_token_tagger`` returned.
    docs (Sequence[Doc]): Documents that the encoder has read, not all of them empty.
    RETURNS (NDArray[np.float32]): Shape (tokens of all documents, tags of all guidelines).
    """
    vectors = model.get_ref("tok2vec").predict(docs)
    with torch.no_grad():
        scores, _ = _score(torch_shim(model.get_ref("output_layer")), vectors, 0.0, is_train=False)
    return scores.cpu().numpy()


def forward(
    model: Model[list[Floats2d], list[Floats2d]], vectors: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    """Return the scores of each document's tokens, and the callback that takes the gradients of them."""
    shim = torch_shim(model)
    lengths = [len(array) for array in vectors]
    if not any(lengths):
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in vectors], lambda gradients: vectors
    ends = np.cumsum(lengths)[:-1].tolist()
    with torch.set_grad_enabled(is_train):
        scores, inputs = _score(shim, vectors, model.attrs["dropout_rate"] if is_train else 0.0, is_train=is_train)

    def backprop(gradients: list[Floats2d]) -> list[Floats2d]:
        scores.backward(torch.cat([xp2torch(gradient, device=shim.device) for gradient in gradients]))
        assert inputs.grad is not None
        return model.ops.xp.split(torch2xp(inputs.grad, ops=model.ops), ends)

    return model.ops.xp.split(torch2xp(scores.detach(), ops=model.ops), ends), backprop


def _score(
    shim: TorchShim, vectors: list[Floats2d], dropout: float, *, is_train: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the scores of all tokens, and the vectors that they were computed from."""
    # spacy-transformers gives an empty document vectors of width 0.
    filled = [xp2torch(array, device=shim.device) for array in vectors if len(array)]
    # One long document may hold gigabytes, so that alone it is not copied.
    inputs = filled[0] if len(filled) == 1 else torch.cat(filled)
    inputs = inputs.requires_grad_(is_train)
    return shim.module(inputs, [len(array) for array in vectors], dropout), inputs
