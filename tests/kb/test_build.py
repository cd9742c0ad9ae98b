import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.build import build, new_folder
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading


def checksums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_build_gives_the_same_bytes_again(
    concepts: tuple[Concept, ...], make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    folders = []
    for _ in range(2):
        reading = make_reading()
        reading.note("MESH", {"version": "2026\0", "licence": "open"})
        folders.append(make_base(concepts, reading=reading).folder)
    assert checksums(folders[0]) == checksums(folders[1])
    assert not any(path.is_dir() for path in folders[0].iterdir())
    base = KnowledgeBase.open(folders[0])
    assert base.sources == [{"name": "MESH", "version": "2026", "licence": "open"}, {"name": "DE"}, {"name": "MTH"}]


def test_build_lists_mappings_that_are_no_sources(
    concepts: tuple[Concept, ...], make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading()
    reading.note_mapping("MESH", {"licence": "open"})
    assert "mappings" not in (make_base(concepts, reading=reading).folder / "kb.json").read_text(encoding="utf8")
    reading.note_mapping("Mondo", {"licence": "CC BY\x00 4.0"})
    assert make_base(concepts, reading=reading).mappings == [{"name": "Mondo", "licence": "CC BY 4.0"}]


def test_build_leaves_nothing_after_an_error(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    def broken() -> Iterator[Concept]:
        yield Concept("A:1", (Name("x", "a"),))
        raise BiomedplmError("[B000] broken")

    with pytest.raises(BiomedplmError, match="B000"):
        build(broken(), tmp_path / "out", name="x", reading=make_reading())
    assert list(tmp_path.iterdir()) == []


def test_build_without_names_is_an_error(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    for concepts in ([], [Concept("A:1", (Name(" ", "a"),), xrefs=("B:1",))]):
        with pytest.raises(BiomedplmError, match="B571"):
            build(concepts, tmp_path / "out", name="x", reading=make_reading())
        assert not (tmp_path / "out").exists()


def test_build_leaves_what_exists_as_it_is(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "new.partial").mkdir()
    for path in (tmp_path, tmp_path / "file", tmp_path / "new"):
        with pytest.raises(BiomedplmError, match="B564"):
            build([], path, name="x", reading=make_reading())
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["x" * 300, "file/below", "nul\0"])
def test_new_folder_that_cannot_be_made_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BiomedplmError, match="B565"), new_folder(tmp_path / name):
        pass
