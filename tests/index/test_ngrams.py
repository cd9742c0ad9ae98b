import math
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngram_leads import SearchOptions
from spacy_biomedplm.index.ngrams import RULES, NgramIndex
from spacy_biomedplm.index.normalisation import normalise

TEXTS = ["parkinsons", "breast cancers of men", "diabetes", "", "!!!", "liver", "of", "zzz", "TNF alpha", "PD"]


@pytest.fixture
def index(base: Any, tmp_path: Path) -> NgramIndex:
    build_ngrams(base, tmp_path / "ngrams")
    return NgramIndex.open(tmp_path / "ngrams", base)


class Reference:
    """The plainest way to the cosines: a dictionary of trigrams for each name."""

    def __init__(self, names: list[str]) -> None:
        self.forms = normalise(names, RULES)
        words = [word for form in {" ".join(sorted(form.split())) for form in self.forms} for word in form.split()]
        self.holders = Counter(gram for word in words for gram in self.cut(word))
        self.total = len(words)
        self.bags = [self.bag(form) for form in self.forms]

    @staticmethod
    def cut(word: str) -> set[str]:
        return {f" {word} "[i : i + 3] for i in range(len(word))}

    def bag(self, form: str) -> dict[str, float]:
        grams = Counter(f" {word} "[i : i + 3] for word in form.split() for i in range(len(word)))
        return {g: n * (math.log((1 + self.total) / (1 + self.holders[g])) + 1) for g, n in grams.items()}

    def cosines(self, text: str) -> np.ndarray:
        (form,) = normalise([text], RULES)
        bag = self.bag(form)
        return np.array([self.cosine(bag, other) for other in self.bags])

    @staticmethod
    def cosine(one: dict[str, float], two: dict[str, float]) -> float:
        norms = math.sqrt(sum(v * v for v in one.values()) * sum(v * v for v in two.values()))
        return sum(value * two.get(gram, 0.0) for gram, value in one.items()) / norms if norms else 0.0


def test_ngrams_scores_are_cosines(index: NgramIndex, base: Any) -> None:
    reference = Reference(base.names)
    found = index.query(TEXTS, base.n_names)
    for text, names, scores in zip(TEXTS, *found, strict=True):
        cosines = reference.cosines(text)
        assert scores[names >= 0] == pytest.approx(cosines[names[names >= 0]], abs=2e-5)
        assert (np.diff(scores[names >= 0]) <= 0).all()


@given(
    names=st.lists(st.text("abcd ", min_size=1, max_size=9), min_size=1, max_size=12),
    text=st.text("abcd ", max_size=9),
    k=st.integers(1, 4),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ngrams_misses_nothing_that_shares_a_word_that_is_alike(
    names: list[str], text: str, k: int, make_base: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = make_base({str(number): [name] for number, name in enumerate([*names, "abcd"])})
    folder = tmp_path_factory.mktemp("index") / "ngrams"
    build_ngrams(base, folder)
    # Every pair of words with a trigram in common is alike, every name is looked at.
    options = SearchOptions(alike=1e-4, seed=1e-4, floors=(0.0,), extra=20)
    found = NgramIndex(folder, base, options=options).query([text], k)
    cosines = np.sort(Reference(base.names).cosines(text))[::-1]
    wanted = cosines[cosines > 0][:k]
    assert found.scores[0][found.names[0] >= 0] == pytest.approx(wanted, abs=2e-5)


def test_ngrams_takes_names_of_the_same_words_for_the_same(index: NgramIndex, base: Any) -> None:
    found = index.query(["disease parkinson"], 2)
    assert found.names[0, 0] == base.row("D1", "Parkinson Disease")
    assert found.scores[0, 0] == 1.0
    assert base.row("D1", "Disease, Parkinson") not in found.names[0]
    both = index.query(["PD"], 2)
    assert both.names[0].tolist() == [base.row("D1", "PD"), base.row("G2", "PD")]


@pytest.mark.parametrize("options", [SearchOptions(), SearchOptions(floors=(0.7,), budget=0, extra=0, seed=0.6)])
def test_ngrams_gives_the_same_for_a_text_whatever_comes_with_it(index: NgramIndex, options: SearchOptions) -> None:
    index = NgramIndex(index.folder, index.base, options=options)
    texts = [
        *TEXTS,
        *(f"{a} {b}" for a in ("liver", "cirrhotic", "x") for b in ("cancer", "cell", "disease type 2")),
    ] * 3
    together = index.query(texts, 4)
    for row, text in enumerate(texts):
        alone = NgramIndex(index.folder, index.base, options=options).query([text], 4)
        assert (alone.names[0] == together.names[row]).all()
        assert (alone.scores[0] == together.scores[row]).all()


def test_ngrams_finds_allowed_names_only(index: NgramIndex, base: Any) -> None:
    allowed = np.zeros(base.n_names, dtype=bool)
    allowed[base.row("D1", "Disease, Parkinson")] = True
    allowed[base.row("D5", "cirrhosis of liver")] = True
    for writeable in (True, False, False):
        allowed.flags.writeable = writeable
        found = index.query(["parkinson disease", "liver", "tnf"], 3, allowed)
        assert found.names[:, 0].tolist() == [
            base.row("D1", "Disease, Parkinson"),
            base.row("D5", "cirrhosis of liver"),
            -1,
        ]
        assert (found.names[:, 1] == -1).sum() >= 2
    nothing = np.zeros(base.n_names, dtype=bool)
    assert (index.query(["parkinson disease"], 3, nothing).names == -1).all()


def test_ngrams_remembers_texts_with_their_names_and_number(index: NgramIndex, base: Any) -> None:
    some = np.zeros(base.n_names, dtype=bool)
    some[::2] = True
    some.flags.writeable = False
    asked = [(k, allowed) for k in (1, 3, base.n_names) for allowed in (None, some, ~some)]
    fresh = {number: NgramIndex(index.folder, base).query(TEXTS, *one) for number, one in enumerate(asked)}
    for _ in range(2):
        for number, one in enumerate(asked):
            found = index.query(TEXTS[::-1], *one)
            np.testing.assert_array_equal(found.names[::-1], fresh[number].names)
            np.testing.assert_array_equal(found.scores[::-1], fresh[number].scores)


def test_ngrams_forgets_texts_when_there_are_many(index: NgramIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacy_biomedplm.index.ngrams._KEPT", 4)
    for text in TEXTS * 2:
        again = index.query([text], 2)
        np.testing.assert_array_equal(again.names, index.query([text], 2).names)
        assert all(len(scope.found) <= 3 for scope in index._scopes)


def test_ngrams_reads_long_texts_and_strange_ones(index: NgramIndex) -> None:
    texts = ["parkinson " * 500, "x" * 5000, "a b c d e f g h i j " * 50, "\ud800\ud801", "ガン α\x00"]
    found = index.query(texts, 2)
    assert found.scores[0, 0] > 0.5
    assert found.names.shape == (5, 2)


def test_ngrams_lists_that_are_long_are_entered_where_texts_are_long_enough(
    make_base: Callable[..., Any], tmp_path: Path
) -> None:
    names = [f"disease {'x' * (1 + n % 50)}{n:05}" for n in range(3000)] + ["disease"]
    base = make_base({f"{n:05}": [name] for n, name in enumerate(names)})
    build_ngrams(base, tmp_path / "ngrams")
    index = NgramIndex.open(tmp_path / "ngrams", base)
    texts = ["disease", "disease x00000", "the disease", "disease of the x"]
    found = index.query(texts, 5)
    reference = Reference(names)
    for text, scores in zip(texts, found.scores, strict=True):
        assert scores == pytest.approx(np.sort(reference.cosines(text))[::-1][:5], abs=2e-5)
    few = NgramIndex(tmp_path / "ngrams", base, options=replace(SearchOptions(), budget=10)).query(texts, 5)
    assert (few.scores[:, 0] == found.scores[:, 0]).all()


def test_ngrams_is_written_alike_and_pickled_as_its_folder(base: Any, tmp_path: Path) -> None:
    for name in "ab":
        build_ngrams(base, tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    index = NgramIndex.open(tmp_path / "a", base)
    index.query(["breast"], 3)
    kept = pickle.dumps(index)
    assert len(kept) < 5000
    assert (pickle.loads(kept).query(TEXTS, 3).names == index.query(TEXTS, 3).names).all()
    assert index.facts["without_words"] == 1


def test_ngrams_needs_a_word(make_base: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B671"):
        build_ngrams(make_base({"A": ["!"]}), tmp_path / "ngrams")
    with pytest.raises(BiomedplmError, match="B671"):
        build_ngrams(make_base({}), tmp_path / "ngrams")
