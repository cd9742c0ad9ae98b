import json

import pytest

TEXT = "1|t|Aspirin and fever\n1|a|\n1\t0\t7\tAspirin\tChemical\tD1\n1\t12\t17\tfever\tDisease\tD2\n"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite over one corpus that is here, one that is not, and one that nobody knows."""
    folder = tmp_path / "corpora" / "bc5cdr"
    folder.mkdir(parents=True)
    (folder / "CDR_TestSet.PubTator.txt").write_text(TEXT, encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(folder.parent))

    def task(title, corpus, metric, **more):
        return {"title": title, "group": "G", "corpus": corpus, "split": "test", "metric": metric, **more}

    tasks = [
        task("chemicals", "bc5cdr", "entity-exact", labels=["Chemical"]),
        task("both", "bc5cdr", "entity-overlap"),
        task("relations", "bc5cdr", "cid-f1"),
        task("not here", "ncbi-disease", "entity-exact"),
        task("signed", "share-clef-2013", "entity-exact"),
        task("unknown", "nothing-like-it", "entity-exact"),
    ]
    path = tmp_path / "tiny.json"
    path.write_text(
        json.dumps({"title": "Tiny", "average": "tasks", "notes": "A note.", "tasks": tasks}), encoding="utf8"
    )
    return path


def test_benchmark_json(run, toy_model, suite):
    result = run("benchmark", suite, "--model", toy_model, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["model"].startswith("en_pipeline")
    assert [task.get("score") for task in found["tasks"]] == [1.0, 1.0, None, None, None, None]
    assert found["tasks"][0]["counts"]["tp"] == 1
    assert (found["average"], found["scored"]) == (1.0, 2)
    reasons = [task["not_scored"] for task in found["tasks"][2:]]
    assert reasons[0] == "the model has no component that extracts relations"
    assert reasons[1] == "not in the folder of corpora; `biomedplm corpora info ncbi-disease` says how to get it"
    assert reasons[2] == "needs an agreement; `biomedplm corpora info share-clef-2013` says how to get it"
    assert reasons[3].startswith("[B414] ")


def test_benchmark_table(run, toy_model, suite):
    result = run("benchmark", suite, "-m", toy_model)
    shown = " ".join(result.stdout.replace("│", " ").split())
    assert "Tiny: en_pipeline" in shown
    assert "macro average 100.00 over 2 of 6 tasks" in shown
    assert "A note." in shown


def test_benchmark_refuses_an_unknown_suite(run, toy_model):
    result = run("benchmark", "glue", "--model", toy_model)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error [B726] There is no suite 'glue'")


def test_evaluate_lists_the_metrics_of_the_corpus(run, toy_model, suite):
    found = json.loads(run("evaluate", toy_model, "bc5cdr", "--json").stdout)
    for name, outcome in found["metrics"].items():
        assert ("score" in outcome) != ("not_scored" in outcome), name
