import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from spacy_biomedplm.corpora import exclusion
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.ner.component import BiomedNER
from spacy_biomedplm.training.probes import Budget, iter_batches, read_probe_data, run_probe

WIDTH = 32


@pytest.fixture(autouse=True)
def _no_cache() -> None:
    exclusion._hold_out.cache_clear()


def test_read_probe_data_leaves_out_test_documents_and_says_so(probe_root: Path) -> None:
    data = read_probe_data("bc5cdr", "dev")
    assert len(data.train) == 6
    assert [doc._.doc_id for doc in data.scored] == ["11", "12"]
    (note,) = data.notes
    assert "[W490] 1 of 7" in note
    assert data.digest == read_probe_data("bc5cdr", "dev").digest != read_probe_data("bc5cdr", "test").digest


def test_read_probe_data_refuses_a_split_without_documents(probe_root: Path) -> None:
    folder = probe_root / "bc5cdr"
    (folder / "CDR_TrainingSet.PubTator.txt").write_text("7|t|lithium in cells\n7|a|\n\n", encoding="utf8")
    with pytest.raises(BiomedplmError, match=r"B552.*split 'train' has no document"):
        read_probe_data("bc5cdr", "dev")


def _docs(lengths: list[int]) -> list[Doc]:
    vocab = spacy.blank("en").vocab
    return [Doc(vocab, words=["a"] * length) for length in lengths]


def test_batches_depend_on_seed_and_documents_only() -> None:
    docs = _docs([3, 5, 2, 7, 4])
    batches = [list(itertools.islice(iter_batches(docs, 6, seed), 12)) for seed in (1, 1, 2)]
    first, again, other = ([[len(doc) for doc in batch] for batch in made] for made in batches)
    assert first == again != other
    for batch in first:
        assert sum(batch) >= 6
        assert sum(batch[:-1]) < 6
    assert sorted(itertools.chain(*first))[:2] == [2, 2], "pass after pass"


def test_probe_learns(probe_root: Path, tiny_plm: Callable[..., Path]) -> None:
    data = read_probe_data("bc5cdr", "dev")
    data = replace(data, scored=data.train)
    steps: list[int] = []
    found = run_probe(str(tiny_plm("bert")), WIDTH, data, Budget(90, 30, 0.003), 1, steps.append)
    assert steps == list(range(1, 91))
    assert found["f"] > 0.7
    assert set(found["labels"]) == {"Chemical", "Disease"}


def test_probe_is_the_same_with_the_same_seed(probe_root: Path, tiny_plm: Callable[..., Path]) -> None:
    data = read_probe_data("bc5cdr", "dev")
    found, again, other = (
        run_probe(str(tiny_plm("bert")), WIDTH, data, Budget(3, 10), seed, lambda step: None) for seed in (1, 1, 2)
    )
    assert found == again
    assert found["loss"] != other["loss"]


def test_probe_that_diverges_is_refused(
    probe_root: Path, tiny_plm: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read_probe_data("bc5cdr", "dev")
    monkeypatch.setattr(BiomedNER, "get_loss", lambda self, examples, scores: (math.nan, scores))
    with pytest.raises(BiomedplmError, match=r"B553.*'bc5cdr' diverged in step 1"):
        run_probe(str(tiny_plm("bert")), WIDTH, data, Budget(2, 5), 1, lambda step: None)


@pytest.mark.parametrize("values", [{"steps": 0}, {"words": 0}, {"learning_rate": 0.0}, {"learning_rate": math.nan}])
def test_budget_refuses_what_cannot_be(values: dict[str, float]) -> None:
    with pytest.raises(BiomedplmError, match="B005"):
        Budget(**values).check()  # type: ignore[arg-type]
