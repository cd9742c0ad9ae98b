import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.corpora.json_scanner import JsonScanner
from spacy_biomedplm.errors import BiomedplmError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def scan(raw: bytes, size: int = 3) -> JsonScanner:
    return JsonScanner((raw[place : place + size] for place in range(0, len(raw), size)), "x.json")


def read_members(scanner: JsonScanner) -> dict[str, object]:
    members = {key: scanner.value() for key in scanner.keys()}
    scanner.end()
    return members


@given(st.lists(VALUES, max_size=4), st.integers(1, 7), st.booleans())
def test_scanner_reads_what_json_wrote(values, size, ascii):
    raw = json.dumps(values, indent=1, ensure_ascii=ascii).encode()
    scanner = scan(raw, size)
    assert list(scanner.items()) == values
    scanner.end()


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.integers(1, 7))
def test_scanner_reads_members(members, size):
    assert read_members(scan(json.dumps(members).encode(), size)) == members


def test_scanner_counts_lines():
    scanner = scan(b'[\n1,\n"a"\n]')
    assert [(value, scanner.line) for value in scanner.items()] == [(1, 2), ("a", 3)]


@pytest.mark.parametrize("raw", [b"[1", b"[1 2]", b"[1,,2]", b'["a]', b"[" * 100_000, b"[" + b"9" * 5000 + b"]"])
def test_scanner_tells_what_is_no_list(raw):
    with pytest.raises(BiomedplmError, match="B450"):
        list(scan(raw, 1000).items())


@pytest.mark.parametrize("raw", [b'{"a" 1}', b'{"a": 1', b"{1: 2}", b'{"a": 1} 5'])
def test_scanner_tells_what_is_no_object(raw):
    with pytest.raises(BiomedplmError, match="B450"):
        read_members(scan(raw))


def test_scanner_tells_bytes_that_are_no_text():
    with pytest.raises(BiomedplmError, match=r"B402.*line 2"):
        list(scan(b'[1,\n"\xff"]', 100).items())
