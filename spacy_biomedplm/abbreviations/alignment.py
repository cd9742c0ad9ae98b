"""Which words before (or in) a bracket a short form stands for: every start of a long form with its best alignment."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from spacy_biomedplm.abbreviations.context import Context
from spacy_biomedplm.abbreviations.features import (
    VOWELS,
    context_starts,
    describe_long,
    describe_missed,
    describe_passed,
    describe_short,
    describe_step,
    is_balanced,
    known_starts,
)
from spacy_biomedplm.abbreviations.units import LOOSE, MAX_UNITS, Unit, split_units, swap_units

_NONE = float("-inf")


class Alignment(NamedTuple):
    """How a short form may come from a stretch of text.

    start (int): First character of the long form in the context.
    score (float): Logarithm of the odds of this long form to none.
    path (tuple[int, ...]): The character of each unit, -1 for one without; empty where the short form is just known to
        stand for the long form.
    units (tuple[Unit, ...]): The parts of the short form in the order of the path.
    """

    start: int
    score: float
    path: tuple[int, ...]
    units: tuple[Unit, ...]


class Aligner:
    """Finds alignments and scores them with a linear model.

    weights (Mapping[str, float]): Of the features; one that is missing is 0.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.tables = Tables(weights)
        self.weights = self.tables.weights

    def align(self, context: Context, short: str, extra: tuple[str, ...] = (), after: int = -1) -> list[Alignment]:
        """Return for each start of a long form its best alignment, best first.

        context (Context): What the long form ends.
        short (str): The short form.
        extra (tuple[str, ...]): Features that all alignments have.
        after (int): A character after which the long form begins.
        """
        units = split_units(short)
        if not units or len(units) > MAX_UNITS:
            return []
        bias = sum(self.weights[name] for name in (*extra, *describe_short(units, short)))
        found = []
        for start in known_starts(context, short):
            if start > after:
                found.append(Alignment(start, bias + self.weights["known"], (), units))
        for order in (units, *swap_units(short)):
            if _is_hopeful(context, order):
                found += self._align(context, order, after, bias + (self.weights["swapped"] if order != units else 0.0))
        return sorted(found, key=lambda item: (-item.score, item.start))

    def _align(self, context: Context, units: tuple[Unit, ...], after: int, bias: float) -> Iterator[Alignment]:
        places = [place for place in context.find(units[0]) if place > after]
        if not places:
            return
        search = _Search(context, units, self.tables)
        for place in places:
            if place not in search.best[0]:
                continue
            path = search.path(place)
            for start, name in context_starts(context, units, path):
                if start > after and is_balanced(context.text[start:]):
                    rest = describe_long(context, start, units, path)
                    score = bias + self.weights[name] + search.best[0][place]
                    score += sum(self.weights[key] * count for key, count in rest.items())
                    yield Alignment(start, score, path, units)

    def features(self, context: Context, short: str, alignment: Alignment, extra: tuple[str, ...] = ()) -> Counter[str]:
        """Return the features of an alignment; their weights sum up to its score.

        context (Context): Where it was found.
        short (str): The short form.
        alignment (Alignment): The alignment.
        extra (tuple[str, ...]): As in ``align``.
        """
        units = split_units(short)
        found = Counter((*extra, *describe_short(units, short)))
        if not alignment.path:
            found["known"] += 1
            return found
        if alignment.units != units:
            found["swapped"] += 1
            units = alignment.units
        found.update(describe_long(context, alignment.start, units, alignment.path))
        starts = context_starts(context, units, alignment.path)
        found.update(name for start, name in starts if start == alignment.start)
        before = alignment.path[0]
        for number, (unit, place) in enumerate(zip(units[1:], alignment.path[1:], strict=True), 1):
            if place < 0:
                found[describe_missed(units, number)] += 1
                continue
            first, then = context.words[before], context.words[place]
            found.update(describe_step(context, unit, before, place, last=unit is units[-1]))
            found.update(describe_passed(context, first + 1, then, "skipped"))
            if then > first:
                found.update(f"gap.{gap}" for gap in context.gaps[first + 1 : then + 1] if gap)
            before = place
        last = context.words[before]
        found.update(describe_passed(context, last + 1, len(context.starts), "trailing"))
        found.update(f"gap.{gap}" for gap in (*context.gaps[last + 1 :], context.tail) if gap)
        return found


def _is_hopeful(context: Context, units: tuple[Unit, ...]) -> bool:
    """Return whether the units occur in this order, but for single ones of long short forms; for speed."""
    allowed = len(units) // 4 + sum(unit.kind != "letter" for unit in units)
    end = len(context.lower)
    for number in range(len(units) - 1, -1, -1):
        if units[number].kind == "letter" and units[number].text not in LOOSE:
            found = context.lower.rfind(units[number].text, 0, end)
            if found < 0:
                allowed -= 1
                if allowed < 0 or not number:
                    return False
            else:
                end = found
    return bool(context.starts)


class Tables:
    """Weights by place in a table, for speed.

    weights (Mapping[str, float]): Of all features.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = Counter(dict(weights))
        cases = ("lower", "upper")
        self.arrive = [
            [self.weights[f"{name}.{case}"] for name in ("initial", "joint", "new", "link")] for case in cases
        ]
        self.within = [[self.weights[f"{name}.{case}"] for name in ("next", "syllable", "inside")] for case in cases]
        self.gaps = {
            name: self.weights[f"gap.{name}"] if name else 0.0 for name in ("", "bracket", "stop", "comma", "slash")
        }
        kinds = ("word", "link", "clause", "joint", "locant", "number")
        self.skipped = {kind: self.weights[f"skipped.{kind}"] for kind in kinds}
        self.trailing = {kind: self.weights[f"trailing.{kind}"] for kind in kinds}


class _Search:
    """Best continuation of each match, from the last unit to the first."""

    def __init__(self, context: Context, units: tuple[Unit, ...], tables: Tables) -> None:
        self.context, self.units, self.tables = context, units, tables
        self.gaps = list(accumulate(tables.gaps[gap] for gap in (*context.gaps, context.tail)))
        self.skipped = list(accumulate((tables.skipped[kind] for kind in context.kinds), initial=0.0))
        self.trailing = list(accumulate((tables.trailing[kind] for kind in context.kinds), initial=0.0))
        self.missed = [tables.weights[describe_missed(units, number)] for number in range(len(units))]
        self.best: list[dict[int, float]] = [{} for _ in units]
        self.next: list[dict[int, tuple[int, int] | None]] = [{} for _ in units]
        for number in range(len(units) - 1, -1, -1):
            self._fill(number)

    def path(self, place: int) -> tuple[int, ...]:
        """Return the best alignment whose first unit stands at a character."""
        found = [-1] * len(self.units)
        state: tuple[int, int] | None = (0, place)
        while state is not None:
            found[state[0]] = state[1]
            state = self.next[state[0]][state[1]]
        return tuple(found)

    def _fill(self, number: int) -> None:
        count = len(self.units)
        places = self.context.find(self.units[number])
        missed = 0.0
        for then in range(number + 1, min(number + 3, count + 1)):
            if then == count:
                self._end(number, places, missed)
            else:
                self._step(number, places, then, missed)
                missed += self.missed[then]

    def _end(self, number: int, places: list[int], missed: float) -> None:
        words, best, total = self.context.words, self.best[number], len(self.context.starts)
        rest = missed + self.trailing[total] + self.gaps[total]
        for place in places:
            value = rest - self.trailing[words[place] + 1] - self.gaps[words[place]]
            if value > best.get(place, _NONE):
                best[place] = value
                self.next[number][place] = None

    def _step(self, number: int, places: list[int], then: int, missed: float) -> None:
        words, best, following = self.context.words, self.best[number], self.next[number]
        skipped, gaps, after = self.skipped, self.gaps, self.best[then]
        arrive = self._arrivals(then)
        later = sorted(after)
        top, target, seen = _NONE, -1, len(later)
        for place in reversed(places):
            word = words[place]
            while seen and words[later[seen - 1]] > word:
                seen -= 1
                other = later[seen]
                value = arrive[other] + skipped[words[other]] + gaps[words[other]] + after[other]
                if value > top:
                    top, target = value, other
            if target >= 0:
                value = missed + top - skipped[word + 1] - gaps[word]
                if value > best.get(place, _NONE):
                    best[place], following[place] = value, (then, target)
            for other in reversed(later[:seen]):
                if other <= place or words[other] < word:
                    break
                value = missed + self._within(then, place, other) + after[other]
                if value > best.get(place, _NONE):
                    best[place], following[place] = value, (then, other)

    def _arrivals(self, number: int) -> dict[int, float]:
        """Return the weight of each match of a unit after one in another word."""
        unit, context, tables = self.units[number], self.context, self.tables
        if unit.kind == "letter":
            initial, joint, new, link = tables.arrive[unit.upper]
            plural = number == len(self.units) - 1 and unit.text == "s" and not unit.upper
            found: dict[int, float] = {}
            for place in self.best[number]:
                word = context.words[place]
                if place == context.starts[word]:
                    is_link = context.kinds[word] in ("link", "clause")
                    found[place] = link if is_link else initial if context.spaced[word] else joint
                else:
                    found[place] = tables.weights["plural"] if plural and place == context.ends[word] - 1 else new
            return found
        last = number == len(self.units) - 1
        return {
            place: sum(tables.weights[name] for name in describe_step(context, unit, -1, place, last=last))
            for place in self.best[number]
        }

    def _within(self, number: int, before: int, place: int) -> float:
        """Return the weight of a match after one in the same word."""
        unit, context, tables = self.units[number], self.context, self.tables
        if unit.kind != "letter" or (number == len(self.units) - 1 and unit.text == "s"):
            last = number == len(self.units) - 1
            return sum(tables.weights[name] for name in describe_step(context, unit, before, place, last=last))
        if place == before + 1:
            return tables.within[unit.upper][0]
        if context.text[place].isupper():
            return tables.weights["capital"]
        syllable = context.lower[place] not in VOWELS and context.lower[place - 1] in VOWELS
        return tables.within[unit.upper][1 if syllable else 2]
