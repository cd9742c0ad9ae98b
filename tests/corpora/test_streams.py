import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams, split_lines, stem
from spacy_biomedplm.errors import BiomedplmError

Write = Callable[..., Path]


def _all(path: Path) -> list[tuple[str, bytes]]:
    return [(name, b"".join(chunks)) for _, name, chunks in read_streams(path, (".txt",), Report())]


def _tar(mode: str, **files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{name}.txt")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def test_files_folders_and_archives(write: Write, tmp_path: Path) -> None:
    assert _all(write("x.csv", "one")) == [("x.csv", b"one")]
    write("in/b/two.TXT.gz", gzip.compress(b"two"))
    write("in/a.txt", "one")
    write("in/c.csv", "no")
    assert _all(tmp_path / "in") == [("a", b"one"), ("b/two", b"two")]
    assert _all(write("a.tar", _tar("w", one=b"1", two=b"2"))) == [("one", b"1"), ("two", b"2")]
    assert _all(write("a.tgz", _tar("w:gz", one=b"1"))) == [("one", b"1")]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one.txt", "1")
    assert _all(tmp_path / "a.zip") == [("one", b"1")]


def test_what_is_packed_is_unpacked_whatever_its_name(write: Write) -> None:
    assert _all(write("a.tar.gz", _tar("w", one=b"1"))) == [("one", b"1")]
    assert _all(write("a.txt", gzip.compress(b"one"))) == [("a", b"one")]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("b.txt", "1")
    assert _all(write("a.txt", stream.getvalue())) == [("b", b"1")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt.gz", gzip.compress(b"abc" * 1000)[:-9], "B403"),
        ("a.txt.gz", b"plain", "B403"),
        ("a.tar", b"plain", "B403"),
        ("a.tar.gz", _tar("w:gz", one=b"1" * 5000)[:-30], "B403"),
    ],
)
def test_damaged_files_are_named(name: str, content: bytes, code: str, write: Write) -> None:
    path = write(name, content)
    with pytest.raises(BiomedplmError, match=code) as caught:
        _all(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B401"):
        _all(tmp_path / "no.txt")


@pytest.mark.parametrize(
    ("name", "wanted"), [("a.txt", "a"), ("a.b.TXT.gz", "a.b"), ("a/b.csv", "a/b.csv"), (".txt", ".txt"), ("x.gz", "x")]
)
def test_stem(name: str, wanted: str) -> None:
    assert stem(name, (".txt",)) == wanted


@given(content=st.text("ab\n\r").map(str.encode), size=st.integers(1, 5))
def test_split_lines(content: bytes, size: int) -> None:
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    assert list(split_lines(chunks)) == list(enumerate(content.split(b"\n"), start=1))
