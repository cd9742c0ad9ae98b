"""PubMed and MEDLINE XML, read as a stream: one article is in memory at a time."""

import re
from collections.abc import Iterator

from defusedxml.common import EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import InputStream

_CHUNK_BYTES = 65536
_ROOTS = {"PubmedArticleSet", "MedlineCitationSet", "PubmedArticle", "MedlineCitation", "PubmedBookArticle"}
_ARTICLES = {"MedlineCitation", "BookDocument"}
_TITLES = {"ArticleTitle", "BookTitle"}
_SPACES = re.compile(r"[ \t\r\n]+")


class _Article:
    """What has been read of one article."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.doc_id = ""
        self.titles: dict[str, str] = {}
        self.sections: list[str] = []


class _ArticleTarget:
    """Receives the elements of the XML and gathers articles; holds only those not yet fetched.

    parser: Set after construction; tells the current line.
    """

    def __init__(self) -> None:
        self.articles: list[_Article] = []
        self.root: str | None = None
        self.parser: DefusedXMLParser | None = None
        self._path: list[str] = []
        self._article: _Article | None = None
        self._text: list[str] | None = None  # pieces of the element that is being gathered, or None
        self._depth = 0  # length of the path at that element
        self._label = ""

    def line(self) -> int:
        """Return the current line of the file."""
        return 0 if self.parser is None else self.parser.parser.CurrentLineNumber

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of a start tag; text is gathered from the elements that are wanted."""
        if self.root is None:
            self.root = tag
        parent = self._path[-1] if self._path else ""
        self._path.append(tag)
        if tag in _ARTICLES:
            self._article = _Article(self.line())
        if self._article is None or self._text is not None:
            return
        is_id = tag == "PMID" and parent in _ARTICLES
        if is_id or tag in _TITLES or (tag == "AbstractText" and "Abstract" in self._path):
            self._text, self._depth = [], len(self._path)
            self._label = attributes.get("Label", "")

    def data(self, data: str) -> None:
        """Gather text, also of elements inside the wanted one such as <i> and <sub>."""
        if self._text is not None:
            self._text.append(data)

    def end(self, tag: str) -> None:
        """Take note of an end tag: store what was gathered, and finish the article."""
        if self._article is not None and self._text is not None and len(self._path) == self._depth:
            self._store(tag, _SPACES.sub(" ", "".join(self._text)).strip(), self._article)
            self._text = None
        self._path.pop()
        if tag in _ARTICLES and self._article is not None:
            self.articles.append(self._article)
            self._article = None

    def close(self) -> None:
        """Do nothing at the end of the file; the parser calls it."""

    def _store(self, tag: str, text: str, article: _Article) -> None:
        if tag == "PMID":
            article.doc_id = article.doc_id or text
        elif tag in _TITLES:
            article.titles.setdefault(tag, text)
        elif text:
            label = self._label.strip()
            article.sections.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)


def read_pubmed(stream: InputStream) -> Iterator[InputDoc]:
    """Yield the articles of a PubMed or MEDLINE file.

    stream (InputStream): <PubmedArticleSet> or <MedlineCitationSet>. Read are PMID, title and abstract (in English as
        PubMed gives it, without <OtherAbstract>), markup inside flattened, runs of white space made one space.
    YIELDS (InputDoc): Title, line break, abstract; its parts are joined by a space, each after its label and a colon.
        Without a PMID the identifier is the name of the file, a colon and the line. An article without any
        text is a document too.
    RAISES (BiomedplmError): B613 for XML that is not well-formed or breaks off, B614 for entity declarations and
        external references, B615 for other XML.
    """
    target = _ArticleTarget()
    parser = DefusedXMLParser(target=target)  # entities and external references are refused, a DOCTYPE is not
    target.parser = parser
    while True:
        data = stream.read(_CHUNK_BYTES)
        problem = _feed(parser, data, target, stream)
        if target.root is not None and target.root not in _ROOTS:
            raise BiomedplmError(coded("B615", path=stream.file.name, found=target.root))
        articles, target.articles = target.articles, []
        for article in articles:
            yield _make(article, stream)
        if problem is not None:
            raise problem
        if not data:
            return


def _feed(parser: DefusedXMLParser, data: bytes, target: _ArticleTarget, stream: InputStream) -> BiomedplmError | None:
    """Give bytes to the parser and return what is wrong with them, so that articles before it can be yielded."""
    name = stream.file.name
    try:
        if data:
            parser.feed(data)
        else:
            parser.close()
    except EntitiesForbidden as error:
        return BiomedplmError(coded("B614", path=name, line=target.line(), entity=error.name))
    except ExternalReferenceForbidden as error:
        return BiomedplmError(coded("B614", path=name, line=target.line(), entity=error.sysid))
    except ParseError as error:
        line, column = error.position
        reason = re.sub(r": line \d+, column \d+\Z", "", str(error))
        return BiomedplmError(coded("B613", path=name, line=line, reason=f"{reason}, column {column + 1}"))
    return None


def _make(article: _Article, stream: InputStream) -> InputDoc:
    title = article.titles.get("ArticleTitle") or article.titles.get("BookTitle")
    return make_input_doc(
        article.doc_id or f"{stream.file.stem}:{article.line}",
        " ".join(article.sections),
        title=title,
        source=stream.file.name,
        line=article.line,
        position=stream.position,
    )
