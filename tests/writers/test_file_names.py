from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.writers.file_names import MAX_BYTES, FileNames, encode_text, is_safe


@pytest.mark.parametrize(
    ("doc_id", "name"),
    [
        ("10074612", "10074612"),
        ("a b.c-d", "a b.c-d"),
        ("../../etc/passwd", "__.._etc_passwd"),
        (".hidden", "_hidden"),
        ("", "document"),
        ("a\nb\\c:d", "a_b_c_d"),
        ("é" * 200, "é" * (MAX_BYTES // 2)),
    ],
)
def test_file_names_are_safe(doc_id: str, name: str) -> None:
    losses: Counter[str] = Counter()
    assert FileNames(losses).take(doc_id) == name
    assert bool(losses) == (name != doc_id)
    assert is_safe(name)
    assert is_safe(doc_id) == (name == doc_id)


def test_file_names_are_different() -> None:
    losses: Counter[str] = Counter()
    names = FileNames(losses)
    assert [names.take(doc_id) for doc_id in ("a", "a", "A", "a-2")] == ["a", "a-2", "A-3", "a-2-2"]
    assert losses == {"document identifiers that cannot name a file": 3}


@given(st.lists(st.text("a./\\é😀\ud800 \n", max_size=4), max_size=6))
def test_file_names_take_any_identifier(doc_ids: list[str]) -> None:
    names = FileNames(Counter())
    taken = [names.take(doc_id) for doc_id in doc_ids]
    assert len({name.casefold() for name in taken}) == len(doc_ids)
    assert all(name and "/" not in name and "\\" not in name and not name.startswith(".") for name in taken)


def test_encode_text_keeps_a_byte_order_mark() -> None:
    assert encode_text("\ufeffa").decode("utf-8-sig") == "\ufeffa"
    assert encode_text("a") == b"a"
