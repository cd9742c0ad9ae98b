import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from spacy_biomedplm.plm.additions import choose_whole_words, continue_merges, cut_words
from spacy_biomedplm.plm.words import WordCounts, count_words


def make_counts(table, documents=9):
    size = len(table)
    return WordCounts(tuple(table), np.array(list(table.values())), np.full(size, documents), documents)


def test_choose_whole_words_by_what_they_save():
    counts = make_counts({"aspirin": 5, "ibuprofen": 2, "in": 100, "2.5": 90, "b": 3, "a": 3})
    pieces = [("as", "##pirin"), ("i", "##bu", "##pro", "##fen"), ("in",), ("2", ".5"), ("x", "##b"), ("x", "##a")]
    chosen = choose_whole_words(counts, pieces, 3, min_documents=1).entries
    assert [(entry.text, entry.saved) for entry in chosen] == [("ibuprofen", 6), ("aspirin", 5), ("a", 3)]
    assert chosen[0].pieces == pieces[1]
    assert len(choose_whole_words(counts, pieces, 99, min_documents=1).entries) == 4


def test_choose_whole_words_of_several_documents():
    counts = WordCounts(("kip48cre", "copd"), np.array([90, 5]), np.array([1, 5]), 5)
    chosen = choose_whole_words(counts, [("ki", "##p"), ("co", "##pd")], 5, min_documents=2).entries
    assert [entry.text for entry in chosen] == ["copd"]


def test_continue_merges_joins_the_most_frequent_pair():
    counts = make_counts({"abc": 5, "abd": 3, "bcd": 4})
    found = continue_merges(
        counts, [("a", "b", "c"), ("a", "b", "d"), ("b", "c", "d")], 3, min_documents=1, known=set()
    )
    assert found.merges == (("b", "c"), ("a", "bc"), ("bc", "d"))
    assert [(entry.text, entry.saved) for entry in found.entries] == [("bc", 9), ("abc", 5), ("bcd", 4)]
    assert found.entries[1].pieces == ("a", "b", "c")


def test_continue_merges_passes_over_known_entries():
    counts = make_counts({"abc": 5})
    found = continue_merges(counts, [("a", "b", "c")], 9, min_documents=1, known={"bc"})
    assert found.merges == (("a", "b"), ("ab", "c"))
    assert not continue_merges(counts, [("a", "b", "c")], 9, min_documents=99, known=set()).entries


def test_continue_merges_respects_a_prefix_within_words():
    counts = make_counts({"abc": 5})
    found = continue_merges(counts, [("a", "##b", "##c")], 9, min_documents=1, known=set(), prefix="##")
    assert [entry.text for entry in found.entries] == ["##bc", "abc"]


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=8), st.integers(1, 20), min_size=1, max_size=8),
    st.integers(1, 12),
)
def test_continue_merges_is_what_the_library_then_cuts(table, n_entries):
    vocab = {"a": 0, "b": 1}
    base = {"type": "BPE", "vocab": vocab, "merges": []}
    counts = make_counts(table)
    found = continue_merges(
        counts, [tuple(word) for word in counts.words], n_entries, min_documents=1, known=set(vocab)
    )
    base["vocab"] = {**vocab, **{entry.text: number for number, entry in enumerate(found.entries, start=2)}}
    base["merges"] = [list(pair) for pair in found.merges]
    tokenizer = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], "model": base}))
    total = sum(count * len(cut) for count, cut in zip(table.values(), cut_words(counts, tokenizer), strict=True))
    before = sum(count * len(word) for word, count in table.items())
    assert before - total == sum(entry.saved for entry in found.entries)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_cut_words_is_what_the_tokenizer_does(kind, tiny_plm):
    tokenizer = Tokenizer.from_file(str(tiny_plm(kind) / "tokenizer.json"))
    text = "aspirin inhibits the heart"
    counts = count_words([text], tokenizer)
    pieces = [piece for cut in cut_words(counts, tokenizer) for piece in cut]
    assert pieces == tokenizer.encode(f" {text}", add_special_tokens=False).tokens
