from collections import Counter

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm import words
from spacy_biomedplm.plm.words import BREAK, check_unknown, count_words

TEXTS = ["Aspirin, aspirin!", "", "heart-failure\n and  Aspirin"]


@pytest.fixture(params=["bert", "roberta"])
def tokenizer(request, tiny_plm):
    return Tokenizer.from_file(str(tiny_plm(request.param) / "tokenizer.json"))


def by_word(counts, numbers):
    return dict(zip(counts.words, map(int, numbers), strict=True))


def test_count_words_counts_occurrences_and_documents(tiny_plm):
    tokenizer = Tokenizer.from_file(str(tiny_plm("bert") / "tokenizer.json"))
    counts = count_words(iter(TEXTS), tokenizer)
    assert by_word(counts, counts.counts) == {
        **{"aspirin": 3, ",": 1, "!": 1, "heart": 1, "-": 1, "failure": 1, "and": 1}
    }
    assert by_word(counts, counts.documents)["aspirin"] == 2
    assert counts.n_documents == 3
    assert counts.order is None


def test_count_words_is_what_the_tokenizer_cuts(tokenizer, monkeypatch):
    monkeypatch.setattr(words, "_MAX_CACHED", 2)
    counts = count_words(TEXTS, tokenizer)
    cut: Counter[str] = Counter()
    for text in TEXTS:
        normalized = " ".join(text.split())
        normalized = tokenizer.normalizer.normalize_str(normalized) if tokenizer.normalizer else f" {normalized}"
        cut.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized))
    cut.pop("Ġ", None)
    assert by_word(counts, counts.counts) == dict(cut)


def test_count_words_keeps_the_order(tokenizer):
    counts = count_words(TEXTS, tokenizer, keep_order=True)
    assert list(np.flatnonzero(counts.order == BREAK)) == [4, 5, len(counts.order) - 1]
    first = [counts.words[number].strip("Ġ").lower() for number in counts.order[:4]]
    assert first == ["aspirin", ",", "aspirin", "!"]


@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_count_words_needs_a_word(texts, tokenizer):
    with pytest.raises(BiomedplmError, match="B510"):
        count_words(texts, tokenizer)


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert"])
def test_check_unknown_takes_what_can_cut_every_word(kind, tiny_plm):
    check_unknown(kind, Tokenizer.from_file(str(tiny_plm(kind) / "tokenizer.json")))


@pytest.mark.parametrize(
    "model",
    [
        models.WordPiece({"a": 0}, unk_token="[UNK]"),
        models.WordLevel({"a": 0}, unk_token="<unk>"),
        models.BPE({"a": 0}, [], unk_token="<unk>"),
        models.Unigram([("a", 0.0)]),
    ],
    ids=["WordPiece", "WordLevel", "BPE", "Unigram"],
)
def test_check_unknown_refuses_what_fails_on_a_strange_character(model):
    with pytest.raises(BiomedplmError, match="B519"):
        check_unknown("x", Tokenizer(model))
