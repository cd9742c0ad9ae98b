"""Whether the annotations of a document fit its text and each other, and mending them where that is safe."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from spacy_biomedplm.corpora.problems import Problem, ProblemKind, Report
from spacy_biomedplm.corpora.schemes import without
from spacy_biomedplm.errors import coded
from spacy_biomedplm.event_order import show_circle, walk_events
from spacy_biomedplm.pairs import NEGATIVE_PAIRS, pack_pairs, unpack_pairs
from spacy_biomedplm.types import DocumentRecord, EventRecord, Fragment, MentionRecord, PassageRecord, RelationRecord

# A mention whose offsets are wrong is looked for this many characters to either side.
MAX_SHIFT_CHARS = 24
# Shorter mentions are only found as whole words.
MIN_PART_CHARS = 3

_HALF_PAIR = re.compile("[\ud800-\udfff]")
# Hyphens, dashes and the minus sign, which one file writes for another.
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")


def fit(record: DocumentRecord, report: Report) -> DocumentRecord:
    """Return a document of which ``make_doc`` takes every annotation.

    record (DocumentRecord): As it stands in the file.
    report (Report): Decides about what is broken, and lists it: offsets that do not fit the text, identifiers that
        are there twice, references to what is not there, events in a circle, half surrogate pairs.
    RETURNS (DocumentRecord): The same, if nothing is broken; ``mention.text`` is kept only where it differs from the
        characters of the document.
    RAISES (BiomedplmError): B405, B430-B432, B434 or B445, if the report's mode is "raise".
    """
    record = _whole_characters(record, report)
    record = _unique(record, report)
    mentions = []
    gone: set[str] = set()
    for mention in record.mentions:
        placed = _placed(record, mention, report)
        if placed is None:
            gone.add(mention.id)
        else:
            mentions.append(placed)
    if any(placed is not mention for placed, mention in zip_longest(mentions, record.mentions)):
        record = replace(record, mentions=tuple(mentions))
    events = record.events
    record, dangling = _resolved(without(record, gone, report, "dropped"), report)
    record = without(record, dangling, report, "dropped")
    return _with_passages(_without_triggers(record, events, report), gone, report)


def _without_triggers(record: DocumentRecord, events: Iterable[EventRecord], report: Report) -> DocumentRecord:
    """Make entities of mentions that only events which are gone named as triggers, and that have another label."""
    labels: dict[str, set[str]] = defaultdict(set)
    for event in events:
        labels[event.trigger].add(event.label)
    for event in record.events:
        labels.pop(event.trigger, None)
    if not labels:
        return record
    mentions = []
    for mention in record.mentions:
        if mention.is_trigger and mention.id in labels and mention.label not in labels[mention.id]:
            detail = f"{mention.id} was the trigger of an event that is left out; it is taken as an entity"
            report.add(Problem("repaired", record.path, mention.line, record.doc_id, detail, mention.label))
            mention = replace(mention, is_trigger=False)
        mentions.append(mention)
    return replace(record, mentions=tuple(mentions))


def _with_passages(record: DocumentRecord, broken: set[str], report: Report) -> DocumentRecord:
    mentions = {mention.id for mention in record.mentions}
    kept: list[PassageRecord] = []
    for passage in record.passages:
        if 0 <= passage.start <= passage.end <= len(record.text):
            if NEGATIVE_PAIRS in passage.infons:
                passage = _with_pairs(record, passage, mentions, broken, report)
            kept.append(passage)
        else:
            values: dict[str, Any] = {"path": record.path, "line": 0, "doc_id": record.doc_id}
            found = f"{passage.start}-{passage.end}"
            message = coded("B430", **values, id=passage.kind, found=found, size=len(record.text))
            report.drop(message, path=record.path, doc_id=record.doc_id, label=passage.kind)
    if all(one is other for one, other in zip_longest(kept, record.passages)):
        return record
    return replace(record, passages=tuple(kept))


def _with_pairs(
    record: DocumentRecord, passage: PassageRecord, mentions: set[str], broken: set[str], report: Report
) -> PassageRecord:
    """Take out pairs that do not interact of mentions that are left out."""
    kept = []
    pairs = unpack_pairs(passage.infons[NEGATIVE_PAIRS])
    for pair in pairs or ():
        missing = [target for target in (pair.first, pair.second) if target not in mentions]
        if missing:
            detail = f"the pair {pair.id} refers to {', '.join(missing)}, which is left out"
            kind: ProblemKind = "excluded" if broken.isdisjoint(missing) else "dropped"
            report.add(Problem(kind, record.path, 0, record.doc_id, detail))
        else:
            kept.append(pair)
    if pairs is None or len(kept) == len(pairs):
        return passage
    infons = {key: value for key, value in passage.infons.items() if key != NEGATIVE_PAIRS}
    return replace(passage, infons={**infons, NEGATIVE_PAIRS: pack_pairs(kept)} if kept else infons)


def _whole_characters(record: DocumentRecord, report: Report) -> DocumentRecord:
    broken = _HALF_PAIR.search(record.text)
    if broken is None:
        return record
    message = coded("B432", path=record.path, doc_id=record.doc_id, found=f"U+{ord(broken[0]):04X}")
    if not report.mend(message, "it becomes U+FFFD", path=record.path, doc_id=record.doc_id):
        return replace(record, text="", mentions=(), relations=(), events=(), attributes=(), passages=())
    return replace(record, text=_HALF_PAIR.sub("\ufffd", record.text))


def _unique(record: DocumentRecord, report: Report) -> DocumentRecord:
    """Take out what has the identifier of something before it; references mean the first."""
    ids = [item.id for items in (record.mentions, record.relations, record.events) for item in items]
    if len(set(ids)) == len(ids):
        return record
    seen: set[str] = set()
    kept: dict[str, list[Any]] = {"mentions": [], "relations": [], "events": []}
    groups: list[tuple[str, tuple[Any, ...]]] = [
        ("mentions", record.mentions),
        ("relations", record.relations),
        ("events", record.events),
    ]
    for name, items in groups:
        for item in items:
            if item.id in seen:
                values: dict[str, Any] = {"path": record.path, "line": item.line, "doc_id": record.doc_id}
                is_mention = isinstance(item, MentionRecord)
                report.drop(coded("B431", **values, id=item.id), **values, label=item.label, is_mention=is_mention)
            else:
                kept[name].append(item)
                seen.add(item.id)
    return replace(
        record,
        mentions=tuple(kept["mentions"]),
        relations=tuple(kept["relations"]),
        events=tuple(kept["events"]),
    )


def _placed(record: DocumentRecord, mention: MentionRecord, report: Report) -> MentionRecord | None:
    """Return a mention with offsets that fit the text, or None if it is left out."""
    where: dict[str, Any] = {"path": record.path, "line": mention.line, "doc_id": record.doc_id}
    inside = all(0 <= start <= end <= len(record.text) for start, end in mention.fragments)
    if inside and mention.fragments and record.text:
        if mention.text is None:
            return mention
        shown = record.text_of(mention)
        if shown == mention.text:
            return replace(mention, text=None)
        if _same(shown, mention.text):
            return mention
    found = _shown(mention.fragments)
    if mention.text is None or not mention.fragments:
        message = coded("B430", **where, id=mention.id, found=found or "no offsets", size=len(record.text))
        report.drop(message, **where, label=mention.label, is_mention=True)
        return None
    there = " ".join(record.text[max(start, 0) : max(end, 0)] for start, end in mention.fragments)
    message = coded("B405", **where, detail=f"'{mention.text}' at {found} does not fit the text '{there}'")
    moved = _moved(record.text, mention)
    if moved is None:
        report.drop(message, **where, label=mention.label, is_mention=True)
        return None
    mended = replace(mention, fragments=moved, text=None)
    taken = f"it is taken to be '{record.text_of(mended)}' at {_shown(moved)}"
    return mended if report.mend(message, taken, **where, label=mention.label, is_mention=True) else None


def _shown(fragments: Iterable[Fragment]) -> str:
    return ";".join(f"{start}-{end}" for start, end in fragments)


def _moved(text: str, mention: MentionRecord) -> tuple[Fragment, ...] | None:
    """Return where a mention really is, or None if that cannot be told.

    Several fragments are moved alike to where they have the very text; or each to its part of the text, if that can be
    divided by their lengths; or alike to where they have the text but for white space, case and punctuation.
    """
    if len(mention.fragments) == 1:
        found = place(text, mention)
        return None if found is None else (found,)
    return _shifted(text, mention, str.__eq__) or _moved_each(text, mention) or _shifted(text, mention, _same)


def _shifted(text: str, mention: MentionRecord, fits: Callable[[str, str], bool]) -> tuple[Fragment, ...] | None:
    first = max(-mention.start, -MAX_SHIFT_CHARS)
    last = min(len(text) - mention.end, MAX_SHIFT_CHARS)
    near = []
    for shift in sorted(range(first, last + 1), key=abs):
        moved = tuple((start + shift, end + shift) for start, end in mention.fragments)
        if fits(" ".join(text[start:end] for start, end in moved), mention.text or ""):
            near.append((abs(shift), moved))
    return near[0][1] if near and (len(near) == 1 or near[0][0] < near[1][0]) else None


def _moved_each(text: str, mention: MentionRecord) -> tuple[Fragment, ...] | None:
    whole = mention.text or ""
    moved: list[Fragment] = []
    begin = 0
    for fragment in mention.fragments:
        part = whole[begin : begin + fragment[1] - fragment[0]]
        begin += len(part) + 1
        found = place(text, replace(mention, fragments=(fragment,), text=part)) if part else None
        if found is None or whole[begin - 1 : begin] not in ("", " ") or (moved and found[0] < moved[-1][1]):
            return None
        moved.append(found)
    return tuple(moved) if begin == len(whole) + 1 else None


def _resolved(record: DocumentRecord, report: Report) -> tuple[DocumentRecord, set[str]]:
    """Take out what refers to nothing, or to something of another kind, and events in a circle."""
    if not (record.relations or record.events or record.attributes or record.notes or record.equivalences):
        return record, set()
    mentions = {mention.id for mention in record.mentions}
    events = {event.id for event in record.events}
    known = mentions | events | {relation.id for relation in record.relations}
    said = known | {attribute.id for attribute in record.attributes}
    gone: set[str] = set()
    kept: dict[str, list[Any]] = {name: [] for name in ("relations", "events", "attributes", "notes", "equivalences")}

    def keep(kind: str, item: Any, name: str, missing: str | None) -> None:
        if missing is None:
            kept[kind].append(item)
        else:
            gone.add(name)
            _dangling(record, name, missing, item.line, report)

    def wrong(item: RelationRecord | EventRecord, allowed: dict[str, set[str]]) -> str | None:
        pairs = ((a.target, allowed[a.kind]) for a in item.arguments if a.kind != "concept")
        return next((target for target, ids in pairs if target not in ids), None)

    for relation in record.relations:
        # A relation may hold of events, and of relations.
        keep("relations", relation, relation.id, wrong(relation, {"mention": mentions, "event": known - mentions}))
    for event in record.events:
        missing = wrong(event, {"mention": mentions, "event": events})
        keep("events", event, event.id, event.trigger if event.trigger not in mentions else missing)
    for attribute in record.attributes:
        keep("attributes", attribute, attribute.id, None if attribute.target in said else attribute.target)
    for note in record.notes:
        keep("notes", note, note.id, None if not note.target or note.target in said else note.target)
    for group in record.equivalences:
        keep("equivalences", group, group.label, next((t for t in group.targets if t not in known), None))
    whole = replace(
        record,
        relations=tuple(kept["relations"]),
        events=tuple(kept["events"]),
        attributes=tuple(kept["attributes"]),
        notes=tuple(kept["notes"]),
        equivalences=tuple(kept["equivalences"]),
    )
    return _without_circles(whole, report, gone)


def _without_circles(record: DocumentRecord, report: Report, gone: set[str]) -> tuple[DocumentRecord, set[str]]:
    events = {event.id: event for event in record.events}
    targets = {name: [a.target for a in e.arguments if a.kind == "event"] for name, e in events.items()}
    for circle in walk_events(targets, []):
        event = events.pop(circle[-1])
        gone.add(event.id)
        values: dict[str, Any] = {"path": record.path, "line": event.line, "doc_id": record.doc_id}
        report.drop(coded("B445", **values, events=show_circle(circle)), **values, label=event.label)
    return replace(record, events=tuple(events.values())), gone


def _dangling(record: DocumentRecord, name: str, target: str, line: int, report: Report) -> None:
    values: dict[str, Any] = {"path": record.path, "line": line, "doc_id": record.doc_id}
    report.drop(coded("B434", **values, id=name, target=target), **values)


def place(text: str, mention: MentionRecord) -> tuple[int, int] | None:
    """Return the offsets that a mention really has in a text, or None if they cannot be told.

    text (str): The text of the document.
    mention (MentionRecord): In one fragment.
    RETURNS (tuple[int, int] | None): First character and the one after the last.

    In this order: (1) the characters at the offsets are those of the mention, but for white space, case and
    punctuation that is no sign: the offsets stand; (2) the mention's characters occur nearby, at most 24 characters
    away, and no two places are equally near: they are moved there. Whole words are looked for first, then whole words
    with case ignored, then any place if there is just one; (3) the characters at the offsets are whole words with
    which the mention's text starts, signs ignored: the offsets stand; (4) none.
    """
    start, end = mention.fragments[0]
    if not 0 <= start < end <= len(text):
        return None if mention.text is None else _search(text, mention)
    if mention.text is None or _same(text[start:end], mention.text):
        return start, end
    found = _search(text, mention)
    if found is not None:
        return found
    inside = _letters(text[start:end])
    if inside and _letters(mention.text).startswith(inside) and not splits_word(text, end):
        return start, end
    return None


def _search(text: str, mention: MentionRecord) -> tuple[int, int] | None:
    wanted = (mention.text or "").strip()
    start = mention.fragments[0][0]
    if not wanted:
        return None
    begin = max(0, start - MAX_SHIFT_CHARS)
    window = text[begin : start + MAX_SHIFT_CHARS + len(wanted)]
    for where, what in ((window, wanted), (_lower(window), _lower(wanted))):
        places = [begin + place for place in _find_all(where, what)]
        whole = [at for at in places if not (splits_word(text, at) or splits_word(text, at + len(what)))]
        whole.sort(key=lambda at: abs(at - start))
        if len(whole) == 1 or (whole and abs(whole[0] - start) < abs(whole[1] - start)):
            return whole[0], whole[0] + len(what)
        if len(places) == 1 and len(what) >= MIN_PART_CHARS:
            return places[0], places[0] + len(what)
    return None


def _find_all(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _lower(text: str) -> str:
    # str.lower can change the length ("İ"); offsets must not.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _same(left: str, right: str) -> bool:
    return left == right or (bool(skeleton := _skeleton(left)) and skeleton == _skeleton(right))


def _skeleton(text: str) -> str:
    """Return letters, digits, mathematical signs and dashes at the ends: Ca2+ is not Ca2-, but IL-2 may be IL 2."""
    signs = "".join(text.casefold().translate(_DASHES).split())
    last = len(signs) - 1
    return "".join(
        char
        for place, char in enumerate(signs)
        if char.isalnum() or (place in (0, last) if char == "-" else unicodedata.category(char) == "Sm")
    )


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def splits_word(text: str, offset: int) -> bool:
    """Return whether an offset lies between two letters or digits.

    text (str): The text. offset (int): In characters.
    """
    return 0 < offset < len(text) and text[offset - 1].isalnum() and text[offset].isalnum()
