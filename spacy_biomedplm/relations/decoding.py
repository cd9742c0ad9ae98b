"""From the scores of a pair to its labels (numpy only)."""

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.relations.loss import Objective
from spacy_biomedplm.relations.schemes import Columns, Scheme


def decode(
    scores: NDArray[np.float32], scheme: Scheme, columns: Columns, objective: Objective, threshold: float
) -> tuple[list[tuple[int, float]], int]:
    """Return the labels of a pair with their probabilities, and the value of its attribute.

    scores (NDArray[float32]): All scores of the pair.
    scheme (Scheme): The guideline. columns (Columns): Its places among the scores.
    objective (Objective): What the model has learned.
    threshold (float): Probability that a pair needs, with "softmax" of any relation; not for "adaptive_threshold".
    RETURNS (tuple): Numbers of labels, one at most unless the scheme has several for a pair; number of the value, 0 if
        the scheme has no attribute.
    """
    own = scores[columns.labels].astype(np.float64)
    values = scores[columns.values]
    if objective == "softmax":
        weights = np.exp(own - own.max())
        chances = (weights / weights.sum())[1:]
        passing = np.array([chances.argmax()]) if chances.sum() >= threshold else np.zeros(0, dtype=np.int64)
    else:
        margin = own[0] if objective == "adaptive_threshold" else 0.0
        chances = 1 / (1 + np.exp(-np.clip(own[1:] - margin, -500, 500)))
        passing = np.flatnonzero(own[1:] > margin if objective == "adaptive_threshold" else chances >= threshold)
        if len(passing) > 1 and not scheme.multiple:
            passing = passing[[chances[passing].argmax()]]
    labels = [(int(label), round(float(chances[label]), 6)) for label in passing]
    return labels, int(values.argmax()) if len(values) else 0
