"""The torch modules of the stages: triggers, roles, structures."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import dropout as drop_out
from torch.nn.functional import gelu

from spacy_biomedplm.layers.pair_network import PairNetwork
from spacy_biomedplm.layers.pairs import PairArrays

_TYPE_WIDTH = 32


class Candidates(NamedTuple):
    """Candidate events as arrays; numbers of triggers, roles and inner events are those of a batch.

    triggers (NDArray[np.int64]): First and last-but-one token rows are those of ``spans``: number of the trigger's
        span, shape (candidates,).
    labels (NDArray[np.int64]): Type of each, shape (candidates,).
    inside (NDArray[np.int64]): Rows (candidate, role edge, role, inner event or -1), shape (arguments, 4).
    outside (NDArray[np.int64]): Rows (candidate, role edge) of edges of the trigger that it does not use.
    """

    triggers: NDArray[np.int64]
    labels: NDArray[np.int64]
    inside: NDArray[np.int64]
    outside: NDArray[np.int64]


class TriggerNetwork(nn.Module):
    """The first stage, on the vectors of tokens.

    config (dict): "width" of the token vectors; "hidden" width; "trigger_columns": scores of each token.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.trigger_inner = nn.Linear(config["width"], config["hidden"])
        self.trigger_output = nn.Linear(config["hidden"], config["trigger_columns"])
        # Most words are no triggers: at first nothing is passed on.
        nn.init.constant_(self.trigger_output.bias, -4.0)

    def score_triggers(self, vectors: torch.Tensor, dropout: float) -> torch.Tensor:
        """Return scores of the labels of triggers and found spans for each token, shape (tokens, columns).

        vectors (Tensor): Shape (tokens of all documents, width). dropout (float): Share of components set to 0.
        """
        dropped = drop_out(vectors, dropout, training=dropout > 0)
        inner = gelu(self.trigger_inner(dropped))
        scores: torch.Tensor = self.trigger_output(drop_out(inner, dropout, training=dropout > 0))
        return scores


class EventNetwork(TriggerNetwork):
    """All stages on the vectors of tokens.

    config (dict): That of ``TriggerNetwork``; "types": labels of nodes; "role_columns": scores of each pair;
        "roles": different roles; "labels": types of events; "heads" of attention.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        width, hidden = config["width"], config["hidden"]
        pair = {
            "width": width,
            "hidden": hidden,
            "types": config["types"],
            "columns": config["role_columns"],
            "pooling": "max",
            "context": "pair",
            "heads": config["heads"],
            "blocks": 0,
            "represents": True,
        }
        self.roles = PairNetwork(pair)
        self.role_columns: int = config["role_columns"]
        self.labels = nn.Embedding(config["labels"], _TYPE_WIDTH)
        self.role_types = nn.Embedding(config["roles"], _TYPE_WIDTH)
        self.no_event = nn.Parameter(torch.zeros(hidden))
        self.inside = nn.Linear(2 * hidden + _TYPE_WIDTH, hidden)
        self.outside = nn.Linear(hidden, hidden)
        self.anchor = nn.Linear(width + _TYPE_WIDTH, hidden)
        self.structure = nn.Linear(hidden, hidden)
        self.judge = nn.Linear(hidden, 3)
        # Most pairs have no role.
        for layer, bias in ((self.roles.output, -3.0), (self.judge, -1.0)):
            nn.init.constant_(layer.bias, bias)

    def score_roles(
        self, vectors: torch.Tensor, pairs: PairArrays, dropout: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores of the roles of pairs of a trigger and a node, and what represents each pair.

        RETURNS (tuple[Tensor, Tensor]): Shapes (pairs, columns) and (pairs, hidden).
        """
        both = self.roles(vectors, pairs, dropout)
        return both[:, : self.role_columns], both[:, self.role_columns :]

    def represent(
        self, anchors: torch.Tensor, edges: torch.Tensor, inner: torch.Tensor, candidates: Candidates, dropout: float
    ) -> torch.Tensor:
        """Return a vector of each candidate event, shape (candidates, hidden).

        anchors (Tensor): Vectors of the triggers of all candidates, shape (triggers, width).
        edges (Tensor): What represents each role edge, shape (edges, hidden).
        inner (Tensor): Vectors of the events found so far, shape (events, hidden).
        """
        device = anchors.device
        labels = self.labels(torch.from_numpy(candidates.labels).to(device))
        found = self.anchor(torch.cat([anchors[torch.from_numpy(candidates.triggers).to(device)], labels], 1))
        owner, edge, role, event = torch.from_numpy(candidates.inside).to(device).T
        known = torch.cat([self.no_event[None], inner])
        told = torch.cat([edges[edge], self.role_types(role), known[event + 1]], 1)
        found = found.index_add(0, owner, gelu(self.inside(told)))
        owner, edge = torch.from_numpy(candidates.outside).to(device).T
        found = found.index_add(0, owner, gelu(self.outside(edges[edge])))
        return gelu(self.structure(drop_out(gelu(found), dropout, training=dropout > 0)))

    def score_events(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return scores of each event: that it is one, that it is negated, that it is speculated.

        vectors (Tensor): What ``represent`` returned, shape (events, hidden). RETURNS (Tensor): Shape (events, 3).
        """
        scores: torch.Tensor = self.judge(vectors)
        return scores
