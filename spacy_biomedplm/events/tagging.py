"""The other decoder: roles as labels of words, events by rule (torch only)."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.functional import dropout as drop_out
from torch.nn.functional import gelu

from spacy_biomedplm.events.assembly import assemble
from spacy_biomedplm.events.graph import Graph, Node
from spacy_biomedplm.events.layout import Layout, lay_out
from spacy_biomedplm.events.learning import Lesson, learn_triggers
from spacy_biomedplm.events.network import TriggerNetwork
from spacy_biomedplm.events.prediction import Found, Page, Thresholds, find_triggers
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.events.tags import find_tagged, tag_targets, tags_of, unmerge
from spacy_biomedplm.layers.runs import highest_of_runs

_TYPE_WIDTH = 32
_MODALITIES = 2


def tag_columns(schemes: Sequence[EventScheme]) -> list[slice]:
    """Return the places of the scores of each guideline's labels."""
    ends = np.cumsum([0, *(len(tags_of(scheme)) for scheme in schemes)]).tolist()
    return [slice(first, last) for first, last in pairwise(ends)]


def tagging_sizes(schemes: Sequence[EventScheme]) -> dict[str, int]:
    """Return the sizes of ``TaggingNetwork``. schemes (Sequence[EventScheme]): All of a model."""
    return {**lay_out(schemes).sizes(), "tag_columns": tag_columns(schemes)[-1].stop}


class TaggingNetwork(TriggerNetwork):
    """Triggers, then labels of what can take part.

    config (dict): That of ``TriggerNetwork``; "types": labels of nodes; "tag_columns": scores of each node.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.types = nn.Embedding(config["types"], _TYPE_WIDTH)
        self.tag_inner = nn.Linear(config["width"] + _TYPE_WIDTH, config["hidden"])
        self.tag_output = nn.Linear(config["hidden"], config["tag_columns"] + _MODALITIES)
        # Most words take no part.
        nn.init.constant_(self.tag_output.bias, -4.0)

    def score_tags(
        self, vectors: torch.Tensor, nodes: Iterable[tuple[int, Node]], types: dict[str, int], dropout: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores of the labels of nodes, and that the events of triggers are negated and speculated.

        nodes (Iterable[tuple[int, Node]]): Row of the first token of the document, and the node.
        types (dict[str, int]): Numbers of labels of nodes. dropout (float): Share of components set to 0.
        RETURNS (tuple[Tensor, Tensor]): Shapes (nodes, columns) and (nodes, 2).
        """
        rows = np.array(
            [(first + node.start, first + node.stop, types.get(node.label, 0)) for first, node in nodes], dtype=np.int64
        ).reshape(-1, 3)
        words = highest_of_runs(vectors, rows[:, 0], rows[:, 1])
        labels = self.types(torch.from_numpy(rows[:, 2]).to(vectors.device))
        dropped = drop_out(torch.cat([words, labels], 1), dropout, training=dropout > 0)
        inner = gelu(self.tag_inner(dropped))
        scores = self.tag_output(drop_out(inner, dropout, training=dropout > 0))
        return scores[:, :-_MODALITIES], scores[:, -_MODALITIES:]


def tagging_losses(
    network: TaggingNetwork,
    vectors: torch.Tensor,
    lessons: Sequence[Lesson],
    schemes: Sequence[EventScheme],
    layout: Layout,
    thresholds: tuple[float, float],
    dropout: float,
) -> torch.Tensor:
    """Return the losses of triggers, roles, structures (0: those are made by rule) and modalities, shape (4,).

    The arguments are those of ``lesson_losses``.
    """
    triggers, nodes_of = learn_triggers(network, vectors, lessons, schemes, layout, thresholds[0], dropout)
    nothing = vectors.new_zeros(())
    n_nodes = sum(map(len, nodes_of))
    if not n_nodes:
        return torch.stack([triggers, nothing, nothing, nothing])
    pairs = [(lesson.first, node) for lesson, nodes in zip(lessons, nodes_of, strict=True) for node in nodes]
    scores, said = network.score_tags(vectors, pairs, layout.types, dropout)
    columns = tag_columns(schemes)
    roles, modalities = nothing, nothing
    first = 0
    for lesson, nodes in zip(lessons, nodes_of, strict=True):
        rows = slice(first, first + len(nodes))
        first += len(nodes)
        known = tag_targets(lesson.gold, nodes, lesson.sentences, schemes[lesson.guideline])
        own = scores[rows, columns[lesson.guideline]]
        targets = torch.from_numpy(known).to(own.device, own.dtype)
        roles = roles + cross_entropy(own, targets, reduction="sum") / n_nodes
        told: dict[int, tuple[bool, bool]] = {}
        for number, (trigger, _) in enumerate(lesson.gold.events):
            negated, speculated = told.get(trigger, (False, False))
            told[trigger] = negated or lesson.gold.negated[number], speculated or lesson.gold.speculated[number]
        if told:
            answers = torch.tensor(list(told.values()), device=own.device, dtype=own.dtype)
            modalities = modalities + cross_entropy(said[rows][list(told)], answers, reduction="sum") / n_nodes
    return torch.stack([triggers, roles, nothing, modalities])


def find_by_tags(
    network: TaggingNetwork,
    vectors: torch.Tensor,
    pages: Sequence[Page],
    schemes: Sequence[EventScheme],
    layout: Layout,
    thresholds: Thresholds,
    max_pairs: int,
) -> list[Found]:
    """Return the events of each document; the probability of one is that of its least probable part.

    The arguments are those of ``find_events``; triggers need the probability ``thresholds.events``, because nothing
    refuses them later. There are no pairs to be bounded.
    """
    nodes_of = find_triggers(network, vectors, pages, schemes, layout, thresholds.events)
    pairs = [(page.first, node) for page, nodes in zip(pages, nodes_of, strict=True) for node in nodes]
    probabilities, said = (
        torch.sigmoid(scores).cpu().numpy() for scores in network.score_tags(vectors, pairs, layout.types, 0.0)
    )
    columns = tag_columns(schemes)
    results = []
    first = 0
    for page, nodes in zip(pages, nodes_of, strict=True):
        scheme = schemes[page.guideline]
        rows = slice(first, first + len(nodes))
        first += len(nodes)
        own = probabilities[rows, columns[page.guideline]]
        edges = find_tagged(nodes, own, page.sentences, scheme, thresholds.roles)
        steps = assemble(Graph(nodes, edges), scheme, unmerge)
        level = next(steps, None)
        events = []
        while level is not None:
            try:
                level = steps.send([True] * len(level))
            except StopIteration as end:
                events = end.value[0]
                break
        least = {(edge.trigger, edge.node): edge.score for edge in edges}
        scores = []
        for trigger, filled in events:
            parts = [least[trigger, argument.node] for argument in filled]
            negated, speculated = said[rows][trigger].tolist()
            scores.append((min(parts, default=1.0), negated, speculated))
        results.append(Found(nodes, events, scores, (0, 0)))
    return results
