"""Wrong answers made from gold documents: events dropped, doubled, shifted, re-labelled, re-rooted, split, merged."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.schemes import without
from spacy_biomedplm.event_order import order_events
from spacy_biomedplm.types import ArgumentRecord, AttributeRecord, DocumentRecord, EventRecord, MentionRecord

WORD = re.compile(r"\w[\w-]*")
MODIFICATIONS = ("Negation", "Speculation")


def stem(role: str) -> str:
    """Return a role without the number at its end."""
    return role.rstrip("0123456789")


class Schema:
    """What events of a corpus look like, so that no answer is one that a task's program rejects.

    documents (Iterable[DocumentRecord]): The gold standard.
    given (frozenset[str]): Labels of given mentions.
    """

    def __init__(self, documents: Iterable[DocumentRecord], given: frozenset[str]) -> None:
        self.given = given
        self.kinds: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.most: Counter[tuple[str, str]] = Counter()
        self.always: dict[str, set[str]] = {}
        for document in documents:
            labels = kinds_of(document)
            for event in document.events:
                counts = Counter(stem(argument.role) for argument in event.arguments)
                for role, count in counts.items():
                    self.most[event.label, role] = max(self.most[event.label, role], count)
                for argument in event.arguments:
                    self.kinds[event.label, stem(argument.role)].add(labels[argument.target])
                self.always[event.label] = self.always.get(event.label, set(counts)) & set(counts)

    @property
    def labels(self) -> list[str]:
        """Labels of events, sorted."""
        return sorted(self.always)

    def takes(self, label: str, arguments: Sequence[ArgumentRecord], kinds: dict[str, str]) -> bool:
        """Return whether an event of a label may have these arguments.

        kinds (dict[str, str]): Label of each mention of the document, "event" for each event.
        """
        roles = [argument.role for argument in arguments]
        counts = Counter(map(stem, roles))
        numbers = {role: {r.removeprefix(role) for r in roles if stem(r) == role} for role in ("Theme", "Site")}
        return (
            self.always[label] <= set(counts)
            and all(count <= self.most[label, role] for role, count in counts.items())
            and all(kinds[a.target] in self.kinds[label, stem(a.role)] for a in arguments)
            and (numbers["Site"] <= numbers["Theme"])
            and not ("CSite" in counts and "Cause" not in counts)
            and len(set(roles)) == len(roles)
        )


def kinds_of(document: DocumentRecord) -> dict[str, str]:
    """Return the label of each mention and "event" for each event, by identifier."""
    return {m.id: m.label for m in document.mentions} | {event.id: "event" for event in document.events}


class Perturber:
    """Makes answers from gold documents.

    schema (Schema): What answers may look like.
    rng (random.Random): Seeded.
    rate (float): Share of the events that something happens to.
    """

    def __init__(self, schema: Schema, rng: random.Random, rate: float) -> None:
        self.schema, self.rng, self.rate = schema, rng, rate
        self.done: Counter[str] = Counter()
        self.equivalents: dict[str, tuple[str, ...]] = {}

    def answer(self, gold: DocumentRecord) -> DocumentRecord:
        """Return a perturbed copy with its events in another order and under other identifiers."""
        self.equivalents = {name: group.targets for group in gold.equivalences for name in group.targets}
        document = replace(gold, equivalences=(), relations=(), notes=())
        names = [name for name in dir(self) if name.startswith("_do_")]
        for event in gold.events:
            # Not every event has what a change needs, so that there are several attempts.
            for name in self.rng.sample(names, 4) if self.rng.random() < self.rate else ():
                current = next((e for e in document.events if e.id == event.id), None)
                changed = getattr(self, name)(document, current) if current else None
                if changed is not None and changed != document:
                    self.done[name.removeprefix("_do_")] += 1
                    document = changed
                    break
        for mention in document.mentions:
            is_own = mention.label not in self.schema.given and not mention.is_trigger
            moved = self._shift_mention(document, mention.id) if is_own and self.rng.random() < self.rate else None
            if moved is not None:
                self.done["shift_own_entity"] += 1
                document = moved
        return self._shuffled(document)

    def _shuffled(self, document: DocumentRecord) -> DocumentRecord:
        events = list(document.events)
        self.rng.shuffle(events)
        names = {event.id: f"E{number}" for number, event in enumerate(events, start=1)}

        def renamed(event: EventRecord) -> EventRecord:
            arguments = tuple(replace(a, target=names.get(a.target, a.target)) for a in event.arguments)
            return replace(event, id=names[event.id], arguments=arguments)

        attributes = tuple(
            replace(said, id=f"M{number}", target=names[said.target])
            for number, said in enumerate(document.attributes, start=1)
            if said.target in names
        )
        return replace(document, events=tuple(map(renamed, events)), attributes=attributes)

    def _with(self, document: DocumentRecord, *events: EventRecord) -> DocumentRecord:
        """Return a document with events in place of those of the same identifier, or added."""
        new = {event.id: event for event in events}
        kept = tuple(new.pop(event.id, event) for event in document.events)
        return replace(document, events=(*kept, *new.values()))

    def _new(self, document: DocumentRecord, prefix: str) -> str:
        names = [item.id for item in (*document.mentions, *document.events, *document.attributes)]
        return prefix + str(1 + max(int(name[1:]) for name in names))

    def _rooted(
        self, document: DocumentRecord, event: EventRecord, label: str, start: int, end: int
    ) -> DocumentRecord | None:
        """Return a document in which an event has a trigger of its own."""
        if not 0 <= start < end <= len(document.text):
            return None
        trigger = MentionRecord(self._new(document, "T"), label, ((start, end),), is_trigger=True)
        document = replace(document, mentions=(*document.mentions, trigger))
        return self._with(document, replace(event, label=label, trigger=trigger.id))

    def _altered(
        self, document: DocumentRecord, event: EventRecord, arguments: Sequence[ArgumentRecord]
    ) -> DocumentRecord | None:
        if not self.schema.takes(event.label, arguments, kinds_of(document)):
            return None
        changed = self._with(document, replace(event, arguments=tuple(arguments)))
        inner = {e.id: [a.target for a in e.arguments if a.kind == "event"] for e in changed.events}
        return None if order_events(inner)[1] else changed

    def _trigger(self, document: DocumentRecord, event: EventRecord) -> MentionRecord:
        return next(mention for mention in document.mentions if mention.id == event.trigger)

    def _do_drop(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        kept = tuple(other for other in document.events if other.id != event.id)
        return without(replace(document, events=kept), {event.id}, Report(), "excluded")

    def _do_double(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        return self._with(document, replace(event, id=self._new(document, "E")))

    def _do_double_with_trigger(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        trigger = self._trigger(document, event)
        copy = replace(event, id=self._new(document, "E"))
        return self._rooted(self._with(document, copy), copy, event.label, trigger.start, trigger.end)

    def _do_shift_trigger(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        trigger = self._trigger(document, event)
        start, end = (place + self.rng.randint(-4, 4) for place in (trigger.start, trigger.end))
        return self._rooted(document, event, event.label, start, end)

    def _do_shift_trigger_by_a_word(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        trigger = self._trigger(document, event)
        words = [word.span() for word in WORD.finditer(document.text)]
        before = [start for start, end in words if end <= trigger.start][-2:]
        after = [end for start, end in words if start >= trigger.end][:2]
        start = self.rng.choice([trigger.start, *before])
        return self._rooted(document, event, event.label, start, self.rng.choice([trigger.end, *after]))

    def _do_shift_shared_trigger(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        return self._shift_mention(document, event.trigger)

    def _shift_mention(self, document: DocumentRecord, name: str) -> DocumentRecord | None:
        mention = next(mention for mention in document.mentions if mention.id == name)
        start, end = mention.start + self.rng.randint(-3, 2), mention.end + self.rng.randint(-2, 3)
        if not 0 <= start < end <= len(document.text):
            return None
        moved = replace(mention, fragments=((start, end),), text=None)
        return replace(document, mentions=tuple(moved if m.id == name else m for m in document.mentions))

    def _do_label(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        kinds = kinds_of(document)
        fitting = [label for label in self.schema.labels if self.schema.takes(label, event.arguments, kinds)]
        trigger = self._trigger(document, event)
        return self._rooted(document, event, self.rng.choice(fitting or [event.label]), trigger.start, trigger.end)

    def _do_root(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        start, end = self.rng.choice([word.span() for word in WORD.finditer(document.text)])
        return self._rooted(document, event, event.label, start, end)

    def _do_root_of_another(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        same = [other.trigger for other in document.events if other.label == event.label]
        return self._with(document, replace(event, trigger=self.rng.choice(same)))

    def _do_swap(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        if len(event.arguments) < 2:
            return None
        first, second = self.rng.sample(range(len(event.arguments)), 2)
        arguments = list(event.arguments)
        a, b = arguments[first], arguments[second]
        arguments[first], arguments[second] = replace(b, role=a.role), replace(a, role=b.role)
        return self._altered(document, event, arguments)

    def _do_order(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        return self._altered(document, event, self.rng.sample(event.arguments, len(event.arguments)))

    def _do_target(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        if not event.arguments:
            return None
        arguments = list(event.arguments)
        place = self.rng.randrange(len(arguments))
        arguments[place] = self._argument(document, arguments[place].role)
        return self._altered(document, event, arguments)

    def _do_equivalent(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        return self._redirected(
            document, event, {a.target: self.equivalents.get(a.target, ()) for a in event.arguments}
        )

    def _do_neighbour(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        places = {mention.id: mention for mention in document.mentions}
        nearest = {}
        for argument in event.arguments:
            if argument.target in places:
                mention = places[argument.target]
                others = [m for m in places.values() if m.label == mention.label and m is not mention]
                others.sort(key=lambda other, mention=mention: abs(other.start - mention.start))
                nearest[argument.target] = [other.id for other in others[:1]]
        return self._redirected(document, event, nearest)

    def _redirected(
        self, document: DocumentRecord, event: EventRecord, targets: Mapping[str, Sequence[str]]
    ) -> DocumentRecord | None:
        places = [place for place, argument in enumerate(event.arguments) if targets.get(argument.target)]
        if not places:
            return None
        place = self.rng.choice(places)
        arguments = list(event.arguments)
        arguments[place] = replace(arguments[place], target=self.rng.choice(targets[arguments[place].target]))
        return self._altered(document, event, arguments)

    def _do_add(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        roles = sorted(role for label, role in self.schema.most if label == event.label)
        if not roles:
            return None
        role = self.rng.choice(roles)
        same = [argument.role for argument in event.arguments if stem(argument.role) == role]
        if role in same:
            role = f"{role}{len(same) + 1}"
        return self._altered(document, event, [*event.arguments, self._argument(document, role)])

    def _argument(self, document: DocumentRecord, role: str) -> ArgumentRecord:
        kinds = kinds_of(document)
        wanted = {kind for (_, name), found in self.schema.kinds.items() if name == stem(role) for kind in found}
        names = [name for name, kind in kinds.items() if kind in wanted] or list(kinds)
        target = self.rng.choice(names)
        return ArgumentRecord(role, target, "event" if kinds[target] == "event" else "mention")

    def _do_take_out(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        if not event.arguments:
            return None
        gone = self.rng.choice(event.arguments).role
        partner = gone.replace("Theme", "Site") if gone.startswith("Theme") else "CSite" if gone == "Cause" else ""
        return self._altered(document, event, [a for a in event.arguments if a.role not in (gone, partner)])

    def _do_split(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        themes = [argument for argument in event.arguments if stem(argument.role) == "Theme"]
        if len(themes) < 2:
            return None
        first = self._altered(document, event, [replace(themes[0], role="Theme")])
        if first is None:
            return None
        other = replace(event, id=self._new(first, "E"), arguments=(replace(themes[1], role="Theme"),))
        return self._with(first, other)

    def _do_merge(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord | None:
        taken = {argument.target for argument in event.arguments}
        for other in document.events:
            if (other.trigger, other.label) == (event.trigger, event.label) and other.id != event.id:
                fresh = [a for a in other.arguments if stem(a.role) == "Theme" and a.target not in taken]
                count = sum(stem(a.role) == "Theme" for a in event.arguments)
                more = [replace(a, role=f"Theme{count + n}") for n, a in enumerate(fresh, start=1)]
                merged = self._altered(document, event, [*event.arguments, *more]) if more else None
                if merged is not None and other.id not in taken:
                    kept = tuple(e for e in merged.events if e.id != other.id)
                    return without(replace(merged, events=kept), {other.id}, Report(), "excluded")
        return None

    def _do_modify(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        said = AttributeRecord(self._new(document, "M"), self.rng.choice(MODIFICATIONS), event.id)
        return replace(document, attributes=(*document.attributes, said))

    def _do_unmodify(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        kept = tuple(said for said in document.attributes if said.target != event.id)
        return replace(document, attributes=kept)

    def _do_flip_modification(self, document: DocumentRecord, event: EventRecord) -> DocumentRecord:
        def flipped(said: AttributeRecord) -> AttributeRecord:
            other = MODIFICATIONS[said.label == MODIFICATIONS[0]]
            return replace(said, label=other) if said.target == event.id else said

        return replace(document, attributes=tuple(map(flipped, document.attributes)))
