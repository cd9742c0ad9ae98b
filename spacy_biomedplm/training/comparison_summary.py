"""Means, spreads and paired differences of a comparison."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spacy_biomedplm.training.comparison import Comparison

AVERAGE = "average"


@dataclass(frozen=True)
class Figure:
    """A mean and how far the single numbers lie from it.

    mean (float): The mean.
    spread (float | None): Standard deviation of the sample; None of one number.
    """

    mean: float
    spread: float | None


@dataclass(frozen=True)
class Summary:
    """F1 of one encoder on one task, in percentage points.

    seeds (tuple[float, ...]): Of each seed.
    figure (Figure): Over the seeds.
    difference (Figure | None): To the baseline with the same seed, over the seeds; None for the baseline itself.
    """

    seeds: tuple[float, ...]
    figure: Figure
    difference: Figure | None


@dataclass(frozen=True)
class WordSummary:
    """How well one encoder tells the words of one file.

    bits_per_character, bits_per_word (float): Lower is better.
    pieces_per_word (float), unknown (int): Of the words that were measured.
    difference (Figure | None): In bits per character, to the baseline; the spread is the standard error over the texts.
        None for the baseline, or where it has no head.
    """

    bits_per_character: float
    bits_per_word: float
    pieces_per_word: float
    unknown: int
    difference: Figure | None


def figure_of(values: Sequence[float]) -> Figure:
    """Return mean and standard deviation of numbers.

    values (Sequence[float]): At least one.
    """
    return Figure(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def summarise_scores(comparison: Comparison) -> dict[str, dict[str, Summary]]:
    """Return what came of the probes.

    comparison (Comparison): From ``compare_encoders``.
    RETURNS (dict[str, dict[str, Summary]]): By name of the task and of the encoder; with several tasks also
        the "average", for which the tasks of each seed are averaged first.
    """
    names = [encoder.name for encoder in comparison.encoders]
    points = {
        task: {name: [100 * score["f"] for score in found[name]] for name in names}
        for task, found in comparison.scores.items()
    }
    if len(points) > 1:
        points[AVERAGE] = {
            name: [statistics.fmean(values) for values in zip(*(points[task][name] for task in points), strict=True)]
            for name in names
        }
    return {task: _with_differences(found, names[0]) for task, found in points.items()}


def _with_differences(points: dict[str, list[float]], baseline: str) -> dict[str, Summary]:
    return {
        name: Summary(
            tuple(values),
            figure_of(values),
            None if name == baseline else figure_of([a - b for a, b in zip(values, points[baseline], strict=True)]),
        )
        for name, values in points.items()
    }


def summarise_words(comparison: Comparison) -> dict[str, dict[str, WordSummary | None]]:
    """Return how well the words of raw text were told.

    comparison (Comparison): From ``compare_encoders``.
    RETURNS (dict[str, dict[str, WordSummary | None]]): By name of the task and of the encoder; None without a head.
    """
    first = comparison.encoders[0].name
    return {
        task: {name: _summarise_words(row, None if name == first else found[first]) for name, row in found.items()}
        for task, found in comparison.perplexities.items()
    }


def _summarise_words(row: dict[str, Any], baseline: dict[str, Any] | None) -> WordSummary | None:
    if "reason" in row:
        return None
    bits, words = sum(row["bits"]), sum(row["words"])
    difference = None
    if baseline is not None and "reason" not in baseline:
        difference = _ratio_difference(row["bits"], baseline["bits"], row["characters"])
    return WordSummary(bits / sum(row["characters"]), bits / words, row["pieces"] / words, row["unknown"], difference)


def _ratio_difference(bits: Sequence[float], others: Sequence[float], characters: Sequence[int]) -> Figure:
    """Return the difference in bits per character, and its standard error over texts (of a ratio, linearised)."""
    more = [a - b for a, b in zip(bits, others, strict=True)]
    total, count = sum(characters), len(more)
    mean = sum(more) / total
    if count < 2:
        return Figure(mean, None)
    rest = [d - mean * c for d, c in zip(more, characters, strict=True)]
    return Figure(mean, math.sqrt(count / (count - 1) * sum(r * r for r in rest)) / total)
