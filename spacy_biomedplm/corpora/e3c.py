"""The XMI of E3C: one file for each clinical case, a UIMA CAS with one text as WebAnno writes it.

==============================  ===========================================================
``cas:Sofa``                    the text
``type4:Sentence``              its sentences; tokens are left out
``custom:METADATA``             facts about the document
``custom:CLINENTITY`` …         mentions, with ``begin`` and ``end``
``custom:EVENTTLINKLink`` …     ``role`` and ``target`` of a relation, whose source names it
==============================  ===========================================================

Described in Magnini et al. (2020), The E3C project: collection and annotation of a multilingual corpus of clinical
cases, CLiC-it.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.xml_stream import XmlProblem, parse_xml

_ID = "{http://www.omg.org/XMI}id"
_CUSTOM = "{http:///webanno/custom.ecore}"
_FACTS = f"{_CUSTOM}METADATA"
_CONCEPT = re.compile("C[0-9]{7}")
_NUMBER = re.compile("[0-9]{1,9}")
_PLACE = frozenset((_ID, "sofa", "begin", "end"))


def read_e3c(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the clinical cases of E3C.

    path (Path | str): A folder or an archive of XMI files (".xml"), or one; ".gz" too.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): Named after its file. The label of a mention is the name of its element; UMLS concepts are
        concepts, all other attributes infons. A link from one mention to another is a relation from "source" to
        "target" with the role of the link as label, and the attribute that names it as the infon "feature". Sentences
        are passages, the document's facts its infons. Offsets of the file count UTF-16 code units; they become
        characters.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without cases, B428 for a file that is no such XMI,
        B475 for a mention without a place or a link without a target or a mention that names it, B431 for two links
        of one identifier, B434 for a mention that names a link that is not there.
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for name, member, chunks in read_streams(path, (".xml",), report):
        with report.leaving_out(name):
            yield _Case(b"".join(chunks), member.rpartition("/")[2], name, report).record()
            empty = False
    if empty:
        raise report.nothing_read(path, "XMI files with a text and annotations")


class _Case:
    """Reads one file."""

    def __init__(self, content: bytes, doc_id: str, path: str, report: Report) -> None:
        self.doc_id = doc_id
        self.path = path
        self.report = report
        wanted = "XMI with one text (cas:Sofa)"
        try:
            self.elements = list(parse_xml(content))
        except XmlProblem as problem:
            message = coded("B428", path=path, line=problem.line, wanted=wanted, reason=problem.reason)
            raise BiomedplmError(message) from problem
        texts = [element.get("sofaString") for element in self.elements if _name(element) == "Sofa"]
        if len(texts) != 1 or texts[0] is None:
            raise BiomedplmError(coded("B428", path=path, line=1, wanted=wanted, reason=f"it has {len(texts)}"))
        self.text = texts[0]
        astral = (index for index, letter in enumerate(self.text) if ord(letter) > 0xFFFF)
        # Where characters of two code units begin, in code units: each so far has taken one more than it counts.
        self.pairs = [index + number for number, index in enumerate(astral)]
        self.named = Counter(element.get(_ID, "") for element in self.elements if not element.tag.endswith("Link"))

    def record(self) -> DocumentRecord:
        """Return the document."""
        links = self._unique_links()
        unnamed = dict(links)
        mentions: list[MentionRecord] = []
        relations: list[RelationRecord] = []
        passages: list[PassageRecord] = []
        infons: dict[str, str] = {}
        for element in self.elements:
            if element.tag == _FACTS:
                _add_facts(infons, element)
            elif _name(element) == "Sentence":
                passages.extend(PassageRecord(*place, "sentence") for place in self._places(element))
            elif element.tag.startswith(_CUSTOM) and not element.tag.endswith("Link"):
                found = self._links(element, links)
                for names in found.values():
                    for name in names:
                        unnamed.pop(name, None)
                relations.extend(self._relations(element, found, links))
                mentions.extend(self._mentions(element, {*_PLACE, *found}))
        for link in unnamed.values():
            self._drop(link, "mention that names it")
        ordered = tuple(sorted(passages, key=lambda passage: (passage.start, -passage.end)))
        return DocumentRecord(
            self.doc_id,
            self.text,
            tuple(mentions),
            relations=tuple(relations),
            passages=ordered,
            infons=infons,
            path=self.path,
        )

    def _unique_links(self) -> dict[str, Element]:
        """Return the links; references mean the first of one identifier."""
        links: dict[str, Element] = {}
        for element in self.elements:
            name = element.get(_ID, "")
            if element.tag.endswith("Link") and links.setdefault(name, element) is not element:
                values: dict[str, Any] = {"path": self.path, "line": 0, "doc_id": self.doc_id}
                self.report.drop(coded("B431", **values, id=name), **values, label=element.get("role", ""))
        return links

    def _mentions(self, element: Element, others: Iterable[str]) -> Iterator[MentionRecord]:
        infons = {name: value for name, value in element.items() if value and name not in others}
        concepts: tuple[ConceptRecord, ...] = ()
        if _CONCEPT.fullmatch(infons.get("entityID", "")):
            concepts = (ConceptRecord("UMLS", infons.pop("entityID")),)
        for place in self._places(element):
            yield MentionRecord(element.get(_ID, ""), _name(element), (place,), concepts=concepts, infons=infons)

    def _places(self, element: Element) -> Iterator[tuple[int, int]]:
        """Yield where an element lies, in characters, or nothing if the file does not say."""
        begin, end = element.get("begin", ""), element.get("end", "")
        if _NUMBER.fullmatch(begin) and _NUMBER.fullmatch(end):
            yield self._character(int(begin)), self._character(int(end))
        else:
            self._drop(element, "begin and end", is_mention=_name(element) != "Sentence")

    def _character(self, units: int) -> int:
        """Return how many characters a number of UTF-16 code units are."""
        return units - bisect_left(self.pairs, units)

    def _links(self, element: Element, links: Mapping[str, Element]) -> dict[str, list[str]]:
        """Return the attributes of a mention that name links, with the identifiers of these."""
        named: dict[str, list[str]] = {}
        for feature, value in element.items():
            known = [item for item in value.split() if item in links] if feature not in _PLACE else []
            if not known:
                continue
            named[feature] = known
            for target in dict.fromkeys(value.split()):
                if target not in links:
                    values: dict[str, Any] = {"path": self.path, "line": 0, "doc_id": self.doc_id}
                    self.report.drop(coded("B434", **values, id=element.get(_ID, ""), target=target), **values)
        return named

    def _relations(
        self, element: Element, found: Mapping[str, list[str]], links: Mapping[str, Element]
    ) -> Iterator[RelationRecord]:
        for feature, names in found.items():
            for name in names:
                link = links[name]
                target = link.get("target")
                if not target:
                    self._drop(link, "target")
                    continue
                ends = ArgumentRecord("source", element.get(_ID, "")), ArgumentRecord("target", target)
                self.named[name] += 1
                # In two of the files links have identifiers of mentions; what names which is clear.
                free = name if self.named[name] == 1 else f"{name}#{self.named[name]}"
                yield RelationRecord(free, link.get("role", ""), ends, {"feature": feature})

    def _drop(self, element: Element, missing: str, *, is_mention: bool = False) -> None:
        name = element.get(_ID, "")
        message = coded("B475", path=self.path, doc_id=self.doc_id, id=name or _name(element), missing=missing)
        self.report.drop(message, path=self.path, doc_id=self.doc_id, label=_name(element), is_mention=is_mention)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _add_facts(infons: dict[str, str], element: Element) -> None:
    """Add what an element says of the document; a further one that differs gets a number."""
    for name, value in element.items():
        if name in _PLACE or not value.strip():
            continue
        free, number = name, 1
        while infons.get(free, value) != value:
            number += 1
            free = f"{name} #{number}"
        infons[free] = value
