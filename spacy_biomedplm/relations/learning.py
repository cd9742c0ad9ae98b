"""What a batch teaches about pairs, and its loss (torch only)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from spacy_biomedplm.relations.gold import GoldPairs
from spacy_biomedplm.relations.loss import LossSettings, contrastive_loss, pair_loss, r_drop_loss
from spacy_biomedplm.relations.schemes import Scheme, lay_out


class Lesson(NamedTuple):
    """Right answers, in the order of the pairs.

    gold (list[GoldPairs]): Of each document by each guideline it was annotated for.
    schemes (list[int]): Number of the guideline of each.
    """

    gold: list[GoldPairs]
    schemes: list[int]


def lesson_loss(
    lesson: Lesson,
    scores: torch.Tensor,
    schemes: Sequence[Scheme],
    settings: LossSettings,
    weights: Mapping[str, torch.Tensor],
) -> torch.Tensor:
    """Return the mean loss per pair.

    lesson (Lesson): Right answers.
    scores (Tensor): Shape (pairs, columns), with what they were computed from behind if the loss is contrastive; with
        R-Drop each pair twice in a row.
    schemes (Sequence[Scheme]): Of the model. settings (LossSettings): What is learned.
    weights (Mapping[str, Tensor]): Of no relation and of each label, by guideline; none for 1.
    """
    layout = lay_out(schemes)
    repeats = 2 if settings.r_drop else 1
    sizes = [len(gold.labels) for gold in lesson.gold]
    blocks = scores.split([repeats * size for size in sizes])
    total = scores.new_zeros(())
    for number, scheme in enumerate(schemes):
        chosen = [place for place, of in enumerate(lesson.schemes) if of == number]
        if not chosen:
            continue
        block = torch.cat([blocks[place] for place in chosen])
        labels = np.concatenate([lesson.gold[place].labels for place in chosen])
        known = np.concatenate([np.tile(lesson.gold[p].known, (sizes[p], 1)) for p in chosen])
        values = np.concatenate([lesson.gold[place].values for place in chosen])
        gold = torch.from_numpy(labels.astype(np.float32).repeat(repeats, 0)).to(scores.device)
        known_of = torch.from_numpy(known.repeat(repeats, 0)).to(scores.device)
        columns = layout[number]
        own = block[:, columns.labels]
        loss = pair_loss(own, gold, settings, known=known_of, weights=weights.get(scheme.name))
        if scheme.values and (values >= 0).any():
            rows = torch.from_numpy(np.flatnonzero(values.repeat(repeats) >= 0)).to(scores.device)
            right = torch.from_numpy(values.repeat(repeats)).to(scores.device)[rows]
            loss = loss + cross_entropy(block[rows][:, columns.values], right, reduction="sum")
        if settings.r_drop:
            loss = loss + settings.r_drop * r_drop_loss(own[0::2], own[1::2], settings.objective)
        if settings.contrastive:
            classes = torch.from_numpy(_classes(labels).repeat(repeats)).to(scores.device)
            found = contrastive_loss(block[:, layout[-1].values.stop :], classes, settings.temperature)
            loss = loss + settings.contrastive * found
        total = total + loss
    return total / max(repeats * sum(sizes), 1)


def _classes(labels: np.ndarray) -> np.ndarray:
    """Return a number for each set of labels."""
    return np.unique(labels, axis=0, return_inverse=True)[1].reshape(-1)
