"""The indexes of a base as it lies on disk."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index.ngram_leads import SearchOptions
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.opening import add_dense, build_lexical, list_indexes, open_indexes
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading

CONCEPTS = {
    "MESH:D10": ("Breast Neoplasms", "Cancer of the Breast"),
    "MESH:D11": ("Diabetes Mellitus, Type 2", "NIDDM"),
    "NCBIGene:1": ("TNF", "TNF-α"),
}


def make_base(folder: Path, concepts: dict[str, tuple[str, ...]] = CONCEPTS) -> KnowledgeBase:
    reading = Reading(Report(errors="raise"), folder.with_name("scratch"))
    rows = (Concept(id, tuple(Name(name, "made", "name") for name in names)) for id, names in concepts.items())
    build(rows, folder, name="tiny", reading=reading)
    return KnowledgeBase.open(folder)


@pytest.fixture
def indexed(tmp_path: Path) -> KnowledgeBase:
    base = make_base(tmp_path / "base")
    assert build_lexical(base) == ["exact", "ngrams"]
    return base


def test_opening_finds_the_concepts_of_a_base_on_disk(indexed: KnowledgeBase) -> None:
    hybrid = open_indexes(KnowledgeBase.open(indexed.folder))
    found = hybrid.candidates(["breast cancers", "type II diabetes mellitus", "tnf alpha"], 3)
    assert [indexed.id_of(best[0].concept) for best in found] == list(CONCEPTS)


def test_opening_survives_pickling(indexed: KnowledgeBase) -> None:
    hybrid = open_indexes(indexed)
    copy = pickle.loads(pickle.dumps(hybrid))
    assert copy.candidates(["NIDDM", "brest cancer"], 3) == hybrid.candidates(["NIDDM", "brest cancer"], 3)


def test_opening_keeps_the_options_of_a_pickled_index(indexed: KnowledgeBase) -> None:
    options = SearchOptions(extra=7)
    index = NgramIndex(indexed.folder / "ngrams", indexed, options=options)
    assert pickle.loads(pickle.dumps(index)).options == options


def test_opening_makes_only_what_is_missing(indexed: KnowledgeBase) -> None:
    assert list_indexes(indexed) == ["exact", "ngrams"]
    assert build_lexical(indexed) == []


def test_opening_adds_a_dense_index_with_its_encoder(indexed: KnowledgeBase, tiny_plm: Callable[..., Path]) -> None:
    add_dense(indexed, tiny_plm("bert"))
    assert list_indexes(indexed) == ["exact", "ngrams", "dense"]
    (best, *_), *_ = open_indexes(KnowledgeBase.open(indexed.folder)).candidates(["NIDDM"], 3)
    assert indexed.id_of(best.concept) == "MESH:D11"
    assert [index for index, _, _ in best.evidence] == ["exact", "ngrams", "dense"]
    with pytest.raises(BiomedplmError, match="B596"):
        add_dense(indexed, tiny_plm("bert"))


def test_opening_keeps_nothing_of_what_is_no_encoder(indexed: KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BiomedplmError):
        add_dense(indexed, tmp_path / "empty")
    assert sorted(path.name for path in indexed.folder.iterdir() if path.is_dir()) == ["exact", "ngrams"]


def test_opening_refuses_a_base_without_indexes(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B590"):
        open_indexes(make_base(tmp_path / "base"))


def test_opening_refuses_indexes_of_another_base(indexed: KnowledgeBase, tmp_path: Path) -> None:
    other = make_base(tmp_path / "other", {"MESH:D10": ("Breast Neoplasms",)})
    for name in list_indexes(indexed):
        (indexed.folder / name).rename(other.folder / name)
    with pytest.raises(BiomedplmError, match="B593"):
        open_indexes(other)


def test_opening_builds_the_same_bytes_again(indexed: KnowledgeBase, tmp_path: Path) -> None:
    again = make_base(tmp_path / "again")
    build_lexical(again)
    for name in list_indexes(indexed):
        for path in (indexed.folder / name).iterdir():
            assert path.read_bytes() == (again.folder / name / path.name).read_bytes(), path.name
