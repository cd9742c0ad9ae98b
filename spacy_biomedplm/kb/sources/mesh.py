"""Medical Subject Headings: the descriptors and supplementary records of the National Library of Medicine, as XML."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy_biomedplm.corpora.containers import printable
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, open_chunks
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml

_PREFIX = "MESH:"
_RECORDS = {"DescriptorRecord", "SupplementalRecord"}
_ROOTS = tuple(f"{record}Set" for record in sorted(_RECORDS))
_WANTED = "XML of MeSH descriptors or supplementary records (descYYYY.xml, suppYYYY.xml)"
_ID = re.compile(r"[CD][0-9]{6,9}\Z")
# Components of a protocol are not wider than it.
_PROTOCOL = "2"
_TEXTS = {
    *("DescriptorUI", "SupplementalRecordUI", "ConceptUI", "String", "TreeNumber", "ScopeNote"),
    *("RegistryNumber", "SemanticTypeUI"),
}
_SPACES = re.compile(r"\s+")
# What registry numbers are numbers of, by their form.
_REGISTRIES = (
    ("EC", re.compile(r"(?:EC ?)?([0-9]+(?:\.(?:[0-9n]+|-)){1,3})\Z")),
    ("CAS", re.compile(r"([0-9]{2,7}-[0-9]{2}-[0-9])\Z")),
    ("UNII", re.compile(r"([0-9A-Z]{10})\Z")),
)
# As the UMLS calls them: of descriptors, and of supplementary records.
_KINDS = {
    "DescriptorRecord": {"heading": "MH", "preferred": "PEP", "entry": "ET", "permuted": "PM"},
    "SupplementalRecord": {"heading": "NM", "preferred": "PCE", "entry": "CE", "permuted": "PM"},
}


@dataclass(slots=True)
class _Record:
    """What is read of a record."""

    tag: str
    line: int
    group: str = ""
    id: str = ""
    heading: str = ""
    names: list[tuple[str, str]] = field(default_factory=list)
    definition: str = ""
    types: list[str] = field(default_factory=list)
    xrefs: list[str] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)


class _Records(XmlHandler):
    """Gathers records; holds only those not yet fetched. path (str): The file, for errors."""

    def __init__(self, path: str) -> None:
        self.done: list[_Record] = []
        self._shown = path
        self._path: list[str] = []
        self._record: _Record | None = None
        self._text: list[str] | None = None
        self._term: dict[str, str] = {}
        self._is_preferred = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag not in _ROOTS:
            reason = f"it begins with <{tag[:60]}>, not with <{'> or <'.join(_ROOTS)}>"
            raise BiomedplmError(coded("B580", path=self._shown, line=self.line(), reason=reason, wanted=_WANTED))
        self._path.append(tag)
        if tag in _RECORDS and len(self._path) == 2:
            self._record = _Record(tag, self.line(), attributes.get("SCRClass", ""))
        elif tag == "Concept":
            self._is_preferred = attributes.get("PreferredConceptYN") == "Y"
        elif tag == "Term":
            self._term = attributes
        elif tag in _TEXTS:
            self._text = []

    def data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def end(self, tag: str) -> None:
        if tag in _TEXTS and self._text is not None:
            text = _SPACES.sub(" ", "".join(self._text)).strip()
            self._text = None
            if text and self._record is not None:
                self._store(self._record, tag, text)
        self._path.pop()
        if self._record is not None and len(self._path) == 1:
            self.done.append(self._record)
            self._record = None

    def _store(self, record: _Record, tag: str, text: str) -> None:
        """Take over the text of an element, by what it stands in."""
        parent, above = self._path[-2], self._path[-3]
        if parent == record.tag:
            record.id = text
        elif tag == "String" and above == record.tag:
            record.heading = text
        elif tag == "String" and parent == "Term":
            record.names.append((self._kind(record), text))
        elif tag == "TreeNumber":
            record.trees.append(text)
        elif tag == "DescriptorUI" and above == "HeadingMappedTo":
            # The star says that the heading is a major topic of what is indexed with it.
            record.headings.append(text.removeprefix("*"))
        elif tag == "ConceptUI" and parent == "Concept":
            record.xrefs.append(_PREFIX + text)
        elif tag == "SemanticTypeUI":
            record.types.append(text)
        elif self._is_preferred and tag == "ScopeNote":
            record.definition = text
        elif self._is_preferred and tag == "RegistryNumber":
            found = ((registry, form.match(text)) for registry, form in _REGISTRIES)
            record.xrefs += [f"{registry}:{match[1]}" for registry, match in found if match]

    def _kind(self, record: _Record) -> str:
        term = self._term
        flags = (("IsPermutedTermYN", "permuted"), ("RecordPreferredTermYN", "heading"))
        kind = next((kind for flag, kind in flags if term.get(flag) == "Y"), "entry")
        if kind == "entry" and term.get("ConceptPreferredTermYN") == "Y":
            kind = "preferred"
        return _KINDS[record.tag][kind]


def read_mesh(
    path: Path, name: str, reading: Reading, *, trees: tuple[str, ...] = (), classes: tuple[str, ...] = ()
) -> Iterator[Concept]:
    """Yield the records of MeSH.

    path (Path): descYYYY.xml or suppYYYY.xml of the NLM, perhaps gzip'd. Names are called as in the UMLS: MH, PEP, ET
        and PM (permuted) of descriptors, NM, PCE, CE and PM of supplementary records. The scope note is the
        definition, tree numbers lead to the parents of descriptors, the headings that a supplementary record is mapped
        to are its parents. Ids of MeSH's own concepts, CAS, UNII and EC numbers are cross-references.
    name (str): Of the source. reading (Reading): Where problems go.
    trees (tuple[str, ...]): What tree numbers of the descriptors that are wanted begin with, such as "C"; empty for
        all.
    classes (tuple[str, ...]): Classes of the supplementary records that are wanted, such as "1" (chemicals) or "3"
        (diseases); empty for all.
    RAISES (BiomedplmError): B580 for XML that is not well-formed or not of MeSH, B582 for entity declarations; B569 for
        a record without an id or a heading, as the report decides; B572 for a tree or class that the file does not
        have; and what ``open_chunks`` and its bytes raise.
    """
    numbers: dict[str, str] = {}
    below: list[tuple[str, list[str]]] = []
    found: Counter[tuple[str, str]] = Counter()
    others = 0
    for record in _read_xml(path):
        if not (_ID.match(record.id) and record.heading):
            drop_row(reading.report, path, record.line, "the record has no id of MeSH, or no heading", _WANTED)
            continue
        id = _PREFIX + record.id
        numbers.update(dict.fromkeys(record.trees, id))
        found.update(("tree", tree) for tree in trees if any(one.startswith(tree) for one in record.trees))
        found["class", record.group] += 1
        if record.tag == "DescriptorRecord":
            wanted = not trees or any(one.startswith(trees) for one in record.trees)
        else:
            wanted = not classes or record.group in classes
        if not wanted:
            others += 1
            continue
        if record.trees:
            below.append((id, record.trees))
        yield _concept(record, id, name)
    _require(path, "tree of descriptors", trees, found["class", ""] > 0, {two for one, two in found if one == "tree"})
    known = {two for one, two in found if one == "class" and two}
    _require(path, "class of supplementary records", classes, bool(known), known)
    if others:
        reading.report.counts[f"records of {name} of other trees or classes"] += others
    for id, places in below:
        parents = dict.fromkeys(numbers.get(place.rpartition(".")[0], "") for place in places)
        if any(parents):
            yield Concept(id, parents=tuple(filter(None, parents)))


def _read_xml(path: Path) -> Iterator[_Record]:
    shown = printable(path)
    records = _Records(shown)
    try:
        for _ in stream_xml(open_chunks(path), records):
            done, records.done = records.done, []
            yield from done
    except XmlProblem as problem:
        if problem.entity is not None:
            raise BiomedplmError(coded("B582", path=shown, line=problem.line, entity=problem.entity)) from problem
        reason = f"not well-formed XML ({problem.reason})"
        raise BiomedplmError(coded("B580", path=shown, line=problem.line, reason=reason, wanted=_WANTED)) from problem


def _require(path: Path, what: str, wanted: tuple[str, ...], has_any: bool, known: set[str]) -> None:
    for value in wanted if has_any else ():
        if value not in known:
            shown = ", ".join(sorted(known)) or "none of those that were asked for"
            raise BiomedplmError(coded("B572", option=f"{what} in '{printable(path)}'", value=value, known=shown))


def _concept(record: _Record, id: str, source: str) -> Concept:
    heading = (_KINDS[record.tag]["heading"], record.heading)
    names = dict.fromkeys((heading, *record.names))
    headings = () if record.group == _PROTOCOL else record.headings
    return Concept(
        id,
        tuple(Name(text, source, kind) for kind, text in names),
        types=tuple(dict.fromkeys(record.types)),
        definition=record.definition,
        xrefs=tuple(dict.fromkeys(record.xrefs)),
        parents=tuple(dict.fromkeys(_PREFIX + heading for heading in headings)),
    )
