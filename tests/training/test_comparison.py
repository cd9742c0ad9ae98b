import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.corpora import exclusion
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.training import comparison as module
from spacy_biomedplm.training.comparison import Comparison, Plan, compare_encoders, parse_task
from spacy_biomedplm.training.comparison_summary import summarise_scores, summarise_words
from spacy_biomedplm.training.probes import Budget


@pytest.fixture(autouse=True)
def _no_cache() -> None:
    exclusion._hold_out.cache_clear()


@pytest.fixture
def plan(probe_root: Path, tiny_plm: Callable[..., Path], tmp_path: Path) -> Plan:
    """Two tiny encoders of other vocabularies, one task of each kind."""
    for kind in ("bert", "roberta"):
        shutil.copytree(tiny_plm(kind), tmp_path / kind)
    (tmp_path / "held.txt").write_text("aspirin in the heart\n", encoding="utf8")
    names = [str(tmp_path / kind) for kind in ("bert", "roberta")]
    tasks = ["ner:BC5CDR", f"perplexity:{tmp_path / 'held.txt'}"]
    return Plan(names, tasks, Budget(steps=2, words=10, learning_rate=0.01), seeds=2)


def _ignore(what: str, done: int, total: int) -> None:
    pass


def test_comparison_takes_up_what_is_finished(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, int]] = []
    probe = module.run_probe

    def counted(encoder: str, width: int, data: Any, budget: Budget, seed: int, on_step: Any) -> dict[str, Any]:
        calls.append((Path(encoder).name, seed))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return probe(encoder, width, data, budget, seed, on_step)

    monkeypatch.setattr(module, "run_probe", counted)
    monkeypatch.setattr(module, "measure_memory", lambda name, width, texts: 5)
    with pytest.raises(KeyboardInterrupt):
        compare_encoders(plan, tmp_path / "out", _ignore)
    seen: list[str] = []
    found = compare_encoders(plan, tmp_path / "out", lambda what, done, total: seen.append(what))
    assert calls == [("bert", 1), ("roberta", 1), ("bert", 2), ("bert", 2), ("roberta", 2)]
    assert "NER:bc5cdr 3/4: " + plan.names[0] + ", seed 2" in seen
    again = compare_encoders(plan, tmp_path / "out", _ignore)
    assert len(calls) == 5
    assert again.scores == found.scores
    assert [encoder.memory for encoder in found.encoders] == [5, 5]
    assert all(encoder.words_per_second > 0 for encoder in found.encoders)
    fertility = found.encoders[0].fertility["NER:bc5cdr"]
    assert fertility.words == 8
    assert fertility.entity_words == 4
    assert fertility.per_word >= 1
    assert "W490" in found.notes[0]
    reasons = [row["reason"] for row in found.perplexities[plan.tasks[1]].values()]
    assert all(reason.startswith("[B5") for reason in reasons)
    json.dumps(found.as_dict())

    # Other weights, another budget: nothing that is stored may be taken.
    compare_encoders(
        replace(plan, budget=Budget(3, 10, 0.01), tasks=plan.tasks[:1], seeds=1), tmp_path / "out", _ignore
    )
    assert len(calls) == 7
    config = Path(plan.names[0]) / "config.json"
    config.write_text(config.read_text(encoding="utf8") + "\n", encoding="utf8")
    compare_encoders(replace(plan, tasks=plan.tasks[:1], seeds=1), tmp_path / "out", _ignore)
    assert calls[7:] == [("bert", 1)]


def test_comparison_refuses_a_damaged_measurement(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_probe", lambda *arguments: {"f": 0.5})
    plan = replace(plan, names=plan.names[:1], tasks=plan.tasks[:1], seeds=1)
    (tmp_path / "out").write_text("", encoding="utf8")
    with pytest.raises(BiomedplmError, match="B556"):
        compare_encoders(plan, tmp_path / "out", _ignore)
    monkeypatch.setattr(module, "measure_memory", lambda name, width, texts: None)
    compare_encoders(plan, tmp_path / "other", _ignore)
    (file,) = (tmp_path / "other" / "finished").iterdir()
    file.write_text('{"found": [', encoding="utf8")
    with pytest.raises(BiomedplmError, match=r"B556.*remove it"):
        compare_encoders(plan, tmp_path / "other", _ignore)


@pytest.mark.parametrize(
    ("task", "split", "message"),
    [
        ("linking:bc5cdr", "dev", "B552.*no kind 'linking'"),
        ("bc5cdr", "dev", "B552.*no kind 'bc5cdr'"),
        ("NER:", "dev", "B552"),
        ("NER:hoc", "dev", "B552.*no entities"),
        ("NER:nothing", "dev", "B414"),
        ("NER:bc5cdr", "validation", "B415"),
        ("NER:ncbi-disease", "dev", "B417"),
        ("perplexity:nowhere.txt", "dev", "B552.*no file"),
    ],
)
def test_parse_task_refuses(probe_root: Path, task: str, split: str, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        parse_task(task, split)


def test_comparison_refuses_plans_that_cannot_be(plan: Plan, tmp_path: Path) -> None:
    for wrong in (replace(plan, seeds=0), replace(plan, names=["a", "a"])):
        with pytest.raises(BiomedplmError, match="B005"):
            compare_encoders(wrong, tmp_path / "out", _ignore)


def _comparison(scores: dict[str, Any], perplexities: dict[str, Any]) -> Comparison:
    encoders = tuple(module.ComparedEncoder(name, 1, 1, "") for name in ("a", "b"))
    return Comparison(encoders, (), scores, perplexities, {}, ())


def test_summary_pairs_seeds() -> None:
    scores = {
        "x": {"a": [{"f": 0.70}, {"f": 0.74}], "b": [{"f": 0.72}, {"f": 0.77}]},
        "y": {"a": [{"f": 0.50}, {"f": 0.50}], "b": [{"f": 0.50}, {"f": 0.48}]},
    }
    found = summarise_scores(_comparison(scores, {}))
    assert list(found) == ["x", "y", "average"]
    assert found["x"]["a"].difference is None
    difference = found["x"]["b"].difference
    assert difference is not None
    assert difference.mean == pytest.approx(2.5)
    assert difference.spread == pytest.approx(math.sqrt(0.5))
    assert found["x"]["b"].figure.mean == pytest.approx(74.5)
    average = found["average"]["b"].difference
    assert average is not None
    assert average.mean == pytest.approx(0.75)
    assert average.spread == pytest.approx(math.sqrt(2 * 0.25**2))
    assert list(summarise_scores(_comparison({"x": scores["x"]}, {}))) == ["x"]
    single = summarise_scores(_comparison({"x": {"a": [{"f": 1.0}], "b": [{"f": 1.0}]}}, {}))
    assert single["x"]["b"].figure.spread is None


def test_summary_of_words_is_per_character() -> None:
    row = {"characters": [10, 30], "words": [2, 6], "unknown": 1}
    one = {**row, "bits": [20.0, 60.0], "pieces": 12}
    two = {**row, "bits": [10.0, 30.0], "pieces": 8}
    found = summarise_words(_comparison({}, {"p": {"a": one, "b": two}}))["p"]
    first, second = found["a"], found["b"]
    assert first is not None
    assert second is not None
    assert first.bits_per_character == 2.0
    assert first.bits_per_word == 10.0
    assert first.pieces_per_word == 1.5
    assert first.difference is None
    assert second.difference is not None
    assert second.difference.mean == -1.0
    assert second.difference.spread == 0.0
    headless = summarise_words(_comparison({}, {"p": {"a": {"reason": "none"}, "b": two}}))["p"]
    assert headless["a"] is None
    assert headless["b"] is not None
    assert headless["b"].difference is None
