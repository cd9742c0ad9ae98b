from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.ner.tags import TagScheme, _illegal, best_tags, decode_tags, encode_tags, make_schemes

Entity = tuple[int, int, int]


def scheme_of(n_labels: int) -> TagScheme:
    return TagScheme("g", tuple(f"L{i}" for i in range(n_labels)), 0)


def name_of(tag: int) -> str:
    return "O" if tag == 0 else "BIES"[(tag - 1) % 4] + str((tag - 1) // 4)


def is_legal(tags: list[int]) -> bool:
    """BIOES by its grammar, from names of tags."""
    inside = ""
    for name in (name_of(tag) for tag in tags):
        kind, label = name[0], name[1:]
        if inside and (kind not in "IE" or label != inside):
            return False
        if not inside and kind in "IE":
            return False
        inside = label if kind in "BI" else ""
    return not inside


@st.composite
def documents(draw: st.DrawFn, n_labels: int = 3) -> tuple[list[Entity], int]:
    """Entities without overlap, and the number of tokens."""
    entities, at = [], 0
    for gap, length, label in draw(
        st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, n_labels - 1)), max_size=8)
    ):
        entities.append((at + gap, at + gap + length, label))
        at += gap + length
    return entities, at + draw(st.integers(0, 3))


@given(documents())
def test_encode_and_decode_are_inverse(document: tuple[list[Entity], int]) -> None:
    entities, n_tokens = document
    tags = encode_tags(entities, n_tokens)
    assert len(tags) == n_tokens
    assert is_legal(tags.tolist())
    assert [tuple(row) for row in decode_tags(tags).tolist()] == entities


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10), st.integers(0, 2)), max_size=8))
def test_encode_of_any_entities_is_legal_and_keeps_the_longest(entities: list[Entity]) -> None:
    tags = encode_tags(entities, 10)
    assert is_legal(tags.tolist())
    kept = {tuple(row) for row in decode_tags(tags).tolist()}
    assert kept <= set(entities)
    for start, end, _ in entities:
        if start < end:
            assert any(a < end and start < b and b - a >= end - start for a, b, _ in kept)


@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_scheme_agrees_with_the_grammar(n_labels: int) -> None:
    scheme = scheme_of(n_labels)
    assert scheme.n_tags == 1 + 4 * n_labels
    begin, finish = scheme.borders
    for one in range(scheme.n_tags):
        # A single tag is legal by itself if it may begin and end a document.
        assert (begin[one] == 0 and finish[one] == 0) == is_legal([one])
        for other in range(scheme.n_tags):
            legal = scheme.transitions[one, other] == 0 and begin[one] == 0 and finish[other] == 0
            assert legal == is_legal([one, other])
    assert set(np.unique(scheme.transitions).tolist()) == {-10_000.0, 0.0}


def test_make_schemes_puts_columns_side_by_side() -> None:
    schemes = make_schemes({"a": ["X"], "b": ["X", "Y"], "c": ["Z"]})
    assert [scheme.columns for scheme in schemes] == [slice(0, 5), slice(5, 14), slice(14, 19)]
    assert [scheme.labels for scheme in schemes] == [("X",), ("X", "Y"), ("Z",)]


@given(st.lists(st.lists(st.integers(0, 8), max_size=6), max_size=6))
def test_illegal_agrees_with_the_grammar(sequences: list[list[int]]) -> None:
    sequences = [tags for tags in sequences if tags]
    lengths = np.array([len(tags) for tags in sequences], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    found = _illegal(np.array([t for tags in sequences for t in tags], dtype=np.int64), starts, lengths)
    assert found.tolist() == [not is_legal(tags) for tags in sequences]


def best_of_one(
    scores: np.ndarray, lengths: np.ndarray, scheme: TagScheme, learned: np.ndarray | None = None
) -> np.ndarray:
    (tags,) = best_tags(scores, lengths, [scheme], [] if learned is None else [learned])
    return tags


def brute_force(scores: np.ndarray, learned: np.ndarray | None) -> list[int]:
    paths = [path for path in product(range(scores.shape[1]), repeat=len(scores)) if is_legal(list(path))]

    def weight(path: tuple[int, ...]) -> float:
        total = sum(float(scores[t, tag]) for t, tag in enumerate(path))
        return total + (0 if learned is None else sum(float(learned[a, b]) for a, b in pairwise(path)))

    return list(max(paths, key=weight))


@pytest.mark.parametrize("with_learned", [False, True])
@pytest.mark.parametrize(("n_labels", "longest"), [(1, 5), (2, 3)])
def test_best_tags_equals_brute_force(with_learned: bool, n_labels: int, longest: int) -> None:
    generator = np.random.default_rng(n_labels)
    scheme = scheme_of(n_labels)
    for _ in range(4):
        lengths = generator.integers(0, longest + 1, size=20)
        scores = generator.normal(size=(lengths.sum(), scheme.n_tags)).astype("float32")
        learned = generator.normal(size=(scheme.n_tags,) * 2).astype("float32") if with_learned else None
        found = best_of_one(scores, lengths, scheme, learned)
        ends = np.cumsum(lengths)
        wanted = [
            tag
            for end, n in zip(ends, lengths, strict=True)
            for tag in (brute_force(scores[end - n : end], learned) if n else [])
        ]
        assert found.tolist() == wanted


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 1000), st.booleans())
def test_best_tags_are_legal_and_independent(sizes: list[int], seed: int, with_learned: bool) -> None:
    generator = np.random.default_rng(seed)
    scheme = scheme_of(2)
    lengths = np.array(sizes, dtype=np.int64)
    scores = generator.normal(size=(lengths.sum(), scheme.n_tags)).astype("float32")
    learned = generator.normal(size=(scheme.n_tags,) * 2).astype("float32") if with_learned else None
    found = best_of_one(scores, lengths, scheme, learned)
    for end, size in zip(np.cumsum(lengths), sizes, strict=True):
        own = found[end - size : end]
        assert is_legal(own.tolist())
        np.testing.assert_array_equal(own, best_of_one(scores[end - size : end], np.array([size]), scheme, learned))


@pytest.mark.parametrize("outside", [3.0, 5.0, 6.5, 8.0, 10.0])
@pytest.mark.parametrize("spread", [0.5, 2.0, 4.0, 6.0])
@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_best_tags_by_stretches_are_those_of_whole_documents(outside: float, spread: float, share: float) -> None:
    """With transitions that are all 0, every document is searched as a whole."""
    generator = np.random.default_rng(0)
    scheme = scheme_of(2)
    for _ in range(40):
        lengths = generator.integers(0, 60, size=6)
        scores = (spread * generator.normal(size=(lengths.sum(), scheme.n_tags))).astype("float32")
        scores[:, 0] += outside * (generator.random(len(scores)) < share)
        whole = best_of_one(scores, lengths, scheme, np.zeros((scheme.n_tags,) * 2, dtype="float32"))
        np.testing.assert_array_equal(best_of_one(scores, lengths, scheme), whole)


def test_best_tags_do_not_depend_on_what_is_searched_together(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    schemes = make_schemes({"a": ["X"], "b": ["X", "Y", "Z"]})
    lengths = generator.integers(0, 60, size=40)
    scores = generator.normal(size=(lengths.sum(), schemes[-1].columns.stop)).astype("float32")
    wanted = best_tags(scores, lengths, schemes)
    for together in (1, 100, 3_000):
        monkeypatch.setattr("spacy_biomedplm.ner.tags._TOGETHER", together)
        for one, other in zip(best_tags(scores, lengths, schemes), wanted, strict=True):
            np.testing.assert_array_equal(one, other)


def test_best_tags_leaves_a_legal_argmax_alone() -> None:
    scheme = scheme_of(1)
    scores = np.eye(5, dtype="float32")[encode_tags([(0, 2, 0), (3, 4, 0)], 5)]
    assert best_of_one(scores, np.array([5]), scheme).tolist() == scores.argmax(1).tolist()


def test_best_tags_of_nothing() -> None:
    empty = np.zeros((0, 5), dtype="float32")
    assert best_of_one(empty, np.zeros(0, dtype=np.int64), scheme_of(1)).tolist() == []
    assert best_of_one(empty, np.zeros(3, dtype=np.int64), scheme_of(1)).tolist() == []


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(0, 10_000), st.sampled_from([0.0, 2.0, 5.0]))
def test_best_tags_of_several_guidelines_are_those_of_each(sizes: list[int], seed: int, outside: float) -> None:
    generator = np.random.default_rng(seed)
    schemes = make_schemes({"a": ["X"], "b": ["X", "Y", "Z"], "c": ["X", "Y"]})
    lengths = np.array(sizes, dtype=np.int64)
    scores = (3 * generator.normal(size=(lengths.sum(), schemes[-1].columns.stop))).astype("float32")
    for scheme in schemes:
        scores[:, scheme.first] += outside
    for scheme, tags in zip(schemes, best_tags(scores, lengths, schemes), strict=True):
        alone = TagScheme(scheme.name, scheme.labels, 0)
        np.testing.assert_array_equal(tags, best_of_one(scores[:, scheme.columns], lengths, alone))


@pytest.mark.parametrize("with_learned", [False, True])
def test_best_tags_of_a_long_document_lose_no_digits(with_learned: bool) -> None:
    """The sum of the scores is 20 million, the last two tokens are a close call."""
    scheme = scheme_of(1)
    learned = np.zeros((scheme.n_tags,) * 2, dtype="float32") if with_learned else None
    scores = np.full((20_000, scheme.n_tags), 1_000, dtype="float32")
    scores[:, 0] += 5.0
    scores[-3:] = [[5.0, 0, 0, 0, 0], [0.0, 1.0, 0, 0, 0], [0.4, 0, 0, -0.5, 0]]
    # B and E together are 0.1 ahead of O and O, and each step of the highest tags, B and O, is illegal.
    tags = best_of_one(scores, np.array([len(scores)]), scheme, learned)
    assert tags[-3:].tolist() == [0, 1, 3]
    assert not tags[:-3].any()
