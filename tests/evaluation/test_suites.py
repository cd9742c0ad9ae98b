import json

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.metrics import METRICS, get_metric
from spacy_biomedplm.evaluation.running import Outcome
from spacy_biomedplm.evaluation.scores import Score
from spacy_biomedplm.evaluation.suites import list_suites, load_suite, run_suite

TASK = {"title": "A", "group": "G", "corpus": "a", "split": "test", "metric": "accuracy"}
SUITE = {
    "title": "Tiny",
    "average": "groups",
    "tasks": [
        TASK,
        {**TASK, "title": "B"},
        {**TASK, "title": "C", "group": "H"},
        {**TASK, "title": "D"},
    ],
}


def write(tmp_path, data):
    path = tmp_path / "tiny.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf8")
    return str(path)


def run(task):
    scores = {"A": 0.5, "C": 0.25}
    if task.title == "D":
        raise BiomedplmError("[B417] not here")
    if task.title == "B":
        return Outcome(get_metric(task.metric), reason="no component")
    return Outcome(get_metric(task.metric), Score(scores[task.title]))


@pytest.mark.parametrize(("average", "wanted"), [("groups", (0.5 + 0.25) / 2), ("tasks", (0.5 + 0.25) / 2)])
def test_run_suite_averages_over_what_could_be_run(tmp_path, average, wanted):
    result = run_suite(load_suite(write(tmp_path, {**SUITE, "average": average})), run)
    assert result.average == wanted
    assert (result.scored, result.groups) == (2, {"G": 0.5, "H": 0.25})
    assert [outcome.reason for outcome in result.outcomes] == ["", "no component", "", "[B417] not here"]
    data = result.to_dict()
    assert (data["suite"], data["average"], data["scored"]) == ("tiny", wanted, 2)
    assert [task.get("score") for task in data["tasks"]] == [0.5, None, 0.25, None]
    assert data["tasks"][1]["not_scored"] == "no component"
    json.dumps(data)


def test_run_suite_weighs_groups_or_tasks(tmp_path):
    def all_of_them(task):
        return Outcome(get_metric(task.metric), Score({"A": 1.0, "B": 0.0, "C": 1.0, "D": 0.5}[task.title]))

    assert run_suite(load_suite(write(tmp_path, SUITE)), all_of_them).average == (0.5 + 1.0) / 2
    assert run_suite(load_suite(write(tmp_path, {**SUITE, "average": "tasks"})), all_of_them).average == 2.5 / 4


def test_run_suite_of_nothing_has_no_average(tmp_path):
    suite = load_suite(write(tmp_path, SUITE))
    result = run_suite(suite, lambda task: Outcome(get_metric(task.metric), reason="no"))
    assert (result.average, result.scored) == (None, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{", "B727"),
        ("[]", "no JSON object"),
        ({**SUITE, "average": "mean"}, "'average' is 'mean'"),
        ({**SUITE, "tasks": []}, "no 'tasks'"),
        ({**SUITE, "title": 1}, "'title' is no text"),
        ({**SUITE, "tasks": [1]}, "task 1 is no JSON object"),
        ({**SUITE, "tasks": [TASK, {k: v for k, v in TASK.items() if k != "split"}]}, "task 2 has no 'split'"),
        ({**SUITE, "tasks": [{**TASK, "labels": "x"}]}, "'labels' of task 1 is no list"),
        ({**SUITE, "tasks": [{**TASK, "labels": ["x", 1]}]}, "'labels' of task 1 holds something that is no text"),
        ({**SUITE, "tasks": [{**TASK, "metrics": "x"}]}, "'metrics', which no task has"),
        ({**SUITE, "tasks": [{**TASK, "metric": "x"}]}, "B725"),
    ],
)
def test_load_suite_refuses(tmp_path, data, reason):
    with pytest.raises(BiomedplmError, match=reason):
        load_suite(write(tmp_path, data))


def test_load_suite_names_those_that_there_are():
    with pytest.raises(BiomedplmError, match=r"B726.*bionlp-st, blue, blurb, linking, mtl-bioinformatics"):
        load_suite("glue")


@pytest.mark.parametrize("name", list_suites())
def test_suites_of_the_package(name):
    suite = load_suite(name)
    assert suite.source
    assert len({task.title for task in suite.tasks}) == len(suite.tasks)
    assert all(task.metric in METRICS for task in suite.tasks)


def test_sizes_of_the_suites():
    sizes = {
        name: (len(suite.tasks), len({t.group for t in suite.tasks}))
        for name in list_suites()
        for suite in [load_suite(name)]
    }
    assert sizes["blurb"] == (13, 6)
    assert sizes["blue"] == (10, 5)
    assert sizes["mtl-bioinformatics"] == (15, 1)
