"""The torch module that judges pairs."""

from typing import Any, Literal, cast

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout as drop_out
from torch.nn.functional import gelu

from spacy_biomedplm.layers.pair_attention import BUCKETS, PairAttention, bucket
from spacy_biomedplm.layers.pairs import PairArrays
from spacy_biomedplm.layers.runs import highest_of_runs, spread_runs

Pooling = Literal["start", "ends", "mean", "max"]
ContextPooling = Literal["none", "first", "attention", "pair"]

_TYPE_WIDTH = 32
# Distances of words of contexts to mentions that are looked at together.
_MOST_CELLS = 400_000


class PairNetwork(nn.Module):
    """Scores of the labels of every guideline for pairs of ends.

    config (dict): "width" of the token vectors, "hidden" width, "types" (number of types of entities), "columns"
        (number of scores), "pooling" of the tokens of a mention, "context" pooling, "heads" of attention, "blocks" of
        the grouped bilinear form (0 for none), and whether it "represents" pairs: gives the layer before too.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, hidden = config["width"], config["hidden"]
        self.pooling: Pooling = config["pooling"]
        self.context: ContextPooling = config["context"]
        self.blocks: int = config["blocks"]
        end = 2 * width if self.pooling == "ends" else width
        self.types = nn.Embedding(config["types"], _TYPE_WIDTH)
        self.gaps = nn.Embedding(2 * BUCKETS, _TYPE_WIDTH)
        self.context_width = 0
        if self.context in ("attention", "first"):
            self.context_width = width
            self.key = nn.Linear(width, width)
            self.query = nn.Parameter(torch.randn(width) * width**-0.5)
        elif self.context == "pair":
            self.context_width = hidden
            self.attention = PairAttention(width, 2 * end + 2 * _TYPE_WIDTH, hidden, config["heads"])
        given = 2 * end + self.context_width + 3 * _TYPE_WIDTH
        if self.blocks:
            self.sides = nn.ModuleList([nn.Linear(end + self.context_width, hidden) for _ in range(2)])
            given += hidden * hidden // self.blocks
        else:
            given += end
        self.inner = nn.Linear(given, hidden)
        self.output = nn.Linear(hidden, config["columns"])
        self.represents = bool(config["represents"])

    def forward(self, vectors: torch.Tensor, pairs: PairArrays, dropout: float) -> torch.Tensor:
        """Return the scores.

        vectors (Tensor): Shape (tokens of all documents, width), float32.
        pairs (PairArrays): The pairs.
        dropout (float): Share of components set to 0, in [0, 1); in training only.
        RETURNS (Tensor): Shape (pairs, columns), followed, if the config says so, by what the scores are computed from,
            shape (pairs, columns + hidden).
        """
        cells = (pairs.contexts[:, 1] - pairs.contexts[:, 0]) * np.bincount(pairs.owners // 2, minlength=len(pairs))
        if self.training or cells.sum() <= _MOST_CELLS:
            return self._judge(vectors, pairs, dropout)
        ends = np.flatnonzero(np.diff(np.cumsum(cells) // _MOST_CELLS)) + 1
        parts = np.split(np.arange(len(pairs)), ends)
        return torch.cat([self._judge(vectors, pairs.chosen(part), dropout) for part in parts])

    def _judge(self, vectors: torch.Tensor, pairs: PairArrays, dropout: float) -> torch.Tensor:
        def drop(x: torch.Tensor) -> torch.Tensor:
            return drop_out(x, dropout, training=dropout > 0)

        device = vectors.device
        ends = drop(self._ends(vectors, pairs))
        head, tail = ends[0::2], ends[1::2]
        kinds = self.types(torch.from_numpy(pairs.types).to(device)).flatten(1)
        gap = self.gaps(torch.from_numpy(bucket(pairs.gaps)).to(device))
        context = drop(self._context(vectors, pairs, torch.cat([head, tail, kinds], 1)))
        if self.blocks:
            one, other = (
                torch.tanh(layer(torch.cat([end, context], 1)))
                for layer, end in zip(self.sides, (head, tail), strict=True)
            )
            both = (one.reshape(len(one), self.blocks, -1, 1) * other.reshape(len(other), self.blocks, 1, -1)).flatten(
                1
            )
        else:
            both = head * tail
        found = gelu(self.inner(torch.cat([head, tail, both, context, kinds, gap], 1)))
        scores = self.output(drop(found))
        return torch.cat([scores, found], 1) if self.represents else scores

    def _ends(self, vectors: torch.Tensor, pairs: PairArrays) -> torch.Tensor:
        """Return a vector for each head and tail: of several mentions the logarithm of the sum of exponentials."""
        device = vectors.device
        starts, stops = pairs.spans[:, 0], pairs.spans[:, 1]
        first = vectors[torch.from_numpy(starts).to(device)]
        if self.pooling == "start":
            mentions = first
        elif self.pooling == "ends":
            mentions = torch.cat([first, vectors[torch.from_numpy(stops - 1).to(device)]], 1)
        elif self.pooling == "max":
            mentions = highest_of_runs(vectors, starts, stops)
        else:
            rows, members = spread_runs(starts, stops, device)
            counts = torch.from_numpy((stops - starts).astype(np.float32)).to(device)
            sums = vectors.new_zeros((len(starts), vectors.shape[1])).index_add(0, members, vectors[rows])
            mentions = sums / counts[:, None]
        if len(mentions) == 2 * len(pairs):
            return mentions
        owners = torch.from_numpy(pairs.owners).to(device)
        index = owners[:, None].expand(-1, mentions.shape[1])
        highest = mentions.new_full((2 * len(pairs), mentions.shape[1]), -torch.inf)
        highest = highest.scatter_reduce(0, index, mentions.detach(), "amax")
        sums = torch.zeros_like(highest).index_add(0, owners, torch.exp(mentions - highest[owners]))
        return torch.log(sums) + highest

    def _context(self, vectors: torch.Tensor, pairs: PairArrays, ends: torch.Tensor) -> torch.Tensor:
        """Return what the words around a pair say."""
        device = vectors.device
        if self.context == "none":
            return vectors.new_zeros((len(pairs), 0))
        if self.context == "first":
            return vectors[torch.from_numpy(pairs.contexts[:, 0]).to(device)]
        if self.context == "pair":
            return cast(torch.Tensor, self.attention(vectors, pairs, ends))
        contexts, owners = np.unique(pairs.contexts, axis=0, return_inverse=True)
        rows, members = spread_runs(contexts[:, 0], contexts[:, 1], device)
        states = vectors[rows]
        logits = torch.tanh(self.key(states)) @ self.query
        highest = logits.new_full((len(contexts),), -torch.inf).scatter_reduce(0, members, logits.detach(), "amax")
        weights = torch.exp(logits - highest[members])
        sums = torch.zeros_like(highest).index_add(0, members, weights)
        weighted = states * (weights / sums[members])[:, None]
        found = vectors.new_zeros((len(contexts), vectors.shape[1])).index_add(0, members, weighted)
        return found[torch.from_numpy(owners).to(device)]
