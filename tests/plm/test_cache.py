"""Cut corpora on the disk, the sequences made of them, and what is hidden."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.cache import TokenCache, build_cache, is_validation, open_cache
from spacy_biomedplm.plm.masking import Pieces, choose_runs, choose_words, describe_pieces, hide
from spacy_biomedplm.plm.sampling import Frame, Mixture, Stream
from spacy_biomedplm.plm.text import RawDocument

WORDS = ["[UNK]", *"abcdefgh", "."]


@pytest.fixture
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def documents(*texts: str) -> list[RawDocument]:
    return [RawDocument(text, None, "here") for text in texts]


def test_cache_holds_every_piece(tokenizer: Tokenizer, tmp_path: Path) -> None:
    made_of = {"files": ["x"]}
    given = documents("a b. C d", "e", "f g h")
    build_cache(tmp_path / "c", given, tokenizer, validation=0.0, made_of=made_of, unknown=0)
    cache = open_cache(tmp_path / "c", "train", made_of)
    assert cache is not None
    assert cache.ids.tolist() == [1, 2, 9, 0, 4, 5, 6, 7, 8]
    assert cache.documents.tolist() == [5, 6, 9]
    assert cache.sentences.tolist() == [3, 5, 6, 9]
    meta = json.loads((tmp_path / "c" / "meta.json").read_text())
    assert meta["train"] == {"pieces": 9, "documents": 3, "sentences": 4, "unknown": 1}
    assert open_cache(tmp_path / "c", "train", {"files": ["y"]}) is None
    assert open_cache(tmp_path / "missing", "train", made_of) is None


def test_validation_does_not_depend_on_order(tokenizer: Tokenizer, tmp_path: Path) -> None:
    texts = [f"{'a ' * number}b" for number in range(1, 200)]
    for name, ordered in (("x", texts), ("y", texts[::-1])):
        build_cache(tmp_path / name, documents(*ordered), tokenizer, validation=0.2, made_of={})
    counts = [json.loads((tmp_path / name / "meta.json").read_text())["validation"] for name in "xy"]
    assert counts[0] == counts[1]
    assert counts[0]["documents"] == sum(is_validation(text, 0.2) for text in texts)
    assert 15 < counts[0]["documents"] < 70


def test_empty_corpus_leaves_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B523"):
        build_cache(tmp_path / "c", documents(), tokenizer, validation=0.0, made_of={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["short", "meta"])
def test_damaged_cache(damage: str, tokenizer: Tokenizer, tmp_path: Path) -> None:
    build_cache(tmp_path / "c", documents("a b c"), tokenizer, validation=0.0, made_of={})
    victim = tmp_path / "c" / ("train.ids" if damage == "short" else "meta.json")
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(BiomedplmError, match="B525"):
        open_cache(tmp_path / "c", "train", {})


def test_disk_without_room(tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BiomedplmError, match=r"B524.*No space left"):
        build_cache(tmp_path / "c", documents("a b c"), tokenizer, validation=0.0, made_of={})
    assert list(tmp_path.iterdir()) == []


lengths_of_documents = st.lists(st.integers(1, 30), min_size=1, max_size=20)


def cache_of(lengths: list[int]) -> TokenCache:
    ends = np.cumsum(lengths)
    return TokenCache(np.arange(10, 10 + ends[-1]), ends, ends)


@given(lengths_of_documents, st.integers(4, 40), st.integers(0, 9))
def test_a_pass_reads_every_piece_once_without_padding(lengths: list[int], length: int, seed: int) -> None:
    cache = cache_of(lengths)
    stream = Stream(cache, Frame((1,), (2,), 3), length, seed)
    rows = np.stack([stream.sequence(number) for number in range(stream.n_sequences)])
    assert rows.shape[1] == length
    assert set(rows[:, 0]) == {1}
    assert set(rows[:, -1]) == {2}
    read = rows[:, 1:-1].ravel()
    total = len(cache.ids) + len(lengths)
    pieces = read[read >= 10]
    if total >= length - 2:
        assert len(set(pieces.tolist())) == len(pieces)
        assert total - len(read) < length - 2
        left = np.setdiff1d(cache.ids, pieces)
        assert len(left) < length - 2
    # Every document is followed by a separator.
    following = {int(a): int(b) for row in rows[:, 1:-1] for a, b in pairwise(row)}
    for end in cache.documents:
        assert following.get(int(cache.ids[end - 1]), 3) == 3


def test_streams_differ_between_passes_and_repeat_between_runs() -> None:
    def rows(numbers: range) -> list[list[int]]:
        stream = Stream(cache_of([40, 50, 60]), Frame((1,), (2,), 3), 12, 5)
        return [stream.sequence(number).tolist() for number in numbers]

    first, second = rows(range(15)), rows(range(15, 30))
    assert first == rows(range(15))
    assert sorted(first) != sorted(second)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5), st.integers(0, 5000))
def test_mixture_numbers_the_samples_of_each_corpus(weights: list[float], start: int) -> None:
    mixture = Mixture(weights)
    seen: dict[int, int] = {}
    for number in range(start, start + 300):
        corpus, place = mixture.locate(number)
        assert place == seen.get(corpus, place - 1) + 1
        seen[corpus] = place
    assert mixture.locate(0)[1] == 0


def test_mixture_has_the_shares_that_are_asked() -> None:
    mixture = Mixture([3, 1, 0.0001])
    found = np.bincount([mixture.locate(number)[0] for number in range(80_000)], minlength=3)
    assert found[2] == 2
    assert abs(found[0] - 60_000) <= 4
    found = np.bincount([mixture.locate(number)[0] for number in range(1000)], minlength=3)
    assert abs(found[0] - 750) <= 4, "the shares hold in any stretch"


def pieces_of(size: int = 50) -> Pieces:
    special = np.zeros(size, dtype=bool)
    special[:4] = True
    inside = np.zeros(size, dtype=bool)
    inside[30:] = True
    return Pieces(size, 3, special, inside)


rows_of_ids = st.tuples(st.integers(1, 4), st.integers(2, 40), st.integers(0, 1000))


@given(rows_of_ids, st.floats(0.05, 0.9))
def test_whole_words_are_hidden_together(shape: tuple[int, int, int], share: float) -> None:
    rng = np.random.default_rng(shape[2])
    ids = rng.integers(0, 50, shape[:2])
    pieces = pieces_of()
    chosen = choose_words(ids, pieces, share, rng, whole_words=True)
    assert not (chosen & pieces.special[ids]).any()
    for row, flags in zip(ids, chosen, strict=True):
        assert flags.any() == (~pieces.special[row]).any()
        if flags.sum() == 1:
            continue  # may be the one that every row has at least
        for place in range(1, len(row)):
            if pieces.inside[row[place]] and not pieces.special[row[place - 1]]:
                assert flags[place] == flags[place - 1]


@pytest.mark.parametrize("whole_words", [True, False])
def test_share_of_hidden_pieces(whole_words: bool) -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(4, 50, (40, 200))
    chosen = choose_words(ids, pieces_of(), 0.15, rng, whole_words=whole_words)
    assert abs(chosen.mean() - 0.15) < 0.02
    hidden = hide(ids, chosen, pieces_of(), rng)
    assert (hidden[~chosen] == ids[~chosen]).all()
    assert abs((hidden[chosen] == 3).mean() - 0.8) < 0.05
    assert not pieces_of().special[hidden[chosen & (hidden != 3)]].any()


@pytest.mark.parametrize("run", [1, 3, 6])
def test_runs_have_their_length_and_share(run: int) -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(4, 50, (40, 300))
    chosen = choose_runs(ids, pieces_of(), 0.15, run, rng)
    assert abs(chosen.mean() - 0.15) < 0.03
    for row in chosen:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        starts, ends = edges[::2], edges[1::2]
        assert all(end - start >= run for start, end in zip(starts, ends, strict=True) if start and end < len(row))
    shares = choose_runs(rng.integers(4, 50, (9000, 100)), pieces_of(), 0.15, run, rng).mean(axis=0)
    assert np.abs(shares - 0.15).max() < 0.02, "at the edges too"


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_pieces_within_words_are_known(kind: str, tiny_plm: Callable[..., Path]) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_plm(kind) / "tokenizer.json"))
    encoded = tokenizer.encode("phosphorylation inhibits", add_special_tokens=False)
    pieces = describe_pieces(tokenizer, 0, {0}, tokenizer.get_vocab_size() + 3)
    starts = [word for word, inside in zip(encoded.word_ids, pieces.inside[encoded.ids], strict=True) if not inside]
    # The first piece of a text has no mark in byte-level vocabularies; masking takes it for a start all the same.
    assert starts in ([0, 1], [1])
    assert pieces.special[-3:].all()


def test_cutting_keeps_every_character_of_running_text(tmp_path: Path) -> None:
    text = 'Levels rose (p < 0.05.) We saw "no." (See Table 1.) The end'
    tokenizer = Tokenizer(
        models.BPE(vocab={c: n for n, c in enumerate(pre_tokenizers.ByteLevel.alphabet())}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    build_cache(tmp_path / "c", documents(text), tokenizer, validation=0.0, made_of={})
    cache = open_cache(tmp_path / "c", "train", {})
    assert cache is not None
    assert tokenizer.decode(cache.ids.tolist()) == text
    starts = [0, *cache.sentences.tolist()[:-1]]
    found = [tokenizer.decode(cache.ids[a:b].tolist()) for a, b in zip(starts, cache.sentences, strict=True)]
    assert found == ["Levels rose (p < 0.05.)", ' We saw "no."', " (See Table 1.)", " The end"]


def test_a_folder_that_is_no_cache_is_left_alone(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "abstracts.txt").write_text("a b c")
    with pytest.raises(BiomedplmError, match=r"B551.*abstracts\.txt"):
        build_cache(tmp_path / "c", documents("a b c"), tokenizer, validation=0.0, made_of={})
    assert (tmp_path / "c" / "abstracts.txt").read_text() == "a b c"


def test_what_refuses_a_corpus_at_the_end_leaves_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    def refuse() -> dict[str, Any]:
        raise BiomedplmError("refused")

    with pytest.raises(BiomedplmError, match="refused"):
        build_cache(tmp_path / "c", documents("a"), tokenizer, validation=0.0, made_of={}, finish=refuse)
    assert not list(tmp_path.iterdir())
    build_cache(tmp_path / "c", documents("a"), tokenizer, validation=0.0, made_of={}, finish=lambda: {"x.txt": "y"})
    assert (tmp_path / "c" / "x.txt").read_text() == "y"


def test_text_that_the_vocabulary_does_not_know_is_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B557"):
        build_cache(tmp_path / "c", documents("x y z"), tokenizer, validation=0.0, made_of={}, unknown=0)


def test_other_marks_of_words_are_known() -> None:
    cut = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1, "##b": 2, "\u0120": 3, "c": 4}, unk_token="[UNK]"))
    assert describe_pieces(cut, 0, {0}, 5).inside.tolist() == [False, False, True, False, False]
    ends = Tokenizer(models.BPE({"[UNK]": 0, "a": 1, "b</w>": 2, "c</w>": 3}, [], end_of_word_suffix="</w>"))
    pieces = describe_pieces(ends, 0, {0}, 4)
    ids = np.array([[1, 2, 3, 1, 1, 2]] * 200)
    chosen = choose_words(ids, pieces, 0.4, np.random.default_rng(0), whole_words=True)
    several = chosen[chosen.sum(axis=1) > 1]
    assert (several[:, 0] == several[:, 1]).all()
    assert (several[:, 3] == several[:, 5]).all()
    assert (several[:, 1] != several[:, 2]).any()
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "ACG": 1}, unk_token="[UNK]"))
    assert not describe_pieces(words, 0, {0}, 2).inside.any()
