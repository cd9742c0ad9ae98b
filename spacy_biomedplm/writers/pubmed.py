"""PubMed XML: titles, abstracts and what the infons of a document say of the citation."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from spacy_biomedplm.medline import FACTS, ID_TYPES
from spacy_biomedplm.types import DocumentRecord, PassageRecord
from spacy_biomedplm.writers.losses import count_losses
from spacy_biomedplm.writers.xml_text import xml_attributes, xml_content

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n'
_TAIL = "</PubmedArticleSet>\n"
_SPACES = re.compile(r"[ \t\r\n]+")
_DATE = re.compile(r"([0-9]{4})(?: (\S+))?(?: ([0-9]{1,2}))?")
_KINDS = {"title", "abstract", "other_abstract"}
_SAID = {"label", "category"}
_SAID_OF_OTHERS = {*_SAID, "language", "type", "number"}
_NAME_PARTS = ("LastName", "ForeName", "Initials", "Suffix", "CollectiveName")
_ELEMENTS = {name: element for element, name in FACTS.items()}


def write_pubmed_xml(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as one <PubmedArticleSet>.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The file.
    losses (Counter[str]): Counts what the format cannot hold; all annotations are among it.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_HEAD)
        stream.writelines(format_pubmed_xml(record, losses) for record in records)
        stream.write(_TAIL)


def format_pubmed_xml(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return a document as <PubmedArticle>.

    record (DocumentRecord): Its passages "title", "abstract" and "other_abstract" are written; of a document without
        them the first line is the title, and each other line a part of the abstract. Infons as ``read_pubmed_xml``
        makes them.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    count_losses(record, losses, keeps=("document infons", "passages"))
    entities = sum(not mention.is_trigger for mention in record.mentions)
    if entities:
        losses["mentions"] += entities
    return _Article(record, losses).format()


class _Article:
    """Writes one document; an infon that is written is taken out of ``infons``."""

    def __init__(self, record: DocumentRecord, losses: Counter[str]) -> None:
        self.record = record
        self.losses = losses
        self.infons = dict(record.infons)
        self.passages = self._divide()

    def format(self) -> str:
        """Return the element; what is left of the infons is counted."""
        take, fact = self.infons.pop, self.fact
        status = {"Status": take("status", "MEDLINE"), "Owner": take("owner", "NLM")}
        date = self.date()
        issue = f"{fact('volume')}{fact('issue')}<PubDate>{date}</PubDate>"
        journal = f"{fact('issn')}<JournalIssue>{issue}</JournalIssue>{fact('journal')}{fact('journal_abbreviation')}"
        book = self.element("BookTitle", take("book_title", ""))
        pages = fact("pages")
        ids = "".join(self.ids())
        languages = "".join(self.element("Language", name) for name in take("languages", "").split())
        lines = [
            f"<PubmedArticle><MedlineCitation{xml_attributes(status, self.losses)}>",
            self.element("PMID", self.record.doc_id, {"Version": take("pmid_version", "1")}),
            f"<Article><Journal>{journal}</Journal>{book}",
            *self.title(),
            f"<Pagination>{pages}</Pagination>" if pages else "",
            *self.abstract(),
            self.wrap("AuthorList", self.authors()),
            languages,
            self.wrap("PublicationTypeList", self.publication_types()),
            fact("vernacular_title"),
            "</Article>",
            self.wrap("MedlineJournalInfo", map(fact, ("country", "medline_ta", "nlm_id", "issn_linking"))),
            self.wrap("ChemicalList", self.chemicals()),
            self.wrap("MeshHeadingList", self.headings()),
            *self.other_abstracts(),
            self.wrap("KeywordList", (self.element("Keyword", word) for word in self.rows("keywords", str))),
            "</MedlineCitation>",
            f"<PubmedData>{fact('publication_status')}<ArticleIdList>{ids}</ArticleIdList></PubmedData>",
            "</PubmedArticle>",
        ]
        if self.infons:
            self.losses["document infons"] += len(self.infons)
        return "\n".join(line for line in lines if line) + "\n"

    def element(self, tag: str, text: str, attributes: dict[str, str] | None = None) -> str:
        """Return an element with text, or nothing if it would be empty."""
        if not text:
            return ""
        if _SPACES.sub(" ", text).strip() != text:
            self.losses["runs of white space"] += 1
        return f"<{tag}{xml_attributes(attributes or {}, self.losses)}>{xml_content(text, self.losses)}</{tag}>"

    def wrap(self, tag: str, rows: Iterable[str]) -> str:
        """Return a list of elements, or nothing if there are none."""
        content = "".join(rows)
        return f"<{tag}>{content}</{tag}>" if content else ""

    def fact(self, name: str) -> str:
        """Return the element of an infon."""
        return self.element(_ELEMENTS[name], self.infons.pop(name, ""))

    def rows(self, name: str, *shape: type) -> list[Any]:
        """Return the rows of an infon that holds a list; one of another shape stays where it is, and is counted."""
        try:
            rows = json.loads(self.infons.get(name, "[]"))
        except (ValueError, RecursionError):
            return []
        if not isinstance(rows, list) or not all(_has_shape(row, shape) for row in rows):
            return []
        self.infons.pop(name, None)
        return rows

    def date(self) -> str:
        """Return the parts of the date of the issue."""
        date = self.infons.pop("date", "")
        year = re.search(r"[0-9]{4}", date)
        if year and self.infons.get("year") == year[0]:
            del self.infons["year"]
        match = _DATE.fullmatch(date)
        if match is None:
            return self.element("MedlineDate", date)
        parts = zip(("Year", "Month", "Day"), match.groups(default=""), strict=True)
        return "".join(self.element(tag, text) for tag, text in parts)

    def title(self) -> Iterator[str]:
        """Yield the title."""
        titles = [passage for passage in self.passages if passage.kind == "title"]
        if len(titles) > 1:
            self.losses["passages"] += len(titles) - 1
        for passage in titles[:1]:
            self._count(passage, set())
            yield self.element("ArticleTitle", self._text(passage))

    def abstract(self) -> Iterator[str]:
        """Yield the abstract."""
        rows = [self._section(passage, _SAID) for passage in self.passages if passage.kind == "abstract"]
        copyright_note = self.fact("copyright")
        if rows or copyright_note:
            yield f"<Abstract>{''.join(rows)}{copyright_note}</Abstract>"

    def other_abstracts(self) -> Iterator[str]:
        """Yield the abstracts in other languages."""
        others = (passage for passage in self.passages if passage.kind == "other_abstract")
        keys = ("type", "language", "number")
        for said, passages in groupby(others, key=lambda passage: tuple(passage.infons.get(key, "") for key in keys)):
            attributes = {"Type": said[0], "Language": said[1]}
            filled = {name: value for name, value in attributes.items() if value}
            rows = "".join(self._section(passage, _SAID_OF_OTHERS) for passage in passages)
            yield f"<OtherAbstract{xml_attributes(filled, self.losses)}>{rows}</OtherAbstract>"

    def authors(self) -> Iterator[str]:
        """Yield the authors."""
        for author in self.rows("authors", dict):
            lost = len(author.keys() - set(_NAME_PARTS))
            if lost:
                self.losses["parts of names"] += lost
            yield self.wrap("Author", (self.element(part, str(author.get(part, ""))) for part in _NAME_PARTS))

    def publication_types(self) -> Iterator[str]:
        """Yield the types of publication."""
        for name, text in self.rows("publication_types", str, str):
            yield self.element("PublicationType", text, {"UI": name})

    def chemicals(self) -> Iterator[str]:
        """Yield the chemicals."""
        for number, name, text in self.rows("chemicals", str, str, str):
            substance = self.element("NameOfSubstance", text, {"UI": name})
            yield self.wrap("Chemical", (self.element("RegistryNumber", number), substance))

    def headings(self) -> Iterator[str]:
        """Yield the headings of MeSH."""
        for heading in self.rows("mesh", dict):
            major = {"UI": str(heading.get("id", "")), "MajorTopicYN": "NY"[heading.get("major") is True]}
            rows = [self.element("DescriptorName", str(heading.get("name", "")), major)]
            qualifiers = heading.get("qualifiers", [])
            for row in qualifiers if isinstance(qualifiers, list) else []:
                if _has_shape(row, (str, str, bool)):
                    said = {"UI": row[0], "MajorTopicYN": "NY"[row[2]]}
                    rows.append(self.element("QualifierName", row[1], said))
            yield self.wrap("MeshHeading", rows)

    def ids(self) -> Iterator[str]:
        """Yield the identifiers, that of PubMed first."""
        yield self.element("ArticleId", self.record.doc_id, {"IdType": "pubmed"})
        for name in [name for name in self.infons if name in ID_TYPES or name.startswith("id.")]:
            yield self.element("ArticleId", self.infons.pop(name), {"IdType": name.removeprefix("id.")})

    def _section(self, passage: PassageRecord, kept: set[str]) -> str:
        self._count(passage, kept)
        said = {"Label": passage.infons.get("label", ""), "NlmCategory": passage.infons.get("category", "")}
        attributes = {name: value for name, value in said.items() if value}
        return self.element("AbstractText", self._text(passage), attributes)

    def _text(self, passage: PassageRecord) -> str:
        return self.record.text[passage.start : passage.end]

    def _count(self, passage: PassageRecord, kept: set[str]) -> None:
        lost = len(passage.infons.keys() - kept)
        if lost:
            self.losses["passage infons"] += lost

    def _divide(self) -> list[PassageRecord]:
        """Return the passages that are written; other text is counted."""
        record = self.record
        passages = [passage for passage in record.passages if passage.kind in _KINDS]
        if len(record.passages) > len(passages):
            self.losses["passages"] += len(record.passages) - len(passages)
        if not passages:
            start = 0
            for line in record.text.split("\n"):
                kind = "abstract" if passages else "title"
                passages.append(PassageRecord(start, start + len(line), kind))
                start += len(line) + 1
        covered = bytearray(len(record.text))
        for passage in passages:
            covered[passage.start : passage.end] = b"\x01" * (passage.end - passage.start)
        outside = sum(not (seen or char.isspace()) for seen, char in zip(covered, record.text, strict=True))
        if outside:
            self.losses["characters outside of title and abstract"] += outside
        return passages


def _has_shape(row: Any, shape: tuple[type, ...]) -> bool:
    """Return whether a value is of the one type, or a list of values of the types."""
    if len(shape) == 1:
        return isinstance(row, shape[0])
    return (
        isinstance(row, list)
        and len(row) == len(shape)
        and all(isinstance(value, kind) for value, kind in zip(row, shape, strict=True))
    )
