import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.schemes import without
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events
from spacy_biomedplm.types import ArgumentRecord, AttributeRecord, DocumentRecord, EventRecord, MentionRecord

TEXT = "IL-2 binds IL-4 and induces growth."
LINES = """
T1 Protein IL-2
T2 Protein IL-4
T3 Binding binds
T4 Positive_regulation induces
E1 Binding:T3 Theme:T1 Theme2:T2
E2 Positive_regulation:T4 Theme:E1 Cause:T1
M1 Negation E2
"""
EVERY = [(rule, task) for rule in EVENT_RULES.values() for task in rule.tasks]
# Where the first of several equal events stays, the order in the file counts.
UNORDERED = [(rule, task) for rule, task in EVERY if rule.tasks[task].repeats != "drop"]
named = {"ids": lambda value: getattr(value, "name", value)}


WORDS = "ab cde f,g hi ab-cd e. fgh ij, k lm nop qr"


def perfect(counts):
    return counts.gold == counts.found and counts.answers == counts.right


def test_score_events_adds_up_labels_and_totals(make_events):
    gold = make_events(LINES, TEXT)
    answer = make_events(LINES.replace("Cause:T1", "Cause:T2"), TEXT)
    scores = score_events([gold], [answer], rule=EVENT_RULES["GE11"])
    assert (scores.rule, scores.task) == ("GE11", "1")
    assert list(scores.totals) == ["SVT-TOTAL", "EVT-TOTAL", "REG-TOTAL", "ALL-TOTAL"]
    assert scores.by_type["Binding"].f1 == 1.0
    assert scores.by_type["Positive_regulation"].f1 == 0.0
    assert scores.totals["EVT-TOTAL"].gold == 1
    assert scores.total.to_dict() == {
        "gold": 2, "found": 1, "answers": 2, "right": 1, "precision": 0.5, "recall": 0.5, "f1": 0.5
    }  # fmt: skip
    assert scores.to_dict()["totals"]["ALL-TOTAL"]["f1"] == 0.5


def test_score_events_counts_documents_without_an_answer(make_events):
    gold = [make_events(LINES, TEXT), make_events(LINES, TEXT, doc_id="2")]
    total = score_events(gold, gold[1:], rule=EVENT_RULES["ID11"]).total
    assert (total.gold, total.found, total.answers, total.right) == (6, 3, 3, 3)
    assert score_events(gold, [], rule=EVENT_RULES["GE11"]).total.recall == 0.0


def test_score_events_of_nothing_is_zero(make_events):
    empty = make_events("", TEXT)
    for rule in EVENT_RULES.values():
        assert score_events([empty], [empty], rule=rule).total.f1 == 0.0
        assert score_events([], [], rule=rule).total.f1 == 0.0


@pytest.mark.parametrize("rule", ["GE11", "ID11"])
def test_score_events_takes_answers_of_unknown_labels_for_wrong(make_events, rule):
    gold = make_events(LINES, TEXT)
    answer = make_events(f"{LINES}T5 Growth growth\nE3 Growth:T5 Theme:T1", TEXT)
    scores = score_events([gold], [answer], rule=EVENT_RULES[rule])
    assert scores.by_type["Growth"].answers == 1
    assert scores.total.answers == scores.total.right + 1


def test_score_events_lists_every_label_of_the_task(make_events):
    scores = score_events([make_events("", "")], [], rule=EVENT_RULES["CG13"])
    assert set(scores.by_type) == EVENT_RULES["CG13"].labels | {"Negation", "Speculation"}
    assert list(scores.totals)[-3:] == ["SUB-TOTAL", "MOD-TOTAL", "TOTAL"]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("B701.*but not in the gold standard", lambda record: [replace(record, doc_id="2")]),
        ("B701.*twice", lambda record: [record, record]),
        ("B702", lambda record: [replace(record, text=record.text + " ")]),
        ("B703.*E1 refers to T9", lambda record: [replace(record, events=(EventRecord("E1", "Binding", "T9"),))]),
        (
            "B703.*E1 refers to E9",
            lambda record: [
                replace(record, events=(EventRecord("E1", "Binding", "T3", (ArgumentRecord("Theme", "E9", "event"),)),))
            ],
        ),
        (
            "B703.*circle: E1 → E1",
            lambda record: [
                replace(record, events=(EventRecord("E1", "Binding", "T3", (ArgumentRecord("Theme", "E1", "event"),)),))
            ],
        ),
        ("B703.*T1 lies outside", lambda record: [replace(record, mentions=(MentionRecord("T1", "Protein", ()),))]),
        (
            "B703.*T1 lies outside",
            lambda record: [replace(record, mentions=(MentionRecord("T1", "Protein", ((30, 99),)),), events=())],
        ),
    ],
)
def test_score_events_refuses_broken_answers(make_events, code, change):
    gold = make_events(LINES, TEXT)
    for rule in EVENT_RULES.values():
        if rule.name in ("GE09", "GE11", "GE13", "ID11"):
            with pytest.raises(BiomedplmError, match=code):
                score_events([gold], change(gold), rule=rule)


def test_score_events_refuses_gold_events_of_another_task(make_events):
    with pytest.raises(BiomedplmError, match=r"B704.*'Binding', which the rule EPI11 does not know"):
        score_events([make_events(LINES, TEXT)], [], rule=EVENT_RULES["EPI11"])


def test_score_events_refuses_an_unknown_task(make_events):
    with pytest.raises(BiomedplmError, match=r"B700.*'core'.*'1', '2', '3'"):
        score_events([make_events(LINES, TEXT)], [], rule=EVENT_RULES["GE11"], task="core")


@pytest.mark.parametrize("rule", EVENT_RULES.values(), ids=EVENT_RULES)
def test_score_events_survives_deep_nesting(rule):
    size = 3000
    label = min(rule.labels)
    text = "word " * (size + 1)
    mentions = [MentionRecord(f"T{n}", label, ((5 * n, 5 * n + 4),), is_trigger=True) for n in range(size)]
    given_one = MentionRecord("T9999", min(rule.given), ((5 * size, 5 * size + 4),))
    events = [
        EventRecord(
            f"E{n}",
            label,
            f"T{n}",
            (ArgumentRecord("Theme", f"E{n + 1}", "event") if n + 1 < size else ArgumentRecord("Theme", "T9999"),),
        )
        for n in range(size)
    ]
    document = DocumentRecord("1", text, (*mentions, given_one), events=tuple(events))
    assert score_events([document], [document], rule=rule).total.f1 == 1.0


@st.composite
def documents(draw, rule):
    """Documents of words, some given, some triggers; arguments are given ones, own ones and events made before."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    spans = [word.span() for word in re.finditer(r"\S+", WORDS)]
    labels = sorted(rule.labels)[:2]
    mentions = [MentionRecord(f"T{n}", min(rule.given), (spans[n],)) for n in range(5)]
    mentions += [MentionRecord(f"T{n}", "Entity", (rng.choice(spans),)) for n in range(5, 8)]
    events: list[EventRecord] = []
    for number in range(draw(st.integers(1, 12))):
        label = rng.choice(labels)
        trigger = MentionRecord(f"T{20 + number}", label, (rng.choice(spans[5:]),), is_trigger=True)
        if rng.random() < 0.3 and events:
            label, trigger = rng.choice([(e.label, t) for e in events for t in mentions if t.id == e.trigger])
        else:
            mentions.append(trigger)
        arguments = []
        for role in rng.sample(["Theme", "Theme2", "Cause", "Site", "AtLoc", "Participant"], rng.randint(1, 4)):
            target = rng.choice([f"T{rng.randrange(8)}", *(event.id for event in events)])
            arguments.append(ArgumentRecord(role, target, "event" if target[0] == "E" else "mention"))
        events.append(EventRecord(f"E{number}", label, trigger.id, tuple(arguments)))
    said = [
        AttributeRecord(f"M{number}", rng.choice(["Negation", "Speculation"]), rng.choice(events).id)
        for number in range(rng.randint(0, 3))
    ]
    return DocumentRecord("1", WORDS, tuple(mentions), events=tuple(events), attributes=tuple(said))


@pytest.mark.parametrize(("rule", "task"), EVERY, **named)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_gold_against_itself_is_perfect(rule, task, data):
    document = data.draw(documents(rule))
    for how in (rule, rule.strict()):
        scores = score_events([document], [document], rule=how, task=task)
        assert all(perfect(counts) for counts in (*scores.by_type.values(), *scores.totals.values()))


@pytest.mark.parametrize(("rule", "task"), UNORDERED, **named)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_dropping_an_event_lowers_recall_only(rule, task, data):
    gold = data.draw(documents(rule))
    gone = data.draw(st.sampled_from(gold.events))
    kept = tuple(event for event in gold.events if event is not gone)
    answer = without(replace(gold, events=kept), {gone.id}, Report(), "excluded")
    total = score_events([gold], [answer], rule=rule, task=task).total
    assert total.answers == total.right
    assert total.found <= total.gold


@pytest.mark.parametrize(("rule", "task"), UNORDERED, **named)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_order_and_identifiers_of_events_do_not_count(rule, task, data):
    gold, answer = data.draw(documents(rule)), data.draw(documents(rule))
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    assert score_events([gold], [answer], rule=rule, task=task) == score_events(
        [shuffled(gold, rng)], [shuffled(answer, rng)], rule=rule, task=task
    )


def shuffled(record, rng):
    names = [event.id for event in record.events]
    new = dict(zip(names, rng.sample([f"E{1000 + n}" for n in range(len(names))], len(names)), strict=True))
    events = [
        replace(
            event,
            id=new[event.id],
            arguments=tuple(replace(a, target=new.get(a.target, a.target)) for a in event.arguments),
        )
        for event in record.events
    ]
    attributes = [replace(said, target=new[said.target]) for said in record.attributes]
    rng.shuffle(events)
    rng.shuffle(attributes)
    return replace(record, events=tuple(events), attributes=tuple(attributes))
