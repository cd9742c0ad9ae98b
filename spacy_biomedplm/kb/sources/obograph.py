"""Ontologies as OBO graphs: the JSON that ROBOT and the OBO Foundry publish."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.containers import printable
from spacy_biomedplm.corpora.json_scanner import JsonScanner
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.branches import BranchTypes
from spacy_biomedplm.kb.sources.lines import drop_row, open_chunks

_WANTED = "an OBO graph: {'graphs': [{'nodes': […], 'edges': […]}]}"
_WANTED_NODE = "a node: an object with 'id', perhaps 'lbl' and 'meta'"
_WANTED_EDGE = "an edge: an object with 'sub', 'pred' and 'obj'"
_IS_A = ("is_a", "subClassOf")
_SCOPES = {f"has{scope.title()}Synonym": scope for scope in ("EXACT", "NARROW", "BROAD", "RELATED")}
_ALTERNATIVE, _EXACT = "hasAlternativeId", "exactMatch"
# "term replaced by" of the ontology of metadata.
_SUCCESSORS = ("IAO_0100001", "term_replaced_by")


def read_obograph(
    path: Path, name: str, reading: Reading, *, language: str = "en", branch_types: tuple[str, ...] = ()
) -> Iterator[Concept]:
    """Yield the classes of an ontology.

    path (Path): JSON, perhaps gzip'd. As in ``read_obo``: kinds of names are "name" and the scopes of synonyms, with
        their type after a colon ("EXACT:layperson"); alternative ids, cross-references and exact matches are
        cross-references, so are obsolete classes, of those that replace them; is_a leads to parents.
    name (str): Of the source. reading (Reading): Where problems go, and the version of the ontology.
    language (str): Of the names.
    branch_types (tuple[str, ...]): "id=type": semantic type of a term and all below it.
    RAISES (BiomedplmError): B580 for JSON that is no OBO graph, B569 for a broken node or edge, as the report decides,
        B572 for a type or term that there is not; B402 and B450 for bytes that are no JSON, and what
        ``open_chunks`` and its bytes raise.
    """
    branches = BranchTypes(path, branch_types)
    nodes = _Nodes(path, name, reading, language)
    found = False
    for key, value, line in _read_graphs(path):
        if key == "meta":
            _note(value, name, reading)
        elif key == "nodes":
            found = True
            yield from map(branches.add, nodes.read(value, line))
        elif not (isinstance(value, dict) and all(isinstance(value.get(one), str) for one in ("sub", "pred", "obj"))):
            drop_row(reading.report, path, line, "it has no subject, predicate or object", _WANTED_EDGE)
        elif _end(value["pred"]) in _IS_A:
            yield branches.add(Concept(value["sub"], parents=(value["obj"],)))
    if not found:
        raise BiomedplmError(coded("B580", path=path, line=1, reason="there is no graph with nodes", wanted=_WANTED))
    yield from branches.facts()
    reading.report.counts.update({f"{what} of {name}": count for what, count in nodes.counts.items() if count})


def _read_graphs(path: Path) -> Iterator[tuple[str, Any, int]]:
    """Yield "meta" of each graph, and its nodes and edges one by one, with the line of each."""
    scanner = JsonScanner(open_chunks(path), printable(path))
    if scanner.peek() != "{":
        raise BiomedplmError(coded("B580", path=path, line=scanner.line, reason="it is no object", wanted=_WANTED))
    for outer in scanner.keys():
        if outer != "graphs" or scanner.peek() != "[":
            _pass_over(scanner)
            continue
        scanner.skip("[")
        while scanner.peek() == "{":
            yield from _read_graph(scanner)
            if scanner.peek() != "]":
                scanner.skip(",")
        scanner.skip("]")
    scanner.end()


def _read_graph(scanner: JsonScanner) -> Iterator[tuple[str, Any, int]]:
    for key in scanner.keys():
        if key in ("nodes", "edges") and scanner.peek() == "[":
            yield from ((key, value, scanner.line) for value in scanner.items())
        elif key == "meta":
            yield key, scanner.value(), scanner.line
        else:
            _pass_over(scanner)


def _pass_over(scanner: JsonScanner) -> None:
    """Read what is not needed; of lists, which may be long, one value at a time."""
    if scanner.peek() == "[":
        deque(scanner.items(), maxlen=0)
    else:
        scanner.value()


def _note(meta: Any, name: str, reading: Reading) -> None:
    if isinstance(meta, dict):
        version = meta.get("version")
        licences = [value for key, value in _properties(meta) if key == "license"]
        facts = {"version": version if isinstance(version, str) else "", "licence": licences[0] if licences else ""}
        reading.note(name, facts)


class _Nodes:
    """Makes concepts of nodes. path, source, reading, language: As of ``read_obograph``."""

    def __init__(self, path: Path, source: str, reading: Reading, language: str) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._source = source
        self._report = reading.report
        self._language = language

    def read(self, node: Any, line: int) -> Iterator[Concept]:
        """Yield what a node says of concepts. node (Any): From JSON. line (int): Where it ends."""
        if not (isinstance(node, dict) and isinstance(node.get("id"), str) and node["id"]):
            drop_row(self._report, self._path, line, "the node has no 'id'", _WANTED_NODE)
            return
        if node.get("type", "CLASS") != "CLASS":
            self.counts["nodes that are no classes"] += 1
            return
        id, label, meta = node["id"], node.get("lbl"), node.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        obsolete = meta.get("deprecated") is True
        texts = [("name", label)] if isinstance(label, str) and label else []
        self.counts["terms without a name"] += not texts and not obsolete
        properties = _properties(meta)
        xrefs = [value for key, value in properties if key == _ALTERNATIVE]
        xrefs += filter(None, map(_value, _objects(meta, "xrefs")))
        xrefs += (value for key, value in properties if key == _EXACT)
        yield Concept(
            id,
            tuple(Name(text, self._source, kind, self._language) for kind, text in (*texts, *_synonyms(meta))),
            definition=_value(meta.get("definition")),
            xrefs=tuple(xrefs),
            obsolete=obsolete,
        )
        yield from (Concept(value, xrefs=(id,)) for key, value in properties if key in _SUCCESSORS)


def _synonyms(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for one in _objects(meta, "synonyms"):
        scope = _SCOPES.get(_end(one.get("pred")), "RELATED")
        kind = _end(one.get("synonymType"))
        found.append((f"{scope}:{kind}" if kind else scope, _value(one)))
    return [one for one in found if one[1]]


def _properties(meta: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the basic properties: the last part of what each says, and its value."""
    found = ((_end(one.get("pred")), _value(one)) for one in _objects(meta, "basicPropertyValues"))
    return [(key, value) for key, value in found if value]


def _objects(meta: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    values = meta.get(key)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _value(one: Any) -> str:
    value = one.get("val") if isinstance(one, dict) else None
    return value if isinstance(value, str) else ""


def _end(address: Any) -> str:
    """Return the last part of an address, or of a name with a prefix."""
    text = address if isinstance(address, str) else ""
    return text.replace("#", "/").replace(":", "/").rpartition("/")[2]
