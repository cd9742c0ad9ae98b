"""Full text of PubMed Central in JATS: every section, caption, table and reference, each in its place."""

import json
from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.jats_nodes import Node, flatten, read_articles
from spacy_biomedplm.corpora.jats_text import Blocks
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.types import DocumentRecord

SUFFIXES = (".nxml", ".xml")
_PMC = ("pmcid", "pmc")
_ID_TYPES = {*_PMC, "doi", "pmid"}
_META = {"volume": "volume", "issue": "issue", "elocation-id": "elocation_id"}
_JOURNAL = (
    ("journal-title-group", "journal-title"),
    ("journal-title",),
)
_NAMES = {"surname": "LastName", "given-names": "ForeName", "suffix": "Suffix"}


def read_jats(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream articles in JATS.

    path (Path | str): A file (.xml, .nxml, also gzip'd) with <article>, alone or in <pmc-articleset> or an answer of
        OAI-PMH; a folder or an archive (.tar, .tar.gz, .zip) of such files.
    report (Report | None): What to do with a file that cannot be read to its end; None stops at the first.
    YIELDS (DocumentRecord): Named by its PMCID, or else PMID, DOI, file. The text is title, abstracts, body, back
        matter and floating figures, a line break between blocks. Passages: "title", "abstract" and "section" (with all
        that is in them), and inside "heading", "paragraph", "caption", "table", "footnote", "formula", "reference".
        Markup inside is flattened, runs of white space are one space; figures, tables and footnotes of a paragraph
        come after it. Identifiers, journal, date, authors, keywords, licence … are infons, see docs/formats.md.
    RAISES (BiomedplmError): B401, B403 for missing or damaged files, B408 for one without any article, B480 for XML
        that is not well-formed or breaks off, B481 for entity declarations, B482 for other XML.
    """
    report = report or Report()
    path = Path(path)
    empty = True
    for shown, stem, chunks in read_streams(path, SUFFIXES, report):
        with report.leaving_out(shown):
            for article in read_articles(chunks, shown):
                empty = False
                yield make_article_record(article, stem, shown)
    if empty:
        raise report.nothing_read(path, "<article>")


def make_article_record(article: Node, name: str, path: str) -> DocumentRecord:
    """Return an article as a document.

    article (Node): Its element.
    name (str): Identifier of an article that has none. path (str): The file, for messages.
    """
    front = article.child("front") or article.child("front-stub") or Node("front", {})
    meta = front.child("article-meta") or front
    ids = _ids(meta)
    pmc = next((ids[kind] for kind in _PMC if kind in ids), "")
    if pmc and not pmc.upper().startswith("PMC"):
        pmc = f"PMC{pmc}"
    doc_id = pmc or ids.get("pmid") or ids.get("doi") or name
    blocks = Blocks()
    titles = meta.child("title-group")
    if titles is not None:
        blocks.add("title", flatten(titles.child("article-title"), ("fn",)), {})
        blocks.add("subtitle", flatten(titles.child("subtitle"), ("fn",)), {})
        for other in titles.children("trans-title-group", "trans-title"):
            language = other.attributes.get("lang", "")
            blocks.add("other_title", flatten(other), {"language": language} if language else {})
    for part in (*meta.children("abstract", "trans-abstract"), *article.children()):
        if part.tag not in ("front", "front-stub", "processing-meta"):
            blocks.walk(part)
    infons = {name: value for name, value in {**_name_ids(ids), **_infons(article, front, meta)}.items() if value}
    return DocumentRecord(doc_id, "\n".join(blocks.lines), passages=tuple(blocks.passages), infons=infons, path=path)


def _ids(meta: Node) -> dict[str, str]:
    ids: dict[str, str] = {}
    for node in meta.children("article-id"):
        ids.setdefault(node.attributes.get("pub-id-type", "other"), flatten(node))
    return ids


def _name_ids(ids: dict[str, str]) -> dict[str, str]:
    return {kind if kind in _ID_TYPES else f"id.{kind}": value for kind, value in ids.items()}


def _infons(article: Node, front: Node, meta: Node) -> dict[str, str]:
    journal = front.child("journal-meta") or Node("journal-meta", {})
    date, year = _date(meta)
    found = {
        "article_type": article.attributes.get("article-type", ""),
        "language": article.attributes.get("lang", ""),
        "journal": next((title for path in _JOURNAL if (title := flatten(journal.child(*path)))), ""),
        "publisher": flatten(journal.child("publisher", "publisher-name")),
        "date": date,
        "year": year,
        **{name: flatten(meta.child(tag)) for tag, name in _META.items()},
        "pages": "-".join(page for tag in ("fpage", "lpage") if (page := flatten(meta.child(tag)))),
        **_licence(meta),
    }
    for kind in ("iso-abbrev", "nlm-ta"):
        for node in journal.children("journal-id"):
            if node.attributes.get("journal-id-type") == kind:
                found.setdefault("journal_abbreviation", flatten(node))
    issns = [flatten(node) for node in journal.children("issn")]
    lists = {
        "issns": issns,
        "subjects": [flatten(node) for node in meta.all("subject")],
        "keywords": [flatten(node) for group in meta.children("kwd-group") for node in group.all("kwd")],
        "authors": _authors(meta),
    }
    found.update((name, json.dumps(rows, ensure_ascii=False)) for name, rows in lists.items() if rows)
    return found


def _date(meta: Node) -> tuple[str, str]:
    """Return the first date of publication, such as "2011-3-7", and its year."""
    for node in meta.children("pub-date"):
        year = flatten(node.child("year"))
        if year:
            parts = (year, flatten(node.child("month")) or flatten(node.child("season")), flatten(node.child("day")))
            return "-".join(part for part in parts if part), year
    return "", ""


def _licence(meta: Node) -> dict[str, str]:
    permissions = meta.child("permissions")
    if permissions is None:
        return {}
    licence = permissions.child("license") or Node("license", {})
    address = licence.attributes.get("href") or flatten(licence.child("license_ref"))
    links = (link.attributes.get("href", "") for link in licence.all("ext-link"))
    return {
        "copyright": flatten(permissions.child("copyright-statement")),
        "licence": address or next(links, "") or licence.attributes.get("license-type", ""),
        "licence_text": flatten(licence),
    }


def _authors(meta: Node) -> list[dict[str, str]]:
    authors = []
    for contrib in (node for group in meta.children("contrib-group") for node in group.all("contrib")):
        name = next(contrib.all("name"), None)
        group = contrib.child("collab")
        if name is not None:
            parts = {key: flatten(name.child(tag)) for tag, key in _NAMES.items()}
        else:
            whole = flatten(contrib.child("string-name")) or flatten(group, ("contrib-group",))
            parts = {"CollectiveName": whole}
        filled = {key: value for key, value in parts.items() if value}
        if filled and contrib.attributes.get("contrib-type", "author") == "author":
            authors.append(filled)
    return authors
