import pytest

from spacy_biomedplm.pairs import NEGATIVE_PAIRS, Pair, negative_pairs, pack_pairs, unpack_pairs
from spacy_biomedplm.types import DocumentRecord, PassageRecord


def test_pairs_come_back() -> None:
    pairs = [Pair("p1", "e1", "é2"), Pair("", "a b", '"', {"type": "x"})]
    assert unpack_pairs(pack_pairs(pairs)) == pairs
    passages = (PassageRecord(0, 0, "title"), PassageRecord(0, 0, "sentence", {NEGATIVE_PAIRS: pack_pairs(pairs)}))
    assert list(negative_pairs(DocumentRecord("1", "", passages=passages))) == pairs


@pytest.mark.parametrize(
    "value", ["", "{", "{}", "[1]", '[["a"]]', '[["a", "b", 3]]', '[["a", "b", "c", 1]]', '[["a", "b", "c", {"x": 1}]]']
)
def test_unpack_pairs_of_something_else(value: str) -> None:
    assert unpack_pairs(value) is None
