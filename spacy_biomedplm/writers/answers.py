"""Answers to the BioNLP shared tasks: the files of one document, with identifiers that go on after the given ones."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from spacy_biomedplm.given import FILE
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, EventRecord, MentionRecord
from spacy_biomedplm.writers.brat import format_a1_a2

_ID = re.compile("T([0-9]+)")
_DIGITS = re.compile("[0-9]+$")


def format_answer(
    record: DocumentRecord, losses: Counter[str], *, given: Collection[str] | None = None
) -> dict[str, str]:
    """Return the files of a document as the shared tasks have them.

    record (DocumentRecord): What was found, and what was given.
    losses (Counter[str]): Counts what the format cannot express; concepts too, for which tasks on events have no lines.
    given (Collection[str] | None): Identifiers of the entities that were given; None for all entities.
    RETURNS (dict[str, str]): Content of ".txt", of ".a1" with what was given, and of ".a2" with all the rest. Triggers,
        and entities that were not given, have numbers after those of .a1.
    """
    if concepts := sum(len(mention.concepts) for mention in record.mentions):
        losses["concepts"] += concepts
    own = [mention for mention in record.mentions if not _is_asked(mention, given)]
    # Triggers first, as in the files of the tasks.
    asked = sorted((m for m in record.mentions if _is_asked(m, given)), key=lambda mention: not mention.is_trigger)
    names = _name(own, asked)
    record = replace(
        record,
        mentions=(
            *(replace(m, id=names[m.id], concepts=(), infons=_infons(m, "a1")) for m in own),
            *(replace(m, id=names[m.id], concepts=(), infons=_infons(m, "a2")) for m in asked),
        ),
        events=tuple(_renamed_event(event, names) for event in record.events),
        relations=tuple(replace(r, arguments=_renamed(r.arguments, names)) for r in record.relations),
        attributes=tuple(replace(a, target=names.get(a.target, a.target)) for a in record.attributes),
        equivalences=tuple(
            replace(e, targets=tuple(names.get(target, target) for target in e.targets)) for e in record.equivalences
        ),
        notes=tuple(replace(note, target=names.get(note.target, note.target)) for note in record.notes),
    )
    given_lines, asked_lines = format_a1_a2(record, losses)
    return {".txt": record.text, ".a1": given_lines, ".a2": asked_lines}


def _is_asked(mention: MentionRecord, given: Collection[str] | None) -> bool:
    return mention.is_trigger or (given is not None and mention.id not in given)


def _infons(mention: MentionRecord, file: str) -> Mapping[str, str]:
    return {**mention.infons, FILE: file}


def _name(given: Sequence[MentionRecord], asked: Sequence[MentionRecord]) -> dict[str, str]:
    """Return a new identifier for each mention: given ones keep theirs if they are T and a number."""
    names = {mention.id: mention.id for mention in given if _ID.fullmatch(mention.id)}
    numbers = (number for number in count(1 + max((int(name[1:]) for name in names), default=0)))
    for mention in (*given, *asked):
        if mention.id not in names:
            names[mention.id] = f"T{next(numbers)}"
    return names


def _renamed(arguments: Iterable[ArgumentRecord], names: Mapping[str, str]) -> tuple[ArgumentRecord, ...]:
    return tuple(
        replace(argument, target=names[argument.target])
        if argument.kind == "mention" and argument.target in names
        else argument
        for argument in arguments
    )


def _renamed_event(event: EventRecord, names: Mapping[str, str]) -> EventRecord:
    arguments = tuple(_numbered(_renamed(event.arguments, names)))
    return replace(event, trigger=names.get(event.trigger, event.trigger), arguments=arguments)


def _numbered(arguments: Iterable[ArgumentRecord]) -> Iterator[ArgumentRecord]:
    """Yield arguments so that no role comes twice: Theme, Theme2, Theme3."""
    arguments = list(arguments)
    taken: set[str] = {argument.role for argument in arguments}
    seen: set[str] = set()
    for argument in arguments:
        role = argument.role
        if role in seen and role:
            base = _DIGITS.sub("", role) or role
            role = next(name for number in count(2) if (name := f"{base}{number}") not in taken)
            taken.add(role)
        seen.add(role)
        yield replace(argument, role=role)
