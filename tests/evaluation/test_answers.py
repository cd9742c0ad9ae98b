import importlib.util
import json
import sys
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.answers import score_factoids, score_lists, score_rouge, score_yes_no
from spacy_biomedplm.types import DocumentRecord


def yes_no(*words):
    return [
        DocumentRecord(str(n), "", labels={word: 1.0} if word else {}, infons={"type": "yesno"})
        for n, word in enumerate(words)
    ]


def asked(kind, *answers):
    return [
        DocumentRecord(str(n), "", answers=tuple(map(tuple, found)), infons={"type": kind})
        for n, found in enumerate(answers)
    ]


def test_score_yes_no():
    score = score_yes_no(yes_no("yes", "yes", "no", "no", ""), yes_no("yes", "no", "no", "", "yes"))
    assert score.main == 2 / 4
    assert score.more["questions"] == 4
    # Silence on a question with "no" counts as "yes".
    assert score.more["f1_yes"] == pytest.approx(2 * 1 / (2 + 2))
    assert score.more["f1_no"] == pytest.approx(2 * 1 / (2 + 2))
    assert score.more["macro_f1"] == pytest.approx(0.5)


def test_score_factoids():
    gold = asked("factoid", [["TP53", "p53"]], [["aspirin"]], [["x"]], [])
    predicted = asked("factoid", [["P53"], ["a"]], [["b"], ["c", "aspirin"], ["Aspirin"]], [], [["x"]])
    score = score_factoids(gold, predicted)
    # Only the first synonym of an answer counts: aspirin is third.
    assert score.main == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert score.more["strict_accuracy"] == pytest.approx(1 / 3)
    assert score.more["lenient_accuracy"] == pytest.approx(2 / 3)


def test_score_factoids_looks_at_five():
    gold = asked("factoid", [["x"]])
    assert score_factoids(gold, asked("factoid", [[c] for c in "abcdx"])).main == pytest.approx(1 / 5)
    assert score_factoids(gold, asked("factoid", [[c] for c in "abcdex"])).main == 0.0


def test_score_lists():
    gold = asked("list", [["a", "A1"], ["b"], ["c"]], [["d"]], [["e"]])
    predicted = asked("list", [["A1"], ["b"], ["x"], ["B"]], [], [["E"]])
    score = score_lists(gold, predicted)
    # a and b are right; x and the second b are wrong; c is missed.
    first = 2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)
    assert score.main == pytest.approx((first + 0 + 1) / 3)
    assert score.more["precision"] == pytest.approx((2 / 4 + 0 + 1) / 3)
    assert score.more["recall"] == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_score_lists_excuses_an_item_that_an_answer_names():
    # "a" takes the first item; the second has "a" among its synonyms too and is not missed.
    score = score_lists(asked("list", [["a", "b"], ["a", "c"]]), asked("list", [["a"]]))
    assert score.more["recall"] == 1.0


def test_other_types_of_questions_do_not_count():
    gold = [*asked("list", [["a"]]), DocumentRecord("1", "", answers=(("b",),))]
    predicted = [*asked("list", [["a"]]), DocumentRecord("1", "", answers=(("x",),))]
    assert score_factoids(gold, predicted).more["questions"] == 1
    assert score_lists(gold, predicted).more["questions"] == 2


ANSWERS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=2), max_size=4)


@given(ANSWERS, ANSWERS)
def test_score_lists_invariants(gold, predicted):
    score = score_lists(asked("list", gold), asked("list", predicted))
    assert 0 <= score.more["precision"] <= 1
    assert 0 <= score.more["recall"] <= 1
    assert score_factoids(asked("factoid", gold), asked("factoid", predicted)).main <= 1


def summaries(*texts):
    return [
        DocumentRecord(str(n), "", infons={"ideal_answers": json.dumps(found)} if found else {})
        for n, found in enumerate(texts)
    ]


class FakeScorer:
    """Stands for the library: the score is the length of the answer."""

    def __init__(self, names, use_stemmer):
        self.names = names
        assert use_stemmer

    def score_multi(self, references, answer):
        assert references
        return {name: types.SimpleNamespace(fmeasure=len(answer) / 10) for name in self.names}


def test_score_rouge_takes_the_first_answer_and_counts_missing_ones(monkeypatch):
    module = types.ModuleType("rouge_score.rouge_scorer")
    module.RougeScorer = FakeScorer
    monkeypatch.setitem(sys.modules, "rouge_score", types.ModuleType("rouge_score"))
    monkeypatch.setitem(sys.modules, "rouge_score.rouge_scorer", module)
    score = score_rouge(summaries(["r", "s"], ["t"], []), summaries(["abcd", "x"], [], ["y"]))
    assert score.main == pytest.approx((0.4 + 0) / 2)
    assert set(score.more) == {"rouge1", "rouge2", "rougeL"}
    with pytest.raises(BiomedplmError, match="B721"):
        score_rouge([], [], main="rouge9")
    with pytest.raises(BiomedplmError, match="B724"):
        score_rouge([DocumentRecord("1", "", infons={"ideal_answers": "no list"})], [DocumentRecord("1", "")])


def test_score_rouge_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rouge_score.rouge_scorer", None)
    with pytest.raises(BiomedplmError, match=r"B723.*pip install 'spacy-biomedplm\[evaluation\]'"):
        score_rouge(summaries(["a"]), summaries(["a"]))


@pytest.mark.skipif(importlib.util.find_spec("rouge_score") is None, reason="needs rouge-score")
def test_score_rouge_of_the_library():
    gold = summaries(["the cat sat on the mat", "a dog barked"])
    score = score_rouge(gold, summaries(["the cat sat"]))
    # Three of three words are right, three of six found.
    assert score.more["rouge1"] == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert score_rouge(gold, gold).main == 1.0
