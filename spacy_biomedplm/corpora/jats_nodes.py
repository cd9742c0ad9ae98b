"""Elements of JATS and the text in them; nothing here recurs, however deep a file is nested."""

import re
from collections.abc import Collection, Iterable, Iterator
from html.entities import html5

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml

ENTITIES = {name[:-1]: text for name, text in html5.items() if name.endswith(";")}
"""Texts of the names of HTML and ISO, which the DTDs of JATS define too."""

INLINE = frozenset(
    "abbrev alternatives award-id bold break chem-struct data-title date-in-citation def email ext-link fixed-case "
    "funding-source glyph-data glyph-ref hr inline-formula inline-graphic inline-media inline-supplementary-material "
    "institution italic math milestone-end milestone-start monospace named-content overline overline-end "
    "overline-start private-char rb related-article related-object roman rp rt ruby sans-serif sc strike string-date "
    "string-name styled-content sub sup target tex-math textual-form underline underline-end underline-start uri x "
    "xref".split()
)
"""Elements that stand inside of a word or a sentence."""

# Between these and what stands beside them is a space, whatever the file has there.
_APART = frozenset(
    "array break caption code def-item def-list disp-formula disp-quote fig fn label list list-item p preformat "
    "table-wrap td term th title tr verse-line".split()
)
_WITHOUT_TEXT = frozenset("alt-text graphic index-term long-desc media object-id processing-meta".split())
# Of several forms of one thing the first of these that is there is taken.
_FORMS = {
    "alternatives": ("textual-form", "math", "tex-math"),
    "citation-alternatives": ("mixed-citation", "element-citation", "nlm-citation"),
}
_ROOTS = {"article", "pmc-articleset", "OAI-PMH"}
_SPACES = re.compile(r"[ \t\r\n]+")
_TEX = re.compile(r".*?\\begin\{document\}(.*?)(?:\\end\{document\}.*)?", re.DOTALL)


class Node:
    """An element: its name and attributes without namespaces, its texts and elements in order, its line."""

    __slots__ = ("attributes", "content", "line", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], line: int = 0) -> None:
        self.tag = tag
        self.attributes = attributes
        self.content: list[str | Node] = []
        self.line = line

    def children(self, *tags: str) -> Iterator["Node"]:
        """Yield the elements right inside, of the given names or all."""
        for item in self.content:
            if isinstance(item, Node) and (not tags or item.tag in tags):
                yield item

    def child(self, *path: str) -> "Node | None":
        """Return the first element at the end of a path of names, or None."""
        node: Node | None = self
        for tag in path:
            node = next(node.children(tag), None) if node is not None else None
        return node

    def all(self, *tags: str) -> Iterator["Node"]:
        """Yield all elements of the given names, however deep; nothing inside of one of them is looked at."""
        pending = list(reversed(list(self.children())))
        while pending:
            node = pending.pop()
            if node.tag in tags:
                yield node
            else:
                pending.extend(reversed(list(node.children())))

    @property
    def has_text(self) -> bool:
        """Whether there is text right inside, beside white space."""
        return any(isinstance(item, str) and not item.isspace() for item in self.content)


class _Articles(XmlHandler):
    """Gathers articles; holds only those not yet fetched."""

    def __init__(self, shown: str) -> None:
        self.done: list[Node] = []
        self._shown = shown
        self._path: list[Node] = []
        self._seen = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._seen:
            self._seen = True
            if tag not in _ROOTS:
                wanted = "<article>, <pmc-articleset> or <OAI-PMH>"
                raise BiomedplmError(coded("B482", path=self._shown, found=tag[:60], wanted=wanted))
        if self._path or tag == "article":
            node = Node(tag, attributes, self.line())
            if self._path:
                self._path[-1].content.append(node)
            self._path.append(node)

    def data(self, data: str) -> None:
        if self._path:
            self._path[-1].content.append(data)

    def end(self, tag: str) -> None:
        if self._path:
            node = self._path.pop()
            if not self._path:
                self.done.append(node)


def read_articles(chunks: Iterable[bytes], path: str) -> Iterator[Node]:
    """Yield the <article> elements of a file; one is in memory at a time.

    chunks (Iterable[bytes]): The file.
    path (str): Its name, for messages.
    RAISES (BiomedplmError): B480 for XML that is not well-formed, breaks off or has a name after "&" that neither JATS
        nor HTML knows, B481 for entity declarations, B482 for other XML.
    """
    articles = _Articles(path)
    try:
        for _ in stream_xml(chunks, articles, entities=ENTITIES):
            done, articles.done = articles.done, []
            yield from done
    except XmlProblem as problem:
        if problem.entity is not None:
            raise BiomedplmError(coded("B481", path=path, line=problem.line, entity=problem.entity)) from problem
        raise BiomedplmError(coded("B480", path=path, line=problem.line, reason=problem.reason)) from problem


def collapse(pieces: Iterable[str]) -> str:
    """Return text with each run of white space as one space, and none around it.

    pieces (Iterable[str]): What it is made of.
    """
    return _SPACES.sub(" ", "".join(pieces)).strip(" ")


def flatten(node: Node | None, without: Collection[str] = ()) -> str:
    """Return the text of an element, without markup.

    node (Node | None): Any element; None has no text.
    without (Collection[str]): Names of elements right inside that are left out.
    """
    return "" if node is None else collapse(gather(node, without))


def gather(node: Node, without: Collection[str] = ()) -> list[str]:
    """Return the text of an element in pieces, with white space as it stands there.

    node (Node): Any element. Of alternatives only one form is taken; images and what describes them have no text.
    without (Collection[str]): Names of elements right inside that are left out.
    """
    pieces: list[str] = []
    pending: list[str | Node] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            pieces.append(item)
        elif item.tag == "math":
            pieces.append(math_text(item))
        elif item.tag == "tex-math":
            pieces.append(tex_text(item))
        elif item.tag not in _WITHOUT_TEXT:
            pending.extend(reversed(list(_expand(item, without if item is node else ()))))
    return pieces


def _expand(node: Node, without: Collection[str]) -> Iterator[str | Node]:
    """Yield what is inside an element, with a space where words would run together."""
    content = node.content
    if node.tag in _FORMS:
        content = list(_choose(node)) or content
    apart = not node.has_text
    for item in content:
        if isinstance(item, str):
            yield item
        elif item.tag not in without:
            if item.tag in _APART or (apart and item.tag not in INLINE):
                yield " "
                yield item
                yield " "
            else:
                yield item


def _choose(node: Node) -> Iterator[Node]:
    """Yield the one form that is taken."""
    forms = list(node.children())
    for tag in _FORMS[node.tag]:
        found = next((form for form in forms if form.tag == tag), None)
        if found is not None:
            yield found
            return
    yield from forms[:1]


def math_text(node: Node) -> str:
    """Return the signs of a formula in MathML, one after the other.

    node (Node): <math>.
    """
    pieces: list[str] = []
    pending: list[str | Node] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            pieces.append(item.strip())
        elif not item.tag.startswith("annotation"):
            pending.extend(reversed(item.content))
    return "".join(pieces)


def tex_text(node: Node) -> str:
    """Return a formula in TeX without the preamble that some publishers put before it.

    node (Node): <tex-math>.
    """
    text = "".join(item for item in node.content if isinstance(item, str))
    match = _TEX.fullmatch(text)
    return collapse([match[1] if match else text])
