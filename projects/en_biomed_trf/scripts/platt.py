"""Platt scaling of log-odds, and the calibration error; numpy only."""

import numpy as np
from numpy.typing import NDArray

# A slope near 0 or below would turn the order of the scores around; no head is that bad, few mentions can look so.
_LEAST_SLOPE = 0.05


def log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, at most 34.5 away from 0."""
    clipped = np.clip(probabilities, 1e-15, 1 - 1e-15)
    return np.log(clipped) - np.log1p(-clipped)


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of log-odds."""
    return np.exp(-np.logaddexp(0, -values))


def fit_platt(values: NDArray[np.float64], right: NDArray[np.bool_], *, prior: float = 1.0) -> tuple[float, float]:
    """Return the slope and intercept that make log-odds calibrated.

    values (NDArray[np.float64]): Log-odds, one per mention.
    right (NDArray[np.bool_]): Whether the mention is right.
    prior (float): Strength of the pull towards the identity, slope 1 and intercept 0; that of as many squares.
        Without it, a guideline with few mentions, all of them right, has no finite solution.
    RETURNS (tuple[float, float]): Slope, at least 0.05, and intercept; (1, 0) without mentions.

    The likelihood of Platt (1999), by Newton's method; slope and intercept as Guo et al. (2017), section 4.1.
    """
    features = np.stack([values, np.ones_like(values)], axis=1)
    weights = _newton(
        features, right.astype(np.float64), prior, free=np.array([True, True]), start=np.array([1.0, 0.0])
    )
    if weights[0] < _LEAST_SLOPE:
        start = np.array([_LEAST_SLOPE, 0.0])
        weights = _newton(features, right.astype(np.float64), prior, free=np.array([False, True]), start=start)
    return float(weights[0]), float(weights[1])


def _newton(
    features: NDArray[np.float64],
    right: NDArray[np.float64],
    prior: float,
    *,
    free: NDArray[np.bool_],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    centre = np.array([1.0, 0.0])

    def loss(weights: NDArray[np.float64]) -> float:
        scores = features @ weights
        penalty = prior / 2 * np.square(weights - centre).sum()
        return float((np.logaddexp(0, scores) - right * scores).sum() + penalty)

    weights = start
    for _ in range(100):
        probabilities = sigmoid(features @ weights)
        gradient = features.T @ (probabilities - right) + prior * (weights - centre)
        curvature = (features * (probabilities * (1 - probabilities))[:, None]).T @ features + prior * np.eye(2)
        step = np.zeros(2)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        # The loss is convex; halving keeps the first steps, which can be far too long, from overshooting.
        while loss(weights - step) > loss(weights) and np.abs(step).max() > 1e-9:
            step /= 2
        weights = weights - step
        if np.abs(step).max() <= 1e-9:
            break
    return weights


def calibration_error(probabilities: NDArray[np.float64], right: NDArray[np.bool_], *, bins: int = 15) -> float:
    """Return the expected calibration error: the mean distance between stated probability and share that is right.

    probabilities (NDArray[np.float64]): One per mention.
    right (NDArray[np.bool_]): Whether the mention is right.
    bins (int): Bins of equal numbers of mentions; 0 mentions have an error of 0.
    RETURNS (float): In [0, 1].
    """
    if not len(probabilities):
        return 0.0
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    distances = [len(part) * abs(float(probabilities[part].mean() - right[part].mean())) for part in parts]
    return sum(distances) / len(order)


def cross_validated(
    values: NDArray[np.float64],
    right: NDArray[np.bool_],
    documents: NDArray[np.int64],
    *,
    prior: float = 1.0,
    folds: int = 5,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the calibrated probability of each mention, fitted on the documents of the other folds.

    values, right: As for ``fit_platt``.
    documents (NDArray[np.int64]): Number of the document of each mention; a document is in one fold.
    prior (float): As for ``fit_platt``.
    folds (int): Number of folds.
    seed (int): Seed of the choice of folds.
    """
    names, document_of = np.unique(documents, return_inverse=True)
    fold_of = np.random.default_rng(seed).permutation(len(names)) % folds
    result = np.zeros(len(values))
    for fold in range(folds):
        held = fold_of[document_of] == fold
        slope, intercept = fit_platt(values[~held], right[~held], prior=prior)
        result[held] = sigmoid(slope * values[held] + intercept)
    return result
