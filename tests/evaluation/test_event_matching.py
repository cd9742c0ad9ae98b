import pytest

from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events

TEXT = "AKT and mTOR phosphorylation at Ser473 of the FOXO3 protein, induces growth pathway. IL-6 was seen in mice."
MENTIONS = """
T1 {protein} AKT
T2 {protein} mTOR
T3 {protein} FOXO3
T4 {protein} IL-6
T10 Phosphorylation phosphorylation
T11 Positive_regulation induces
T12 {site} Ser473
T13 Binding seen
T14 {process} pathway
T15 {place} mice
"""
NAMES = {
    "EPI11": {"protein": "Protein", "site": "Entity", "process": "Catalysis", "place": "Entity"},
    "ID11": {"protein": "Protein", "site": "Entity", "process": "Process", "place": "Entity"},
    "CG13": {
        "protein": "Gene_or_gene_product",
        "site": "Protein_domain_or_region",
        "process": "Pathway",
        "place": "Organism",
    },
    "PC13": {
        "protein": "Gene_or_gene_product",
        "site": "Simple_chemical",
        "process": "Pathway",
        "place": "Cellular_component",
    },
}


def score(make_events, rule, gold, answer, *, task="", strict=False, own=None):
    """Return the counts of the last total; `own` are the mentions of the answer, if they differ."""
    mentions = MENTIONS.format(**NAMES[rule])
    rule = EVENT_RULES[rule].strict() if strict else EVENT_RULES[rule]
    documents = [make_events(f"{mentions}\n{gold}", TEXT), make_events(f"{own or mentions}\n{answer}", TEXT)]
    total = score_events(documents[:1], documents[1:], rule=rule, task=task).total
    return total.gold, total.found, total.answers, total.right


@pytest.mark.parametrize("rule", NAMES)
@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("E1 Binding:T13 Theme:T1 Site:T12 Theme2:T2", 1),
        ("E1 Binding:T13 Theme2:T1 Site2:T12 Theme:T2", 1),
        ("E1 Binding:T13 Theme:T2 Theme2:T1 Site2:T12", 1),
        ("E1 Binding:T13 Theme:T1 Theme2:T2 Site2:T12", 0),
        ("E1 Binding:T13 Theme:T1 Theme2:T2", 0),
        ("E1 Binding:T13 Theme:T1 Site:T12", 0),
        ("E1 Binding:T13 Theme:T1 Site:T12 Theme2:T2 Theme3:T3", 0),
    ],
)
def test_paired_each_theme_keeps_its_site_in_any_order(make_events, rule, answer, right):
    # Binding is not an event of EPI.
    gold = "E1 Binding:T13 Theme:T1 Site:T12 Theme2:T2"
    if rule == "EPI11":
        gold, answer = (line.replace("Binding:T13", "Phosphorylation:T10") for line in (gold, answer))
    assert score(make_events, rule, gold, answer) == (1, right, 1, right)


@pytest.mark.parametrize("rule", ["ID11", "CG13", "PC13"])
def test_paired_inner_events_match_by_themes_only_unless_strict(make_events, rule):
    gold = "E1 Phosphorylation:T10 Theme:T1 Cause:T2\nE2 Positive_regulation:T11 Theme:E1 Cause:T3"
    answer = gold.replace("Cause:T2", "Cause:T4")
    assert score(make_events, rule, gold, answer) == (2, 1, 2, 1)
    assert score(make_events, rule, gold, answer, strict=True) == (2, 0, 2, 0)
    # Sites of inner events do not count either, Themes do.
    assert score(make_events, rule, gold, gold.replace("Theme:T1", "Theme:T1 Site:T12")) == (2, 1, 2, 1)
    assert score(make_events, rule, gold, gold.replace("Theme:T1", "Theme:T4")) == (2, 0, 2, 0)


def test_paired_events_without_arguments(make_events):
    assert score(make_events, "ID11", "E1 Process:T14", "E1 Process:T14") == (1, 1, 1, 1)
    assert score(make_events, "ID11", "E1 Process:T14", "E1 Process:T14 Participant:T1") == (1, 0, 1, 0)
    inner = "E1 Process:T14\nE2 Positive_regulation:T11 Theme:E1"
    assert score(make_events, "ID11", inner, inner.replace("T14\n", "T14 Participant:T1\n")) == (2, 1, 2, 1)


@pytest.mark.parametrize(
    ("rule", "span", "right"),
    [
        ("ID11", "61 68", 1),  # induces
        ("ID11", "61 75", 1),  # induces growth
        ("ID11", "61 76", 0),  # and the blank after it
        ("ID11", "59 68", 0),  # the comma before it
        ("CG13", "61 75", 1),
        ("PC13", "62 66", 1),
    ],
)
def test_paired_predicted_trigger_lies_inside_the_extended_gold_one(make_events, rule, span, right):
    lines = "E1 Positive_regulation:T11 Theme:T1"
    own = MENTIONS.format(**NAMES[rule]).replace("Positive_regulation induces", f"Positive_regulation {span}")
    assert score(make_events, rule, lines, lines, own=own) == (1, right, 1, right)
    strict = int(span == "61 68")
    assert score(make_events, rule, lines, lines, own=own, strict=True) == (1, strict, 1, strict)


@pytest.mark.parametrize(("rule", "right"), [("EPI11", 1), ("ID11", 1), ("CG13", 0), ("PC13", 0)])
def test_paired_spans_of_entities_are_approximate_in_2011_only(make_events, rule, right):
    lines = "E1 Phosphorylation:T10 Theme:T1 Site:T12"
    own = MENTIONS.format(**NAMES[rule]).replace(f"{NAMES[rule]['site']} Ser473", f"{NAMES[rule]['site']} 32 35")
    assert score(make_events, rule, lines, lines, own=own) == (1, right, 1, right)


@pytest.mark.parametrize("rule", NAMES)
def test_paired_equivalent_mentions_are_one(make_events, rule):
    gold = "* Equiv T1 T4\nE1 Phosphorylation:T10 Theme:T1"
    assert score(make_events, rule, gold, "E1 Phosphorylation:T10 Theme:T4") == (1, 1, 1, 1)
    assert score(make_events, rule, gold, "E1 Phosphorylation:T10 Theme:T2") == (1, 0, 1, 0)
    # Equivalences of the answer do not count; equal answers do once.
    assert score(make_events, rule, gold[14:], "* Equiv T1 T4\nE1 Phosphorylation:T10 Theme:T4") == (1, 0, 1, 0)
    both = "E1 Phosphorylation:T10 Theme:T4\nE2 Phosphorylation:T10 Theme:T1"
    assert score(make_events, rule, gold, both) == (1, 1, 1, 1)


def test_paired_participants_and_instruments_come_in_any_order(make_events):
    gold = "E1 Pathway:T14 Participant:T1 Participant2:T2"
    assert score(make_events, "CG13", gold, "E1 Pathway:T14 Participant:T2 Participant2:T1") == (1, 1, 1, 1)
    assert score(make_events, "CG13", gold, "E1 Pathway:T14 Participant:T2 Participant2:T2") == (1, 0, 1, 0)
    assert score(make_events, "CG13", gold, "E1 Pathway:T14 Theme:T2 Theme2:T1") == (1, 1, 1, 1)
    assert score(make_events, "CG13", "E1 Binding:T13 Cause:T1", "E1 Binding:T13 Cause2:T1") == (1, 1, 1, 1)


def test_paired_products_and_places_must_match(make_events):
    gold = "E1 Binding:T13 Theme:T1 Product:T2 AtLoc:T15"
    assert score(make_events, "PC13", gold, gold) == (1, 1, 1, 1)
    assert score(make_events, "PC13", gold, gold.replace("AtLoc", "ToLoc")) == (1, 0, 1, 0)
    assert score(make_events, "PC13", gold, gold.replace("Product:T2", "Product:T3")) == (1, 0, 1, 0)


def test_paired_sites_without_themes(make_events):
    gold = "E1 Binding:T13 Site:T12"
    assert score(make_events, "CG13", gold, gold) == (1, 1, 1, 1)
    assert score(make_events, "CG13", gold, "E1 Binding:T13 Theme:T1 Site:T12") == (1, 0, 1, 0)
    assert score(make_events, "CG13", gold, "E1 Binding:T13") == (1, 0, 1, 0)


@pytest.mark.parametrize("rule", NAMES)
def test_paired_modifications_match_with_what_they_modify(make_events, rule):
    gold = "E1 Phosphorylation:T10 Theme:T1 Cause:T2\nM1 Negation E1"
    assert score(make_events, rule, gold, gold) == (2, 2, 2, 2)
    assert score(make_events, rule, gold, gold.replace("Cause:T2", "Cause:T3")) == (2, 1, 2, 1)
    assert score(make_events, rule, gold, gold.replace("Cause:T2", "Cause:T3"), strict=True) == (2, 0, 2, 0)
    assert score(make_events, rule, gold, gold.replace("Negation", "Speculation")) == (2, 1, 2, 1)
    assert score(make_events, rule, gold, f"{gold}\nM2 Negation E1") == (2, 2, 2, 2)


def test_paired_predicted_modifications_do_not_count_where_gold_has_none(make_events):
    gold = "E1 Process:T14"
    assert score(make_events, "ID11", gold, f"{gold}\nM1 Negation E1") == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        # Equal but for their names.
        ("E1 Process:T14\nE2 Process:T14", (1, 1, 1, 1)),
        ("E1 Process:T14 Participant:T1\nE2 Process:T14 Participant:T1", (1, 0, 1, 0)),
        # Another span that matches the same event is a surplus, one that matches none is not.
        ("T20 Process 69 75\nE1 Process:T14\nE2 Process:T20", (1, 1, 1, 1)),
        ("T20 Process 32 38\nE1 Process:T14\nE2 Process:T20", (1, 1, 2, 1)),
    ],
)
def test_paired_repeated_answers_count_once(make_events, answer, wanted):
    assert score(make_events, "ID11", "E1 Process:T14", answer) == wanted


def test_paired_one_answer_may_match_several_gold_events(make_events):
    gold = "E1 Process:T14\nE2 Process:T14"
    assert score(make_events, "ID11", gold, "E1 Process:T14") == (2, 2, 1, 1)


def test_paired_core_leaves_roles_and_modifications_out(make_events):
    gold = "E1 Phosphorylation:T10 Theme:T1 Site:T12\nM1 Negation E1"
    assert score(make_events, "EPI11", gold, "E1 Phosphorylation:T10 Theme:T1") == (2, 0, 1, 0)
    assert score(make_events, "EPI11", gold, "E1 Phosphorylation:T10 Theme:T1", task="core") == (1, 1, 1, 1)


def test_paired_core_leaves_out_repeats_and_what_refers_to_them(make_events):
    gold = (
        "E1 Phosphorylation:T10 Theme:T1 Site:T12\nE2 Phosphorylation:T10 Theme:T1\n"
        "E3 Catalysis:T14 Theme:E2\nE4 Catalysis:T14 Theme:E1 Cause:T2"
    )
    assert score(make_events, "EPI11", gold, gold) == (4, 4, 4, 4)
    assert score(make_events, "EPI11", gold, gold, task="core") == (2, 2, 2, 2)


def test_paired_core_spans_may_reach_into_entities_that_are_left_out(make_events):
    gold = "E1 Phosphorylation:T10 Theme:T1 Site:T20"
    mentions = MENTIONS.format(**NAMES["EPI11"]).replace("T12 Entity Ser473\n", "")
    documents = [
        make_events(f"{mentions}\nT20 Entity 29 31\n{gold}", TEXT),
        make_events(
            f"{mentions.replace('Phosphorylation phosphorylation', 'Phosphorylation 13 31')}\n{gold[:-9]}", TEXT
        ),
    ]
    counts = {
        task: score_events(documents[:1], documents[1:], rule=EVENT_RULES["EPI11"], task=task).total.right
        for task in ("full", "core")
    }
    assert counts == {"full": 0, "core": 1}
