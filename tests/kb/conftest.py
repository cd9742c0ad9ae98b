"""Knowledge bases of a few concepts."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.corpora.problems import ErrorMode, Report
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading

CONCEPTS = (
    Concept(
        "MESH:D10",
        (Name("Neoplasms", "MESH", "name"), Name("Cancer", "MESH", "EXACT:lay"), Name("Krebs", "DE", "name", "de")),
        types=("T191",),
        definition="New growth of tissue.",
        xrefs=("UMLS:C0000010", "MESH:D99"),
    ),
    Concept(
        "MESH:D11",
        (Name("Breast Neoplasms", "MESH", "name"), Name("old name", "MESH", "EXACT", suppressed=True)),
        types=("T191", "T047"),
        parents=("MESH:D10", "MESH:D404"),
    ),
    Concept("MESH:D12", (Name("α-Thalassämie", "MESH", "name"),), types=("T047",), xrefs=("UMLS:C0000012",)),
    Concept("MESH:D13", (Name("Male breast cancer", "MESH", "name"),), parents=("MESH:D11",)),
    Concept("C0000077", (Name("Cancer", "MTH", "PT"),), types=("T191",)),
    Concept("MESH:D66", (Name("given up", "MESH", "name"),), obsolete=True),
)


@pytest.fixture
def concepts() -> tuple[Concept, ...]:
    return CONCEPTS


@pytest.fixture
def make_reading(tmp_path: Path) -> Callable[..., Reading]:
    def make(errors: ErrorMode = "repair") -> Reading:
        return Reading(Report(errors=errors), tmp_path / "scratch")

    return make


@pytest.fixture
def make_base(tmp_path: Path, make_reading: Callable[..., Reading]) -> Callable[..., KnowledgeBase]:
    """Build a base from concepts and open it."""
    made: list[Path] = []

    def make(
        concepts: Iterable[Concept] = CONCEPTS, *, reading: Reading | None = None, **settings: Any
    ) -> KnowledgeBase:
        out = tmp_path / f"base-{len(made)}"
        made.append(out)
        build(concepts, out, name="tiny", reading=reading or make_reading(), **settings)
        return KnowledgeBase.open(out)

    return make


@pytest.fixture
def base(make_base: Callable[..., KnowledgeBase]) -> KnowledgeBase:
    return make_base()
