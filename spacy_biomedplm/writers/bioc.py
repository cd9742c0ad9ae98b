"""BioC XML and BioC JSON."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from spacy_biomedplm.bioc_model import (
    COLLECTION,
    JSON_SUFFIX,
    MEMBER,
    Annotation,
    Document,
    Relation,
    Unit,
    parse_json,
)
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.bioc_documents import make_document

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n<collection>\n'
_FACTS = ("source", "date", "key")
_MEMBERS = {*_FACTS, "bioctype", "version", "documents", "PubTator3", "id", "infons", "passages", "offset", "text"}
_MEMBERS |= {"sentences", "annotations", "relations", "locations", "nodes"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A carriage return that is not escaped is read as a line feed.
_TEXT_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#13;"}
_ATTRIBUTE_ESCAPES = {**_TEXT_ESCAPES, ord('"'): "&quot;", ord("\n"): "&#10;", ord("\t"): "&#9;"}


def write_bioc_xml(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents to one file of BioC XML.

    records (Iterable[DocumentRecord]): Documents. What is said of the collection is taken from the first.
    path (Path): The file.
    losses (Counter[str]): Counts what the format cannot express: control characters, which become U+FFFD, and facts
        of a collection that are not those of the first document. For all else docs/formats.md has a place.
    """
    _write(records, path, losses, _XmlWriter(losses))


def write_bioc_json(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents to one file of BioC JSON.

    records (Iterable[DocumentRecord]): Documents. What is said of the collection is taken from the first.
    path (Path): The file.
    losses (Counter[str]): Counts facts of a collection that are not those of the first document.
    """
    _write(records, path, losses, _JsonWriter())


def _write(
    records: Iterable[DocumentRecord], path: Path, losses: Counter[str], writer: "_XmlWriter | _JsonWriter"
) -> None:
    collection: Mapping[str, str] | None = None
    with path.open("w", encoding="utf8", newline="\n") as file:
        for record in records:
            document = make_document(record)
            if collection is None:
                collection = document.collection
                file.write(writer.begin(collection))
            elif collection != document.collection:
                losses["facts of collections"] += 1
            file.write(writer.document(document))
        if collection is None:
            file.write(writer.begin({}))
        file.write(writer.end())


class _XmlWriter:
    """Makes the lines of BioC XML, one for each element of the lowest level."""

    def __init__(self, losses: Counter[str]) -> None:
        self.losses = losses

    def begin(self, collection: Mapping[str, str]) -> str:
        """Return what stands before the first document."""
        lines = [self._element(name, collection.get(COLLECTION + name, "")) for name in _FACTS]
        infons = {
            key.removeprefix(COLLECTION).removeprefix("infons."): text
            for key, text in collection.items()
            if key.removeprefix(COLLECTION) not in _FACTS
        }
        return _HEAD + "".join([*lines, *self._infons(infons)])

    def document(self, document: Document) -> str:
        """Return a document."""
        lines = ["<document>\n", self._element("id", document.id), *self._infons(document.infons)]
        for passage in document.passages:
            lines += self._unit("passage", passage)
        lines += self._items(document)
        return "".join([*lines, "</document>\n"])

    def end(self) -> str:
        """Return what stands after the last document."""
        return "</collection>\n"

    def _unit(self, tag: str, unit: Unit) -> Iterator[str]:
        yield f"<{tag}>\n"
        yield from self._infons(unit.infons)
        yield f"<offset>{unit.offset}</offset>\n"
        if unit.text is not None:
            yield self._element("text", unit.text)
        for sentence in unit.sentences:
            yield from self._unit("sentence", sentence)
        yield from self._items(unit)
        yield f"</{tag}>\n"

    def _items(self, holder: Document | Unit) -> Iterator[str]:
        for annotation in holder.annotations:
            yield f'<annotation id="{self._attribute(annotation.id or "")}">\n'
            yield from self._infons(annotation.infons)
            for offset, length in annotation.locations:
                yield f'<location offset="{offset}" length="{length}"/>\n'
            if annotation.text is not None:
                yield self._element("text", annotation.text)
            yield "</annotation>\n"
        for relation in holder.relations:
            yield f'<relation id="{self._attribute(relation.id or "")}">\n'
            yield from self._infons(relation.infons)
            for refid, role in relation.nodes:
                yield f'<node refid="{self._attribute(refid)}" role="{self._attribute(role)}"/>\n'
            yield "</relation>\n"

    def _infons(self, infons: Mapping[str, str]) -> Iterator[str]:
        for key, text in infons.items():
            yield f'<infon key="{self._attribute(key)}">{self._clean(text).translate(_TEXT_ESCAPES)}</infon>\n'

    def _element(self, tag: str, text: str) -> str:
        return f"<{tag}>{self._clean(text).translate(_TEXT_ESCAPES)}</{tag}>\n"

    def _attribute(self, text: str) -> str:
        return self._clean(text).translate(_ATTRIBUTE_ESCAPES)

    def _clean(self, text: str) -> str:
        cleaned, count = _NOT_XML.subn("\ufffd", text)
        if count:
            self.losses["characters that XML cannot hold"] += count
        return cleaned


class _JsonWriter:
    """Makes the objects of BioC JSON, one document a line."""

    def __init__(self) -> None:
        self._is_first = True

    def begin(self, collection: Mapping[str, str]) -> str:
        """Return what stands before the first document."""
        found: dict[str, Any] = {"bioctype": "BioCCollection"}
        found |= {name: collection.get(COLLECTION + name, "") for name in _FACTS}
        found["version"] = "1.0"
        infons = {
            key.removeprefix(COLLECTION).removeprefix("infons."): text
            for key, text in collection.items()
            if key.removeprefix(COLLECTION) not in _FACTS
        }
        return json.dumps(self._with_infons(found, infons), ensure_ascii=False)[:-1] + ', "documents": [\n'

    def document(self, document: Document) -> str:
        """Return a document."""
        found = self._with_infons({"bioctype": "BioCDocument", "id": document.id}, document.infons)
        found["passages"] = [self._unit(passage) for passage in document.passages]
        found |= self._items(document)
        before = "" if self._is_first else ",\n"
        self._is_first = False
        return before + json.dumps(found, ensure_ascii=False)

    def end(self) -> str:
        """Return what stands after the last document."""
        return "\n]}\n"

    def _unit(self, unit: Unit, kind: str = "BioCPassage") -> dict[str, Any]:
        found = self._with_infons({"bioctype": kind, "offset": unit.offset}, unit.infons)
        if unit.text is not None:
            found["text"] = unit.text
        if kind == "BioCPassage":
            found["sentences"] = [self._unit(sentence, "BioCSentence") for sentence in unit.sentences]
        return found | self._items(unit)

    def _items(self, holder: Document | Unit) -> dict[str, Any]:
        return {
            "annotations": [self._annotation(annotation) for annotation in holder.annotations],
            "relations": [self._relation(relation) for relation in holder.relations],
        }

    def _annotation(self, annotation: Annotation) -> dict[str, Any]:
        found = self._with_infons({"id": annotation.id}, annotation.infons)
        if annotation.text is not None:
            found["text"] = annotation.text
        return found | {"locations": [{"offset": start, "length": size} for start, size in annotation.locations]}

    def _relation(self, relation: Relation) -> dict[str, Any]:
        found = self._with_infons({"id": relation.id}, relation.infons)
        return found | {"nodes": [{"refid": refid, "role": role} for refid, role in relation.nodes]}

    def _with_infons(self, found: dict[str, Any], infons: Mapping[str, str]) -> dict[str, Any]:
        """Return an object with infons; those that were no text, or members that BioC does not know, are that again."""
        kept: dict[str, Any] = {}
        members: dict[str, Any] = {}
        for key, text in infons.items():
            name = key.removesuffix(JSON_SUFFIX)
            value = parse_json(text) if name != key else None
            is_json = name != key and json.dumps(value) == text
            member = name.removeprefix(MEMBER)
            if is_json and member != name and member not in _MEMBERS:
                members[member] = value
            elif is_json and not isinstance(value, str) and name not in infons:
                kept[name] = value
            else:
                kept[key] = text
        return {**members, **found, "infons": kept}
