"""Definitions of abbreviations in plain text, and where else their short forms stand."""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from spacy_biomedplm.abbreviations.alignment import Aligner, Alignment
from spacy_biomedplm.abbreviations.candidates import Candidate, Place, find_borders, find_candidates
from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.features import describe_candidate
from spacy_biomedplm.errors import BiomedplmError, coded

THRESHOLD = 0.4
_AFTER = re.compile(r"[\"')\]]+\s+([^\W\d_])")
_WORD = re.compile(r"\w+")


class Definition(NamedTuple):
    """A short form and its long form where the text says that they are the same.

    short, long (tuple[int, int]): First character and the one after the last.
    score (float): Probability, in [0, 1].
    """

    short: Place
    long: Place
    score: float


class Occurrence(NamedTuple):
    """A short form anywhere in the text, and the place of the long form that it stands for."""

    short: Place
    long: Place


class Reading(NamedTuple):
    """A candidate, the text that its long form lies in, and its alignments, best first."""

    candidate: Candidate
    context: Context
    short: str
    extra: tuple[str, ...]
    alignments: list[Alignment]


@cache
def default_aligner() -> Aligner:
    """Return the aligner with the weights of this package (weights.json)."""
    return Aligner(json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8")))


def find_definitions(
    text: str,
    *,
    borders: Iterable[int] | None = None,
    threshold: float = THRESHOLD,
    aligner: Aligner | None = None,
) -> list[Definition]:
    """Return the definitions of a text in the order of their short forms.

    text (str): Any text.
    borders (Iterable[int] | None): Characters that begin a sentence or a passage; no definition crosses one. None
        finds them from punctuation.
    threshold (float): Smallest probability of a definition, in [0, 1].
    aligner (Aligner | None): Other weights than those of the package.
    RAISES (BiomedplmError): B680 for a threshold outside [0, 1].

    Candidates are those of Schwartz and Hearst (2003), with several short forms in a bracket, nested and square
    brackets, and definitions inside a bracket. Which stretch of text is the long form is decided by a log-linear
    model over alignments, where they take the first that fits.
    """
    if not 0 <= threshold <= 1:
        raise BiomedplmError(coded("B680", found=threshold))
    sorted_borders = find_borders(text) if borders is None else sorted({0, *borders})
    found: dict[Place, Definition] = {}
    for reading in read_candidates(text, sorted_borders, aligner or default_aligner()):
        if not reading.alignments:
            continue
        best = reading.alignments[0]
        score = 1 / (1 + math.exp(-best.score)) if best.score > -700 else 0.0
        short, (start, end) = reading.candidate.short, reading.candidate.context
        long = (start + best.start, end)
        if score >= threshold and (short not in found or found[short].score < score):
            found[short] = Definition(short, long, score)
    return _without_overlap(found.values())


def read_candidates(text: str, borders: Sequence[int], aligner: Aligner) -> Iterator[Reading]:
    """Yield the candidates of a text with their alignments.

    text (str): Any text.
    borders (Sequence[int]): Sorted; the first is 0.
    aligner (Aligner): The model.
    """
    context: Context | None = None
    place: Place | None = None
    for candidate in find_candidates(text, borders):
        if context is None or place != candidate.context:
            place = candidate.context
            context = Context(text[place[0] : place[1]])
        short = text[candidate.short[0] : candidate.short[1]]
        extra = describe_candidate(text, candidate)
        after = _letter_after(text, candidate)
        alignments = [
            alignment
            for alignment in aligner.align(context, short, extra, context.text.rfind(short))
            if (alignment.start == 0 or candidate.order == "long-short") and not _goes_on(alignment, after)
        ]
        yield Reading(candidate, context, short, extra, alignments)


def _letter_after(text: str, candidate: Candidate) -> str:
    """Return the letter, in lower case, that the word after a bracket with a short form begins with."""
    match = _AFTER.match(text, candidate.short[1]) if candidate.order == "long-short" else None
    return match.group(1).lower() if match else ""


def _goes_on(alignment: Alignment, letter: str) -> bool:
    """Return whether the word after the bracket has a missing letter: "transmission (TEM) electron microscopy"."""
    pairs = zip(alignment.units, alignment.path, strict=False)
    return any(place < 0 and unit.text == letter for unit, place in pairs)


def _without_overlap(definitions: Iterable[Definition]) -> list[Definition]:
    """Of definitions whose short forms overlap, keep the most probable."""
    kept: list[Definition] = []
    for definition in sorted(definitions):
        while kept and kept[-1].short[1] > definition.short[0] and kept[-1].score < definition.score:
            kept.pop()
        if not kept or kept[-1].short[1] <= definition.short[0]:
            kept.append(definition)
    return kept


def find_occurrences(text: str, definitions: Sequence[Definition]) -> list[Occurrence]:
    """Return where short forms stand, in order.

    text (str): The text of the definitions.
    definitions (Sequence[Definition]): What ``find_definitions`` returned.
    RETURNS (list[Occurrence]): Whole words only, case as defined; of two that overlap, the longer from the left. One
        before the first definition has that one's long form, others that of the last definition before them.
    """
    known: dict[str, list[Definition]] = {}
    for definition in sorted(definitions):
        known.setdefault(text[definition.short[0] : definition.short[1]], []).append(definition)
    sizes: dict[str, set[int]] = {}
    for short in known:
        if first := _WORD.match(short):
            sizes.setdefault(first.group(), set()).add(len(short))
    ordered = {word: sorted(lengths, reverse=True) for word, lengths in sizes.items()}
    starts = {short: [definition.short[0] for definition in those] for short, those in known.items()}
    found: list[Occurrence] = []
    end = 0
    for match in _WORD.finditer(text):
        if match.start() < end:
            continue
        for size in ordered.get(match.group(), ()):
            stop = match.start() + size
            short = text[match.start() : stop]
            if short in known and not _is_inside(text, stop):
                index = max(0, bisect_right(starts[short], match.start()) - 1)
                found.append(Occurrence((match.start(), stop), known[short][index].long))
                end = stop
                break
    return found


def _is_inside(text: str, place: int) -> bool:
    """Return whether a place parts a word."""
    return 0 < place < len(text) and _WORD.match(text, place) is not None and _WORD.match(text, place - 1) is not None
