import json

import pytest

from spacy_biomedplm.corpora import exclusion
from spacy_biomedplm.training import comparison


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    """A folder with a tiny BC5CDR."""
    folder = tmp_path / "corpora" / "bc5cdr"
    folder.mkdir(parents=True)
    for number, part in enumerate(("TrainingSet", "DevelopmentSet", "TestSet")):
        text = f"{number}|t|aspirin in the heart {number}\n{number}|a|\n{number}\t0\t7\taspirin\tChemical\n\n"
        (folder / f"CDR_{part}.PubTator.txt").write_text(text, encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(folder.parent))
    exclusion._hold_out.cache_clear()
    yield folder.parent
    exclusion._hold_out.cache_clear()


def test_compare_prints_and_writes(run, corpora, tiny_plm, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "measure_memory", lambda name, width, texts: None)
    (tmp_path / "held.txt").write_text("aspirin in the heart\n", encoding="utf8")
    names = [str(tiny_plm("bert")), str(tiny_plm("roberta"))]
    tasks = ["--task", "NER:bc5cdr", "--task", f"perplexity:{tmp_path / 'held.txt'}"]
    result = run(
        "plm", "compare", *names, *tasks, "--steps", "2", "--words", "5", "--seeds", "2", "-o", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output
    assert "mean ± sd of 2 seeds; 2 updates of 5 words each" in result.stdout
    assert "NER:bc5cdr" in result.stdout
    assert "words/s" in result.stdout
    assert "B554" in result.stderr or "B530" in result.stderr
    found = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf8"))
    assert set(found["summary"]["f1"]["NER:bc5cdr"]) == set(names)
    assert found["settings"]["seeds"] == [1, 2]
    assert (tmp_path / "out" / "comparison.svg").read_text(encoding="utf8").startswith("<svg")


def test_compare_refuses_other_tasks(run, corpora, tiny_plm, tmp_path):
    result = run("plm", "compare", tiny_plm("bert"), "--task", "linking:bc5cdr", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "[B552]" in result.stderr
    assert "perplexity:FILE" in result.stderr
