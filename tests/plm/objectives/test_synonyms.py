"""Self-alignment of synonyms: pairs, loss, what is learned, counted and refused."""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from spacy_biomedplm.cli.app import app
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.objectives.synonyms import NamePairs, align
from spacy_biomedplm.plm.sampling import Frame

FRAME = Frame((1,), (2,), 2)
WORDS = "aspirin kinase heart lithium receptor protein cells treatment failure cell".split()
NAMES = [
    (f"C{number}", f"{prefix}{WORDS[number % 10]} {WORDS[number // 10]}{suffix}")
    for number in range(60)
    for prefix, suffix in (("", ""), ("the ", ""), ("", " in"))
]


@pytest.fixture
def write(write_config: Callable[..., Path]) -> Callable[..., Path]:
    """Maker of a config that learns from a table."""

    def make(text: str = "", options: str = "", **values: Any) -> Path:
        objective = {"objective": f'name = "synonyms"\n{options}'}
        path = write_config(**{"length": 24, **objective, **values})
        table = text or "".join(f"{concept}\t{name}\n" for concept, name in NAMES)
        (path.parent / "names.tsv").write_text(table, encoding="utf8")
        path.write_text(path.read_text().replace("corpus.txt", "names.tsv"), encoding="utf8")
        return path

    return make


def make_cache(concepts: list[list[int]]) -> TokenCache:
    """A cut table: the lengths of the names of each concept; ids count from 100."""
    ends = np.cumsum([length for concept in concepts for length in concept])
    return TokenCache(np.arange(100, 100 + int(ends[-1])), np.cumsum([sum(concept) for concept in concepts]), ends)


@pytest.fixture
def stream() -> NamePairs:
    """Concepts with 3, 1, 2 and 6 names, of which the longest has 9 pieces."""
    cache = make_cache([[2, 3, 1], [4], [1, 1], [1, 2, 9, 1, 1, 1]])
    return NamePairs(cache, FRAME, 8, 1, pairs=5, first_concept=10)


def test_a_pass_has_each_pair_once(stream: NamePairs) -> None:
    assert stream.n_sequences == 3 + 0 + 1 + 5
    for turn in range(3):
        found = [stream.sequence(turn * stream.n_sequences + number) for number in range(stream.n_sequences)]
        assert Counter(pair.concept for pair in found) == {10: 3, 12: 1, 13: 5}
        shown = {(tuple(pair.first), tuple(pair.second)) for pair in found}
        assert len(shown) == stream.n_sequences
        assert all(pair.first.tolist() != pair.second.tolist() for pair in found)


def test_pairs_beyond_the_limit_have_their_turn(stream: NamePairs) -> None:
    found = [stream.sequence(number) for number in range(40 * stream.n_sequences)]
    assert len({(tuple(p.first), tuple(p.second)) for p in found if p.concept == 13}) == 15


def test_names_are_framed_and_cut(stream: NamePairs) -> None:
    names = stream.names_of(0)
    assert [name.tolist() for name in names] == [[1, 100, 101, 2], [1, 102, 103, 104, 2], [1, 105, 2]]
    assert [len(name) for name in stream.names_of(3)] == [3, 4, 8, 3, 3, 3]
    assert (stream.n_cut, stream.n_names, stream.usable.tolist()) == (1, 12, [0, 2, 3])


def test_no_concept_with_two_names() -> None:
    with pytest.raises(BiomedplmError, match=r"B549.*2 concepts"):
        NamePairs(make_cache([[1], [2]]), FRAME, 8, 1, pairs=5, first_concept=0)


def test_the_loss_is_that_of_the_definition() -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(12, 4, generator=generator, dtype=torch.float64)
    concepts = torch.arange(12) % 4
    names = torch.tensor([0, 1, 2, 3, 4, 0, 6, 7, 8, 9, 2, 11])
    found = align(vectors, concepts, names, margin=0.2)
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    total, n_hard, n_right, n_asked = 0.0, 0, 0, 0
    for a in range(12):
        positive = [p for p in range(12) if names[p] != names[a] and concepts[p] == concepts[a]]
        negative = [n for n in range(12) if names[n] != names[a] and concepts[n] != concepts[a]]
        hard = [
            (p, n) for p in positive for n in negative if (unit[a] - unit[n]).norm() - (unit[a] - unit[p]).norm() <= 0.2
        ]
        n_hard += bool(hard)
        total += math.log(1 + sum(math.exp(0.5 - float(unit[a] @ unit[p])) for p in {p for p, _ in hard}))
        total += math.log(1 + sum(math.exp(60 * (float(unit[a] @ unit[n]) - 0.5)) for n in {n for _, n in hard})) / 60
        if positive:
            n_asked += 1
            n_right += max([*positive, *negative], key=lambda other: float(unit[a] @ unit[other])) in positive
    assert float(found.loss) == pytest.approx(total / 12, rel=1e-6)
    assert (found.n_hard, found.n_right, found.n_asked) == (n_hard, n_right, n_asked)


def test_without_hard_pairs_nothing_is_learned() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    found = align(vectors, torch.tensor([0, 0, 1]), torch.arange(3), margin=0.2)
    found.loss.backward()
    assert found.loss.item() == 0
    assert vectors.grad is not None
    assert not vectors.grad.any()
    assert (found.n_right, found.n_asked, found.n_hard) == (2, 2, 0)


@pytest.mark.parametrize(("kind", "pooling"), [("bert", "cls"), ("roberta", "mean"), ("modernbert", "mean")])
def test_it_learns_and_saves_what_others_load(
    kind: str, pooling: str, write: Callable[..., Path], runner: Any, tmp_path: Path
) -> None:
    from transformers import AutoModel

    path = write(options=f'pooling = "{pooling}"', kind=kind, steps=30)
    path.write_text(path.read_text().replace("validation = 0.1", "validation = 0.3"))
    log = runner.train(path, tmp_path / "run")
    figures = [record for record in log if "validation_accuracy" in record]
    assert figures[-1]["validation_loss"] < figures[0]["validation_loss"]
    assert figures[-1]["validation_accuracy"] >= figures[0]["validation_accuracy"]
    assert not [record for record in log if "perplexity" in record]
    model, report = AutoModel.from_pretrained(tmp_path / "run" / "model", output_loading_info=True)
    assert not report["missing_keys"]
    trained = runner.start(path, tmp_path / "run").objective.network.state_dict()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, trained[name], rtol=0, atol=0)


def test_a_continued_run_has_the_same_curve(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    runner.goes_on(write(), tmp_path)


def test_batches(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write()
    runner.batches_are_pure(path, tmp_path / "run")
    objective = runner.start(path, tmp_path / "run").objective
    batch = objective.batch(0, 16)
    assert batch["lengths"].sum() == len(batch["ids"])
    assert len(batch["concepts"]) == 32
    assert (batch["concepts"][::2] == batch["concepts"][1::2]).all()
    (validation,) = [make() for make in objective.validation_batches(4, 256)]
    assert min(Counter(validation["concepts"].tolist()).values()) == 3
    # Numbers are those of a part; the names tell that no concept is in both.
    rows = [set(map(bytes, np.split(b["ids"], np.cumsum(b["lengths"])[:-1]))) for b in (batch, validation)]
    assert not rows[0] & rows[1]


def test_the_validation_is_cut_into_sets(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    text = "".join(
        f"C{number}\t{kind} {number:05}\n" for number in range(1500) for kind in ("the cell", "of the heart")
    )
    path = write(text)
    path.write_text(path.read_text().replace("validation = 0.1", "validation = 0.9"))
    sets = [make() for make in runner.start(path, tmp_path / "run").objective.validation_batches(4, 256)]
    assert [800 < len(found["concepts"]) < 1200 for found in sets] == [True, True, True]
    concepts = [set(found["concepts"].tolist()) for found in sets]
    assert len(set.union(*concepts)) == sum(map(len, concepts))
    few = [make() for make in runner.start(path, tmp_path / "run").objective.validation_batches(4, 16)]
    assert sum(len(found["concepts"]) for found in few) == 256


def test_the_command_says_what_is_cut_and_left_out(write: Callable[..., Path], tmp_path: Path) -> None:
    long = "".join(f"L{number}\t{'lithium ' * 30}{number}\nL{number}\tli {number}\n" for number in range(5))
    lines = "".join(f"{concept}\t{name}\n" for concept, name in NAMES)
    path = write(f"{lines}{long}S\tsingle\nC0\tASPIRIN ASPIRIN\n")
    result = CliRunner().invoke(app, ["pretrain", str(path), "--output", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "5 of 190 names have more than 22 pieces and are cut." in said
    assert "1 concepts left out, with fewer than two names" in said
    assert "1 names that repeat another of their concept" in said
    record = json.loads((tmp_path / "run" / "model" / "pretraining.json").read_text())
    assert record["remarks"] == ["5 of 190 names have more than 22 pieces and are cut."]
    assert record["corpora"]["tiny"]["read"]["concepts left out, with fewer than two names"] == 1


@pytest.mark.parametrize("rule", ["refuse", "drop"])
def test_held_out_names(rule: str, write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write(data=f'exclude = ["held_out.tsv"]\nexcluded = "{rule}"')
    (tmp_path / "held_out.tsv").write_text("C3\tthe LITHIUM aspirin\n")
    if rule == "refuse":
        with pytest.raises(BiomedplmError, match=r"B536.*C3 the lithium aspirin \(name of"):
            runner.start(path, tmp_path / "run")
        return
    run = runner.start(path, tmp_path / "run")
    counts = [run.corpora["tiny"][part]["sentences"] for part in ("train", "validation")]
    assert sum(counts) == len(NAMES) - 1


@pytest.mark.parametrize(
    ("values", "code"),
    [({"options": "pairs = 0"}, "B527"), ({"options": "margin = -1.0"}, "B527"), ({"options": "alpha = 1.0"}, "B527"),
     ({"options": 'pooling = "max"'}, "B527"), ({"kind": "t5"}, "B550"),
     ({"text": "C1\ta\nC2\tb\n"}, "B523")],
)  # fmt: skip
def test_refusals(values: dict[str, Any], code: str, write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=code):
        runner.start(write(**values), tmp_path / "run")


def test_one_pair_has_nothing_to_be_compared_with(write: Callable[..., Path], runner: Any, tmp_path: Path) -> None:
    path = write()
    path.write_text(path.read_text().replace("micro_batch = 4", "micro_batch = 1"))
    with pytest.raises(BiomedplmError, match=r"B527.*micro_batch"):
        runner.start(path, tmp_path / "run")


def test_a_decoder_has_no_first_piece_that_knows_the_name(
    write: Callable[..., Path], write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    model = write_scratch({"model_type": "biogpt", **sizes, "max_position_embeddings": 32}, "</s> $0")
    text = "".join(f"C{number}\tw{number} w{kind}\n" for number in range(9) for kind in (10, 11))
    with pytest.raises(BiomedplmError, match=r"B550.*biogpt"):
        runner.start(write(text, model=model), tmp_path / "run")
    runner.train(write(text, model=model, options='pooling = "mean"', steps=2), tmp_path / "run")


def test_names_without_a_first_special_piece(
    write: Callable[..., Path], write_scratch: Callable[..., str], runner: Any, tmp_path: Path
) -> None:
    model = write_scratch({"model_type": "gpt2", "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}, "")
    text = "".join(f"C{number}\tw{number} w{kind}\n" for number in range(9) for kind in (10, 11))
    with pytest.raises(BiomedplmError, match=r"B530.*'cls'"):
        runner.start(write(text, model=model), tmp_path / "run")
