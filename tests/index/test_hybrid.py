from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index import Hits, HybridIndex
from spacy_biomedplm.index.exact import NOT_PREFERRED, ExactIndex, build_exact
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngrams import NgramIndex
from spacy_biomedplm.index.protocol import Mask

TEXTS = ["parkinson's disease", "breast cancers", "", "PD", "hepatic cirrhosis", "PD"]


class Given:
    """An index that finds what it was told to."""

    def __init__(self, name: str, hits: dict[str, list[tuple[int, float]]]) -> None:
        self.name, self.hits, self.asked = name, hits, list[str]()

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        self.asked += texts
        found = Hits(np.full((len(texts), k), -1), np.zeros((len(texts), k), dtype=np.float32))
        for row, text in enumerate(texts):
            for place, hit in enumerate(self.hits.get(text, [])[:k]):
                found.names[row, place], found.scores[row, place] = hit
        return found


@pytest.fixture
def lexical(base: Any, tmp_path: Path) -> list[Any]:
    build_exact(base, tmp_path / "exact")
    build_ngrams(base, tmp_path / "ngrams")
    return [ExactIndex.open(tmp_path / "exact", base), NgramIndex.open(tmp_path / "ngrams", base)]


def test_hybrid_says_who_found_a_concept_and_by_which_name(lexical: list[Any], base: Any) -> None:
    (candidates,) = HybridIndex(lexical, base).candidates(["breast cancers"], 3)
    best = candidates[0]
    name = base.row("D2", "breast cancer")
    assert best.concept == 1
    assert best.score == pytest.approx(0.95 - NOT_PREFERRED)
    assert [(index, row) for index, row, _ in best.evidence] == [("exact", name), ("ngrams", name)]
    assert 0.7 < best.evidence[1][2] < 1.0


def test_hybrid_merges_names_by_concept_score_and_row(base: Any) -> None:
    # Names 0 to 3 are of concept 0, 4 to 7 of concept 1, 8 to 10 of concept 2.
    one = Given("one", {"a": [(5, 0.8), (0, 0.5), (1, 0.4)]})
    two = Given("two", {"a": [(8, 0.9), (1, 0.8)], "b": [(9, 0.3)]})
    hybrid = HybridIndex([one, two], base, weights={"one": 1.0, "two": 0.5})
    found = hybrid.candidates(["b", "a", "c"], 2)
    assert found[0] == [(2, pytest.approx(0.15), (("two", 9, pytest.approx(0.3)),))]
    assert [(c.concept, c.score) for c in found[1]] == [(1, pytest.approx(0.8)), (0, pytest.approx(0.5))]
    assert found[1][1].evidence == (("one", 0, pytest.approx(0.5)), ("two", 1, pytest.approx(0.8)))
    assert found[2] == []
    equal = HybridIndex([one, two], base, weights={"one": 0.9, "two": 0.8}).candidates(["a"], 3)[0]
    assert [c.concept for c in equal] == [1, 2, 0]


def test_hybrid_asks_no_more_where_the_first_index_has_enough(base: Any) -> None:
    one = Given("one", {"a": [(5, 0.95)], "b": [(5, 0.94)]})
    two = Given("two", {"a": [(8, 0.9)], "b": [(8, 0.9)]})
    found = HybridIndex([one, two], base, enough=0.95).candidates(["a", "b", "c"], 3)
    assert (one.asked, two.asked) == (["a", "b", "c"], ["b", "c"])
    assert [len(candidates) for candidates in found] == [1, 2, 0]


def test_hybrid_gives_the_same_for_a_text_whatever_comes_with_it(lexical: list[Any], base: Any) -> None:
    hybrid = HybridIndex(lexical, base)
    together = hybrid.candidates(TEXTS, 3)
    assert together == [hybrid.candidates([text], 3)[0] for text in TEXTS]
    assert together == hybrid.candidates(TEXTS[::-1], 3)[::-1]
    together[3].clear()
    assert together[5]
    assert hybrid.candidates([], 3) == []


def test_hybrid_as_arrays_is_what_candidates_are(lexical: list[Any], base: Any) -> None:
    hybrid = HybridIndex(lexical, base)
    found = hybrid.search(TEXTS, 3)
    wanted = [(t, c.concept, c.score) for t, cs in enumerate(hybrid.candidates(TEXTS, 3)) for c in cs]
    assert list(zip(found.texts.tolist(), found.concepts.tolist(), found.scores.tolist(), strict=True)) == wanted
    assert found.names.shape == found.name_scores.shape == (len(wanted), 2)


def test_hybrid_finds_allowed_names_only(lexical: list[Any], base: Any) -> None:
    allowed = np.zeros(base.n_names, dtype=bool)
    allowed[base.row("D1", "PD")] = True
    (found,) = HybridIndex(lexical, base).candidates(["PD"], 3, allowed)
    assert [candidate.concept for candidate in found] == [0]


def test_hybrid_refuses_what_cannot_be(lexical: list[Any], base: Any) -> None:
    with pytest.raises(BiomedplmError, match=r"B672.*nothing"):
        HybridIndex([], base)
    with pytest.raises(BiomedplmError, match=r"B672.*exact, exact"):
        HybridIndex([lexical[0], lexical[0]], base)
    with pytest.raises(BiomedplmError, match=r"B595.*dense.*exact, ngrams"):
        HybridIndex(lexical, base, weights={"dense": 1.0})
    with pytest.raises(BiomedplmError, match=r"B595.*k is 0"):
        HybridIndex(lexical, base).candidates(["a"], 0)
