import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.obograph import read_obograph

X = "http://purl.obolibrary.org/obo/X_"
OIO = "http://www.geneontology.org/formats/oboInOwl#"
NODE = {
    "id": f"{X}1",
    "lbl": "common cold",
    "type": "CLASS",
    "meta": {
        "definition": {"val": "A running nose.", "xrefs": ["ref:1"]},
        "synonyms": [
            {"pred": "hasExactSynonym", "val": "cold", "synonymType": f"{X.lower()}#layperson"},
            {"pred": "hasRelatedSynonym", "val": "flu"},
            {"pred": "other", "val": "snuffles"},
            {"pred": "hasBroadSynonym"},
        ],
        "xrefs": [{"val": "MESH:D000001"}, {}],
        "basicPropertyValues": [
            {"pred": f"{OIO}hasAlternativeId", "val": "X:101"},
            {"pred": f"{OIO}hasOBONamespace", "val": "x"},
            {"pred": "http://www.w3.org/2004/02/skos/core#exactMatch", "val": "http://identifiers.org/mesh/D000002"},
            {"pred": 5, "val": 5},
        ],
    },
}
OLD = {
    "id": f"{X}66",
    "lbl": "given up",
    "meta": {
        "deprecated": True,
        "basicPropertyValues": [{"pred": "http://purl.obolibrary.org/obo/IAO_0100001", "val": f"{X}2"}],
    },
}
META = {
    "version": "http://example.org/x/2026-01-01/x.json",
    "basicPropertyValues": [{"pred": "http://purl.org/dc/terms/license", "val": "https://example.org/by/4.0"}],
}
GRAPH = {
    "graphs": [
        {
            "id": "x",
            "meta": META,
            "nodes": [NODE, {"id": f"{X}2", "lbl": "disease"}, {"id": "p", "lbl": "part of", "type": "PROPERTY"}, OLD],
            "edges": [
                {"sub": f"{X}1", "pred": "is_a", "obj": f"{X}2"},
                {"sub": f"{X}2", "pred": "http://purl.obolibrary.org/obo/BFO_0000050", "obj": f"{X}1"},
            ],
            "logicalDefinitionAxioms": [{"meta": META}],
        }
    ],
    "other": {"nodes": []},
}


def read(folder: Path, content: Any, reading: Reading, **options: Any) -> list[Concept]:
    path = folder / "x.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=2).encode())
    return list(read_obograph(path, "X", reading, **options))


def test_obograph_reads_nodes_and_edges(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    cold, wider, old, successor, edge = read(tmp_path, GRAPH, reading)
    texts = (("common cold", "name"), ("cold", "EXACT:layperson"), ("flu", "RELATED"), ("snuffles", "RELATED"))
    assert cold == Concept(
        f"{X}1",
        tuple(Name(text, "X", kind) for text, kind in texts),
        definition="A running nose.",
        xrefs=("X:101", "MESH:D000001", "http://identifiers.org/mesh/D000002"),
    )
    assert wider == Concept(f"{X}2", (Name("disease", "X", "name"),))
    assert old.obsolete
    assert successor == Concept(f"{X}2", xrefs=(f"{X}66",))
    assert edge == Concept(f"{X}1", parents=(f"{X}2",))
    assert reading.report.counts == {"nodes that are no classes of X": 1}
    facts = {"version": "http://example.org/x/2026-01-01/x.json", "licence": "https://example.org/by/4.0"}
    assert reading.origins == {"X": facts}


def test_obograph_makes_a_base(
    tmp_path: Path, make_reading: Callable[..., Reading], make_base: Callable[..., KnowledgeBase]
) -> None:
    base = make_base(read(tmp_path, GRAPH, make_reading(), language="es", branch_types=("X:2=T047",)))
    assert list(base) == ["X:1", "X:2"]
    assert base.find("X:66") == base.parents("X:1") == ["X:2"]
    assert base.find("X:101") == base.find("MESH:D000002") == ["X:1"]
    assert base["X:1"].types == ("T047",)
    assert base.languages == ["es"]


@pytest.mark.parametrize("node", [5, {}, {"id": ""}, {"id": 5}, {"lbl": "x"}])
def test_obograph_tells_broken_nodes(tmp_path: Path, make_reading: Callable[..., Reading], node: Any) -> None:
    content = {"graphs": [{"nodes": [node, {"id": "X:1", "lbl": "one", "meta": 5}]}]}
    with pytest.raises(BiomedplmError, match="B569"):
        read(tmp_path, content, make_reading("raise"))
    reading = make_reading("skip")
    assert [one.id for one in read(tmp_path, content, reading)] == ["X:1"]
    assert reading.report.counts == {"dropped": 1}


@pytest.mark.parametrize("edge", [5, {}, {"sub": "X:1", "pred": "is_a"}, {"sub": 1, "pred": "is_a", "obj": "X:1"}])
def test_obograph_tells_broken_edges(tmp_path: Path, make_reading: Callable[..., Reading], edge: Any) -> None:
    content = {"graphs": [{"edges": [edge], "nodes": [{"id": "X:1", "lbl": "one"}, {"id": "X:2"}]}]}
    with pytest.raises(BiomedplmError, match="B569"):
        read(tmp_path, content, make_reading("raise"))
    reading = make_reading("skip")
    assert [one.id for one in read(tmp_path, content, reading)] == ["X:1", "X:2"]
    assert reading.report.counts == {"dropped": 1, "terms without a name of X": 1}


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("B580", []),
        ("B580", {"nodes": []}),
        ("B580", {"graphs": []}),
        ("B580", {"graphs": {"nodes": []}}),
        ("B580", b""),
        ("B450", b'{"graphs": [{"nodes": [{"id": "X:1"}'),
        ("B450", b'{"graphs": [5]}'),
        ("B402", b'{"graphs": [{"nodes": [{"id": "\xff"}]}]}'),
        ("B572", GRAPH),
    ],
)
def test_obograph_tells_what_is_no_graph(
    tmp_path: Path, make_reading: Callable[..., Reading], code: str, content: Any
) -> None:
    with pytest.raises(BiomedplmError, match=code):
        read(tmp_path, content, make_reading("skip"), branch_types=("X:5=T047",))


KEYS = (
    "graphs",
    "nodes",
    "edges",
    "meta",
    "id",
    "lbl",
    "synonyms",
    "xrefs",
    "val",
    "pred",
    "basicPropertyValues",
    "sub",
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("X:1", "is_a", "hasExactSynonym", "\ud800", "")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.lists(VALUES, min_size=1, max_size=3), st.lists(VALUES, max_size=3), VALUES)
def test_obograph_survives_any_json(
    tmp_path_factory: pytest.TempPathFactory, outer: Any, nodes: list[Any], edges: list[Any], meta: Any
) -> None:
    folder = tmp_path_factory.mktemp("obograph")
    reading = Reading(Report("skip"), folder)
    known = [{"id": "X:1", "meta": one} for one in nodes]
    read(folder, {"graphs": [{"meta": meta, "nodes": [*nodes, *known], "edges": edges}], "x": outer}, reading)
    for content in (outer, {"graphs": outer}, {"graphs": [outer]}):
        with suppress(BiomedplmError):
            read(folder, content, reading)
