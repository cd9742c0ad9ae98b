"""Knowtator XML: texts in a folder "articles", annotations in one folder for each set of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord, RelationRecord
from spacy_biomedplm.writers.file_names import FileNames, encode_text, is_safe
from spacy_biomedplm.writers.losses import count_infons, count_losses

DEFAULT_SET = "annotations"
TEXTS = "articles"
ROLES = ("subject", "object")
# Names of folders that readers pass over on their way to the name of the set.
_FOLDERS = {"knowtator", "knowtator-1", "knowtator-2", "knowtator2", "saved", "xml", TEXTS}
_ELEMENTS = ("annotationComment", "creationDate")
_OWN = {"annotator", "annotator id", "set", "class name", *_ELEMENTS}
_KINDS = ("string", "integer", "float", "boolean", "symbol")
_PREFIXED = re.compile(r"([A-Za-z][\w .+#-]*):(?!//)(\S+)")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_knowtator(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as Knowtator XML.

    records (Iterable[DocumentRecord]): Documents, written one after the other.
    path (Path): Folder, made if it is not there: articles/NAME.txt and, for each set, SET/NAME.txt.knowtator.xml.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    names = FileNames(losses)
    for record in records:
        name = names.take(record.doc_id)
        contents = {f"{TEXTS}/{name}.txt": encode_text(record.text)}
        for set_name, xml in format_knowtator(record, losses, source=f"{name}.txt").items():
            contents[f"{set_name}/{name}.txt.knowtator.xml"] = xml.encode("utf-8")
        for file, content in contents.items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(content)


def format_knowtator(record: DocumentRecord, losses: Counter[str], *, source: str) -> dict[str, str]:
    """Return the XML of each set of annotations of a document.

    record (DocumentRecord): The set of a mention with a concept is its label, and its class the concept; the class of
        any other mention is its label, and its set the infon "set" or else "annotations". Infons become slots.
        Relations become slots of their first mention, with the others as values.
    losses (Counter[str]): Counts what the format cannot hold.
    source (str): Name of the text file.
    RETURNS (dict[str, str]): Contents by the name of the set; an empty set where the document has no mention.
    """
    count_losses(record, losses, keeps=("concepts", "mention infons", "mention texts", "relations"))
    sets: dict[str, list[str]] = defaultdict(list)
    slots: dict[str, list[tuple[RelationRecord, str]]] = defaultdict(list)
    known = {mention.id for mention in record.mentions}
    for relation in record.relations:
        owner = next((a.target for a in relation.arguments if a.target in known), None)
        if owner is None or any(a.kind != "concept" and a.target not in known for a in relation.arguments):
            losses["relations"] += 1
            continue
        slots[owner].append((relation, relation.arguments[0].target))
    for mention in record.mentions:
        set_name, class_id, class_name = _class_of(mention, losses)
        sets[set_name].append(_annotation(record, mention, losses))
        own = _plain_slots(mention, losses) + [_complex_slot(*slot, mention.id, losses) for slot in slots[mention.id]]
        sets[set_name].append(_class_mention(mention.id, class_id, class_name, own, losses))
        sets[set_name].extend(xml for _, xml in own)
    for lines in sets.values() or [sets[DEFAULT_SET]]:
        lines.insert(
            0, f'<?xml version="1.0" encoding="UTF-8"?>\n<annotations textSource={_attribute(source, losses)}>\n'
        )
        lines.append("</annotations>\n")
    return {set_name: "".join(lines) for set_name, lines in sets.items()}


def _class_of(mention: MentionRecord, losses: Counter[str]) -> tuple[str, str, str]:
    """Return the set of a mention, and identifier and name of its class."""
    written = [(concept, _identifier(concept)) for concept in mention.concepts]
    found = next(((concept, name) for concept, name in written if name), None)
    rest = len(written) - (found is not None)
    if rest:
        losses["concepts"] += rest
    if found is not None:
        set_name = mention.label
        if not is_safe(set_name) or set_name.lower() in _FOLDERS:
            losses["labels that cannot name a folder"] += 1
            set_name = DEFAULT_SET
        return set_name, found[1] or "", found[0].name
    set_name = mention.infons.get("set", DEFAULT_SET)
    if _identifier(ConceptRecord("", mention.label)) or _PREFIXED.fullmatch(mention.label):
        losses["labels that look like identifiers"] += 1
    if not is_safe(set_name) or set_name.lower() in _FOLDERS:
        losses["labels that cannot name a folder"] += 1
        set_name = DEFAULT_SET
    return set_name, mention.label, mention.infons.get("class name", "")


def _identifier(concept: ConceptRecord) -> str | None:
    """Return what a reader takes for the same concept, or None if there is no such string."""
    if not concept.resource:
        return concept.id if concept.id.startswith(("http://", "https://")) else None
    match = _PREFIXED.fullmatch(f"{concept.resource}:{concept.id}")
    return match[0] if match is not None and match[1] == concept.resource else None


def _annotation(record: DocumentRecord, mention: MentionRecord, losses: Counter[str]) -> str:
    lines = [f"  <annotation>\n    <mention id={_attribute(mention.id, losses)} />"]
    infons = mention.infons
    if "annotator" in infons or "annotator id" in infons:
        name = f" id={_attribute(infons['annotator id'], losses)}" if "annotator id" in infons else ""
        lines.append(f"<annotator{name}>{_content(infons.get('annotator', ''), losses)}</annotator>")
    lines += [f'<span start="{start}" end="{end}" />' for start, end in mention.fragments]
    text = mention.text
    if text is None:
        text = " ... ".join(record.text[start:end] for start, end in mention.fragments)
    # The text says it again: what XML cannot hold is better left out there than changed.
    if mention.text is not None or not _ILLEGAL.search(text):
        lines.append(f"<spannedText>{_content(text, losses)}</spannedText>")
    lines += [f"<{tag}>{_content(infons[tag], losses)}</{tag}>" for tag in _ELEMENTS if tag in infons]
    return "\n    ".join(lines) + "\n  </annotation>\n"


def _class_mention(
    name: str, class_id: str, class_name: str, slots: Iterable[tuple[str, str]], losses: Counter[str]
) -> str:
    held = "".join(f"    <hasSlotMention id={_attribute(slot, losses)} />\n" for slot, _ in slots)
    return (
        f"  <classMention id={_attribute(name, losses)}>\n"
        f"    <mentionClass id={_attribute(class_id, losses)}>{_content(class_name, losses)}</mentionClass>\n"
        f"{held}  </classMention>\n"
    )


def _plain_slots(mention: MentionRecord, losses: Counter[str]) -> list[tuple[str, str]]:
    slots: list[tuple[str, str]] = []
    for key, value in mention.infons.items():
        if key in _OWN and not (key in ("set", "class name") and mention.concepts):
            continue
        kind, colon, rest = key.partition(":")
        kind, slot = (kind, rest) if colon and kind in _KINDS else ("string", key)
        slots.append(_slot(kind, f"{mention.id}-slot-{len(slots) + 1}", slot, [value], losses))
    return slots


def _complex_slot(relation: RelationRecord, subject: str, owner: str, losses: Counter[str]) -> tuple[str, str]:
    targets = [argument.target for argument in relation.arguments]
    roles = tuple(argument.role for argument in relation.arguments)
    if roles != ROLES[:1] + ROLES[1:] * (len(roles) - 1) or subject != owner:
        losses["roles of relations"] += 1
    if lost := count_infons(relation.infons):
        losses["relation infons"] += lost
    targets.remove(owner)
    name, xml = _slot("complex", relation.id, relation.label, targets, losses)
    # A value that is a concept has a mention of its class that no text belongs to.
    concepts = [argument.target for argument in relation.arguments if argument.kind == "concept"]
    return name, xml + "".join(_class_mention(target, target, "", (), losses) for target in dict.fromkeys(concepts))


def _slot(kind: str, name: str, slot: str, values: Iterable[str], losses: Counter[str]) -> tuple[str, str]:
    rows = "".join(f"    <{kind}SlotMentionValue value={_attribute(value, losses)} />\n" for value in values)
    return name, (
        f"  <{kind}SlotMention id={_attribute(name, losses)}>\n"
        f"    <mentionSlot id={_attribute(slot, losses)} />\n{rows}  </{kind}SlotMention>\n"
    )


def _attribute(value: str, losses: Counter[str]) -> str:
    return quoteattr(_legal(value, losses))


def _content(value: str, losses: Counter[str]) -> str:
    return escape(_legal(value, losses), {"\r": "&#13;"})


def _legal(value: str, losses: Counter[str]) -> str:
    if not _ILLEGAL.search(value):
        return value
    losses["characters that XML cannot hold"] += len(_ILLEGAL.findall(value))
    return _ILLEGAL.sub("\ufffd", value)
