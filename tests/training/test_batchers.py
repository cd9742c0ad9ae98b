from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.training import Example

from spacy_biomedplm.encoder.loading import load_tokenizer
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.training.batchers import create_wordpiece_batcher, group_by_length

nlp = spacy.blank("en")


def examples_of(lengths: list[int]) -> list[Example]:
    docs = [nlp.make_doc("cell " * length) for length in lengths]
    return [Example(doc, doc) for doc in docs]


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 100))
def test_group_by_length_takes_everything_within_the_limit(lengths: list[int], pieces: int) -> None:
    numbers: Any = list(range(len(lengths)))
    groups: Any = group_by_length(numbers, lengths, pieces)
    assert sorted(n for group in groups for n in group) == numbers
    for group in groups:
        assert len(group) == 1 or max(lengths[n] for n in group) * len(group) <= pieces
    # Of like length: groups do not interleave.
    sizes = [lengths[n] for group in groups for n in group]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("buffer", [7, 1000])
def test_batches_hold_every_example_once(buffer: int, tiny_plm: Any) -> None:
    examples = examples_of([n % 13 for n in range(50)])
    batcher = create_wordpiece_batcher(str(tiny_plm("bert")), pieces=24, groups=2, buffer=buffer)
    tokenizer = load_tokenizer(str(tiny_plm("bert")))
    batches = list(batcher(iter(examples)))
    assert sorted(id(eg) for batch in batches for eg in batch) == sorted(id(eg) for eg in examples)
    for batch in batches:
        lengths = [len(tokenizer.encode(eg.predicted.text, add_special_tokens=False).ids) for eg in batch]
        assert sum(lengths) <= 2 * 24


def test_long_document_is_a_group_of_its_own(tiny_plm: Any) -> None:
    batcher = create_wordpiece_batcher(str(tiny_plm("bert")), pieces=10, groups=1)
    assert sorted(len(batch) for batch in batcher(examples_of([100, 5, 5]))) == [1, 2]


def test_batches_follow_the_seed(tiny_plm: Any) -> None:
    examples = examples_of(list(range(30)))

    def run(seed: int) -> list[list[int]]:
        batcher = create_wordpiece_batcher(str(tiny_plm("bert")), pieces=32, groups=2, seed=seed)
        passes = [*batcher(examples), *batcher(examples)]
        return [[len(eg.predicted) for eg in batch] for batch in passes]

    assert run(1) == run(1)
    assert run(1) != run(2)
    once = len(run(1)) // 2
    assert run(1)[:once] != run(1)[once:], "another order in the second pass"


def test_no_examples(tiny_plm: Any) -> None:
    assert list(create_wordpiece_batcher(str(tiny_plm("bert")))([])) == []


def test_missing_encoder_raises_b101() -> None:
    with pytest.raises(BiomedplmError, match=r"B101.*'no/such-model'"):
        list(create_wordpiece_batcher("no/such-model")(examples_of([1])))
