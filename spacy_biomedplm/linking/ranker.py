"""A small network that gives candidates of a mention a score each, and what it learns from."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from thinc.api import Linear, Model, Relu, chain, with_array, zero_init
from thinc.types import Floats2d

# Features that differ less than this are the same for all candidates.
_CONSTANT = 1e-6


def build_concept_ranker(hidden_width: int = 0) -> Model[list[Floats2d], list[Floats2d]]:
    """Return the network registered as "spacy-biomedplm.ConceptRanker.v1".

    hidden_width (int): Width of a hidden layer; 0 for none, which generalises better from a few thousand mentions.
    RETURNS (Model[list[Floats2d], list[Floats2d]]): From the features of each mention's candidates, shape (candidates,
        features), to one score for each candidate, shape (candidates, 1).
    """
    scale = _standardise()
    layers: list[Model[Floats2d, Floats2d]] = [scale]
    if hidden_width:
        layers.append(Relu(nO=hidden_width))
    layers.append(Linear(nO=1, init_W=zero_init) if not hidden_width else Linear(nO=1))
    model = cast(Model[list[Floats2d], list[Floats2d]], with_array(chain(*layers)))
    model.set_ref("scale", scale)
    return model


def as_floats(model: Model[Any, Any], arrays: Sequence[NDArray[np.float32]]) -> list[Floats2d]:
    """Return arrays as those of the device of a network. model (Model), arrays (Sequence[NDArray[float32]]): They."""
    return [cast(Floats2d, model.ops.asarray(cast(Floats2d, rows), dtype="float32")) for rows in arrays]


def fit_scale(model: Model[list[Floats2d], list[Floats2d]], features: NDArray[np.float32]) -> None:
    """Have the network bring features to mean 0 and deviation 1.

    model (Model): From ``build_concept_ranker``.
    features (NDArray[float32]): A sample, shape (n, features).
    """
    scale = model.get_ref("scale")
    deviation = features.std(axis=0)
    mean, deviation = features.mean(axis=0), np.where(deviation > _CONSTANT, deviation, 1.0)
    for name, values in zip(("mean", "deviation"), as_floats(model, [mean[None], deviation[None]]), strict=True):
        scale.set_param(name, values)


def _standardise() -> Model[Floats2d, Floats2d]:
    return Model("standardise", _standardise_forward, params={"mean": None, "deviation": None})


def _standardise_forward(
    model: Model[Floats2d, Floats2d], features: Floats2d, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    deviation = model.get_param("deviation")
    return (features - model.get_param("mean")) / deviation, lambda gradient: gradient / deviation


def probabilities(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the probability of each candidate of one mention.

    scores (NDArray[float32]): Of the candidates, one of which is that there is no concept.
    """
    shifted = np.exp(scores.astype(np.float64) - scores.max())
    return cast(NDArray[np.float64], shifted / shifted.sum())


def ranking_loss(
    scores: Sequence[NDArray[np.float32]], right: Sequence[NDArray[np.bool_]]
) -> tuple[float, list[NDArray[np.float32]]]:
    """Return the mean loss of mentions and its gradient.

    scores (Sequence[NDArray[float32]]): Of each mention's candidates, shape (candidates, 1).
    right (Sequence[NDArray[bool]]): Which of them are right, shape (candidates,); a mention without any teaches
        nothing.
    RETURNS (tuple[float, list[NDArray[float32]]]): The negative logarithm of the probability that the right candidates
        have together (Sung et al. 2020, BioSyn), averaged over the mentions that have one; gradients, shape
        (candidates, 1).
    """
    usable = sum(bool(rows.any()) for rows in right)
    total = 0.0
    gradients = []
    for values, rows in zip(scores, right, strict=True):
        if not rows.any():
            gradients.append(np.zeros_like(values))
            continue
        found = probabilities(values[:, 0])
        share = max(float(found[rows].sum()), 1e-12)
        total -= np.log(share)
        wanted = np.where(rows, found / share, 0.0)
        gradients.append(((found - wanted)[:, None] / usable).astype(np.float32))
    return total / max(usable, 1), gradients
