"""PubMed and MEDLINE XML: titles and abstracts with all that the citation says of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.parts import Part, join_parts
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.medline import ID_TYPES, Citation, Section, read_citations
from spacy_biomedplm.types import DocumentRecord

_DATE_ORDER = ("Year", "Month", "Season", "Day", "MedlineDate")
_YEAR = re.compile(r"[0-9]{4}")


def read_pubmed_xml(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the citations of PubMed.

    path (Path | str): A file of <PubmedArticleSet>, <MedlineCitationSet> or one article, also gzip'd; a folder or an
        archive (.tar, .tar.gz, .zip) of them.
    report (Report | None): What to do with a file that cannot be read to its end; None stops at the first.
    YIELDS (DocumentRecord): The text is the title, the parts of the abstract and abstracts in other languages, a line
        break between them; passages "title", "abstract" and "other_abstract" say where they are. Markup inside is
        flattened, runs of white space are one space. Everything else is in the infons, lists as JSON, see
        docs/formats.md. Without a PMID the identifier is the name of the file, a colon and the line.
    RAISES (BiomedplmError): B401, B403 for missing or damaged files, B408 for one without any citation, B613 for XML
        that is not well-formed or breaks off, B614 for entity declarations, B615 for other XML.
    """
    report = report or Report()
    path = Path(path)
    empty = True
    for shown, stem, chunks in read_streams(path, (".xml",), report):
        with report.leaving_out(shown):
            for citation in read_citations(chunks, shown):
                empty = False
                yield make_citation_record(citation, citation.pmid or f"{stem}:{citation.line}", shown)
    if empty:
        raise report.nothing_read(path, "<MedlineCitation> or <BookDocument>")


def make_citation_record(citation: Citation, doc_id: str, path: str) -> DocumentRecord:
    """Return a citation as a document.

    citation (Citation): As it was read.
    doc_id (str): Identifier of the document. path (str): The file, for messages.
    """
    title = citation.titles.get("ArticleTitle") or citation.titles.get("BookTitle", "")
    parts = [Part("title", title)] if title else []
    parts += (Part("abstract", section.text, _said(section)) for section in citation.sections)
    for number, other in enumerate(citation.other_abstracts, start=1):
        said = {"language": other.language, "type": other.kind}
        if len(citation.other_abstracts) > 1:
            said["number"] = str(number)
        parts += (
            Part("other_abstract", section.text, {**_filled(said), **_said(section)}) for section in other.sections
        )
    text, passages = join_parts(parts)
    return DocumentRecord(doc_id, text, passages=passages, infons=_infons(citation, title), path=path)


def _said(section: Section) -> dict[str, str]:
    return _filled({"label": section.label, "category": section.category})


def _filled(infons: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in infons.items() if value}


def _infons(citation: Citation, title: str) -> dict[str, str]:
    date = " ".join(citation.date[part] for part in _DATE_ORDER if part in citation.date)
    year = _YEAR.search(date)
    book = citation.titles.get("BookTitle", "")
    found = {
        "pmid_version": citation.version if citation.version != "1" else "",
        "status": citation.status,
        "owner": citation.owner,
        "book_title": book if book != title else "",
        **citation.facts,
        "date": date,
        "year": year[0] if year else "",
        "languages": " ".join(citation.languages),
    }
    for kind, name in citation.ids.items():
        if (kind, name) != ("pubmed", citation.pmid):
            found[kind if kind in ID_TYPES else f"id.{kind}"] = name
    mesh = [
        {"id": heading.id, "name": heading.name, "major": heading.is_major, "qualifiers": heading.qualifiers}
        for heading in citation.headings
    ]
    lists: dict[str, Any] = {
        "publication_types": citation.publication_types,
        "mesh": mesh,
        "chemicals": citation.chemicals,
        "keywords": citation.keywords,
        "authors": [author for author in citation.authors if author],
    }
    found.update((name, json.dumps(rows, ensure_ascii=False)) for name, rows in lists.items() if rows)
    return _filled(found)
