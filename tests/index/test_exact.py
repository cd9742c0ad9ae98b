import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index.exact import NOT_PREFERRED, ExactIndex, build_exact


@pytest.fixture
def index(base: Any, tmp_path: Path) -> ExactIndex:
    build_exact(base, tmp_path / "exact")
    return ExactIndex.open(tmp_path / "exact", base)


@pytest.mark.parametrize(
    ("text", "concept", "name", "score"),
    [
        ("Parkinson Disease", "D1", "Parkinson Disease", 1.0),
        ("parkinson disease", "D1", "Parkinson Disease", 1.0),
        ("PARKINSON DISEASE", "D1", "Parkinson Disease", 1.0),
        ("Parkinson's  disease", "D1", "Parkinson Disease", 0.97),
        ("pd", "D1", "PD", 0.99 - NOT_PREFERRED),
        ("Diseases of Parkinson", "D1", "Parkinson Disease", 0.95),
        ("breast cancers", "D2", "breast cancer", 0.95 - NOT_PREFERRED),
        ("mammary tumor", "D2", "Mammary Tumours", 0.95 - NOT_PREFERRED),
        ("Type 2 diabetes mellitus", "D3", "Diabetes Mellitus, Type 2", 0.95),
        ("diabetes type-2", "D3", "type II diabetes", 0.95 - NOT_PREFERRED),
        ("sickle cell anemia", "D6", "Anaemia, Sickle Cell", 0.95),
        ("TNF-alpha", "G1", "TNF-α", 0.97 - NOT_PREFERRED),
        ("TNF α", "G1", "TNF-α", 0.97 - NOT_PREFERRED),
    ],
)
def test_exact_finds_names_by_the_nearest_level(
    index: ExactIndex, base: Any, text: str, concept: str, name: str, score: float
) -> None:
    found = index.query([text], 5)
    rows = found.names[0].tolist()
    assert base.row(concept, name) in rows
    assert found.scores[0, rows.index(base.row(concept, name))] == pytest.approx(score)


def test_exact_puts_the_preferred_name_first_and_gives_one_name_of_a_concept(index: ExactIndex, base: Any) -> None:
    found = index.query(["PD", "pyruvate dehydrogenase"], 3)
    assert found.names.tolist() == [
        [base.row("G2", "PD"), base.row("D1", "PD"), -1],
        [base.row("G2", "pyruvate dehydrogenase"), -1, -1],
    ]
    assert found.scores[0].tolist() == pytest.approx([1.0, 1.0 - NOT_PREFERRED, 0.0])


@pytest.mark.parametrize("text", ["", "   ", "!!!", "\n", "no such thing", "x" * 5000, "\ud800", "\x00"])
def test_exact_finds_nothing_where_there_is_nothing(index: ExactIndex, text: str) -> None:
    assert (index.query([text], 2).names == -1).all()


def test_exact_gives_the_same_for_a_text_whatever_comes_with_it(index: ExactIndex) -> None:
    texts = ["breast cancer", "", "PD", "liver disease", "PD"]
    together = index.query(texts, 4)
    for row, text in enumerate(texts):
        alone = index.query([text], 4)
        assert (alone.names[0] == together.names[row]).all()
        assert (alone.scores[0] == together.scores[row]).all()
    assert index.query([], 4).names.shape == (0, 4)


def test_exact_finds_allowed_names_only(index: ExactIndex, base: Any) -> None:
    allowed = np.ones(base.n_names, dtype=bool)
    allowed[base.row("G2", "PD")] = False
    assert index.query(["PD"], 3, allowed).names.tolist() == [[base.row("D1", "PD"), -1, -1]]
    with pytest.raises(BiomedplmError, match=r"B595.*allowed"):
        index.query(["PD"], 3, allowed[:-1])
    with pytest.raises(BiomedplmError, match=r"B595.*k is 0"):
        index.query(["PD"], 0)


def test_exact_is_written_alike_and_pickled_as_its_folder(base: Any, tmp_path: Path) -> None:
    for name in "ab":
        build_exact(base, tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    index = ExactIndex.open(tmp_path / "a", base)
    kept = pickle.dumps(index)
    again = pickle.loads(kept)
    assert len(kept) < 5000
    assert (again.query(["PD"], 2).names == index.query(["PD"], 2).names).all()
    assert index.facts == {"names": base.n_names, "without_words": 1}


def test_exact_of_a_base_without_names(make_base: Callable[..., Any], tmp_path: Path) -> None:
    base = make_base({})
    build_exact(base, tmp_path / "exact")
    assert (ExactIndex.open(tmp_path / "exact", base).query(["PD"], 2).names == -1).all()
