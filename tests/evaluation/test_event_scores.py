import pytest

from spacy_biomedplm.evaluation.bionlp import EVENT_RULES
from spacy_biomedplm.evaluation.event_scores import EventCounts, add_up, count_labels


def test_event_counts_add_up_and_score():
    total = sum([EventCounts(4, 2, 3, 1), EventCounts(0, 0, 1, 1)], EventCounts())
    assert total == EventCounts(4, 2, 4, 2)
    assert (total.precision, total.recall, total.f1) == (0.5, 0.5, 0.5)
    assert EventCounts().f1 == 0.0
    assert EventCounts(2, 1, 4, 4).f1 == pytest.approx(2 * 0.5 / 1.5)


def test_count_labels_counts_each_label():
    found = count_labels(gold=["a", "a"], found=["a"], answers=["b", "a"], right=["a"])
    assert found == {"a": EventCounts(2, 1, 1, 1), "b": EventCounts(0, 0, 1, 0)}


def test_add_up_counts_unknown_labels_in_the_last_total_only():
    rule = EVENT_RULES["GE11"]
    by_type, totals = add_up({"Growth": EventCounts(answers=1), "Binding": EventCounts(answers=2)}, rule, rule.task())
    assert list(by_type)[-1] == "Growth"
    assert {name: counts.answers for name, counts in totals.items()} == {
        "SVT-TOTAL": 0, "EVT-TOTAL": 2, "REG-TOTAL": 0, "ALL-TOTAL": 3
    }  # fmt: skip
    assert "Growth" not in add_up({"Growth": EventCounts(answers=1)}, rule, rule.task("3"))[0]


@pytest.mark.parametrize("rule", EVENT_RULES.values(), ids=EVENT_RULES)
def test_totals_have_known_labels_and_the_last_one_all(rule):
    for task in rule.tasks.values():
        labels = [label for total in task.totals.values() for label in total]
        assert set(labels) <= rule.labels | {"Negation", "Speculation"}
        assert set(list(task.totals.values())[-1]) == set(labels)
    assert rule.task() is next(iter(rule.tasks.values()))
    assert rule.strict().task("") == rule.task()
