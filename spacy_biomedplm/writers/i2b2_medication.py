"""The layout of the 2009 i2b2 medication challenge: NAME.txt and NAME.entries, side by side in a folder."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from spacy_biomedplm.types import DocumentRecord, EventRecord
from spacy_biomedplm.writers.file_names import FileNames, encode_text
from spacy_biomedplm.writers.i2b2_lines import TokenPlaces, place_mention, quotable
from spacy_biomedplm.writers.losses import count_infons, count_losses

MEDICATION = "medication"
SLOTS = {"do": "dosage", "mo": "mode", "f": "frequency", "du": "duration", "r": "reason"}
FIELDS = ("e", "t", "c", "ln")


def write_i2b2_medication(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents in the layout of 2009.

    records (Iterable[DocumentRecord]): Documents, written one after the other.
    path (Path): Folder, made if it is not there.
    losses (Counter[str]): Counts what the layout cannot hold.
    """
    path.mkdir(parents=True, exist_ok=True)
    names = FileNames(losses)
    for record in records:
        name = names.take(record.doc_id)
        (path / f"{name}.txt").write_bytes(encode_text(record.text))
        (path / f"{name}.entries").write_bytes(format_i2b2_medication(record, losses).encode("utf-8"))


def format_i2b2_medication(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return the entries of a document.

    record (DocumentRecord): Events with the label "medication" become entries; a mention with this label that is the
        trigger of none becomes an entry in which nothing else is mentioned.
    losses (Counter[str]): Counts what the layout cannot hold.
    """
    count_losses(record, losses, keeps=("events", "mention texts", "triggers"))
    entries = [event for event in record.events if event.label == MEDICATION]
    if len(entries) < len(record.events):
        losses["events"] += len(record.events) - len(entries)
    roles = {(event.trigger, MEDICATION) for event in entries}
    roles |= {(a.target, a.role) for event in entries for a in event.arguments if a.role in SLOTS.values()}
    used = {name for name, _ in roles}
    for mention in record.mentions:
        if mention.label == MEDICATION and mention.id not in used:
            entries.append(EventRecord("", MEDICATION, mention.id))
        elif mention.id not in used:
            losses["mentions outside of entries"] += 1
        elif any(name == mention.id and role != mention.label for name, role in roles):
            losses["labels of mentions"] += 1
    places = TokenPlaces(record.text)
    shown = used | {event.trigger for event in entries}
    said = {m.id: place_mention(record, m, places, losses) for m in record.mentions if m.id in shown}
    values = {name: f'"{placed[0]}" {placed[1]}' for name, placed in said.items() if placed is not None}
    lines = []
    for event in entries:
        if event.trigger in values:
            lines.append(_entry(event, values, losses))
        else:
            losses["events"] += 1
    return "".join(f"{line}\n" for line in lines)


def _entry(event: EventRecord, values: dict[str, str], losses: Counter[str]) -> str:
    slots: dict[str, str] = {}
    for argument in event.arguments:
        key = next((key for key, role in SLOTS.items() if role == argument.role), None)
        if key is None or key in slots or argument.target not in values:
            losses["arguments of events"] += 1
        else:
            slots[key] = values[argument.target]
    infons = dict(event.infons)
    fields = [f"m={values[event.trigger]}"]
    for key in SLOTS:
        given = infons.pop(key, "nm") if key not in slots else ""
        fields.append(f"{key}=" + (slots.get(key) or f'"{quotable(given, losses)}"'))
    for key in FIELDS:
        if key in infons:
            fields.append(f'{key}="{quotable(infons.pop(key), losses)}"')
    if lost := count_infons(infons):
        losses["event infons"] += lost
    return "||".join(fields)
