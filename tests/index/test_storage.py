import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index import storage
from spacy_biomedplm.index.exact import ExactIndex, build_exact
from spacy_biomedplm.index.ngrams import NgramIndex


@pytest.fixture
def folder(base: Any, tmp_path: Path) -> Path:
    build_exact(base, tmp_path / "exact")
    return tmp_path / "exact"


def change(folder: Path, **values: Any) -> None:
    path = folder / "index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_open_refuses_a_folder_without_an_index(base: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B590"):
        ExactIndex.open(tmp_path / "nothing", base)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "other"}', "[" * 100_000, "\ud800", '{"format": 1e999}'])
def test_open_refuses_a_description_that_is_none(base: Any, folder: Path, text: str) -> None:
    (folder / "index.json").write_bytes(text.encode("utf8", "surrogatepass"))
    with pytest.raises(BiomedplmError, match="B591"):
        ExactIndex.open(folder, base)


def test_open_refuses_other_kinds_versions_and_bases(base: Any, make_base: Callable[..., Any], folder: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B591.*of kind 'exact'"):
        NgramIndex.open(folder, base)
    with pytest.raises(BiomedplmError, match="B593"):
        ExactIndex.open(folder, make_base({"A": ["b"]}))
    change(folder, files=[])
    with pytest.raises(BiomedplmError, match=r"B591.*'files'"):
        ExactIndex.open(folder, base)
    change(folder, version=99, files={})
    with pytest.raises(BiomedplmError, match=r"B592.*99"):
        ExactIndex.open(folder, base)


@pytest.mark.parametrize(
    "described",
    [
        {"names": {"dtype": "<u4", "shape": [1], "bytes": 4}},
        {"names": {"dtype": "|O8", "shape": [1], "bytes": 8, "sha256": ""}},
        {"names": {"dtype": "<u4", "shape": [-1], "bytes": -4, "sha256": ""}},
        {"names": {"dtype": "<u4", "shape": [2**62, 16], "bytes": 0, "sha256": ""}},
        {"../names": {"dtype": "<u4", "shape": [1], "bytes": 4, "sha256": ""}},
        {"names": 5},
    ],
)
def test_open_refuses_arrays_that_are_none(base: Any, folder: Path, described: Any) -> None:
    change(folder, files=described)
    with pytest.raises(BiomedplmError, match="B594"):
        ExactIndex.open(folder, base)


def test_open_refuses_damaged_files(base: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "keys.bin"
    good = path.read_bytes()
    path.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    with pytest.raises(BiomedplmError, match=r"B594.*keys\.bin.*checksum"):
        ExactIndex.open(folder, base)
    monkeypatch.setattr(storage, "_ALWAYS_VERIFIED", 0)
    ExactIndex.open(folder, base)
    with pytest.raises(BiomedplmError, match=r"B594.*checksum"):
        ExactIndex.open(folder, base, verify=True)
    path.write_bytes(good[:-1])
    with pytest.raises(BiomedplmError, match=f"B594.*{len(good) - 1} bytes"):
        ExactIndex.open(folder, base)
    path.unlink()
    with pytest.raises(BiomedplmError, match=r"B594.*missing"):
        ExactIndex.open(folder, base)
    path.symlink_to(folder / "names.bin")
    with pytest.raises(BiomedplmError, match=r"B594.*missing"):
        ExactIndex.open(folder, base)


def test_write_refuses_a_folder_that_exists_or_cannot_be(base: Any, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B596"):
        build_exact(base, folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(BiomedplmError, match="B599"):
        build_exact(base, tmp_path / "file" / "exact")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exact", "file"]


def test_write_replaces_what_a_killed_run_left(base: Any, tmp_path: Path) -> None:
    (tmp_path / "new.partial").mkdir()
    (tmp_path / "new.partial" / "keys.bin").write_text("half")
    build_exact(base, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    ExactIndex.open(tmp_path / "new", base, verify=True)
