"""PubMed and MEDLINE XML as plain data, read as a stream: one citation is in memory at a time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml

UNLABELLED = "UNLABELLED"
"""Label of a part of an abstract that has none, in old files."""

_ROOTS = {
    "BookDocument",
    "BookDocumentSet",
    "MedlineCitation",
    "MedlineCitationSet",
    "PubmedArticle",
    "PubmedArticleSet",
    "PubmedBookArticle",
    "PubmedBookArticleSet",
}
_CITATIONS = {"MedlineCitation", "BookDocument"}
# What closes a citation: the identifiers of <PubmedData> come after </MedlineCitation>.
_WRAPPERS = {"PubmedArticle", "PubmedBookArticle"}
_SKIPPED = {"ReferenceList", "InvestigatorList", "DeleteCitation", "AffiliationInfo", "History"}
_SPACES = re.compile(r"[ \t\r\n]+")

TITLES = ("ArticleTitle", "BookTitle")
FACTS = {
    "VernacularTitle": "vernacular_title",
    "Title": "journal",
    "ISOAbbreviation": "journal_abbreviation",
    "MedlineTA": "medline_ta",
    "NlmUniqueID": "nlm_id",
    "Country": "country",
    "ISSN": "issn",
    "ISSNLinking": "issn_linking",
    "Volume": "volume",
    "Issue": "issue",
    "MedlinePgn": "pages",
    "CopyrightInformation": "copyright",
    "PublicationStatus": "publication_status",
}
"""Elements that are there once, and the names under which their text is kept."""

ID_TYPES = {"bookaccession", "doi", "medline", "mid", "pii", "pmc", "pmcid", "pmcbook", "pmpid", "sici"}
"""Types of identifiers whose name is clear by itself; others are kept as "id.TYPE"."""

_DATE_PARTS = {"Year", "Month", "Day", "Season", "MedlineDate"}
# Where an element of each name counts; elsewhere it says something else.
_PARENTS = {
    "PMID": _CITATIONS,
    "Title": {"Journal"},
    "Country": {"MedlineJournalInfo"},
    "CopyrightInformation": {"Abstract"},
    "Language": {"Article", "BookDocument"},
    "Keyword": {"KeywordList"},
    "LastName": {"Author"},
    "ForeName": {"Author"},
    "Initials": {"Author"},
    "Suffix": {"Author"},
    "CollectiveName": {"Author"},
    **{part: {"PubDate"} for part in _DATE_PARTS},
}
_NAME_PARTS = {"LastName", "ForeName", "Initials", "Suffix", "CollectiveName"}
_GATHERED = {
    *TITLES,
    *FACTS,
    *_DATE_PARTS,
    *_PARENTS,
    "AbstractText",
    "ArticleId",
    "ELocationID",
    "PublicationType",
    "DescriptorName",
    "QualifierName",
    "RegistryNumber",
    "NameOfSubstance",
}


@dataclass(slots=True)
class Section:
    """A part of an abstract. label, category (str): As the file says, or empty."""

    text: str
    label: str = ""
    category: str = ""


@dataclass(slots=True)
class OtherAbstract:
    """An abstract in another language, or by someone else than the authors."""

    language: str = ""
    kind: str = ""
    sections: list[Section] = field(default_factory=list)


@dataclass(slots=True)
class Heading:
    """A heading of MeSH; qualifiers are (id, name, whether it is a major topic)."""

    id: str
    name: str
    is_major: bool = False
    qualifiers: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(slots=True)
class Citation:
    """An article or a chapter, as far as it is read.

    line (int): Line in the file at which it begins.
    pmid, version, status, owner (str): Of the citation itself.
    titles (dict[str, str]): By element, see TITLES.
    facts (dict[str, str]): See FACTS. date (dict[str, str]): Parts of the date of the issue, by element.
    ids (dict[str, str]): Identifiers by type, such as "doi".
    publication_types, chemicals: (identifier, name); the number of a chemical is "0" if it has none.
    authors (list[dict[str, str]]): Parts of their names, by element.
    """

    line: int = 0
    pmid: str = ""
    version: str = ""
    status: str = ""
    owner: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    other_abstracts: list[OtherAbstract] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    date: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)
    publication_types: list[tuple[str, str]] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    chemicals: list[tuple[str, str, str]] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    authors: list[dict[str, str]] = field(default_factory=list)


class _Citations(XmlHandler):
    """Gathers citations; holds only those not yet fetched."""

    def __init__(self, path: str) -> None:
        self.done: list[Citation] = []
        self._shown = path
        self._path: list[str] = []
        self._citation: Citation | None = None
        self._text: list[str] | None = None  # pieces of the element that is being gathered, or None
        self._depth = 0  # length of the path at that element, or at one that is skipped
        self._skipping = False
        self._attributes: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        path = self._path
        if not path and tag not in _ROOTS:
            raise BiomedplmError(coded("B615", path=self._shown, found=tag))
        path.append(tag)
        if self._text is not None or self._skipping:
            return
        if tag in _GATHERED:
            parent = path[-2] if len(path) > 1 else ""
            if self._citation is not None and parent in _PARENTS.get(tag, (parent,)):
                self._text, self._depth, self._attributes = [], len(path), attributes
        elif tag in _CITATIONS or tag in _WRAPPERS:
            # A line is asked for where the citation itself begins, as the messages name it.
            if self._citation is None:
                self._citation = Citation()
            if tag in _CITATIONS:
                self._citation.line = max(self.line(), 1)
                self._citation.status = attributes.get("Status", "")
                self._citation.owner = attributes.get("Owner", "")
        elif tag in _SKIPPED:
            self._skipping, self._depth = True, len(path)
        elif tag == "OtherAbstract" and self._citation is not None:
            other = OtherAbstract(attributes.get("Language", ""), attributes.get("Type", ""))
            self._citation.other_abstracts.append(other)
        elif tag == "Author" and self._citation is not None:
            self._citation.authors.append({})

    def data(self, data: str) -> None:
        """Gather text, also of elements inside the wanted one such as <i> and <sub>."""
        if self._text is not None:
            self._text.append(data)

    def end(self, tag: str) -> None:
        path = self._path
        if len(path) == self._depth:
            if self._text is not None and self._citation is not None:
                text = _SPACES.sub(" ", "".join(self._text)).strip()
                self._store(tag, text, self._citation, path[-2] if len(path) > 1 else "")
            self._text = None
            self._skipping = False
            self._depth = 0
        path.pop()
        if self._depth:
            return
        if tag in _WRAPPERS or (tag in _CITATIONS and not (path and path[-1] in _WRAPPERS)):
            if self._citation is not None and self._citation.line:
                self.done.append(self._citation)
            self._citation = None

    def _store(self, tag: str, text: str, citation: Citation, parent: str) -> None:
        attributes = self._attributes
        if tag == "PMID":
            if not citation.pmid:
                citation.pmid, citation.version = text, attributes.get("Version", "")
        elif tag == "AbstractText":
            self._store_section(text, citation)
        elif tag in TITLES:
            citation.titles.setdefault(tag, text)
        elif not text:
            return
        elif tag in FACTS:
            citation.facts.setdefault(FACTS[tag], text)
        elif tag in _DATE_PARTS:
            citation.date.setdefault(tag, text)
        elif tag in _NAME_PARTS:
            citation.authors[-1][tag] = text
        elif tag == "ArticleId":
            citation.ids.setdefault(attributes.get("IdType", ""), text)
        elif tag == "ELocationID":
            citation.ids.setdefault(attributes.get("EIdType", ""), text)
        elif tag == "Language":
            citation.languages.append(text)
        elif tag == "Keyword":
            citation.keywords.append(text)
        elif tag == "PublicationType":
            citation.publication_types.append((attributes.get("UI", ""), text))
        elif tag == "RegistryNumber":
            citation.chemicals.append((text, "", ""))
        elif tag == "NameOfSubstance":
            number = citation.chemicals.pop()[0] if citation.chemicals and not citation.chemicals[-1][2] else ""
            citation.chemicals.append((number, attributes.get("UI", ""), text))
        elif tag == "DescriptorName":
            citation.headings.append(Heading(attributes.get("UI", ""), text, _is_major(attributes)))
        elif tag == "QualifierName" and citation.headings and parent == "MeshHeading":
            citation.headings[-1].qualifiers.append((attributes.get("UI", ""), text, _is_major(attributes)))

    def _store_section(self, text: str, citation: Citation) -> None:
        if not text:
            return
        section = Section(text, self._attributes.get("Label", "").strip(), self._attributes.get("NlmCategory", ""))
        if "OtherAbstract" not in self._path:
            citation.sections.append(section)
        elif citation.other_abstracts:
            citation.other_abstracts[-1].sections.append(section)


def _is_major(attributes: dict[str, str]) -> bool:
    return attributes.get("MajorTopicYN") == "Y"


def read_citations(chunks: Iterable[bytes], path: str) -> Iterator[Citation]:
    """Yield the citations of a PubMed or MEDLINE file.

    chunks (Iterable[bytes]): The file.
    path (str): Its name, for messages.
    YIELDS (Citation): Markup inside of texts is flattened, runs of white space are one space. An article without any
        text is a citation too. Affiliations, grants, references, investigators and the history of the record are not
        read.
    RAISES (BiomedplmError): B613 for XML that is not well-formed or breaks off, B614 for entity declarations and
        external references, B615 for other XML.
    """
    citations = _Citations(path)
    try:
        for _ in stream_xml(chunks, citations):
            done, citations.done = citations.done, []
            yield from done
    except XmlProblem as problem:
        if problem.entity is not None:
            raise BiomedplmError(coded("B614", path=path, line=problem.line, entity=problem.entity)) from problem
        raise BiomedplmError(coded("B613", path=path, line=problem.line, reason=problem.reason)) from problem
