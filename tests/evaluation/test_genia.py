import pytest

from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events

TEXT = "IL-2 and IL-4 strongly induced binding of p65 to p50 in cells, not IL-6."
MENTIONS = """
T1 Protein IL-2
T2 Protein IL-4
T3 Protein p65
T4 Protein p50
T5 Protein IL-6
T10 Positive_regulation induced
T11 Binding binding
T12 Entity cells
"""


def score(make_events, gold, answer, *, rule="GE11", task="1", strict=False, mentions=(MENTIONS, MENTIONS)):
    rule = EVENT_RULES[rule].strict() if strict else EVENT_RULES[rule]
    documents = [make_events(f"{own}\n{lines}", TEXT) for own, lines in zip(mentions, (gold, answer), strict=True)]
    total = score_events(documents[:1], documents[1:], rule=rule, task=task).total
    return total.gold, total.found, total.answers, total.right


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("E1 Binding:T11 Theme:T3 Theme2:T4", (1, 1, 1, 1)),
        ("E1 Binding:T11 Theme:T4 Theme2:T3", (1, 1, 1, 1)),
        ("E1 Binding:T11 Theme2:T3 Theme:T4", (1, 1, 1, 1)),
        ("E1 Binding:T11 Theme:T3 Theme:T4", (1, 1, 1, 1)),
        ("E1 Binding:T11 Theme:T3", (1, 0, 1, 0)),
        ("E1 Binding:T11 Theme:T3\nE2 Binding:T11 Theme:T4", (1, 0, 2, 0)),
        ("E1 Positive_regulation:T10 Theme:T3", (1, 0, 1, 0)),
    ],
)
def test_genia_themes_of_binding_come_in_any_order_and_all_count(make_events, answer, wanted):
    assert score(make_events, "E1 Binding:T11 Theme:T3 Theme2:T4", answer) == wanted


@pytest.mark.parametrize(
    ("span", "soft", "strict"),
    [
        ("23 30", 1, 1),  # induced
        ("14 30", 1, 0),  # strongly induced: one word before
        ("14 22", 1, 0),  # strongly: inside of the extended span
        ("13 30", 0, 0),  # and the blank before it
        ("24 29", 1, 0),
        ("23 31", 1, 0),  # up to the blank, not into the mention after it
        ("23 32", 0, 0),
    ],
)
def test_genia_predicted_trigger_lies_inside_the_extended_gold_one(make_events, span, soft, strict):
    own = MENTIONS.replace("Positive_regulation induced", f"Positive_regulation {span}")
    lines = "E1 Positive_regulation:T10 Theme:T1"
    for right, is_strict in ((soft, False), (strict, True)):
        found = score(make_events, lines, lines, strict=is_strict, mentions=(MENTIONS, own))
        assert found == (1, right, 1, right)


def test_genia_inner_events_match_by_themes_only_unless_strict(make_events):
    gold = "E1 Binding:T11 Theme:T3\nE2 Positive_regulation:T10 Theme:E1 Cause:T1\nE3 Positive_regulation:T10 Theme:E2"
    answer = gold.replace(" Cause:T1", " Cause:T2")
    assert score(make_events, gold, answer) == (3, 2, 3, 2)
    assert score(make_events, gold, answer, strict=True) == (3, 1, 3, 1)


def test_genia_inner_causes_must_match_where_no_theme_comes_after_them(make_events):
    gold = "E1 Binding:T11 Theme:T3\nE2 Positive_regulation:T10 Theme:E1\nE3 Positive_regulation:T10 Theme:E2 Cause:T1"
    assert score(make_events, gold, gold.replace("Cause:T1", "Cause:T5")) == (3, 2, 3, 2)


def test_genia_equivalent_proteins_are_one(make_events):
    gold = "* Equiv T1 T5\nE1 Positive_regulation:T10 Theme:T1"
    assert score(make_events, gold, "E1 Positive_regulation:T10 Theme:T5") == (1, 1, 1, 1)
    both = "E1 Positive_regulation:T10 Theme:T5\nE2 Positive_regulation:T10 Theme:T1"
    assert score(make_events, gold, both) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("E1 Binding:T11 Theme:T3\nE2 Binding:T11 Theme:T3", (1, 1, 1, 1)),
        ("E1 Binding:T11 Theme:T5\nE2 Binding:T11 Theme:T5", (1, 0, 1, 0)),
        ("T13 Binding 31 37\nE1 Binding:T11 Theme:T3\nE2 Binding:T13 Theme:T3", (1, 1, 1, 1)),
        ("T13 Binding 31 37\nE1 Binding:T11 Theme:T5\nE2 Binding:T13 Theme:T5", (1, 0, 2, 0)),
        ("T13 Binding 31 37\nE1 Binding:T11 Theme:T3\nE2 Binding:T13 Theme:T3\nE3 Binding:T11 Theme:T1", (1, 1, 2, 1)),
    ],
)
def test_genia_repeated_answers_count_once(make_events, answer, wanted):
    assert score(make_events, "E1 Binding:T11 Theme:T3", answer) == wanted


@pytest.mark.parametrize(("rule", "count"), [("GE11", 2), ("GE13", 2), ("GE09", 2)])
def test_genia_gold_events_that_differ_in_sites_only_are_one_in_task_1(make_events, rule, count):
    gold = "E1 Binding:T11 Theme:T3 Site:T12\nE2 Binding:T11 Theme:T3\nE3 Positive_regulation:T10 Theme:E1"
    assert score(make_events, gold, gold, rule=rule) == (count, count, count, count)
    assert score(make_events, gold, gold, rule=rule, task="2") == (3, 3, 3, 3)


def test_genia_what_refers_to_a_repeat_is_merged_in_2011_and_left_out_in_2009(make_events):
    gold = "E1 Binding:T11 Theme:T3 Site:T12\nE2 Binding:T11 Theme:T3\nE3 Positive_regulation:T10 Theme:E2"
    assert score(make_events, gold, gold) == (2, 2, 2, 2)
    assert score(make_events, gold, gold, rule="GE09") == (1, 1, 1, 1)


def test_genia_task_2_compares_sites_with_their_themes(make_events):
    gold = "E1 Binding:T11 Theme:T3 Theme2:T4 Site2:T12"
    same = "E1 Binding:T11 Theme:T4 Site:T12 Theme2:T3"
    other = "E1 Binding:T11 Theme:T3 Theme2:T4 Site:T12"
    assert score(make_events, gold, same, task="2") == (1, 1, 1, 1)
    assert score(make_events, gold, other, task="2") == (1, 0, 1, 0)
    assert score(make_events, gold, other) == (1, 1, 1, 1)


@pytest.mark.parametrize(("span", "right"), [("56 61", 1), ("53 61", 1), ("57 60", 1), ("50 61", 0)])
def test_genia_sites_match_by_label_and_span(make_events, span, right):
    lines = "E1 Binding:T11 Theme:T3 Site:T12"
    own = MENTIONS.replace("Entity cells", f"Entity {span}")
    assert score(make_events, lines, lines, task="2", mentions=(MENTIONS, own)) == (1, right, 1, right)


def test_genia_places_are_one_role_in_2013_only(make_events):
    gold, answer = "E1 Binding:T11 Theme:T3 AtLoc:T12", "E1 Binding:T11 Theme:T3 ToLoc:T12"
    assert score(make_events, gold, answer, rule="GE13", task="2") == (1, 1, 1, 1)
    assert score(make_events, gold, answer, rule="GE11", task="2") == (1, 0, 1, 0)


def test_genia_modifications_match_with_what_they_modify(make_events):
    gold = "E1 Binding:T11 Theme:T3\nE2 Positive_regulation:T10 Theme:E1 Cause:T1\nM1 Negation E2\nM2 Speculation E1"
    assert score(make_events, gold, gold.replace("T1\n", "T2\n"), task="3") == (2, 2, 2, 2)
    assert score(make_events, gold, gold.replace("T1\n", "T2\n"), task="3", strict=True) == (2, 1, 2, 1)
    assert score(make_events, gold, gold.replace("Negation", "Speculation"), task="3") == (2, 1, 2, 1)
    assert score(make_events, gold, gold.replace("Theme:T3", "Theme:T4"), task="3") == (2, 0, 2, 0)
    assert score(make_events, gold, gold, task="1") == (2, 2, 2, 2)


def test_genia_tables_of_the_third_task(make_events):
    lines = "E1 Binding:T11 Theme:T3\nM1 Negation E1"
    document = make_events(f"{MENTIONS}{lines}", TEXT)
    tables = {name: score_events([document], [document], rule=EVENT_RULES[name], task="3") for name in ("GE09", "GE11")}
    assert list(tables["GE11"].totals) == ["MOD-TOTAL"]
    assert list(tables["GE09"].totals) == ["SVT-TOTAL", "EVT-TOTAL", "REG-TOTAL", "MOD-TOTAL", "ALL-TOTAL"]
    assert tables["GE09"].total.gold == 2


def test_genia_own_protein_matches_only_a_given_one(make_events):
    own = MENTIONS.replace("T3 Protein p65", "T30 Protein p65")
    new = MENTIONS.replace("T3 Protein p65", "T30 Protein 20 22")
    gold, answer = "E1 Binding:T11 Theme:T3", "E1 Binding:T11 Theme:T30"
    assert score(make_events, gold, answer, mentions=(MENTIONS, own)) == (1, 1, 1, 1)
    assert score(make_events, gold, answer, mentions=(MENTIONS, new)) == (1, 0, 1, 0)


def test_genia_survives_long_numbers_of_roles(make_events):
    lines = f"E1 Binding:T11 Theme{'9' * 5000}:T3 Theme{'9' * 5000}:T4 Site{'1' * 5000}:T12"
    for task in ("1", "2"):
        assert score(make_events, lines, lines, task=task) == (1, 1, 1, 1)
