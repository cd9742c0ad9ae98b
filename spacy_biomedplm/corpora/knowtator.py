"""Knowtator XML, as CRAFT has it: annotations of a text in one file for each set of them, such as an ontology.

====================================  =======================================================================
``<annotations textSource="N.txt">``  Knowtator 1, N.txt.knowtator.xml: ``<annotation>`` with ``<span start end>``
                                      and ``<mention id>``, whose class stands in ``<classMention id>``
``<knowtator-project>``               Knowtator 2, N.xml: ``<document text-file="N.txt">`` with ``<annotation>``
                                      of a ``<class>`` and ``<span>``, relations in ``<graph-space>``
====================================  =======================================================================

Offsets are characters of the text, the end exclusive. Described in the API documentation of Knowtator
(knowtator.sourceforge.net, edu.uchsc.ccp.knowtator.xml) and in the documentation of CRAFT.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from spacy_biomedplm.corpora.beside import decoded, is_hidden
from spacy_biomedplm.corpora.containers import ARCHIVES, holds_gzip, is_archive, kind_of, list_files, read_chunks
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    MentionRecord,
    NoteRecord,
    RelationRecord,
)
from spacy_biomedplm.xml_stream import XmlProblem, parse_xml

DEFAULT_SET = "annotations"
"""Folder of a set without a name: the annotations of programs that know one set only."""
SUBJECT, OBJECT = "subject", "object"
_FOLDERS = {"", ".", "..", "/", "knowtator", "knowtator-1", "knowtator-2", "knowtator2", "saved", "xml"}
_PREFIXED = re.compile(r"([A-Za-z][\w .+#-]*):(?!//)(\S+)")
_OBO = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z]+)_(\w+)")
_NUMBER = re.compile("[0-9]{1,9}")
_SLOTS = {f"{kind}SlotMention": kind for kind in ("string", "integer", "float", "boolean", "symbol", "complex")}
_RESERVED = {"annotator", "annotator id", "set", "class name"}


def read_knowtator(
    path: Path | str, *, texts: Path | str | None = None, report: Report | None = None
) -> Iterator[DocumentRecord]:
    """Stream the documents of a corpus in Knowtator XML, all sets of annotations of a text in one document.

    path (Path | str): A folder with XML files or archives of them below it, an archive (.tar, .tar.gz, .zip), read in
        place, or one XML file. The name of a set is the folder of its files (a folder "knowtator" does not count), or
        else the name of the archive up to the first dot.
    texts (Path | str | None): Folder or archive of the texts, if they are not in path (beside it, for one file).
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): In the order of the names. A mention of a class with an identifier ("CHEBI:64276", or the
        same as an address of OBO) has the name of the set as label and the class as concept. Any other class is the
        label itself, and the set is the infon "set" unless it is called "annotations". Annotator, comments and slots
        with plain values are infons; slots with other mentions as values are relations, from "subject" to "object".
    RAISES (BiomedplmError): B401-B403 for missing or damaged files, B408 without any document, B411 for annotations
        without a text, B470 for a file that is not such XML (also one that declares entities), B475 for an annotation
        without a place or a class.
    """
    report = report or Report()
    path = Path(path)
    files, found = _collect(path, report)
    if texts is not None:
        found = _collect(Path(texts), report)[1]
    empty = True
    for stem in sorted(files):
        documents: dict[str, _Document] = {}
        for set_name, shown, content in sorted(files[stem], key=lambda file: file[:2]):
            _parse(content, set_name, shown, f"{stem}.txt", documents, report)
        for source in sorted(documents):
            document = documents[source]
            text = _text_of(source, document.paths[0], found, report)
            if text is not None:
                empty = False
                yield document.finish(text)
    if empty:
        raise report.nothing_read(path, "Knowtator XML files with their texts")


_File = tuple[str, str, bytes]


def _collect(path: Path, report: Report) -> tuple[dict[str, list[_File]], dict[str, tuple[str, bytes]]]:
    """Return annotation files (set, name for messages, content) by document, and texts by their name."""
    if kind_of(path) == "file" and not is_archive(path):
        beside = sorted(file for file in path.parent.glob("*.txt") if file.is_file())
        found = [
            (str(file), path.parent, file.name, b"".join(read_chunks(file, unpack=holds_gzip(file))))
            for file in (path, *beside)
        ]
    else:
        archives = [path]
        if kind_of(path) == "folder":
            archives += (file for _, file in list_files(path, lambda name: name.lower().endswith(ARCHIVES), report))
        found = [
            (f"{source}:{name}", source, name, content)
            for source in archives
            for name, content in read_members(source, (".xml", ".txt"), report).items()
        ]
    files: dict[str, list[_File]] = defaultdict(list)
    texts: dict[str, tuple[str, bytes]] = {}
    for shown, source, name, content in found:
        file = PurePosixPath(name)
        if is_hidden(name):
            continue
        if file.suffix == ".txt":
            texts.setdefault(file.name, (shown, content))
        else:
            stem = file.name.removesuffix(".xml").removesuffix(".knowtator").removesuffix(".txt")
            files[stem].append((_name_set(file, source), shown, content))
    return files, texts


def _name_set(file: PurePosixPath, source: Path) -> str:
    folders = [part for part in file.parent.parts if part.lower() not in _FOLDERS]
    return folders[-1] if folders else source.name.split(".")[0] or DEFAULT_SET


def _text_of(source: str, shown: str, texts: Mapping[str, tuple[str, bytes]], report: Report) -> str | None:
    if source not in texts:
        report.drop(coded("B411", path=shown, name=shown, missing=source), path=shown, doc_id=source)
        return None
    path, content = texts[source]
    return decoded(content, path=path, doc_id=source, report=report)


@dataclass
class _Document:
    """Collects what the files of one text say, before the text is known.

    mentions: Spanned text as given ("" if there is none), and the mention. ids: From the identifier in each file.
    pending: Relations whose ends are identifiers of a file, with the number of that file.
    """

    source: str
    paths: list[str] = field(default_factory=list)
    mentions: dict[str, tuple[str | None, MentionRecord]] = field(default_factory=dict)
    repeated: list[tuple[str | None, MentionRecord]] = field(default_factory=list)
    ids: list[dict[str, str]] = field(default_factory=list)
    classes: list[dict[str, tuple[str, str]]] = field(default_factory=list)
    pending: list[tuple[int, RelationRecord]] = field(default_factory=list)
    notes: list[NoteRecord] = field(default_factory=list)

    @property
    def doc_id(self) -> str:
        return self.source.removesuffix(".txt")

    def open_file(self, path: str) -> None:
        self.paths.append(path)
        self.ids.append({})
        self.classes.append({})

    def add(self, mention: MentionRecord, given: str | None, set_name: str) -> None:
        """Add a mention; where another set has its identifier, the set stands before it."""
        own = self.ids[-1]
        if mention.id in own:
            # Twice in one file: fit reports it.
            self.repeated.append((given, mention))
            return
        name = mention.id if mention.id not in self.mentions else f"{set_name}/{mention.id}"
        own[mention.id] = name
        if name != mention.id:
            mention = MentionRecord(name, mention.label, mention.fragments, None, mention.concepts, mention.infons)
        self.mentions[name] = (given, mention)

    def finish(self, text: str) -> DocumentRecord:
        rows = (*self.mentions.values(), *self.repeated)
        relations: dict[str, RelationRecord] = {}
        times: Counter[str] = Counter()
        for file, relation in self.pending:
            name = relation.id
            while name in relations or name in self.mentions:
                times[relation.id] += 1
                name = f"{relation.id}-{times[relation.id] + 1}"
            arguments = tuple(self._resolve(file, argument) for argument in relation.arguments)
            relations[name] = RelationRecord(name, relation.label, arguments, relation.infons)
        return DocumentRecord(
            self.doc_id,
            text,
            tuple(_with_text(text, mention, given) for given, mention in rows),
            relations=tuple(relations.values()),
            notes=tuple(self.notes),
            path=self.paths[0],
        )

    def _resolve(self, file: int, argument: ArgumentRecord) -> ArgumentRecord:
        name = self.ids[file].get(argument.target, argument.target)
        if name not in self.mentions and name in self.classes[file]:
            return ArgumentRecord(argument.role, self.classes[file][name][0], "concept")
        return ArgumentRecord(argument.role, name)


def _with_text(text: str, mention: MentionRecord, given: str | None) -> MentionRecord:
    pieces = [text[start:end] for start, end in mention.fragments]
    if given is None or given in (" ... ".join(pieces), " ".join(pieces)):
        return mention
    return MentionRecord(mention.id, mention.label, mention.fragments, given, mention.concepts, mention.infons)


def _parse(
    content: bytes, set_name: str, path: str, source: str, documents: dict[str, _Document], report: Report
) -> None:
    """Add what one file says to the documents, which are found by the name of their text."""
    try:
        root = parse_xml(content)
    except XmlProblem as problem:
        reason = f"line {problem.line}: {problem.reason}"
        report.drop(coded("B470", path=path, reason=reason), path=path, line=problem.line)
        return
    if root.tag == "annotations":
        parser = _Parser(_open(root.get("textSource"), source, path, documents), set_name, path, report)
        parser.read_first(root)
    elif root.tag == "knowtator-project":
        for element in root.iterfind("document"):
            parser = _Parser(_open(element.get("text-file"), source, path, documents), set_name, path, report)
            parser.read_second(element)
    else:
        report.drop(coded("B470", path=path, reason=f"it begins with <{root.tag}>"), path=path)


def _open(said: str | None, source: str, path: str, documents: dict[str, _Document]) -> _Document:
    name = PurePosixPath((said or "").replace("\\", "/")).name or source
    document = documents.setdefault(name, _Document(name))
    document.open_file(path)
    return document


@dataclass
class _Parser:
    """Reads the annotations of one file."""

    document: _Document
    set_name: str
    path: str
    report: Report

    def read_first(self, root: Element) -> None:
        """Read a file of Knowtator 1."""
        classes = self.document.classes[-1]
        owners: dict[str, list[str]] = defaultdict(list)
        slots: dict[str, tuple[str, str, list[str]]] = {}
        for element in root:
            name = element.get("id", "")
            if element.tag == "classMention":
                found = element.find("mentionClass")
                classes[name] = ("", "") if found is None else (found.get("id", ""), found.text or "")
                for slot in element.iterfind("hasSlotMention"):
                    owners[slot.get("id", "")].append(name)
            elif element.tag in _SLOTS:
                kind = _SLOTS[element.tag]
                key = element.find("mentionSlot")
                values = [value.get("value", "") for value in element.iter(f"{kind}SlotMentionValue")]
                slots[name] = (kind, "" if key is None else key.get("id", ""), values)
        plain = self._read_slots(slots, owners)
        for element in root.iterfind("annotation"):
            self._read_annotation(element, classes, plain)
        used = {argument.target for _, relation in self.document.pending for argument in relation.arguments}
        for name in classes.keys() - self.document.ids[-1].keys() - used:
            text = " ".join(filter(None, classes[name]))
            self.document.notes.append(NoteRecord(name, "classMention", "", text))

    def _read_slots(
        self, slots: Mapping[str, tuple[str, str, list[str]]], owners: Mapping[str, list[str]]
    ) -> dict[str, dict[str, str]]:
        """Keep slots with mentions as relations; return the others as infons, by their mention."""
        plain: dict[str, dict[str, str]] = defaultdict(dict)
        for name, (kind, key, values) in slots.items():
            if not owners.get(name):
                self._drop(name, "mention that has it", key)
            for owner in owners.get(name, ()):
                if kind == "complex":
                    ends = [ArgumentRecord(SUBJECT, owner), *(ArgumentRecord(OBJECT, value) for value in values)]
                    relation = RelationRecord(name, key, tuple(ends))
                    self.document.pending.append((len(self.document.paths) - 1, relation))
                    continue
                infon = key if kind == "string" and key not in _RESERVED else f"{kind}:{key}"
                # Values of one slot are rarely more than one; the others get a number.
                earlier = sum(other == infon or other.startswith(f"{infon} #") for other in plain[owner])
                for number, value in enumerate(values, start=earlier + 1):
                    plain[owner][infon if number == 1 else f"{infon} #{number}"] = value
        return plain

    def _read_annotation(
        self, element: Element, classes: Mapping[str, tuple[str, str]], plain: Mapping[str, dict[str, str]]
    ) -> None:
        found = element.find("mention")
        name = "" if found is None else found.get("id", "")
        infons: dict[str, str] = {}
        given = None
        for child in element:
            if child.tag == "annotator":
                infons["annotator"] = child.text or ""
                if "id" in child.attrib:
                    infons["annotator id"] = child.attrib["id"]
            elif child.tag == "spannedText":
                given = child.text or ""
            elif child.tag not in ("mention", "span"):
                infons[child.tag] = child.text or ""
        infons.update(plain.get(name, {}))
        class_id, class_name = classes.get(name, ("", ""))
        if not name or name not in classes:
            self._drop(name, "class", is_mention=True)
        else:
            self._add(name, class_id, class_name, element, given, infons)

    def read_second(self, document: Element) -> None:
        """Read a document of Knowtator 2."""
        for element in document.iterfind("annotation"):
            name = element.get("id", "")
            found = element.find("class")
            given = " ".join(span.text or "" for span in element.iterfind("span"))
            infons = {key: value for key, value in element.attrib.items() if key != "id" and value}
            if not name or found is None:
                self._drop(name, "class", is_mention=True)
                continue
            label = found.get("label", "")
            quoted = len(label) > 1 and label[0] == label[-1] == "'"
            self._add(name, found.get("id", ""), label[1:-1] if quoted else label, element, given, infons)
        for graph in document.iterfind("graph-space"):
            vertices = {vertex.get("id", ""): vertex.get("annotation", "") for vertex in graph.iterfind("vertex")}
            for triple in graph.iterfind("triple"):
                values = {key: value for key, value in triple.attrib.items() if value}
                ends = [(role, values.pop(role, "")) for role in (SUBJECT, OBJECT)]
                name, label = values.pop("id", ""), values.pop("property", "")
                arguments = tuple(ArgumentRecord(role, vertices.get(end, end)) for role, end in ends)
                relation = RelationRecord(name, label, arguments, {"graph": graph.get("id", ""), **values})
                self.document.pending.append((len(self.document.paths) - 1, relation))

    def _add(
        self, name: str, class_id: str, class_name: str, element: Element, given: str | None, infons: dict[str, str]
    ) -> None:
        spans = [(span.get("start", ""), span.get("end", "")) for span in element.iterfind("span")]
        if not spans or not all(_NUMBER.fullmatch(end) for span in spans for end in span):
            self._drop(name, "place", class_id, is_mention=True)
            return
        fragments = tuple((int(start), int(end)) for start, end in spans)
        label, concepts = self.set_name, _concepts(class_id, class_name)
        if not concepts:
            label = class_id
            if self.set_name != DEFAULT_SET:
                infons["set"] = self.set_name
            if class_name not in ("", class_id, given):
                infons["class name"] = class_name
        mention = MentionRecord(name, label, fragments, None, concepts, infons)
        self.document.add(mention, given, self.set_name)

    def _drop(self, name: str, missing: str, label: str = "", *, is_mention: bool = False) -> None:
        values: dict[str, Any] = {"path": self.path, "doc_id": self.document.doc_id}
        message = coded("B475", **values, id=name or "without identifier", missing=missing)
        self.report.drop(message, **values, label=label, is_mention=is_mention)


def _concepts(class_id: str, name: str) -> tuple[ConceptRecord, ...]:
    match = _OBO.fullmatch(class_id) or _PREFIXED.fullmatch(class_id)
    if match is not None:
        return (ConceptRecord(match[1], match[2], name),)
    return (ConceptRecord("", class_id, name),) if class_id.startswith(("http://", "https://")) else ()
