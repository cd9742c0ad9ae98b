import hashlib
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index import dense
from spacy_biomedplm.index.dense import DenseIndex, build_dense

TEXTS = ["Parkinson disease", "breast", "", "PD", "TNF"]


class Letters:
    """Vectors of the letters of a text."""

    name = "letters"
    identity = "letters-1"
    width = 16

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in enumerate(texts):
            for letter in text.lower():
                vectors[row, hashlib.md5(letter.encode()).digest()[0] % self.width] += 1
        lengths = np.sqrt((vectors**2).sum(1, keepdims=True))
        return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)


@pytest.mark.parametrize(("storage", "error"), [("f16", 1e-3), ("i8", 2e-2)])
@pytest.mark.parametrize("block", [4, 1 << 15])
def test_dense_finds_the_nearest_of_all(
    base: Any, tmp_path: Path, storage: Literal["f16", "i8"], error: float, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "_BLOCK", block)
    encoder = Letters()
    build_dense(base, tmp_path / "dense-letters", encoder, storage=storage)
    index = DenseIndex(tmp_path / "dense-letters", base, encoder)
    assert index.name == "dense-letters"
    found = index.query(TEXTS, 5)
    cosines = encoder(TEXTS) @ encoder(base.names).T
    for row, text in enumerate(TEXTS):
        if text:
            assert found.scores[row] == pytest.approx(np.sort(cosines[row])[::-1][:5], abs=error)
            assert found.scores[row] == pytest.approx(cosines[row][found.names[row]], abs=error)
        else:
            assert (found.names[row] == -1).all()
    assert found.names[3, :2].tolist() == [base.row("D1", "PD"), base.row("G2", "PD")]


def test_dense_finds_allowed_names_only(base: Any, tmp_path: Path) -> None:
    build_dense(base, tmp_path / "dense", Letters())
    allowed = np.zeros(base.n_names, dtype=bool)
    allowed[[base.row("G2", "PD"), base.row("D2", "breast cancer")]] = True
    found = DenseIndex(tmp_path / "dense", base, Letters()).query(["PD", "breast"], 3, allowed)
    assert found.names[:, 0].tolist() == [base.row("G2", "PD"), base.row("D2", "breast cancer")]
    assert (found.names[:, 2] == -1).all()


def test_dense_is_written_alike_and_keeps_its_encoder(base: Any, tmp_path: Path) -> None:
    for name in "ab":
        build_dense(base, tmp_path / name, Letters(), storage="i8")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    index = DenseIndex(tmp_path / "a", base, Letters())
    again = pickle.loads(pickle.dumps(index))
    assert (again.query(TEXTS, 3).names == index.query(TEXTS, 3).names).all()
    other = Letters()
    other.identity = "letters-2"
    with pytest.raises(BiomedplmError, match=r"B597.*letters-2"):
        DenseIndex(tmp_path / "a", base, other)


def test_dense_refuses_what_cannot_be(base: Any, make_base: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B671"):
        build_dense(make_base({}), tmp_path / "dense", Letters())
    (tmp_path / "dense").mkdir()
    with pytest.raises(BiomedplmError, match="B596"):
        build_dense(base, tmp_path / "dense", Letters())


def test_dense_names_the_library_that_is_missing(base: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch", None)
    with pytest.raises(BiomedplmError, match=r"B598.*spacy-biomedplm\[neighbours\]"):
        build_dense(base, tmp_path / "dense", Letters(), graph=True)
    assert list(tmp_path.iterdir()) == []


def test_dense_with_a_graph_finds_what_comparing_all_finds(
    base: Any, make_base: Callable[..., Any], tmp_path: Path
) -> None:
    pytest.importorskip("usearch")
    names = {f"{n:04}": [f"{text} {n}"] for n, text in enumerate(base.names * 40)}
    base = make_base(names)
    for name in ("a", "b"):
        build_dense(base, tmp_path / name, Letters(), graph=True)
    build_dense(base, tmp_path / "all", Letters())
    assert (tmp_path / "a" / "graph.bin").read_bytes() == (tmp_path / "b" / "graph.bin").read_bytes()
    with_graph = DenseIndex(tmp_path / "a", base, Letters())
    found, wanted = (index.query(TEXTS, 5) for index in (with_graph, DenseIndex(tmp_path / "all", base, Letters())))
    assert np.mean(found.scores >= wanted.scores - 1e-5) > 0.9
    allowed = np.ones(base.n_names, dtype=bool)
    assert (with_graph.query(TEXTS, 5, allowed).scores == wanted.scores).all()
    (tmp_path / "a" / "graph.bin").write_bytes(b"\0" * (tmp_path / "a" / "graph.bin").stat().st_size)
    with pytest.raises(BiomedplmError, match=r"B594.*graph\.bin"):
        DenseIndex(tmp_path / "a", base, Letters())
