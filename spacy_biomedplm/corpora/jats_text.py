"""The text of an article in JATS: blocks of it, each a line of its own, inside sections."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from spacy_biomedplm.corpora.jats_nodes import INLINE, Node, collapse, flatten, gather, tex_text
from spacy_biomedplm.types import PassageRecord

# The path of a section tells so many titles, and so many characters of each: more could exhaust the memory.
MAX_PATH = 32
MAX_TITLE = 200

PATH_SEPARATOR = " > "
_SECTIONS = {
    **dict.fromkeys(("abstract", "trans-abstract"), "abstract"),
    **dict.fromkeys(
        ("ack", "app", "boxed-text", "glossary", "notes", "ref-list", "response", "sec", "sub-article"), "section"
    ),
}
# One block each, whatever is inside.
_LEAVES = {
    "array": "table",
    "caption": "caption",
    "code": "paragraph",
    "def-item": "paragraph",
    "disp-formula": "formula",
    "fn": "footnote",
    "preformat": "paragraph",
    "ref": "reference",
    "subtitle": "heading",
    "table": "table",
    "title": "heading",
    "verse-line": "paragraph",
}
_WRAPS = {
    "chem-struct-wrap",
    "fig",
    "fig-group",
    "list-item",
    "media",
    "supplementary-material",
    "table-wrap",
    "table-wrap-group",
}
# What stands in a paragraph but is no part of its sentences comes after it.
_FLOATS = {"boxed-text", "fn", *_WRAPS} - {"list-item"}
_BLOCKS = {*_SECTIONS, *_LEAVES, *_WRAPS, "def-list", "disp-formula-group", "disp-quote", "fn-group", "list", "p"} | {
    "speech",
    "statement",
    "table-wrap-foot",
    "verse-group",
}
_SKIPPED = {
    "front",
    "front-stub",
    "kwd-group",
    "label",
    "permissions",
    "sec-meta",
    "subj-group",
}
_ROWS = ("tr", "row")
_CELLS = ("td", "th", "entry")


class _Open(NamedTuple):
    """A section that is not at its end: its place among the passages, where its text begins, what it is."""

    place: int
    start: int
    kind: str
    infons: dict[str, str]


class _Frame:
    """An element that is being gone through."""

    def __init__(self, node: Node, items: Iterable[str | Node], infons: dict[str, str], kind: str) -> None:
        self.node = node
        self.items: Iterator[str | Node] = iter(items)
        self.infons = infons
        self.kind = kind
        self.buffer: list[str] = []
        self.floats: list[Node] = []
        self.defers = node.tag == "p"
        self.section: _Open | None = None


class Blocks:
    """Gathers the text of an article and where its parts are."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.passages: list[PassageRecord] = []
        self.size = 0
        self._titles: list[str] = []
        self._where: dict[str, str] = {}

    def add(self, kind: str, text: str, infons: dict[str, str]) -> None:
        """Add a block, unless it has no text.

        kind (str): Kind of the passage. text (str): Its text. infons (dict[str, str]): What else is known of it.
        """
        if text:
            start = self._begin()
            self.lines.append(text)
            self.size = start + len(text)
            self.passages.append(PassageRecord(start, self.size, kind, {**self._where, **infons}))

    def walk(self, node: Node) -> None:
        """Add all blocks of an element.

        node (Node): Such as <body>, <back> or <abstract>.
        """
        frames = [self._enter(node, None)]
        while frames:
            frame = frames[-1]
            item = next(frame.items, None)
            if item is None:
                self._flush(frame)
                if frame.floats:
                    frame.items, frame.floats, frame.defers = iter(frame.floats), [], False
                else:
                    self._leave(frames.pop())
            elif isinstance(item, str):
                frame.buffer.append(item)
            elif frame.defers and item.tag in _FLOATS:
                frame.floats.append(item)
            else:
                self._element(item, frame, frames)

    def _element(self, item: Node, frame: _Frame, frames: list[_Frame]) -> None:
        tag = item.tag
        if tag == "break":
            frame.buffer.append(" ")
        elif tag in INLINE and tag != "alternatives":
            frame.buffer += gather(item)
        elif tag in _LEAVES:
            self._flush(frame)
            self._leaf(item, frame)
        elif frame.node.tag == "p" and tag not in _BLOCKS:
            frame.buffer += gather(item)
        elif tag == "alternatives":
            table = item.child("table")
            if table is None:
                frame.buffer += gather(item)
            else:
                # The images beside it say the same.
                self._flush(frame)
                self._leaf(table, frame)
        elif tag not in _SKIPPED:
            self._flush(frame)
            frames.append(self._enter(item, frame))

    def _begin(self) -> int:
        return self.size + 1 if self.lines else 0

    def _set_path(self) -> None:
        path = PATH_SEPARATOR.join(title[:MAX_TITLE] for title in self._titles[:MAX_PATH] if title)
        self._where = {"section": path} if path else {}

    def _enter(self, node: Node, outer: _Frame | None) -> _Frame:
        """Return the frame of an element; a section is begun."""
        tag = node.tag
        inherited = outer.infons if outer is not None else {}
        kind = "footnote" if tag == "table-wrap-foot" else outer.kind if outer is not None else "paragraph"
        if tag in _SECTIONS:
            return self._enter_section(node)
        if tag == "list-item":
            inherited = {name: value for name, value in inherited.items() if name not in ("id", "label")}
            inherited.update(_facts(node))
        elif tag in _WRAPS:
            inherited = {"of": tag, **_facts(node)}
        return _Frame(node, node.content, inherited, kind)

    def _enter_section(self, node: Node) -> _Frame:
        items: list[str | Node] = list(node.content)
        title = node.child("title")
        front = node.child("front") or node.child("front-stub")
        if front is not None:
            # A <sub-article> says in its front what a section says in its title.
            meta = front.child("article-meta") or front
            title = meta.child("title-group", "article-title")
            items[:0] = meta.children("abstract", "trans-abstract")
        frame = _Frame(node, (item for item in items if item is not title), {}, "paragraph")
        self._titles.append(flatten(title, ("fn", "xref")))
        self._set_path()
        infons = {**self._where, **_facts(node)}
        sec_type = node.attributes.get("sec-type") or (node.tag if _SECTIONS[node.tag] == "section" else "")
        if sec_type not in ("", "sec"):
            infons["sec-type"] = sec_type
        for name, key in (("abstract-type", "type"), ("lang", "language")):
            if name in node.attributes:
                infons[key] = node.attributes[name]
        frame.section = _Open(len(self.passages), self._begin(), _SECTIONS[node.tag], infons)
        # Its place among the passages is before those inside; the end is not known yet.
        self.passages.append(PassageRecord(0, 0, _SECTIONS[node.tag]))
        self.add("heading", flatten(title), {})
        return frame

    def _leave(self, frame: _Frame) -> None:
        opened = frame.section
        if opened is None:
            return
        self._titles.pop()
        self._set_path()
        if len(self.passages) == opened.place + 1:
            self.passages.pop()
        else:
            self.passages[opened.place] = PassageRecord(opened.start, self.size, opened.kind, opened.infons)

    def _flush(self, frame: _Frame) -> None:
        """Add the running text of a frame as a block."""
        if frame.buffer:
            self.add(frame.kind, collapse(frame.buffer), frame.infons)
            frame.buffer = []

    def _leaf(self, node: Node, frame: _Frame) -> None:
        kind = _LEAVES[node.tag]
        infons = {**frame.infons, **_facts(node)}
        if kind in ("table", "caption"):
            # What they belong to has the identifier that the text refers to.
            infons.update(frame.infons)
        elif kind == "reference":
            for name in node.all("pub-id"):
                infons.setdefault(name.attributes.get("pub-id-type", "pub-id"), flatten(name))
        elif kind == "formula":
            tex = next(node.all("tex-math"), None)
            if tex is not None:
                infons["tex"] = tex_text(tex)
        self.add(kind, _table_text(node) if kind == "table" else flatten(node, ("label",)), infons)


def _facts(node: Node) -> dict[str, str]:
    facts = {"id": node.attributes.get("id", ""), "label": flatten(node.child("label"))}
    return {name: value for name, value in facts.items() if value}


def _table_text(node: Node) -> str:
    """Return the rows of a table as lines, tabs between the cells."""
    rows = []
    for row in node.all(*_ROWS):
        cells = [flatten(cell) for cell in row.children(*_CELLS)]
        if any(cells):
            rows.append("\t".join(cells))
    return "\n".join(rows) if rows else flatten(node)
