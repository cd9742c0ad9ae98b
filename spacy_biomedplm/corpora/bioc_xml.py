"""BioC XML to plain data, as a stream: one document is in memory at a time."""

from collections.abc import Iterable, Iterator
from typing import Any

from spacy_biomedplm.bioc_model import COLLECTION, MEMBER, Annotation, Document, Relation, Unit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml

# collection, document, passage, sentence, annotation, infon
_MAX_DEPTH = 8
_PIECE_BYTES = 1 << 14
_FACTS = {"source", "date", "key"}


class _Node:
    """An element of a document; makes lists only when it needs them, since most elements have no need of any."""

    __slots__ = ("attributes", "children", "line", "parts", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], line: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.line = line
        self.children: list[_Node] = _NO_NODES
        self.parts: list[str] | None = None
        self.text = ""

    def add_child(self, node: "_Node") -> None:
        """Add an element inside this one."""
        if self.children is _NO_NODES:
            self.children = [node]
        else:
            self.children.append(node)

    def add_text(self, data: str) -> None:
        """Add a piece of text; the parser hands over a long one in several."""
        if not self.text:
            self.text = data
        elif self.parts is None:
            self.parts = [self.text, data]
        else:
            self.parts.append(data)

    def close(self) -> None:
        """Join the pieces of text."""
        if self.parts is not None:
            self.text = "".join(self.parts)
            self.parts = None


_NO_NODES: list[_Node] = []


class _Target(XmlHandler):
    """Receives the elements of the XML and gathers documents; holds only those not yet fetched."""

    def __init__(self, shown: str) -> None:
        self.documents: list[tuple[_Node, dict[str, str]]] = []
        self.facts: dict[str, str] = {}
        self.late: list[_Node] = []
        self._shown = shown
        self._path: list[_Node] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of a start tag."""
        node = _Node(tag, attributes, self.line())
        path = self._path
        if not path and tag != "collection":
            raise BiomedplmError(coded("B452", path=self._shown, found=f"<{tag[:60]}>", wanted="<collection>"))
        if len(path) == _MAX_DEPTH:
            reason = f"<{tag[:60]}> lies too deep for BioC"
            raise BiomedplmError(coded("B450", path=self._shown, line=node.line, format="XML", reason=reason))
        if len(path) > 1:
            path[-1].add_child(node)
        path.append(node)

    def data(self, data: str) -> None:
        """Gather text, but for the white space between documents."""
        if len(self._path) > 1:
            self._path[-1].add_text(data)

    def end(self, tag: str) -> None:
        """Take note of an end tag; a document is finished."""
        node = self._path.pop()
        node.close()
        if len(self._path) != 1:
            return
        if tag == "document":
            self.documents.append((node, self.facts))
        elif tag in _FACTS or tag == "infon":
            key = node.attributes.get("key", "")
            name = tag if tag in _FACTS else key if key.startswith(MEMBER) else f"infons.{key}"
            if self.documents and node.text:
                self.late.append(node)
            elif node.text or tag == "infon":
                self.facts = {**self.facts, COLLECTION + name: node.text}
        else:
            self.late.append(node)


def stream_bioc_xml(chunks: Iterable[bytes], shown: str, report: Report) -> Iterator[Document]:
    """Yield the documents of a BioC XML file.

    chunks (Iterable[bytes]): The file.
    shown (str): Its name, for messages.
    report (Report): What to do with elements that are not those of BioC.
    RAISES (BiomedplmError): B450 for XML that is not well-formed or breaks off, B451 for entity declarations and
        external references, B452 for other XML; B453 if the report's mode is "raise".
    """
    target = _Target(shown)
    seen = False
    try:
        # The document type declaration of BioC files is let pass; entities and external references are refused.
        for _ in stream_xml(_divide(chunks), target):
            documents, target.documents = target.documents, []
            for node, facts in documents:
                seen = True
                yield _document(node, facts, shown, report)
            late, target.late = target.late, []
            for node in late:
                is_fact = seen and node.tag in {*_FACTS, "infon"}
                reason = "stands after the first document" if is_fact else "is not of BioC"
                _drop(f"<{node.tag[:60]}> in <collection>", reason, node, "", shown, report)
    except XmlProblem as problem:
        values = {"path": shown, "line": problem.line, "reason": problem.reason}
        if problem.entity is not None:
            raise BiomedplmError(coded("B451", **values)) from problem
        raise BiomedplmError(coded("B450", **values, format="XML")) from problem


def _divide(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        # The fewer elements wait to be fetched, the less Python's collector has to look through.
        for start in range(0, len(chunk), _PIECE_BYTES):
            yield chunk[start : start + _PIECE_BYTES]


def _drop(
    what: str, reason: str, node: _Node, doc_id: str, shown: str, report: Report, *, is_mention: bool = False
) -> None:
    values: dict[str, Any] = {"path": shown, "line": node.line, "doc_id": doc_id}
    report.drop(coded("B453", **values, what=what, reason=reason), **values, is_mention=is_mention)


class _Reader:
    """Turns the elements of one document into plain data."""

    def __init__(self, shown: str, report: Report, doc_id: str) -> None:
        self.shown = shown
        self.report = report
        self.doc_id = doc_id

    def drop(self, what: str, reason: str, node: _Node, *, is_mention: bool = False) -> None:
        """Leave an element out, or stop."""
        _drop(what, reason, node, self.doc_id, self.shown, self.report, is_mention=is_mention)

    def unknown(self, node: _Node, parent: str) -> None:
        """Leave out an element that BioC does not have there, or stop."""
        self.drop(f"<{node.tag[:60]}> in <{parent}>", "is not of BioC", node)

    def number(self, text: str) -> int | None:
        """Return a whole number that is not negative, or None."""
        text = text.strip()
        return int(text) if text.isdecimal() and len(text) < 16 else None

    def add_infon(self, infons: dict[str, str], node: _Node) -> None:
        """Add an infon; one whose name is there already gets a number, since BioC allows that."""
        key = node.attributes.get("key", "")
        name = key
        count = 1
        while name in infons:
            count += 1
            name = f"{key}#{count}"
        infons[name] = node.text

    def unit(self, node: _Node) -> Unit | None:
        """Return a passage or a sentence."""
        unit = Unit(-1, line=node.line)
        for child in node.children:
            tag = child.tag
            if tag == "annotation":
                self.add_annotation(unit.annotations, child)
            elif tag == "infon":
                self.add_infon(unit.infons, child)
            elif tag == "text":
                unit.text = child.text
            elif tag == "offset":
                found = self.number(child.text)
                unit.offset = -1 if found is None else found
            elif tag == "relation":
                unit.relations.append(self.relation(child))
            elif tag == "sentence" and node.tag == "passage":
                sentence = self.unit(child)
                if sentence is not None:
                    unit.sentences.append(sentence)
            else:
                self.unknown(child, node.tag)
        if unit.offset < 0:
            self.drop(f"a {node.tag}", "has no <offset> with a whole number", node)
            return None
        return unit

    def add_annotation(self, annotations: list[Annotation], node: _Node) -> None:
        """Add an annotation, unless one of its locations is broken."""
        annotation = Annotation(node.attributes.get("id"), line=node.line)
        for child in node.children:
            tag = child.tag
            if tag == "infon":
                self.add_infon(annotation.infons, child)
            elif tag == "location":
                offset = self.number(child.attributes.get("offset", ""))
                length = self.number(child.attributes.get("length", ""))
                if offset is None or length is None:
                    what, reason = f"the annotation {annotation.id}", "has a location without offset or length"
                    self.drop(what, reason, child, is_mention=True)
                    return
                annotation.locations.append((offset, length))
            elif tag == "text":
                annotation.text = child.text
            else:
                self.unknown(child, "annotation")
        annotations.append(annotation)

    def relation(self, node: _Node) -> Relation:
        """Return a relation."""
        relation = Relation(node.attributes.get("id"), line=node.line)
        for child in node.children:
            if child.tag == "infon":
                self.add_infon(relation.infons, child)
            elif child.tag == "node":
                relation.nodes.append((child.attributes.get("refid", ""), child.attributes.get("role", "")))
            else:
                self.unknown(child, "relation")
        return relation


def _document(node: _Node, facts: dict[str, str], shown: str, report: Report) -> Document:
    doc_id = next((child.text for child in node.children if child.tag == "id"), "")
    reader = _Reader(shown, report, doc_id)
    document = Document(doc_id, collection=facts, line=node.line)
    for child in node.children:
        if child.tag == "passage":
            passage = reader.unit(child)
            if passage is not None:
                document.passages.append(passage)
        elif child.tag == "infon":
            reader.add_infon(document.infons, child)
        elif child.tag == "annotation":
            reader.add_annotation(document.annotations, child)
        elif child.tag == "relation":
            document.relations.append(reader.relation(child))
        elif child.tag != "id":
            reader.unknown(child, "document")
    return document
