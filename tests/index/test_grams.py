import pytest

from spacy_biomedplm.index.grams import cut_words


def grams_of(words: list[str]) -> list[tuple[int, str, float]]:
    letters = ["".join(chr(key >> bits & 0x1FFFFF) for bits in (42, 21, 0)) for key in cut_words(words)[1].tolist()]
    of, _, counts = cut_words(words)
    return list(zip(of.tolist(), letters, counts.tolist(), strict=True))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], []),
        (["a"], [(0, " a ", 1)]),
        (["ab", "c"], [(0, " ab", 1), (0, "ab ", 1), (1, " c ", 1)]),
        (["aaaa"], [(0, " aa", 1), (0, "aa ", 1), (0, "aaa", 2)]),
        (["ガン", "\U0001f9ec"], [(0, " ガン", 1), (0, "ガン ", 1), (1, " \U0001f9ec ", 1)]),
    ],
)
def test_cut_words_counts_trigrams_with_the_edges_of_words(
    words: list[str], wanted: list[tuple[int, str, int]]
) -> None:
    assert grams_of(words) == wanted
