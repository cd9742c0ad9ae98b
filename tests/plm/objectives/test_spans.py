"""Span corruption: sizes, spans and sentinels are right, and the model learns to fill them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.networks import depth_of
from spacy_biomedplm.plm.objectives.spans import choose_sizes, choose_spans, corrupt

T5 = {"model_type": "t5", "d_model": 16, "num_layers": 2, "num_heads": 2, "d_kv": 8, "d_ff": 32}
SENTINELS = tuple(f"<extra_id_{number}>" for number in range(4))
SHARES = st.floats(0.01, 0.5)
SPANS = st.floats(1.0, 8.0)


@pytest.fixture
def write(write_config: Callable[..., Path], write_scratch: Callable[..., str], toy_text: str) -> Callable[..., Path]:
    """Maker of a config for a new T5."""

    def make(special: tuple[str, ...] = SENTINELS, **options: Any) -> Path:
        model = write_scratch(T5, "$0 </s>", special=special)
        return write_config(**{"model": model, "text": toy_text, "objective": 'name = "spans"', **options})

    return make


def test_sizes_of_t5() -> None:
    # Text-to-Text Transfer Transformer: 512 pieces with the end, 15 %, mean span 3 give 568 pieces and a target of 114.
    sizes = choose_sizes(511, 0.15, 3.0)
    assert (sizes.pieces, sizes.target + 1) == (568, 114)


@given(st.integers(2, 600), SHARES, SPANS)
def test_sizes_fill_the_input(length: int, share: float, span: float) -> None:
    sizes = choose_sizes(length, share, span)
    assert sizes.input == length
    assert 1 <= sizes.spans <= sizes.hidden <= sizes.pieces - sizes.hidden


@given(st.integers(2, 80), st.integers(1, 4), SHARES, SPANS, st.integers(0, 2**32))
def test_inputs_and_targets_give_back_the_text(length: int, rows: int, share: float, span: float, seed: int) -> None:
    sizes = choose_sizes(length, share, span)
    sentinels = 1000 - np.arange(sizes.spans)
    ids = np.arange(rows * sizes.pieces).reshape(rows, -1) % 500
    hidden = choose_spans(rows, sizes, np.random.default_rng(seed))
    inputs, targets = corrupt(ids, hidden, sentinels)
    assert inputs.shape == (rows, sizes.input)
    assert targets.shape == (rows, sizes.target)
    for row in range(rows):
        answers: dict[int, list[int]] = {}
        for piece in targets[row].tolist():
            if piece > 500:
                answers[piece] = []
            else:
                answers[next(reversed(answers))].append(piece)
        assert list(answers) == sentinels.tolist()
        assert all(answers.values())
        restored = [p for piece in inputs[row].tolist() for p in answers.get(piece, [piece])]
        assert restored == ids[row].tolist()


def test_spans_are_everywhere() -> None:
    sizes = choose_sizes(40, 0.15, 3.0)
    hidden = choose_spans(2000, sizes, np.random.default_rng(0))
    assert not hidden[:, 0].any()
    assert hidden[:, -1].all()
    assert (hidden[:, 3:-3].mean(axis=0) > 0.05).all()


def test_it_learns_and_saves_what_others_load(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM

    path = write(steps=40, length=24, training="layer_decay = 0.9")
    runner.learns(path, tmp_path / "run")
    model, report = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert model.config.decoder_start_token_id == 0
    trained = runner.start(path, tmp_path / "run").objective.network.state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, trained[name], rtol=0, atol=0)
    model.generate(torch.tensor([[6, 7, 3]]), max_new_tokens=2)


def test_a_continued_run_has_the_same_curve(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    runner.goes_on(write(), tmp_path)


def test_batches(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write(length=24)
    runner.batches_are_pure(path, tmp_path / "run")
    objective = runner.start(path, tmp_path / "run").objective
    batch = objective.batch(0, 4)
    gold = batch["gold"].reshape(4, -1)
    assert batch["ids"].shape == (4, 24)
    assert (batch["ids"][:, -1] == 3).all()
    assert (gold[:, -1] == 3).all()
    assert not (gold[:, :-1] == 3).any()
    assert (batch["decoder_ids"][:, 0] == 0).all()
    np.testing.assert_array_equal(batch["decoder_ids"][:, 1:], gold[:, :-1])
    assert (gold[:, 0] == objective.vocabulary.tokenizer.token_to_id("<extra_id_0>")).all()


def test_too_few_sentinels(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B544.*has 0 sentinels.* 1 are wanted"):
        runner.start(write(special=()), tmp_path / "run")
    with pytest.raises(BiomedplmError, match=r"B544.*has 4 sentinels.* 5 are wanted"):
        runner.start(write(length=88), tmp_path / "run")


@pytest.mark.parametrize("option", ["share = 0.6", "share = 0.0", "span = 0.5"])
def test_options_out_of_range(option: str, write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B527"):
        runner.start(write(objective=f'name = "spans"\n{option}'), tmp_path / "run")


def test_a_start_without_its_decoder_is_refused(
    write_config: Callable[..., Path], tiny_plm: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    with pytest.raises(BiomedplmError, match=r"B533.*decoder"):
        runner.start(write_config(kind="t5", objective='name = "spans"'), tmp_path / "run")


def test_depth_in_both_stacks() -> None:
    names = ("decoder.block.1.layer.1.EncDecAttention.q.weight", "encoder.block.0.layer.0.SelfAttention.q.weight")
    assert [depth_of(name, 2) for name in (*names, "shared.weight")] == [0, 1, 2]
