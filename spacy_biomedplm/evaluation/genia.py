"""Events of the GENIA tasks (GE09, GE11, GE13): arguments are compared as ordered lists."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from spacy_biomedplm.evaluation.event_records import (
    EventDocument,
    Surroundings,
    group_by_start,
    split_role,
    without_repeats,
)
from spacy_biomedplm.evaluation.event_scores import EventCounts, EventRule, EventTask, count_labels
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, EventRecord, MentionRecord

# What is not here stands where Theme does.
_RANKS = {"Cause": 7, "Site": 10, "CSite": 17, "AtLoc": 18, "ToLoc": 19}
_PLACES = ("AtLoc", "ToLoc", "FromLoc")

# Longer numbers of roles are cut: Python refuses to read very long ones.
MAX_DIGITS = 4

# "given", and the identifier in the gold standard; "mention" or "event", and that in the document itself.
Target: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Node:
    """An event, or a modification: an event without a trigger whose only Theme is what it modifies."""

    id: str
    label: str
    trigger: MentionRecord | None
    arguments: tuple[tuple[str, Target], ...]

    @property
    def themes(self) -> tuple[Target, ...]:
        """All targets up to that of the last Theme: what counts of an event inside another one."""
        last = max((place for place, (role, _) in enumerate(self.arguments) if role == "Theme"), default=-1)
        return tuple(target for _, target in self.arguments[: last + 1])


def count_genia(
    gold: DocumentRecord, predicted: DocumentRecord, rule: EventRule, task: EventTask
) -> dict[str, EventCounts]:
    """Count the events of one document by the rule of a2-evaluate.pl, run after a2-normalize.pl.

    gold, predicted (DocumentRecord): The document and the answer.
    rule (EventRule): With -s (``soft``) and -p (``approximate``), or without.
    task (EventTask): Which roles and modifications count.
    RETURNS (dict[str, EventCounts]): By label.

    Arguments are put in the order Theme, Theme2 …, Cause, Site …, CSite, AtLoc, ToLoc; the Themes of Binding, each
    with its Site, in the order of the given proteins. A protein stands for all that the gold standard calls
    equivalent. Answers with the same label, trigger and arguments are one, and so are gold events (GE11, GE13); GE09
    leaves out all but the first of both, with what refers to them.

    An answer matches a gold event of its label if

    - the spans of the triggers match: they are equal, or with -s that of the answer lies inside the gold one as
      ``Surroundings.extend_genia`` extends it;
    - both have as many arguments, and these match one by one: the same role, and the same given protein, or mentions
      of the same label whose spans match, or events that match. With -p, of an event that is an argument only the
      list up to its last Theme is compared, and roles are not.

    Negation and Speculation match if the labels are equal and what they modify matches as an argument does. Where
    more answers of a label match than gold events are matched in a document, the surplus does not count.
    """
    truth = _read(gold, rule, task)
    answer = _read(predicted, rule, task, truth)
    proteins = _representatives(truth)
    golds = list(_merged(_nodes(truth, task, proteins), merge=task.repeats == "merge"))
    answers = list(_merged(_nodes(answer, task, proteins), merge=True))
    matches = _Matcher(answer, truth, rule).match(answers, golds)
    found = set().union(*matches.values())
    counts = count_labels(
        gold=(node.label for node in golds),
        found=(node.label for node in golds if node.id in found),
        answers=(node.label for node in answers),
        right=(node.label for node in answers if matches[node.id]),
    )
    return {label: _without_surplus(count) for label, count in counts.items()}


def _without_surplus(counts: EventCounts) -> EventCounts:
    surplus = max(0, counts.right - counts.found)
    return replace(counts, answers=counts.answers - surplus, right=counts.right - surplus)


def _read(record: DocumentRecord, rule: EventRule, task: EventTask, gold: EventDocument | None = None) -> EventDocument:
    """Return a document with arguments in canonical order, and what the task leaves out of files left out."""
    document = EventDocument(record, rule, gold)
    ranks = {mention.id: rank for rank, mention in enumerate((gold or document).record.mentions)}
    events = tuple(replace(event, arguments=_canonical(event, document, ranks)) for event in record.events)
    record = replace(record, events=events)
    if task.repeats == "drop":
        record = without_repeats(record, rule, task)
    return EventDocument(record, rule, gold)


def _canonical(event: EventRecord, document: EventDocument, ranks: dict[str, int]) -> tuple[ArgumentRecord, ...]:
    def rank(argument: ArgumentRecord) -> int:
        stem, number = split_role(argument.role)
        return _RANKS.get(stem, 0) + min(int(number[:MAX_DIGITS] or 0), 6)

    ordered = sorted(event.arguments, key=rank)
    if event.label != "Binding":
        return tuple(ordered)
    themes: dict[int, ArgumentRecord] = {}
    sites: dict[int, ArgumentRecord] = {}
    rest = []
    for argument in ordered:
        stem, number = split_role(argument.role)
        group = {"Theme": themes, "Site": sites}.get(stem)
        if group is None:
            rest.append(argument)
            continue
        place = int(number[:MAX_DIGITS] or 1)
        while place in group:
            place += 1
        group[place] = argument
    last = len(ranks)
    order = sorted(themes, key=lambda place: ranks.get(document.given.get(themes[place].target, ""), last))
    numbers = {place: str(number) if number > 1 else "" for number, place in enumerate(order, start=1)}
    return (
        *(replace(themes[place], role=f"Theme{numbers[place]}") for place in order),
        *(replace(sites[place], role=f"Site{numbers[place]}") for place in order if place in sites),
        *(site for place, site in sites.items() if place not in numbers),
        *rest,
    )


def _representatives(gold: EventDocument) -> dict[str, str]:
    """Return for each given mention the first that the gold standard calls equivalent to it."""
    return {target: group.targets[0] for group in gold.record.equivalences for target in group.targets[1:]}


def _nodes(document: EventDocument, task: EventTask, proteins: dict[str, str]) -> Iterator[_Node]:
    def aim(target: str) -> Target:
        if target in document.events:
            return "event", target
        given = document.given.get(target)
        return ("mention", target) if given is None else ("given", proteins.get(given, given))

    for event in document.events.values():
        arguments = []
        for stem, number, target in document.arguments(event):
            if stem not in task.dropped:
                arguments.append((stem if stem == "Theme" else stem + number, aim(target)))
        yield _Node(event.id, event.label, document.mentions[event.trigger], tuple(arguments))
    if task.modifications:
        for place, said in enumerate(document.modifications):
            yield _Node(f"\0{place}", said.label, None, (("Theme", ("event", said.target)),))


def _merged(nodes: Iterable[_Node], *, merge: bool) -> Iterator[_Node]:
    """Yield nodes; of equal ones the first, to which the arguments of others then point."""
    first: dict[tuple[object, ...], str] = {}
    stands_for: dict[str, str] = {}
    for node in nodes:
        arguments = tuple(
            (role, (kind, stands_for.get(name, name) if kind == "event" else name))
            for role, (kind, name) in node.arguments
        )
        key = (node.label, node.trigger.id if node.trigger else None, arguments)
        if not merge or key not in first:
            first[key] = node.id
            yield replace(node, arguments=arguments)
        else:
            stands_for[node.id] = first[key]


class _Matcher:
    """Which gold events an answer matches, as a whole and as the argument of another event."""

    def __init__(self, answer: EventDocument, gold: EventDocument, rule: EventRule) -> None:
        self.answer, self.gold, self.rule = answer, gold, rule
        self.around = Surroundings(gold.record)
        self.extended: dict[str, tuple[int, int]] = {}
        self.inner: dict[str, set[str]] = {}

    def match(self, answers: Sequence[_Node], golds: Sequence[_Node]) -> dict[str, set[str]]:
        """Return for each answer the gold nodes that it matches; inner answers come first."""
        near = self._near(answers, golds)
        matches: dict[str, set[str]] = {}
        for answer in answers:
            same = [gold for gold in near(answer) if answer.label == gold.label]
            matches[answer.id] = {gold.id for gold in same if self._same_arguments(answer, gold)}
            self.inner[answer.id] = matches[answer.id]
            if self.rule.approximate:
                self.inner[answer.id] = {gold.id for gold in same if self._same_targets(answer.themes, gold.themes)}
        return matches

    def _near(self, answers: Iterable[_Node], golds: Iterable[_Node]) -> Callable[[_Node], Iterable[_Node]]:
        """Return what finds the gold nodes with a matching trigger, or those that modify a matching event."""
        said: defaultdict[str, list[_Node]] = defaultdict(list)
        rooted = []
        for gold in golds:
            if gold.trigger is None:
                said[gold.themes[0][1]].append(gold)
            else:
                rooted.append((self._span(gold.trigger), gold))
        by_start = group_by_start((node.trigger.start for node in answers if node.trigger), rooted)

        def find(answer: _Node) -> Iterable[_Node]:
            if answer.trigger is None:
                return (gold for base in self.inner[answer.themes[0][1]] for gold in said[base])
            near = by_start[answer.trigger.start]
            return (gold for gold in near if gold.trigger and self._same_span(answer.trigger, gold.trigger))

        return find

    def _span(self, gold: MentionRecord) -> tuple[int, int]:
        if not self.rule.soft:
            return gold.start, gold.end
        if gold.id not in self.extended:
            self.extended[gold.id] = self.around.extend_genia(gold.start, gold.end)
        return self.extended[gold.id]

    def _same_span(self, answer: MentionRecord, gold: MentionRecord) -> bool:
        if not self.rule.soft:
            return answer.fragments == gold.fragments
        start, end = self._span(gold)
        return start <= answer.start and answer.end <= end

    def _same_arguments(self, answer: _Node, gold: _Node) -> bool:
        roles = [[self._role(role) for role, _ in node.arguments] for node in (answer, gold)]
        targets = [[target for _, target in node.arguments] for node in (answer, gold)]
        return roles[0] == roles[1] and self._same_targets(*targets)

    def _role(self, role: str) -> str:
        return "Loc" if self.rule.merged_places and role in _PLACES else role

    def _same_targets(self, answers: Sequence[Target], golds: Sequence[Target]) -> bool:
        return len(answers) == len(golds) and all(map(self._same_target, answers, golds))

    def _same_target(self, answer: Target, gold: Target) -> bool:
        if answer[0] != gold[0] or answer[0] == "given":
            return answer == gold
        if answer[0] == "event":
            return gold[1] in self.inner[answer[1]]
        mention, other = self.answer.mentions[answer[1]], self.gold.mentions[gold[1]]
        return mention.label == other.label and self._same_span(mention, other)
