"""What a batch teaches about events: the losses of all stages (torch only)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from spacy_biomedplm.events.gold import GoldGraph
from spacy_biomedplm.events.graph import Filled, Graph, Node, Structure, canonical
from spacy_biomedplm.events.layout import Layout
from spacy_biomedplm.events.network import EventNetwork, TriggerNetwork
from spacy_biomedplm.events.roles import find_edges, pair_arrays, propose_pairs, role_targets
from spacy_biomedplm.events.schemes import EventScheme
from spacy_biomedplm.events.structures import Judged, Sheet, judge_structures
from spacy_biomedplm.events.triggers import find_nodes, is_unknown, trigger_targets
from spacy_biomedplm.layers.pairs import Ints

STAGES = ("triggers", "roles", "structures", "modalities")

MOST_PAIRS = 20_000
"""Pairs of a document that one update learns from; those whose words are nearest."""


class Lesson(NamedTuple):
    """A gold document by one guideline.

    first, n_tokens (int): Row of its first token, and how many it has. sentences (Ints): First token of each.
    guideline (int): Number of the guideline. gold (GoldGraph): Right answers.
    """

    first: int
    n_tokens: int
    sentences: Ints
    guideline: int
    gold: GoldGraph


def lesson_losses(
    network: EventNetwork,
    vectors: torch.Tensor,
    lessons: Sequence[Lesson],
    schemes: Sequence[EventScheme],
    layout: Layout,
    thresholds: tuple[float, float],
    dropout: float,
) -> torch.Tensor:
    """Return the loss of each of the stages ``STAGES``, shape (4,).

    network (EventNetwork): In training. vectors (Tensor): Shape (tokens of all documents, width).
    lessons (Sequence[Lesson]): Gold documents. schemes, layout: Of the model.
    thresholds (tuple[float, float]): Probabilities above which wrong triggers and wrong roles are passed on to the next
        stage, which learns to refuse what comes of them. dropout (float): Share of components set to 0.

    Right triggers and roles are always passed on, and right events always become arguments.
    """
    triggers, nodes_of = learn_triggers(network, vectors, lessons, schemes, layout, thresholds[0], dropout)
    losses = [triggers, *(vectors.new_zeros(()) for _ in STAGES[1:])]
    pairs_of = [
        propose_pairs(nodes, lesson.sentences, schemes[lesson.guideline], MOST_PAIRS)[0]
        for lesson, nodes in zip(lessons, nodes_of, strict=True)
    ]
    arrays = pair_arrays(
        [
            (lesson.first, lesson.n_tokens, nodes, lesson.sentences, pairs)
            for lesson, nodes, pairs in zip(lessons, nodes_of, pairs_of, strict=True)
        ],
        layout.types,
    )
    if not len(arrays):
        edges = vectors.new_zeros((0, network.structure.in_features))
        pair_scores = vectors.new_zeros((0, layout.columns[-1].pairs.stop))
    else:
        pair_scores, edges = network.score_roles(vectors, arrays, dropout)
    sheets = []
    first = 0
    for lesson, nodes, pairs in zip(lessons, nodes_of, pairs_of, strict=True):
        scheme = schemes[lesson.guideline]
        scores = pair_scores[first : first + len(pairs), layout.columns[lesson.guideline].pairs]
        known = role_targets(lesson.gold, pairs, scheme)
        targets = torch.from_numpy(known).to(vectors.device, scores.dtype)
        losses[1] = losses[1] + cross_entropy(scores, targets, reduction="sum") / max(len(arrays), 1)
        places = {pair: first + row for row, pair in enumerate(pairs)}
        right_edges = [edge for edge in lesson.gold.edges if (edge.trigger, edge.node) in places]
        guessed = find_edges(pairs, torch.sigmoid(scores.detach()).cpu().numpy(), nodes, scheme, thresholds[1])
        taken = {edge[:3] for edge in right_edges}
        graph = Graph(nodes, [*right_edges, *(edge for edge in guessed if edge[:3] not in taken)])
        sheets.append(Sheet(graph, scheme, lesson.first, places))
        first += len(pairs)
    teacher = _Teacher(lessons, sheets)
    judge_structures(network, vectors, edges, sheets, layout.labels, layout.roles, teacher.decide, dropout)
    losses[2], losses[3] = teacher.losses(vectors)
    return torch.stack(losses)


def learn_triggers(
    network: TriggerNetwork,
    vectors: torch.Tensor,
    lessons: Sequence[Lesson],
    schemes: Sequence[EventScheme],
    layout: Layout,
    threshold: float,
    dropout: float,
) -> tuple[torch.Tensor, list[list[Node]]]:
    """Return the loss of the first stage, and the nodes of each document: right ones, then probable wrong ones.

    threshold (float): Probability above which a wrong trigger is passed on. The rest: See ``lesson_losses``.
    """
    word_scores = network.score_triggers(vectors, dropout)
    loss = vectors.new_zeros(())
    n_words = sum(lesson.n_tokens for lesson in lessons)
    nodes_of: list[list[Node]] = []
    for lesson in lessons:
        scheme = schemes[lesson.guideline]
        rows = slice(lesson.first, lesson.first + lesson.n_tokens)
        scores = word_scores[rows, layout.columns[lesson.guideline].words]
        answers, is_known = trigger_targets(lesson.gold, scheme, lesson.n_tokens)
        targets, weights = (torch.from_numpy(array).to(scores.device, scores.dtype) for array in (answers, is_known))
        loss = loss + cross_entropy(scores, targets, weights, reduction="sum") / max(n_words, 1)
        probabilities = torch.sigmoid(scores.detach()).cpu().numpy()
        found = find_nodes(probabilities, scheme, threshold, lesson.sentences.tolist())
        right = set(lesson.gold.nodes)
        wrong = (node for node in found if node not in right and not is_unknown(node, lesson.gold))
        nodes_of.append([*lesson.gold.nodes, *wrong])
    return loss, nodes_of


class _Teacher:
    """Lets right events pass, and keeps what is learned from all candidates."""

    def __init__(self, lessons: Sequence[Lesson], sheets: Sequence[Sheet]) -> None:
        self._lessons = lessons
        self._sheets = sheets
        self._numbers = [{one: number for number, one in enumerate(lesson.gold.events)} for lesson in lessons]
        self._passed: list[list[int]] = [[] for _ in lessons]
        self._scores: list[torch.Tensor] = []
        self._answers: list[tuple[bool, bool, bool]] = []

    def decide(self, judged: Judged) -> list[bool]:
        """Return which candidates are right."""
        decisions = []
        self._scores.append(judged.scores)
        # What passes in a level is an argument in later ones only, so it can be noted at once.
        for sheet, (trigger, arguments) in zip(judged.sheets, judged.candidates, strict=True):
            passed, gold = self._passed[sheet], self._lessons[sheet].gold
            told = [Filled(role, node, passed[event] if event >= 0 else -1) for role, node, event in arguments]
            number = self._numbers[sheet].get(Structure(trigger, canonical(told, self._sheets[sheet].graph.nodes)))
            decisions.append(number is not None)
            if number is None:
                self._answers.append((False, False, False))
            else:
                passed.append(number)
                self._answers.append((True, gold.negated[number], gold.speculated[number]))
        return decisions

    def losses(self, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the losses of structures and of modalities."""
        if not self._scores:
            return vectors.new_zeros(()), vectors.new_zeros(())
        scores = torch.cat(self._scores)
        answers = torch.from_numpy(np.array(self._answers)).to(scores.device, scores.dtype)
        structures = cross_entropy(scores[:, 0], answers[:, 0])
        modal = torch.tensor([answer[0] for answer in self._answers], device=scores.device, dtype=torch.bool)
        if not bool(modal.any()):
            return structures, vectors.new_zeros(())
        return structures, cross_entropy(scores[modal, 1:], answers[modal, 1:])
