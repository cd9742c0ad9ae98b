"""XML of documents, sentences, entities and pairs of them, as the DDI and the PPI corpora have it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.pairs import CORPUS, ELEMENT, NEGATIVE_PAIRS, ROLES, SENTENCE, Layout, Pair, pack_pairs
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, Fragment, MentionRecord, PassageRecord, RelationRecord
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml

# Syntactic analyses of sentences, in some copies of the PPI corpora.
_PASSED_OVER = {"sentenceanalyses", "analyses"}
_CHILDREN = {"": {"corpus", "document"}, "corpus": {"document"}, "document": {"sentence"}}
_ITEMS = {"entity", "pair", "interaction"}
_PART = re.compile(r"\s*([0-9]{1,9})\s*-\s*([0-9]{1,9})\s*")


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: dict[str, str]
    line: int
    children: list["_Element"] = field(default_factory=list)


class _Documents(XmlHandler):
    """Gathers documents; holds only those not yet fetched. What is of no use is kept as a child without children."""

    def __init__(self, shown: str) -> None:
        self.done: list[_Element] = []
        self.corpus: dict[str, str] = {}
        self._shown = shown
        self._path: list[_Element] = []
        self._skipped = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipped:
            self._skipped += 1
            return
        parent = self._path[-1] if self._path else None
        if tag not in _CHILDREN.get(parent.tag if parent else "", _ITEMS) or (parent and parent.tag in _ITEMS):
            if parent is None or parent.tag == "corpus":
                wanted = "a <document>" if parent else "<corpus> or <document>"
                reason = f"it has <{tag[:60]}> in line {self.line()} where {wanted} should be"
                raise BiomedplmError(coded("B419", path=self._shown, reason=reason))
            self._skipped = 1
            if tag in _PASSED_OVER:
                return
        element = _Element(tag, attributes, self.line())
        if parent is not None and parent.tag != "corpus":
            parent.children.append(element)
        if tag == "corpus":
            self.corpus = attributes
        if not self._skipped:
            self._path.append(element)

    def data(self, data: str) -> None:
        if not self._skipped and self._path and self._path[-1].tag != "corpus" and not data.isspace():
            self._path[-1].children.append(_Element("#text", {}, self.line()))

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        element = self._path.pop()
        if tag == "document":
            self.done.append(element)


def read_sentence_xml(path: Path | str, layout: Layout, report: Report | None) -> Iterator[DocumentRecord]:
    """Stream the documents of files of <document>, alone or in <corpus>.

    path (Path | str): A file, a folder, or an archive (.tar, .tar.gz, .zip) of files.
    layout (Layout): How they are written.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): See ``read_ddi`` and ``read_ppi``.
    RAISES (BiomedplmError): B401, B403, B408, B419; B434 and B483 if the report's mode is "raise".
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for shown, stem, chunks in read_streams(path, (".xml",), report):
        with report.leaving_out(shown):
            for element, corpus in _read_elements(chunks, shown):
                empty = False
                name = element.attributes.get("id") or PurePosixPath(stem).name
                yield _Reader(shown, name, layout, report).read(element, corpus)
    if empty:
        raise report.nothing_read(path, "XML files with <document>")


def _read_elements(chunks: Iterable[bytes], shown: str) -> Iterator[tuple[_Element, dict[str, str]]]:
    documents = _Documents(shown)
    try:
        for _ in stream_xml(chunks, documents, forbid_dtd=True):
            done, documents.done = documents.done, []
            yield from ((element, documents.corpus) for element in done)
    except XmlProblem as problem:
        reason = f"line {problem.line}: {problem.reason}"
        raise BiomedplmError(coded("B419", path=shown, reason=reason)) from problem


class _Reader:
    """Makes a record of the elements of one document."""

    def __init__(self, shown: str, doc_id: str, layout: Layout, report: Report) -> None:
        self.shown = shown
        self.doc_id = doc_id
        self.layout = layout
        self.report = report
        self.mentions: list[MentionRecord] = []
        self.relations: list[RelationRecord] = []

    def read(self, document: _Element, corpus: dict[str, str]) -> DocumentRecord:
        """Return the document."""
        infons = {CORPUS + name: value for name, value in corpus.items()}
        infons.update((name, value) for name, value in document.attributes.items() if name != "id")
        known = {e.attributes.get("id", "") for s in document.children for e in s.children if e.tag == "entity"}
        texts: list[str] = []
        passages = []
        start = 0
        for sentence in document.children:
            text = sentence.attributes.get("text")
            if sentence.tag != "sentence":
                self.drop(sentence, f"<{sentence.tag[:60]}> in a document", "<sentence>")
            elif text is None:
                self.drop(sentence, "a sentence without a text", "an attribute text")
            else:
                passages.append(self.sentence(sentence, start, len(text), known))
                texts.append(text)
                start += len(text) + 1
        mentions, relations = tuple(self.mentions), tuple(self.relations)
        return DocumentRecord(
            self.doc_id, "\n".join(texts), mentions, relations, passages=tuple(passages), infons=infons, path=self.shown
        )

    def sentence(self, sentence: _Element, start: int, size: int, known: set[str]) -> PassageRecord:
        """Return a sentence; its entities and interactions are added to those of the document."""
        infons = {name: value for name, value in sentence.attributes.items() if name != "text"}
        if self.layout.has_places and infons.get("charOffset") == f"{start}-{start + size}":
            del infons["charOffset"]
        negative = []
        for child in sentence.children:
            for inner in child.children:
                self.drop(inner, f"<{inner.tag[:60]}> in <{child.tag[:60]}>", "nothing")
            if child.tag == "entity":
                self.entity(child, start)
            elif child.tag == "interaction" and self.layout.has_places:
                self.interaction(child)
            elif child.tag == "pair":
                pair = self.pair(child, known)
                if pair is not None:
                    negative.append(pair)
            else:
                self.drop(child, f"<{child.tag[:60]}> in a sentence", "<entity> or <pair>")
        if negative:
            infons[NEGATIVE_PAIRS] = pack_pairs(negative)
        return PassageRecord(start, start + size, SENTENCE, infons)

    def entity(self, entity: _Element, start: int) -> None:
        """Add an entity."""
        rest = dict(entity.attributes)
        name = rest.pop("id", "") or f"T{len(self.mentions) + 1}"
        label, text, place = rest.pop("type", ""), rest.pop("text", None), rest.pop("charOffset", "")
        fragments = self.fragments(place, start)
        if fragments:
            self.mentions.append(MentionRecord(name, label, fragments, text, infons=rest, line=entity.line))
        else:
            wanted = f'"0-4" or "0-4{self.layout.separator}10-14"'
            found = f"the entity {name} with the offset '{place[:60]}'"
            self.drop(entity, found, wanted, label, is_mention=True)

    def fragments(self, place: str, start: int) -> tuple[Fragment, ...]:
        """Return the characters that an offset names, or none if it is broken."""
        parts = [_PART.fullmatch(part) for part in place.split(self.layout.separator)]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return ()
        return tuple((start + int(p[1]), start + int(p[2]) + self.layout.ends_inside) for p in found)

    def interaction(self, item: _Element) -> None:
        """Add an interaction."""
        rest = dict(item.attributes)
        label = rest.pop("type", "")
        self.relation(item, rest, label)

    def pair(self, item: _Element, known: set[str]) -> Pair | None:
        """Add a pair that interacts, or return one that does not."""
        rest = dict(item.attributes)
        flag = rest.pop(self.layout.flag, "")
        if flag.lower() not in ("true", "false"):
            wanted = f'{self.layout.flag}="{self.layout.flags[0]}" or "{self.layout.flags[1]}"'
            self.drop(item, f"the pair {rest.get('id', '')} with {self.layout.flag}='{flag[:60]}'", wanted)
            return None
        if flag.lower() == "true":
            if self.layout.has_places:
                self.relation(item, {**rest, ELEMENT: "pair"}, "PPI")
            else:
                self.relation(item, rest, rest.pop("type", ""))
            return None
        name, first, second = (rest.pop(key, "") for key in ("id", "e1", "e2"))
        missing = next((target for target in (first, second) if target not in known), None)
        if missing is not None:
            values: dict[str, Any] = {"path": self.shown, "line": item.line, "doc_id": self.doc_id}
            self.report.drop(coded("B434", **values, id=name or "a pair", target=missing or "nothing"), **values)
            return None
        return Pair(name, first, second, rest)

    def relation(self, item: _Element, rest: dict[str, str], label: str) -> None:
        """Add a relation; whether its entities are there is found out later, as for all formats."""
        name = rest.pop("id", "") or f"R{len(self.relations) + 1}"
        targets = [rest.pop(key, None) for key in ("e1", "e2")]
        arguments = tuple(
            ArgumentRecord(role, target) for role, target in zip(ROLES, targets, strict=True) if target is not None
        )
        if len(arguments) == len(ROLES):
            self.relations.append(RelationRecord(name, label, arguments, rest, line=item.line))
        else:
            self.drop(item, f"<{item.tag} id='{name}'> without two entities", "attributes e1 and e2", label)

    def drop(self, element: _Element, found: str, wanted: str, label: str = "", *, is_mention: bool = False) -> None:
        """Leave a broken element out, or stop."""
        values: dict[str, Any] = {"path": self.shown, "line": element.line, "doc_id": self.doc_id}
        message = coded("B483", **values, found=found, wanted=wanted)
        self.report.drop(message, **values, label=label, is_mention=is_mention)
