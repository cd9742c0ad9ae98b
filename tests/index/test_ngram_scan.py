from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacy_biomedplm.index import ngrams
from spacy_biomedplm.index.ngram_build import build_ngrams
from spacy_biomedplm.index.ngram_leads import SearchOptions
from spacy_biomedplm.index.ngrams import NgramIndex

WORDS = ("liver", "livers", "breast", "cancer", "carcinoma", "of", "the", "cell", "cells", "disease", "x1", "x2")
TEXTS = ["liver cancer", "cancers", "x", "cell", "unheard", "breast carcinoma cell", "the disease of the liver x2"]


@pytest.fixture
def base(make_base: Callable[..., Any]) -> Any:
    return make_base({f"{one}{other}": [f"{one} {other}", f"{other} {one}s"] for one in WORDS for other in WORDS})


@pytest.fixture
def some(base: Any) -> np.ndarray:
    mask = np.arange(base.n_names) % 5 == 1
    mask.setflags(write=False)
    return mask


def test_a_scan_misses_nothing(base: Any, some: np.ndarray, tmp_path: Path) -> None:
    build_ngrams(base, tmp_path / "ngrams")
    found = NgramIndex(tmp_path / "ngrams", base).query(TEXTS, 3, some)
    # Every word that shares a trigram leads to names, none of which is given up.
    everything = SearchOptions(alike=1e-4, seed=1e-4, floors=(0.0,), extra=1000)
    wanted = NgramIndex(tmp_path / "ngrams", base, options=everything).query(TEXTS, 3, some.copy())
    np.testing.assert_array_equal(found.scores, wanted.scores)
    np.testing.assert_array_equal(found.names, wanted.names)
    assert some[found.names[found.names >= 0]].all()
    assert (found.names[TEXTS.index("unheard")] == -1).any()


def test_only_few_texts_are_scanned(
    base: Any, some: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_ngrams(base, tmp_path / "ngrams")

    def refuse(*_: Any) -> None:
        raise AssertionError("scanned")

    monkeypatch.setattr(ngrams, "Scan", refuse)
    index = NgramIndex(tmp_path / "ngrams", base)
    index.query(TEXTS, 3)
    # A mask that can change is not worth a scan: it cannot be known again.
    index.query(TEXTS, 3, some.copy())
    with pytest.raises(AssertionError, match="scanned"):
        index.query(TEXTS, 3, some)
    monkeypatch.setattr(ngrams, "_FEW_TEXTS", 3)
    index.query(TEXTS, 3, some)
