"""ChemProt as one sentence a line, with marks around two entities."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy_biomedplm.types import DocumentRecord, MentionRecord, RelationRecord
from spacy_biomedplm.writers.losses import count_infons, count_losses

_MARKS = (("<< ", " >>"), ("[[ ", " ]]"))
_JSON = ":json"
# JSON allows them inside a string, but many readers take them for the end of a line.
_ESCAPES = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


def write_chemprot_jsonl(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write each relation between two mentions as a line of its own.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The file.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(format_chemprot_jsonl(record, losses) for record in records)


def format_chemprot_jsonl(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return the lines of a document, one for each relation.

    record (DocumentRecord): The first argument of a relation is written in << >>, the second in [[ ]].
    losses (Counter[str]): Counts what the format cannot hold.
    """
    count_losses(record, losses, keeps=("document infons", "mention texts", "relations"))
    mentions = {mention.id: mention for mention in record.mentions if not mention.is_trigger}
    lines = list(_lines(record, mentions, losses))
    used = {argument.target for relation in record.relations for argument in relation.arguments}
    counts = {
        "documents without relations": int(not lines),
        "labels of mentions": sum(bool(mention.label) for mention in mentions.values()),
        "mentions": len(mentions.keys() - used),
        "mention texts": sum(mention.text is not None for mention in mentions.values()),
    }
    for kind, count in counts.items():
        if count:
            losses[kind] += count
    return "".join(lines)


def _lines(record: DocumentRecord, mentions: dict[str, MentionRecord], losses: Counter[str]) -> Iterator[str]:
    rest = _fields(record, losses)
    for relation in record.relations:
        ends = [mentions.get(a.target) if a.kind == "mention" else None for a in relation.arguments]
        found = [mention for mention in ends if mention is not None]
        if len(ends) != len(_MARKS) or len(found) < len(ends):
            losses["relations"] += 1
            continue
        text = _mark(record.text, found)
        if text is None:
            losses["relations in texts with marks"] += 1
            continue
        losses.update({"discontinuous mentions": 1} if any(len(m.fragments) > 1 for m in found) else {})
        _count_rest(relation, losses)
        line = json.dumps({"text": text, "label": relation.label, "metadata": [], **rest}, ensure_ascii=False)
        yield line.translate(_ESCAPES) + "\n"


def _count_rest(relation: RelationRecord, losses: Counter[str]) -> None:
    if lost := count_infons(relation.infons):
        losses["relation infons"] += lost
    if tuple(argument.role for argument in relation.arguments) != ("Arg1", "Arg2"):
        losses["roles of relations"] += 1


def _fields(record: DocumentRecord, losses: Counter[str]) -> dict[str, object]:
    """Return the other fields of a line, from the infons."""
    fields: dict[str, object] = {}
    for name, value in record.infons.items():
        key = name.removesuffix(_JSON)
        if key in ("text", "label") or (key != name and key in record.infons):
            losses["document infons"] += 1
        elif key == name:
            fields[name] = value
        else:
            try:
                fields[key] = json.loads(value)
            except (ValueError, RecursionError):
                fields[name] = value
    return fields


def _mark(text: str, mentions: list[MentionRecord]) -> str | None:
    """Return a text with marks around two mentions, or None if they would not be clear."""
    # At one place: what closes first, the longer one outside.
    places = []
    for (opening, closing), mention in zip(_MARKS, mentions, strict=True):
        size = mention.end - mention.start
        places.append((mention.start, 1, -size, opening))
        places.append((mention.end, 0 if size else 2, size, closing))
    pieces = []
    last = 0
    for place, _, _, mark in sorted(places):
        pieces += [text[last:place], mark]
        last = place
    marked = "".join([*pieces, text[last:]])
    for opening, closing in _MARKS:
        first = marked.find(opening)
        end = marked.find(closing, first + len(opening))
        inner = marked[first + len(opening) : end]
        mention = mentions[_MARKS.index((opening, closing))]
        for mark in (*_MARKS[0], *_MARKS[1]):
            inner = inner.replace(mark, "")
        if marked.count(opening) != 1 or inner != text[mention.start : mention.end]:
            return None
    return marked
