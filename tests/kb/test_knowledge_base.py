import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Entity, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase, UnknownConcept


def test_knowledge_base_gives_concepts_by_id(base: KnowledgeBase, concepts: tuple[Concept, ...]) -> None:
    assert list(base) == ["C0000077", "MESH:D10", "MESH:D11", "MESH:D12", "MESH:D13"]
    assert len(base) == base.n_concepts == 5
    found = base["MESH:D10"]
    assert found == Concept(
        "MESH:D10", concepts[0].names, ("T191",), "New growth of tissue.", ("C0000010", "MESH:D99"), (), False
    )
    assert base["MESH:D11"].names == (Name("Breast Neoplasms", "MESH", "name"),)
    assert "MESH:D10" in base
    assert "MESH:D66" not in base
    assert "\ud800" not in base
    assert 7 not in base
    assert base.get("MESH:D66") is None
    assert [base.id_of(base.row_of(id)) for id in base] == list(base)
    assert base.preferred_name(base.row_of("MESH:D12")) == "α-Thalassämie"


def test_knowledge_base_lists_names_in_the_order_of_their_concepts(base: KnowledgeBase) -> None:
    names = [name for _, block in base.iter_names(block=2) for name in block]
    assert [first for first, _ in base.iter_names(block=2)] == [0, 2, 4, 6]
    assert names == [base.name_text(row) for row in range(base.n_names)]
    assert len(names) == base.n_names == len(base.name_concepts) == 7
    for row in range(base.n_concepts):
        assert set(base.name_concepts[base.names_of(row).start : base.names_of(row).stop]) == {row}


def test_knowledge_base_unknown_ids_are_errors_with_a_hint(base: KnowledgeBase) -> None:
    with pytest.raises(UnknownConcept, match=r"B566.*MESH:D99.*It stands for MESH:D10\."):
        base["MESH:D99"]
    with pytest.raises(KeyError):
        base.row_of("nowhere")
    for row in (-1, 5, 10**12):
        with pytest.raises(IndexError):
            base.id_of(row)


def test_knowledge_base_finds_concepts_by_other_ids(make_base: Callable[..., KnowledgeBase]) -> None:
    cold = Name("cold", "a")
    base = make_base(
        [
            Concept("A:1", (cold,), xrefs=("MSH:D1", "UMLS:C0000001")),
            Concept("A:2", (cold,), xrefs=("MESH:D1", "A:3")),
            Concept("A:3", (cold,), obsolete=True),
            Concept("A:4", (cold,), obsolete=True),
        ],
        wanted=Wanted(Filters(obsolete=True)),
    )
    assert base.find("mesh:D1") == ["A:1", "A:2"]
    assert base.find("UMLS:C0000001") == base.find_xref("C0000001") == ["A:1"]
    assert base.find("A:1") == ["A:1"]
    assert base.find("A:3") == ["A:2"]
    assert base.find("A:4") == ["A:4"]
    assert base.find("") == base.find("half \ud800") == base.find_xref("B:1") == []


def test_knowledge_base_walks_along_parents(base: KnowledgeBase) -> None:
    assert base.parents("MESH:D13") == ["MESH:D11"]
    assert base.children("MESH:D10") == ["MESH:D11"]
    assert base.ancestors("MESH:D13") == ["MESH:D11", "MESH:D10"]
    assert base.descendants("MESH:D10") == ["MESH:D11", "MESH:D13"]
    assert base.is_a("MESH:D13", "MESH:D10")
    assert base.is_a("MESH:D13", "MESH:D13")
    assert not base.is_a("MESH:D10", "MESH:D13")


def test_knowledge_base_has_entities_as_scispacy_does(base: KnowledgeBase) -> None:
    found = base.cui_to_entity["MESH:D10"]
    assert found == Entity("MESH:D10", "Neoplasms", ["Cancer", "Krebs"], ["T191"], "New growth of tissue.")
    assert base.cui_to_entity["MESH:D13"].definition is None
    assert list(base.cui_to_entity) == list(base)
    assert len(base.cui_to_entity) == len(base)
    assert "MESH:D10" in base.cui_to_entity
    with pytest.raises(KeyError):
        base.cui_to_entity["nowhere"]
    assert base.semantic_types["T191"].name == "Neoplastic Process"


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), 7),
        (Filters(sources=("DE", "MTH")), 2),
        (Filters(languages=("de",)), 1),
        (Filters(types=("T047",)), 2),
        (Filters(groups=("DISO",)), 6),
        (Filters(groups=("GENE",)), 0),
        (Filters(term_types=("EXACT",)), 1),
        (Filters(term_types=("name",), sources=("MESH",)), 4),
    ],
)
def test_knowledge_base_selects_names(base: KnowledgeBase, filters: Filters, wanted: int) -> None:
    mask = base.select(filters)
    assert mask.shape == (base.n_names,)
    assert mask.sum() == wanted
    assert base.select(filters) is mask
    assert not mask.flags.writeable


def test_knowledge_base_selects_by_lists(base: KnowledgeBase) -> None:
    found = base.select(Filters(groups=["DISO"]))  # type: ignore[arg-type]
    assert (found == base.select(Filters(groups=("DISO",)))).all()


def test_knowledge_base_selects_suppressed_names_on_request(make_base: Callable[..., KnowledgeBase]) -> None:
    base = make_base(wanted=Wanted(Filters(suppressed=True, obsolete=True)))
    for filters, wanted in ((Filters(), 7), (Filters(suppressed=True), 8), (Filters(obsolete=True), 8)):
        assert base.select(filters).sum() == wanted
    assert base["MESH:D66"].obsolete


@pytest.mark.parametrize(
    "filters",
    [Filters(**{kind: ("x",)}) for kind in ("sources", "languages", "types", "term_types", "groups")],
)
def test_knowledge_base_filters_with_unknown_values_are_errors(base: KnowledgeBase, filters: Filters) -> None:
    with pytest.raises(BiomedplmError, match=r"B572.*'x'"):
        base.select(filters)


def test_knowledge_base_pickled_is_its_folder(base: KnowledgeBase, make_base: Callable[..., KnowledgeBase]) -> None:
    raw = pickle.dumps(base)
    assert len(raw) < 1000
    copy = pickle.loads(raw)
    assert copy == base
    assert hash(copy) == hash(base)
    assert copy.cui_to_entity["MESH:D10"] == base.cui_to_entity["MESH:D10"]
    assert np.array_equal(copy.name_concepts, base.name_concepts)
    other = make_base([Concept("A:1", (Name("x", "a"),))])
    assert other != base
    other.folder.rename(other.folder.with_name("kept"))
    base.folder.rename(other.folder)
    with pytest.raises(BiomedplmError, match="B560"):
        pickle.loads(raw)
    other.folder.with_name("kept").rename(base.folder)
    with pytest.raises(BiomedplmError, match="B570"):
        pickle.loads(raw)


def test_knowledge_base_opens_in_two_processes(base: KnowledgeBase) -> None:
    code = "import pickle, sys; base = pickle.load(sys.stdin.buffer); print(base.digest, *base)"
    result = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(base), capture_output=True, timeout=600)
    assert result.stdout.decode().split() == [base.digest, *base], result.stderr.decode()


@pytest.mark.parametrize("path", ["nowhere", "x" * 300, "nul\0"])
def test_knowledge_base_that_is_not_there_is_an_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(BiomedplmError, match="B560"):
        KnowledgeBase.open(tmp_path / path)
