"""What a batch teaches about pairs, and its loss (torch only)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from spacy_biomedplm.relations.gold import GoldPairs
from spacy_biomedplm.relations.loss import LossSettings, contrastive_loss, mask_unknown, pair_loss, r_drop_loss
from spacy_biomedplm.relations.schemes import Scheme, lay_out


class Lesson(NamedTuple):
    """Right answers for pairs.

    schemes (NDArray[np.int64]): Number of the guideline of each pair, shape (pairs,).
    labels (NDArray[np.bool_]): Which scores stand for right labels, shape (pairs, columns).
    known (NDArray[np.bool_]): Which stand for labels that the document was annotated for, same shape.
    values (NDArray[np.int64]): Value of the attribute, -1 for none, shape (pairs,).
    """

    schemes: NDArray[np.int64]
    labels: NDArray[np.bool_]
    known: NDArray[np.bool_]
    values: NDArray[np.int64]

    def chosen(self, rows: slice) -> "Lesson":
        """Return the answers for some pairs. rows (slice): Which."""
        return Lesson(self.schemes[rows], self.labels[rows], self.known[rows], self.values[rows])


def make_lesson(answers: Sequence[tuple[int, GoldPairs]], schemes: Sequence[Scheme]) -> Lesson:
    """Return right answers in one table.

    answers (Sequence[tuple[int, GoldPairs]]): Number of a guideline, and the answers for pairs by it.
    schemes (Sequence[Scheme]): Of the model.
    """
    layout = lay_out(schemes)
    shape = (sum(len(gold.labels) for _, gold in answers), layout[-1].values.stop)
    lesson = Lesson(
        np.zeros(shape[0], np.int64), np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape[0], np.int64)
    )
    first = 0
    for number, gold in answers:
        rows = slice(first, first + len(gold.labels))
        columns = slice(layout[number].labels.start + 1, layout[number].labels.stop)
        lesson.schemes[rows] = number
        lesson.labels[rows, columns] = gold.labels
        lesson.known[rows, columns] = gold.known
        lesson.values[rows] = gold.values
        first = rows.stop
    return lesson


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
    repeats = 2 if settings.r_drop else 1
    total = scores.new_zeros(())
    for number, (scheme, columns) in enumerate(zip(schemes, lay_out(schemes), strict=True)):
        rows = np.flatnonzero(lesson.schemes == number)
        if not len(rows):
            continue
        places = slice(columns.labels.start + 1, columns.labels.stop)
        block = scores[torch.from_numpy((repeats * rows[:, None] + np.arange(repeats)).reshape(-1)).to(scores.device)]
        gold, known, values = (
            torch.from_numpy(column.repeat(repeats, 0)).to(scores.device)
            for column in (lesson.labels[rows, places], lesson.known[rows, places], lesson.values[rows])
        )
        own = block[:, columns.labels]
        loss = pair_loss(own, gold.to(own.dtype), settings, known=known, weights=weights.get(scheme.name))
        valued = values >= 0
        if scheme.values and bool(valued.any()):
            loss = loss + cross_entropy(block[valued][:, columns.values], values[valued], reduction="sum")
        if settings.r_drop:
            masked = mask_unknown(own, known)
            loss = loss + settings.r_drop * r_drop_loss(masked[0::2], masked[1::2], settings.objective)
        if settings.contrastive:
            # Whether a pair without a label belongs to those that have none is known only if all labels are.
            sure = known.all(1) | gold.any(1)
            classes = torch.unique(gold[sure], dim=0, return_inverse=True)[1]
            vectors = block[sure][:, lesson.labels.shape[1] :]
            loss = loss + settings.contrastive * contrastive_loss(vectors, classes, settings.temperature)
        total = total + loss
    return total / max(repeats * len(lesson.schemes), 1)
