"""Pairs of segments: where they meet, what belongs together, what is learned and saved."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.networks import SequenceReader
from spacy_biomedplm.plm.objectives.pairs import Pair, PairStream
from spacy_biomedplm.plm.sampling import Frame

FRAME = Frame((1,), (2,), 3)
BERT = {
    "model_type": "bert",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
}
MODELS = {
    "bert": BERT,
    "megatron-bert": {**BERT, "model_type": "megatron-bert"},
    "albert": {**BERT, "model_type": "albert", "embedding_size": 8},
}
DOCUMENTS = st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=5), min_size=2, max_size=8).filter(
    lambda documents: any(len(document) > 1 for document in documents)
)


def make_cache(documents: list[list[int]]) -> TokenCache:
    """Cut corpus of documents, each a list of the lengths of its sentences; ids count from 100."""
    lengths = [length for document in documents for length in document]
    ends = np.cumsum([sum(document) for document in documents])
    return TokenCache(np.arange(100, 100 + sum(lengths)), ends, np.cumsum(lengths))


def segments(pair: Pair) -> tuple[list[int], list[int]]:
    """Pieces of both segments, without the special pieces around them."""
    length = int((pair.types == 0).sum())
    assert (pair.types == np.array([0] * length + [1] * (len(pair.types) - length))).all()
    assert (pair.ids[0], pair.ids[length - 1], pair.ids[-1]) == (1, 3, 2)
    return pair.ids[1 : length - 1].tolist(), pair.ids[length:-1].tolist()


@given(DOCUMENTS, st.integers(8, 40), st.booleans(), st.integers(0, 200))
def test_segments_meet_where_a_sentence_ends(documents: list[list[int]], length: int, swaps: bool, number: int) -> None:
    cache = make_cache(documents)
    stream = PairStream(cache, FRAME, length, 1, swaps=swaps)
    pair = stream.sequence(number)
    assert pair.ids.shape == pair.types.shape == (length,)
    first, second = segments(pair)
    if swaps and pair.label:
        first, second = second, first
    meeting = first[-1] - 100 + 1
    assert meeting in set(cache.sentences.tolist()) - set(cache.documents.tolist())
    if swaps or not pair.label:
        assert second[0] == first[-1] + 1
    else:
        starts = {0, *cache.sentences.tolist()}
        assert second[0] - 100 in starts
        document_of = [
            int(np.searchsorted(cache.documents, place, side="right")) for place in (meeting, second[0] - 100)
        ]
        assert document_of[0] != document_of[1]
    for segment in (first, second):
        for one, other in pairwise(segment):
            at_end = (one - 99) in cache.documents.tolist()
            assert other == (3 if at_end else one + 1) or one == 3


@pytest.mark.parametrize("swaps", [False, True])
def test_a_pass_reads_everything_and_labels_are_even(swaps: bool) -> None:
    cache = make_cache([[7, 9, 4], [8, 8], [5, 6, 7, 8]] * 60)
    stream = PairStream(cache, FRAME, 27, 1, swaps=swaps)
    pairs = [stream.sequence(number) for number in range(stream.n_sequences)]
    labels = [pair.label for pair in pairs]
    assert 0.35 < np.mean(labels) < 0.65
    read = {piece for pair in pairs for piece in pair.ids.tolist() if piece >= 100}
    # Wrong segments take the place of others; of what is only swapped nearly all is read.
    assert len(read) > (0.95 if swaps else 0.6) * len(cache.ids)
    again = PairStream(cache, FRAME, 27, 1, swaps=swaps)
    assert np.array_equal(again.sequence(stream.n_sequences + 2).ids, stream.sequence(stream.n_sequences + 2).ids)
    assert np.array_equal(again.sequence(1).ids, pairs[1].ids)


@pytest.mark.parametrize(
    ("documents", "swaps"), [([[5], [6], [7]], True), ([[5], [6], [7]], False), ([[5, 6, 7]], False)]
)
def test_text_without_pairs(documents: list[list[int]], swaps: bool) -> None:
    with pytest.raises(BiomedplmError, match="B541"):
        PairStream(make_cache(documents), FRAME, 16, 1, swaps=swaps)


@pytest.fixture
def write(write_config: Callable[..., Path], write_scratch: Callable[..., str], toy_text: str) -> Callable[..., Path]:
    """Maker of a config for a new model."""

    def make(kind: str = "bert", name: str = "masked+next", frame: str = "<s> $0 </s>", **options: Any) -> Path:
        model = write_scratch(MODELS[kind], frame)
        values = {"model": model, "text": toy_text, "objective": f'name = "{name}"', "length": 24, **options}
        return write_config(**values)

    return make


@pytest.mark.parametrize(
    ("kind", "name"),
    [("bert", "masked+next"), ("bert", "masked+order"), ("albert", "masked+order"), ("megatron-bert", "masked+next")],
)
def test_it_learns_and_saves_what_others_load(
    kind: str, name: str, write: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    from transformers import AutoModelForPreTraining

    path = write(kind, name, steps=40)
    runner.learns(path, tmp_path / "run", "masked_loss")
    model, report = AutoModelForPreTraining.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    trained = runner.start(path, tmp_path / "run").objective.network.state_dict()
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, trained[key], rtol=0, atol=0)


@pytest.mark.parametrize("kind", MODELS)
def test_the_loss_is_that_of_transformers(kind: str, write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    objective = runner.start(write(kind), tmp_path / "run").objective
    batch = {name: torch.from_numpy(value) for name, value in objective.batch(0, 8).items()}
    objective.network.eval()
    labels = torch.full((batch["ids"].numel(),), -100)
    known = batch["gold"] >= 0
    labels[batch["places"][known]] = batch["gold"][known]
    of_pairs = "sentence_order_label" if kind == "albert" else "next_sentence_label"
    wanted = objective.model(
        input_ids=batch["ids"],
        token_type_ids=batch["types"],
        labels=labels.reshape(batch["ids"].shape),
        **{of_pairs: batch["labels"]},
    ).loss
    torch.testing.assert_close(objective.loss(batch).loss, wanted, rtol=1e-4, atol=1e-5)


def test_pairs_can_be_learned(
    write_config: Callable[..., Path], write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    # First sentences have even words, second ones odd words, and hardly more than one of each fits into a sequence.
    documents = [f"W{a} w{b} w{a} . W{a + 1} w{b + 1} w{a + 1} ." for a in range(0, 30, 2) for b in range(0, 30, 2)]
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "initializer_range": 0.2}
    model = write_scratch({**BERT, **sizes}, "<s> $0 </s>")
    objective = 'name = "masked+order"\nshare = 0.05'
    path = write_config(model=model, text="\n".join(documents), objective=objective, length=8, steps=30)
    path.write_text(path.read_text().replace("batch = 8\nmicro_batch = 4", "batch = 32\nmicro_batch = 32"))
    runner.learns(path, tmp_path / "run", "pair_loss", share=0.8)


@pytest.mark.parametrize("name", ["masked+next", "masked+order"])
def test_batches_and_continuation(name: str, write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write(name=name)
    runner.batches_are_pure(path, tmp_path / "run")
    runner.goes_on(path, tmp_path)


def test_segments_are_told_apart_in_both_ways_through_the_network(tiny_plm: Callable[..., Path]) -> None:
    from transformers import AutoModel

    no_dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    reader = SequenceReader(AutoModel.from_pretrained(tiny_plm("bert"), **no_dropout))
    ids = torch.randint(5, 60, (3, 20))
    types = (torch.arange(20) > 8).long().expand(3, -1)
    assert reader.fast is not None
    fast = reader(ids, types)
    assert not torch.allclose(fast, reader(ids))
    reader.fast = None
    torch.testing.assert_close(fast, reader(ids, types), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kind", "reason"), [("roberta", "type bert"), ("electra", "type bert"), ("t5", "type bert")])
def test_models_without_such_a_head(
    kind: str, reason: str, write_config: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    with pytest.raises(BiomedplmError, match=f"B540.*{reason}"):
        runner.start(write_config(kind=kind, objective='name = "masked+next"'), tmp_path / "run")


def test_models_of_one_segment(
    write_config: Callable[..., Path], write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    model = write_scratch({**BERT, "type_vocab_size": 1}, "<s> $0 </s>")
    with pytest.raises(BiomedplmError, match=r"B540.*type_vocab_size"):
        runner.start(write_config(model=model, objective='name = "masked+next"'), tmp_path / "run")


def test_sequences_that_begin_with_text(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B530.*cls"):
        runner.start(write(frame="$0 </s>"), tmp_path / "run")
