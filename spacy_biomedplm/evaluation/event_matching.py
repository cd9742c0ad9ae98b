"""Events of EPI and ID (2011), of CG and PC (2013), and of MLEE: Themes and their Sites are compared as pairs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias, TypeVar

from spacy_biomedplm.evaluation.event_records import EventDocument, Surroundings, group_by_start, without_repeats
from spacy_biomedplm.evaluation.event_scores import EventCounts, EventRule, EventTask, count_labels
from spacy_biomedplm.types import DocumentRecord, EventRecord, MentionRecord

T = TypeVar("T")
# Number of a role, Theme, Site: identifiers in the document; either may be missing.
Pair: TypeAlias = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class _Event:
    """An event with its arguments sorted out: pairs of Theme and Site, and others as (number, target) by role."""

    id: str
    label: str
    trigger: str
    pairs: tuple[Pair, ...]
    others: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def themes(self) -> list[Pair]:
        """The pairs without their Sites: what counts of an event inside another one."""
        return [(number, theme, None) for number, theme, _ in self.pairs if theme is not None]


def count_paired(
    gold: DocumentRecord, predicted: DocumentRecord, rule: EventRule, task: EventTask
) -> dict[str, EventCounts]:
    """Count the events of one document by the rule of the evaluation.py of EPI, ID, CG and PC.

    gold, predicted (DocumentRecord): The document and the answer.
    rule (EventRule): With -s (``soft``) and -p (``approximate``), or without.
    task (EventTask): Which roles and modifications count; what it drops is left out of both before anything else, as
        subset.py does: with the roles go events that are equal then, and what refers to them.
    RETURNS (dict[str, EventCounts]): By label.

    An answer matches a gold event of its label if

    - the triggers do: equal spans, or with -s the answer's inside of the gold one as ``Surroundings.extend`` extends
      it;
    - each pair of a Theme and its Site (Theme2 and Site2; a Theme may have none) matches one pair of the other event,
      in any order: first come, first matched;
    - the same holds for each other role: several Participants match in any order.

    Mentions match if they, or one that the gold standard calls equivalent, have the same label and matching spans: -s
    holds for all mentions in EPI and ID, for triggers only in CG and PC. An event as an argument matches if it does as
    a whole, or with -p if label, trigger and Themes do. Negation and Speculation match if the labels are equal and what
    they modify matches as an argument does.

    Answers that are equal without -s and -p count once. Of answers that match the same n gold events, at most n
    count. An answer may match several gold events, and each of them is found.
    """
    if task.repeats == "drop":
        gold, predicted = (without_repeats(record, rule, task) for record in (gold, predicted))
    truth = EventDocument(gold, rule)
    answer = EventDocument(predicted, rule, truth)
    labels, gold_labels = _labels(answer, task), _labels(truth, task)
    equal = _Matcher(answer, answer, truth, rule.strict()).match(task)
    matches = _Matcher(answer, truth, truth, rule).match(task)
    kept = _without_surplus(_without_equal(labels, equal), matches)
    found = set().union(*matches.values())
    return count_labels(
        gold=gold_labels.values(),
        found=(label for name, label in gold_labels.items() if name in found),
        answers=(labels[name] for name in kept),
        right=(labels[name] for name in kept if matches[name]),
    )


def _labels(document: EventDocument, task: EventTask) -> dict[str, str]:
    labels = {event.id: event.label for event in document.events.values()}
    return labels | {name: label for name, label, _ in _modifications(document, task)}


def _modifications(document: EventDocument, task: EventTask) -> Iterator[tuple[str, str, str]]:
    """Yield a name that no event has, the label, and what is modified."""
    if task.modifications:
        for place, said in enumerate(document.modifications):
            yield f"\0{place}", said.label, said.target


def _without_equal(names: Iterable[str], equal: dict[str, set[str]]) -> list[str]:
    kept, seen = [], set[str]()
    for name in names:
        if seen.isdisjoint(equal[name]):
            kept.append(name)
        seen.add(name)
    return kept


def _without_surplus(names: Iterable[str], matches: dict[str, set[str]]) -> list[str]:
    kept = []
    counts: Counter[frozenset[str]] = Counter()
    for name in names:
        found = frozenset(matches[name])
        counts[found] += 1
        if not found or counts[found] <= len(found):
            kept.append(name)
    return kept


def _sort_out(event: EventRecord, document: EventDocument) -> _Event:
    themes: defaultdict[str, list[str]] = defaultdict(list)
    sites: defaultdict[str, list[str]] = defaultdict(list)
    others: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    numbers = []
    for stem, number, target in document.arguments(event):
        if stem in ("Theme", "Site"):
            (themes if stem == "Theme" else sites)[number].append(target)
            numbers.append(number)
        else:
            others[stem].append((number, target))
    pairs = [
        (number, theme, site)
        for number in dict.fromkeys(numbers)
        for theme, site in zip_longest(themes[number], sites[number])
    ]
    return _Event(event.id, event.label, event.trigger, tuple(pairs), dict(others))


class _Matcher:
    """Which events of another document those of an answer match.

    answer, other (EventDocument): The answer, and the gold standard or the answer again.
    gold (EventDocument): Says which mentions are equivalent, and how far spans reach.
    rule (EventRule): Strict to compare an answer with itself.
    """

    def __init__(self, answer: EventDocument, other: EventDocument, gold: EventDocument, rule: EventRule) -> None:
        self.answer, self.other, self.gold, self.rule = answer, other, gold, rule
        self.around = Surroundings(gold.record)
        self.extended: dict[str, tuple[int, int]] = {}
        self.equivalents: defaultdict[str, list[str]] = defaultdict(list)
        for group in gold.record.equivalences:
            for target in group.targets:
                self.equivalents[target] += [name for name in group.targets if name != target]
        self.inner: dict[str, set[str]] = {}

    def match(self, task: EventTask) -> dict[str, set[str]]:
        """Return for each event and modification of the answer the names of those that it matches."""
        events = [_sort_out(event, self.answer) for event in self.answer.events.values()]
        others = [_sort_out(event, self.other) for event in self.other.events.values()]
        spans = ((self._span(self.other.mentions[other.trigger]), other) for other in others)
        near = group_by_start((self.answer.mentions[event.trigger].start for event in events), spans)
        matches: dict[str, set[str]] = {}
        for event in events:
            trigger = self.answer.mentions[event.trigger]
            same = [
                other
                for other in near[trigger.start]
                if event.label == other.label and self._same_span(trigger, self.other.mentions[other.trigger])
            ]
            matches[event.id] = {other.id for other in same if self._same_arguments(event, other)}
            self.inner[event.id] = matches[event.id]
            if self.rule.approximate:
                self.inner[event.id] = {
                    other.id for other in same if _all_paired(event.themes, other.themes, self._same_pair)
                }
        said: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for name, label, target in _modifications(self.other, task):
            said[label, target].add(name)
        for name, label, target in _modifications(self.answer, task):
            matches[name] = set().union(*(said[label, base] for base in self.inner[target]))
        return matches

    def _same_arguments(self, event: _Event, other: _Event) -> bool:
        return _all_paired(event.pairs, other.pairs, self._same_pair) and all(
            _all_paired(event.others.get(role, ()), other.others.get(role, ()), self._same_numbered)
            for role in event.others.keys() | other.others.keys()
        )

    def _same_pair(self, pair: Pair, other: Pair) -> bool:
        return self._same_target(pair[1], other[1]) and self._same_target(pair[2], other[2])

    def _same_numbered(self, argument: tuple[str, str], other: tuple[str, str]) -> bool:
        return self._same_target(argument[1], other[1])

    def _same_target(self, target: str | None, other: str | None) -> bool:
        if target is None or other is None:
            return target is other
        if target in self.answer.events or other in self.other.events:
            return other in self.inner.get(target, ())
        return self._same_mention(target, other)

    def _same_mention(self, name: str, other: str) -> bool:
        return any(
            self._same_span(mention, equivalent)
            for mention in self._equivalent(name, self.answer)
            for equivalent in self._equivalent(other, self.other)
        )

    def _equivalent(self, name: str, document: EventDocument) -> list[MentionRecord]:
        given = name if document is self.gold else document.given.get(name)
        others = () if given is None else self.equivalents.get(given, ())
        return [document.mentions[name], *(self.gold.mentions[other] for other in others)]

    def _same_span(self, mention: MentionRecord, other: MentionRecord) -> bool:
        if mention.label != other.label:
            return False
        if not self._is_soft(other):
            return mention.fragments == other.fragments
        start, end = self._span(other)
        return start <= mention.start and mention.end <= end

    def _is_soft(self, mention: MentionRecord) -> bool:
        return self.rule.soft and (self.rule.soft_entities or mention.label in self.rule.labels)

    def _span(self, other: MentionRecord) -> tuple[int, int]:
        if not self._is_soft(other):
            return other.start, other.end
        if other.id not in self.extended:
            self.extended[other.id] = self.around.extend(other.start, other.end)
        return self.extended[other.id]


def _all_paired(left: Sequence[T], right: Sequence[T], same: Callable[[T, T], bool]) -> bool:
    """Return whether each item has a partner on the other side; the first free one is taken, equal ones are one."""
    taken_left: list[T] = []
    taken_right: list[T] = []
    for item in left:
        partner = next((other for other in right if other not in taken_right and same(item, other)), None)
        if partner is not None:
            taken_left.append(item)
            taken_right.append(partner)
    return all(item in taken_left for item in left) and all(item in taken_right for item in right)
