"""Events of documents, stage by stage (torch only)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from spacy_biomedplm.events.graph import Graph, Node, Structure
from spacy_biomedplm.events.layout import Layout
from spacy_biomedplm.events.network import EventNetwork, TriggerNetwork
from spacy_biomedplm.events.roles import find_edges, pair_arrays, propose_pairs
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.events.structures import Judged, Sheet, judge_structures
from spacy_biomedplm.events.triggers import find_nodes
from spacy_biomedplm.layers.pairs import Ints


class Page(NamedTuple):
    """A document to be read by one guideline.

    first, n_tokens (int): Row of its first token, and how many it has. sentences (Ints): First token of each.
    guideline (int): Number of the guideline. given (list[Node]): Entities.
    """

    first: int
    n_tokens: int
    sentences: Ints
    guideline: int
    given: list[Node]


class Thresholds(NamedTuple):
    """Probabilities that triggers, roles, events, negation and speculation need."""

    triggers: float = 0.2
    roles: float = 0.15
    events: float = 0.3
    modalities: float = 0.5


class Found(NamedTuple):
    """What was found in a document.

    nodes (list[Node]): Triggers, spans, and the entities that were given.
    events (list[Structure]): Each after those that are its arguments.
    scores (list[tuple[float, float, float]]): Probabilities of each: that it is one, is negated, is speculated.
    left_out (tuple[int, int]): Pairs, and candidate events, that were too many to be looked at.
    """

    nodes: list[Node]
    events: list[Structure]
    scores: list[tuple[float, float, float]]
    left_out: tuple[int, int]


def find_events(
    network: EventNetwork,
    vectors: torch.Tensor,
    pages: Sequence[Page],
    schemes: Sequence[EventScheme],
    layout: Layout,
    thresholds: Thresholds,
    max_pairs: int,
) -> list[Found]:
    """Return the events of each document.

    network (EventNetwork): Trained. vectors (Tensor): Shape (tokens of all documents, width).
    pages (Sequence[Page]): Documents. schemes, layout: Of the model. thresholds (Thresholds): What is passed on.
    """
    nodes_of = find_triggers(network, vectors, pages, schemes, layout, thresholds.triggers)
    proposed = [
        propose_pairs(nodes, page.sentences, schemes[page.guideline], max_pairs)
        for page, nodes in zip(pages, nodes_of, strict=True)
    ]
    pairs_of, far = [pairs for pairs, _ in proposed], [left_out for _, left_out in proposed]
    arrays = pair_arrays(
        [
            (page.first, page.n_tokens, nodes, page.sentences, pairs)
            for page, nodes, pairs in zip(pages, nodes_of, pairs_of, strict=True)
        ],
        layout.types,
    )
    if len(arrays):
        pair_scores, edges = network.score_roles(vectors, arrays, 0.0)
        pair_probabilities = torch.sigmoid(pair_scores).cpu().numpy()
    else:
        edges = vectors.new_zeros((0, network.structure.in_features))
        pair_probabilities = np.zeros((0, layout.columns[-1].pairs.stop), dtype=np.float32)
    sheets = []
    first = 0
    for page, nodes, pairs in zip(pages, nodes_of, pairs_of, strict=True):
        scheme = schemes[page.guideline]
        own = pair_probabilities[first : first + len(pairs), layout.columns[page.guideline].pairs]
        graph = Graph(nodes, find_edges(pairs, own, nodes, scheme, thresholds.roles))
        sheets.append(Sheet(graph, scheme, page.first, {pair: first + row for row, pair in enumerate(pairs)}))
        first += len(pairs)
    scores_of: list[list[tuple[float, float, float]]] = [[] for _ in pages]

    def decide(judged: Judged) -> list[bool]:
        probabilities = torch.sigmoid(judged.scores).tolist()
        decisions = [row[0] >= thresholds.events for row in probabilities]
        for sheet, row, is_event in zip(judged.sheets, probabilities, decisions, strict=True):
            if is_event:
                scores_of[sheet].append((row[0], row[1], row[2]))
        return decisions

    events, improbable = judge_structures(network, vectors, edges, sheets, layout.labels, layout.roles, decide)
    return list(map(Found, nodes_of, events, scores_of, zip(far, improbable, strict=True)))


def find_triggers(
    network: TriggerNetwork,
    vectors: torch.Tensor,
    pages: Sequence[Page],
    schemes: Sequence[EventScheme],
    layout: Layout,
    threshold: float,
) -> list[list[Node]]:
    """Return the nodes of each document: those that are given, then triggers and spans that were found.

    threshold (float): Probability that one needs. The rest: See ``find_events``.
    """
    words = torch.sigmoid(network.score_triggers(vectors, 0.0)).cpu().numpy()
    nodes_of = []
    for page in pages:
        scores = words[page.first : page.first + page.n_tokens, layout.columns[page.guideline].words]
        nodes_of.append([*page.given, *find_nodes(scores, schemes[page.guideline], threshold, page.sentences.tolist())])
    return nodes_of
