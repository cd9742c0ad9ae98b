import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.digests import digest_file
from spacy_biomedplm.errors import BiomedplmError

Write = Callable[..., Path]


def _pack(names: list[str], mtime: int = 0) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(name), mtime
            archive.addfile(info, io.BytesIO(name.encode()))
    return buffer.getvalue()


def test_digest_is_that_of_the_content(write: Write) -> None:
    wanted = hashlib.sha256(b"Kelvanol").hexdigest()
    assert digest_file(write("a.txt", "Kelvanol")) == wanted
    assert digest_file(write("a.txt.gz", gzip.compress(b"Kelvanol", mtime=1))) == wanted
    assert digest_file(write("a.part", gzip.compress(b"Kelvanol", 1, mtime=2)), "a.txt.gz") == wanted


def test_digest_of_an_archive_is_that_of_the_folder(write: Write) -> None:
    first = digest_file(write("a.tar.gz", _pack(["b/x.txt", "a.txt"])))
    assert digest_file(write("b.tar.gz", _pack(["a.txt", "b/x.txt"], mtime=7))) == first
    write("c/a.txt", "a.txt")
    assert digest_file(write("c/b/x.txt", "b/x.txt").parent.parent) == first
    assert digest_file(write("d.tar.gz", _pack(["a.txt", "b/y.txt"]))) != first


@pytest.mark.parametrize("name", ["a.gz", "a.tar.gz"])
def test_digest_of_a_damaged_file_is_an_error(name: str, write: Write, tmp_path: Path) -> None:
    write("a.gz", gzip.compress(b"Kelvanol" * 99)[:-9])
    write("a.tar.gz", _pack(["a.txt"])[:40])
    with pytest.raises(BiomedplmError, match="B403"):
        digest_file(tmp_path / name)
