"""BioC JSON to plain data, as a stream: one document is in memory at a time."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from spacy_biomedplm.bioc_model import COLLECTION, JSON_SUFFIX, MEMBER, Annotation, Document, Relation, Unit
from spacy_biomedplm.corpora.json_scanner import JsonScanner
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded

_DOCUMENTS = {"documents", "PubTator3"}
_FACTS = {"source", "date", "key"}
# Say nothing beyond the place of the object: left out, and written again.
_CONSTANTS = {"bioctype", "version"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def stream_bioc_json(chunks: Iterable[bytes], shown: str, report: Report) -> Iterator[Document]:
    """Yield the documents of a BioC JSON file.

    chunks (Iterable[bytes]): The file: a collection or a list of collections, PubTator 3's {"PubTator3": [documents]},
        or documents one after the other, such as one a line.
    shown (str): Its name, for messages.
    report (Report): What to do with members that are not what BioC has there.
    RAISES (BiomedplmError): B402 for bytes that are not UTF-8, B450 for JSON that is malformed or breaks off, B452 for
        other JSON; B453 if the report's mode is "raise".
    """
    scanner = JsonScanner(chunks, shown)
    while char := scanner.peek():
        if char == "[":
            scanner.skip("[")
            while scanner.peek() != "]":
                yield from _read_object(scanner, report)
                if scanner.peek() != "]":
                    scanner.skip(",")
            scanner.skip("]")
        else:
            yield from _read_object(scanner, report)


def _read_object(scanner: JsonScanner, report: Report) -> Iterator[Document]:
    """Yield the documents of a collection, or the object itself if it is a document."""
    shown = scanner.shown
    if scanner.peek() != "{":
        raise BiomedplmError(coded("B452", path=shown, found=scanner.peek() or "nothing", wanted="a collection: {…}"))
    members: dict[str, Any] = {}
    waiting: list[Any] = []
    facts: dict[str, str] | None = None
    for key in scanner.keys():
        if key in _DOCUMENTS and scanner.peek() == "[":
            facts = _facts(members, scanner, report)
            if key == "documents" and not members:
                # A collection that begins with its documents says only after them where they are from.
                waiting += scanner.items()
            else:
                yield from _documents(scanner.items(), facts, scanner, report)
            members.clear()
        else:
            members[key] = scanner.value()
    if facts is None and "passages" in members:
        yield _document(members, {}, shown, scanner.line, report)
        return
    if facts is None:
        raise BiomedplmError(coded("B452", path=shown, found=f"an object with {_some(members)}", wanted='"documents"'))
    late = _facts(members, scanner, report)
    if late and not waiting:
        _drop("a member of the collection", "stands after the documents", "", shown, scanner.line, report)
    yield from _documents(waiting, late, scanner, report)


def _some(members: Iterable[str]) -> str:
    return ", ".join(f'"{name[:30]}"' for name in list(members)[:4]) or "no members"


def _drop(
    what: str, reason: str, doc_id: str, shown: str, line: int, report: Report, *, is_mention: bool = False
) -> None:
    values: dict[str, Any] = {"path": shown, "line": line, "doc_id": doc_id}
    report.drop(coded("B453", **values, what=what, reason=reason), **values, is_mention=is_mention)


def _facts(members: dict[str, Any], scanner: JsonScanner, report: Report) -> dict[str, str]:
    reader = _Reader(scanner.shown, scanner.line, report, "")
    facts = {}
    for name, value in members.items():
        if name == "infons":
            infons = reader.infons(members, "the collection")
            facts.update({f"{COLLECTION}infons.{key}": text for key, text in infons.items()})
        elif name in _FACTS and isinstance(value, str):
            if value:
                facts[COLLECTION + name] = reader.whole(value)
        elif name not in _CONSTANTS:
            facts[f"{COLLECTION}{MEMBER}{reader.whole(name)}{JSON_SUFFIX}"] = reader.json(value)
    return facts


class _Reader:
    """Turns the values of one document into plain data."""

    def __init__(self, shown: str, line: int, report: Report, doc_id: str) -> None:
        self.shown = shown
        self.line = line
        self.report = report
        self.doc_id = doc_id

    def drop(self, what: str, reason: str, *, is_mention: bool = False) -> None:
        """Leave a value out, or stop."""
        _drop(what, reason, self.doc_id, self.shown, self.line, self.report, is_mention=is_mention)

    def whole(self, text: str) -> str:
        """Return a text without halves of surrogate pairs, which JSON can escape and nothing else can hold."""
        return text if text.isascii() else _SURROGATE.sub("\ufffd", text)

    def json(self, value: Any) -> str:
        """Return a value as JSON."""
        try:
            return json.dumps(value)
        except RecursionError:
            self.drop("a value", "holds lists in lists, too deep to be written")
            return "null"

    def objects(self, value: dict[str, Any], name: str, what: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of a member that is a list of them, and may be missing."""
        items = value.get(name)
        if items is None:
            return
        if not isinstance(items, list):
            self.drop(f'"{name}" of {what}', "is no list")
            return
        for item in items:
            if isinstance(item, dict):
                yield item
            else:
                self.drop(f'an item of "{name}" of {what}', "is no object")

    def infons(self, value: dict[str, Any], what: str, known: Iterable[str] | None = None) -> dict[str, str]:
        """Return the infons of an object, and as such also the members that BioC does not know, if known is given."""
        found = value.get("infons")
        infons: dict[str, str] = {}
        if isinstance(found, dict):
            for key, item in found.items():
                if isinstance(item, str):
                    infons[self.whole(key)] = self.whole(item)
                else:
                    infons[self.whole(key) + JSON_SUFFIX] = self.json(item)
        elif found is not None:
            self.drop(f'"infons" of {what}', "are no object")
        if known is not None:
            for key in value:
                if key not in {*known, *_CONSTANTS, "infons"}:
                    infons[f"{MEMBER}{self.whole(key)}{JSON_SUFFIX}"] = self.json(value[key])
        return infons

    def text(self, value: dict[str, Any], name: str) -> str | None:
        """Return a member that is a text, or a number that stands for one, or None."""
        found = value.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            return self.json(found)
        if found is not None and not isinstance(found, str):
            self.drop(f'"{name}"', "is no text")
            return None
        return found

    def name(self, value: dict[str, Any], name: str) -> str | None:
        """Return a member that is a text, without halves of surrogate pairs, or None."""
        found = self.text(value, name)
        return None if found is None else self.whole(found)

    def number(self, value: dict[str, Any], name: str) -> int | None:
        """Return a member that is a whole number from 0, or None."""
        found = self.text(value, name)
        return int(found) if found is not None and found.isdecimal() and len(found) < 16 else None

    def unit(self, value: dict[str, Any], what: str) -> Unit | None:
        """Return a passage or a sentence."""
        offset = self.number(value, "offset")
        if offset is None:
            self.drop(what, 'has no "offset" that is a whole number')
            return None
        known = ["offset", "text", "annotations", "relations", "sentences"]
        unit = Unit(offset, self.infons(value, what, known), self.text(value, "text"), line=self.line)
        if what == "a passage":
            found = (self.unit(item, "a sentence") for item in self.objects(value, "sentences", what))
            unit.sentences = [sentence for sentence in found if sentence is not None]
        elif value.get("sentences"):
            self.drop('"sentences" of a sentence', "are not of BioC")
        unit.annotations = list(self.annotations(value, what))
        unit.relations = list(self.relations(value, what))
        return unit

    def annotations(self, value: dict[str, Any], what: str) -> Iterator[Annotation]:
        """Yield the annotations of an object."""
        for item in self.objects(value, "annotations", what):
            name = self.name(item, "id")
            shown = f"the annotation {name}"
            places = list(self.objects(item, "locations", shown))
            locations = [(self.number(place, "offset"), self.number(place, "length")) for place in places]
            kept = [(offset, length) for offset, length in locations if offset is not None and length is not None]
            if len(kept) < len(locations):
                self.drop(shown, "has a location without offset or length", is_mention=True)
                continue
            infons = self.infons(item, shown, ["id", "locations", "text"])
            yield Annotation(name, infons, kept, self.name(item, "text"), self.line)

    def relations(self, value: dict[str, Any], what: str) -> Iterator[Relation]:
        """Yield the relations of an object."""
        for item in self.objects(value, "relations", what):
            name = self.name(item, "id")
            shown = f"the relation {name}"
            ends = self.objects(item, "nodes", shown)
            nodes = [(self.name(end, "refid") or "", self.name(end, "role") or "") for end in ends]
            yield Relation(name, self.infons(item, shown, ["id", "nodes"]), nodes, self.line)


def _documents(
    values: Iterable[Any], facts: dict[str, str], scanner: JsonScanner, report: Report
) -> Iterator[Document]:
    for number, value in enumerate(values, 1):
        if isinstance(value, dict):
            yield _document(value, facts, scanner.shown, scanner.line, report)
        else:
            _drop(f"document {number} of the list", "is no object", "", scanner.shown, scanner.line, report)


def _document(value: dict[str, Any], facts: dict[str, str], shown: str, line: int, report: Report) -> Document:
    reader = _Reader(shown, line, report, "")
    doc_id = reader.doc_id = reader.name(value, "id") or ""
    document = Document(doc_id, collection=facts, line=line)
    document.infons = reader.infons(value, "the document", ["id", "passages", "annotations", "relations"])
    found = (reader.unit(item, "a passage") for item in reader.objects(value, "passages", "the document"))
    document.passages = [passage for passage in found if passage is not None]
    document.annotations = list(reader.annotations(value, "the document"))
    document.relations = list(reader.relations(value, "the document"))
    return document
