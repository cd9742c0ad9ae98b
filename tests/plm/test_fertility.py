from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from spacy_biomedplm.plm.fertility import EntityWords, Fertility, iter_words, measure_fertility


def words_of(text, cuts=()):
    return [text[start:end] for start, end in iter_words(text, cuts)]


@pytest.mark.parametrize(
    ("text", "cuts", "wanted"),
    [
        ("In (IL-2)-induced cells.", (), ["In", "(", "IL-2)-induced", "cells", "."]),
        ("In (IL-2)-induced", (4, 8), ["In", "(", "IL-2", ")", "-", "induced"]),
        ("2.5 mg/kg, p<0.05", (), ["2.5", "mg/kg", ",", "p<0.05"]),
        ("--- a_ ", (), ["-", "-", "-", "a", "_"]),
        ("aspirin", (0, 7), ["aspirin"]),
        ("aspirin", (3, 99), ["asp", "irin"]),
        ("", (), []),
        (" \n ", (1,), []),
    ],
)
def test_iter_words_cuts_edges_and_entities(text, cuts, wanted):
    assert words_of(text, cuts) == wanted


@given(st.text("a1-. \n_é", max_size=30), st.lists(st.integers(0, 30)))
def test_iter_words_covers_what_is_not_white_space(text, cuts):
    spans = list(iter_words(text, cuts))
    assert "".join(text[start:end] for start, end in spans) == "".join(text.split())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    for cut in cuts:
        assert not any(start < cut < end for start, end in spans)


def test_entity_words_by_place():
    words = EntityWords()
    #          0123456789012345678901234567890
    words.add("no heart failure, aspirin-induced", [(3, 16, "Disease"), (18, 25, "Drug"), (18, 25, "Chemical")])
    words.add("heart", [(0, 5, "Organ")])
    assert words.by_place() == {
        "outside": Counter({"no": 1, ",": 1, "-": 1, "induced": 1}),
        "entities": Counter({"heart": 2, "failure": 1, "aspirin": 1}),
        "entities: Chemical": Counter({"aspirin": 1}),
        "entities: Disease": Counter({"heart": 1, "failure": 1}),
        "entities: Drug": Counter({"aspirin": 1}),
        "entities: Organ": Counter({"heart": 1}),
    }
    assert words.n_documents == 2


def test_entity_words_of_one_label_and_of_none():
    words = EntityWords()
    words.add("nested heart failure", [(7, 20, "Disease"), (7, 12, "Disease")])
    assert list(words.by_place()) == ["outside", "entities"]
    assert words.by_place()["entities"] == Counter({"heart": 1, "failure": 1})
    assert EntityWords().by_place() == {}


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert"])
def test_measure_fertility_counts_pieces(kind, tiny_plm):
    tokenizer = Tokenizer.from_file(str(tiny_plm(kind) / "tokenizer.json"))
    found = measure_fertility(tokenizer, {"aspirin": 3, "aspirins": 2})
    long = len(tokenizer.encode(" aspirins", add_special_tokens=False).ids)
    assert found == Fertility(words=5, pieces=3 + 2 * long, whole=3, unknown=0)
    assert found.pieces_per_word == pytest.approx((3 + 2 * long) / 5)


def test_measure_fertility_counts_unknown_words(tiny_plm):
    tokenizer = Tokenizer.from_file(str(tiny_plm("bert") / "tokenizer.json"))
    assert measure_fertility(tokenizer, {"語": 4, "heart": 1}) == Fertility(words=5, pieces=5, whole=1, unknown=4)
    assert measure_fertility(tokenizer, {}).pieces_per_word is None
