"""Static word vectors of raw text, and the map from them into the embeddings of a language model (numpy and torch)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.words import BREAK, WordCounts

Rows = NDArray[np.float32]
Ids = NDArray[np.int64]

_CONTEXT_POWER = 0.75
_HELD_OUT = 10
_LEAST_SHARED = 20


@dataclass(frozen=True)
class WordVectors:
    """Vectors of the frequent words.

    numbers (Ids): Places of the words in ``WordCounts.words``, shape (n,).
    rows (Rows): Their vectors, shape (n, width).
    """

    numbers: Ids
    rows: Rows


def train_vectors(
    counts: WordCounts, *, width: int = 200, window: int = 5, min_count: int = 5, max_words: int = 60_000
) -> WordVectors:
    """Return vectors of words that are alike where the words around them are alike.

    counts (WordCounts): With ``order``.
    width (int): Components; fewer if there are fewer words.
    window (int): Words on each side; a neighbour at distance d counts 1 - (d - 1) / window.
    min_count (int): Rarer words have no vector. max_words (int): Of the others the most frequent have one.

    Positive pointwise mutual information under a truncated singular value decomposition: what word2vec's skip-gram with
    negative sampling factorises too (Levy & Goldberg, 2014), with smoothed contexts and the roots of the singular
    values (Levy et al., 2015).
    """
    import torch

    frequent = np.argsort(-counts.counts, kind="stable")[:max_words]
    frequent = frequent[counts.counts[frequent] >= min_count]
    n_words = len(frequent)
    if n_words < _LEAST_SHARED or counts.order is None:
        raise BiomedplmError(coded("B516", found=n_words, wanted=_LEAST_SHARED))
    # One place more than words: BREAK, which is -1, finds itself there.
    rank = np.full(len(counts.words) + 1, BREAK, dtype=np.int64)
    rank[frequent] = np.arange(n_words)
    matrix = _mutual_information(*_count_neighbours(counts.order, rank, n_words, window), n_words)
    columns = min(width, n_words - 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        left, values, _ = torch.svd_lowrank(matrix, q=min(columns + 16, n_words), niter=3)
    rows = left[:, :columns] * values[:columns].sqrt()
    return WordVectors(frequent, rows.numpy())


def _count_neighbours(order: NDArray[np.int32], rank: Ids, n_words: int, window: int) -> tuple[Ids, NDArray[Any]]:
    """Return pairs of words, as first * n_words + second with first <= second, and how often they are neighbours."""
    numbers = rank[order]
    documents = np.cumsum(order == BREAK, dtype=np.int32)
    keys, weights = [], []
    for distance in range(1, window + 1):
        left, right = numbers[:-distance], numbers[distance:]
        near = (left >= 0) & (right >= 0) & (documents[:-distance] == documents[distance:])
        left, right = left[near], right[near]
        found, times = np.unique(np.minimum(left, right) * n_words + np.maximum(left, right), return_counts=True)
        keys.append(found)
        weights.append(times * (1 - (distance - 1) / window))
    every, place = np.unique(np.concatenate(keys), return_inverse=True)
    return every, np.bincount(place, np.concatenate(weights), len(every))


def _mutual_information(keys: Ids, weights: NDArray[Any], n_words: int) -> Any:
    """Return log(p(word, context) / (p(word) p(context))) where that is above 0, as a sparse matrix of torch."""
    import torch

    first, second = np.divmod(keys, n_words)
    # Both words of a pair are context of the other; a word beside itself is so twice, in one cell.
    mixed = first != second
    words, contexts = np.concatenate([first, second[mixed]]), np.concatenate([second, first[mixed]])
    weights = np.concatenate([np.where(mixed, weights, 2 * weights), weights[mixed]])
    sums = np.bincount(words, weights, n_words)
    smoothed = sums**_CONTEXT_POWER
    with np.errstate(divide="ignore"):
        logs = np.log(weights) - np.log(sums)[words] - np.log(smoothed / smoothed.sum())[contexts]
    kept = logs > 0
    places = torch.from_numpy(np.stack([words[kept], contexts[kept]]))
    values = torch.from_numpy(logs[kept].astype(np.float32))
    return torch.sparse_coo_tensor(places, values, (n_words, n_words), check_invariants=True).coalesce()


@dataclass(frozen=True)
class Alignment:
    """Where a map puts words among the rows of the embeddings, and how well.

    rows (Rows): One for each word that was wanted, shape (n_wanted, width of the embeddings).
    cosine (float): Mean cosine between mapped and true rows of shared words that the map was not fitted to; both
        without the mean of all rows.
    n_shared (int): Words that the map was fitted to.
    """

    rows: Rows
    cosine: float
    n_shared: int


def align(shared: Rows, embedded: Rows, wanted: Rows) -> Alignment:
    """Map word vectors into the space of embeddings.

    shared (Rows): Vectors of words that have a row in the embeddings, shape (n_shared, width).
    embedded (Rows): Those rows, shape (n_shared, width of the embeddings).
    wanted (Rows): Vectors of words that shall have one, shape (n_wanted, width).
    RAISES (BiomedplmError): B516 if there are too few shared words.

    Least squares over the shared words, as Poerner et al. (2020), GreenBioBERT, with an intercept.
    """
    if len(shared) < _LEAST_SHARED:
        raise BiomedplmError(coded("B516", found=len(shared), wanted=_LEAST_SHARED))
    held_out = np.arange(len(shared)) % _HELD_OUT == 0
    guess = _fit(shared[~held_out], embedded[~held_out], shared[held_out])
    mean = embedded.mean(axis=0)
    return Alignment(
        rows=_fit(shared, embedded, wanted),
        cosine=float(cosines(guess - mean, embedded[held_out] - mean).mean()),
        n_shared=len(shared),
    )


def _fit(source: Rows, target: Rows, wanted: Rows) -> Rows:
    """Return the image of rows under the affine map that fits source to target best."""
    solution, *_ = np.linalg.lstsq(_with_one(source), target, rcond=None)
    mapped: Rows = (_with_one(wanted) @ solution).astype(np.float32)
    return mapped


def _with_one(rows: Rows) -> NDArray[np.float64]:
    return np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float64)


def cosines(left: Rows, right: Rows) -> Rows:
    """Return the cosine of each row with the row beside it; 0 where one of them is zero."""
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    found: Rows = np.divide((left * right).sum(axis=1), norms, out=np.zeros(len(left), np.float32), where=norms > 0)
    return found
