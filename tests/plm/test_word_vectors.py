import numpy as np
import pytest
from tokenizers import Tokenizer

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.word_vectors import _count_neighbours, _mutual_information, align, cosines, train_vectors
from spacy_biomedplm.plm.words import count_words


@pytest.fixture
def tokenizer(tiny_plm):
    return Tokenizer.from_file(str(tiny_plm("bert") / "tokenizer.json"))


def test_train_vectors_finds_words_that_are_used_alike(tokenizer):
    rng = np.random.default_rng(1)
    drugs, organs = ["aspirin", "lithium", "heparin"], ["heart", "liver", "kidney"]
    texts = []
    for _ in range(400):
        filler = " ".join(rng.choice([f"w{n}" for n in range(30)], 3))
        texts.append(f"dose of {rng.choice(drugs)} mg daily {filler}")
        texts.append(f"failure in {rng.choice(organs)} tissue sample {filler}")
    counts = count_words(texts, tokenizer, keep_order=True)
    vectors = train_vectors(counts, width=8, window=3)
    rows = {counts.words[number]: row for number, row in zip(vectors.numbers, vectors.rows, strict=True)}

    def alike(left, right):
        return float(cosines(rows[left][None], rows[right][None])[0])

    assert alike("aspirin", "lithium") > 0.8
    assert alike("heart", "kidney") > 0.8
    assert alike("aspirin", "heart") < 0.3
    again = train_vectors(counts, width=8, window=3)
    np.testing.assert_array_equal(vectors.rows, again.rows)


def test_count_neighbours_weighs_distance_and_stops_at_documents():
    order = np.array([0, 1, 2, 0, -1, 1, 0, -1], dtype=np.int32)
    rank = np.array([0, 1, -1, -1])  # the word 2 is rare; the last place is that of breaks
    keys, weights = _count_neighbours(order, rank, 2, window=2)
    # 0 and 1 side by side twice; at a distance of 2: 1 and 0 once. 0 and 0 are 3 apart.
    assert dict(zip(keys.tolist(), weights.tolist(), strict=True)) == {1: 2 + 0.5}


def test_align_finds_a_linear_map():
    rng = np.random.default_rng(1)
    true = rng.normal(size=(5, 7))
    source = rng.normal(size=(60, 5)).astype(np.float32)
    target = (source @ true + 3).astype(np.float32)
    found = align(source[:50], target[:50], source[50:])
    np.testing.assert_allclose(found.rows, target[50:], atol=1e-3)
    assert found.cosine == pytest.approx(1.0, abs=1e-4)
    assert found.n_shared == 50


def test_align_does_not_report_what_it_saw():
    rng = np.random.default_rng(1)
    source, target = (rng.normal(size=(200, 100)).astype(np.float32) for _ in range(2))
    assert abs(align(source, target, source[:1]).cosine) < 0.3


def test_vectors_need_words(tokenizer):
    with pytest.raises(BiomedplmError, match="B516"):
        train_vectors(count_words(["aspirin in heart failure"] * 9, tokenizer, keep_order=True))
    rows = np.zeros((3, 2), np.float32)
    with pytest.raises(BiomedplmError, match="B516"):
        align(rows, rows, rows)


def test_cosines_of_zero_rows():
    rows = np.array([[0.0, 0.0], [1.0, 2.0]], np.float32)
    np.testing.assert_allclose(cosines(rows, rows[::-1] * 0 + rows), [0.0, 1.0], rtol=1e-6)


def test_a_word_beside_itself_is_counted_as_often_as_beside_others():
    counted = np.array([[4.0, 2.0], [2.0, 6.0]])
    keys = np.array([0, 1, 3])
    found = _mutual_information(keys, np.array([2.0, 2.0, 3.0]), 2).to_dense().numpy()
    contexts = counted.sum(axis=0) ** 0.75
    wanted = np.log(counted / counted.sum(axis=1)[:, None] / (contexts / contexts.sum()))
    np.testing.assert_allclose(found, np.maximum(wanted, 0), atol=1e-6)
