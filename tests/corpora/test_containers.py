"""Folders and archives: the same rules for all of them, whatever they hold."""

import gzip
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from spacy_biomedplm.corpora import Report, containers
from spacy_biomedplm.corpora.containers import kind_of, read_files
from spacy_biomedplm.errors import BiomedplmError

Write = Callable[..., Path]
Pack = Callable[[Iterable[tuple[str, bytes]]], bytes]


def _tar(mode: str) -> Pack:
    def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
            for name, content in files:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                if content.startswith(b"->"):
                    entry.type, entry.size, entry.linkname = tarfile.SYMTYPE, 0, content[2:].decode()
                archive.addfile(entry, io.BytesIO(content))
        return stream.getvalue()

    return pack


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if content.startswith(b"->"):
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, content)
    return stream.getvalue()


PACKERS = {"tar": _tar("w"), "tar.gz": _tar("w:gz"), "zip": _zip}
every_archive = pytest.mark.parametrize("ending", PACKERS)


def _is_text(name: str) -> bool:
    return name.endswith(".txt")


def _all(path: Path, report: Report | None = None) -> list[tuple[str, bytes]]:
    return [(member.name, b"".join(member.chunks)) for member in read_files(path, _is_text, report or Report())]


@every_archive
def test_archives_are_read_in_their_order(write: Write, ending: str) -> None:
    files = [("b/two.txt", b"2" * 700_000), ("note.md", b"no"), ("./a.txt", b"one"), ("a.md.txt/x.md", b"no")]
    path = write(f"set.{ending}", PACKERS[ending](files))
    assert _all(path) == [("b/two.txt", b"2" * 700_000), ("a.txt", b"one")]


@every_archive
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("../evil.txt", b"x", "outside"),
        ("a/../../evil.txt", b"x", "outside"),
        ("/evil.txt", b"x", "outside"),
        ("..\\evil.txt", b"x", "outside"),
        ("C:\\evil.txt", b"x", "outside"),
        ("link.txt", b"->/etc/passwd", "a link"),
        ("a.txt", b"again", "twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_could_do_harm_are_refused(
    write: Write, ending: str, name: str, content: bytes, reason: str
) -> None:
    path = write(f"set.{ending}", PACKERS[ending]([("a.txt", b"one"), (name, content), ("z.txt", b"two")]))
    with pytest.raises(BiomedplmError, match=f"B435.*set.{ending}:.*{reason}"):
        _all(path)
    report = Report(errors="skip")
    assert _all(path, report) == [("a.txt", b"one"), ("z.txt", b"two")]
    assert report.counts == {"dropped": 1}


def test_encrypted_members_are_refused(write: Write) -> None:
    content = bytearray(_zip([("a.txt", b"one")]))
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    with pytest.raises(BiomedplmError, match=r"B435.*a\.txt.*encrypted"):
        _all(write("set.zip", bytes(content)))


@pytest.mark.parametrize("ending", ["tar.gz", "zip"])
def test_bombs_are_refused_and_do_not_take_memory(write: Write, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "FREE_BYTES", 1 << 20)
    files = [("a.txt", b"one"), ("bomb.txt", bytes(8 << 20))]
    path = write(f"set.{ending}", PACKERS[ending](files))
    with pytest.raises(BiomedplmError, match="B437"):
        _all(path)
    path = write(f"unwanted.{ending}", PACKERS[ending]([("bomb.md", bytes(8 << 20)), ("a.txt", b"one")]))
    if ending == "zip":  # A member that is not wanted is not unpacked.
        assert _all(path) == [("a.txt", b"one")]
    else:
        with pytest.raises(BiomedplmError, match="B437"):
            _all(path)


def test_a_gzip_bomb_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "FREE_BYTES", 1 << 20)
    content = gzip.compress(bytes(8 << 20))
    path = write("a.txt.gz", content)
    with pytest.raises(BiomedplmError, match=r"B437.*a\.txt\.gz"):
        sum(map(len, containers.read_chunks(path, unpack=True)))
    files = read_files(write("set.zip", _zip([("a.txt.gz", content)])), lambda name: True, Report(), unpack=True)
    with pytest.raises(BiomedplmError, match=r"B437.*set\.zip:a\.txt\.gz"):
        sum(map(len, next(files).chunks))


@every_archive
def test_an_archive_that_ends_too_early_is_never_taken_for_whole(write: Write, ending: str) -> None:
    content = PACKERS[ending]([("a.txt", os.urandom(3000).hex().encode()), ("b.txt", os.urandom(2000).hex().encode())])
    whole = len(content) - (len(content) - 11_264 if ending == "tar" else 0)  # Beyond it, only zeros are lost.
    for size in range(0, whole, 37):
        with pytest.raises(BiomedplmError, match="B403"):
            _all(write(f"set.{ending}", content[:size]))


def test_lines_are_counted_up_to_the_damage(write: Write) -> None:
    content = "".join(f"{os.urandom(20).hex()}\n" for _ in range(5000)).encode()
    path = write("a.txt.gz", gzip.compress(content)[:-40])
    found = []
    with pytest.raises(BiomedplmError, match=r"B403.*a\.txt\.gz', line (\d+), cannot be read") as caught:
        found.extend(containers.read_chunks(path, unpack=True))
    line = int(str(caught.value).partition("line ")[2].partition(",")[0])
    assert line == b"".join(found).count(b"\n") + 1
    assert line > 4900


def test_links_that_leave_a_folder_are_not_followed(write: Write, tmp_path: Path) -> None:
    write("other/b.txt", "secret")
    write("in/sub/a.txt", "one")
    (tmp_path / "in" / "b.txt").symlink_to(tmp_path / "other" / "b.txt")
    (tmp_path / "in" / "c.txt").symlink_to("sub/a.txt")
    (tmp_path / "in" / "d.txt").symlink_to("nowhere")
    (tmp_path / "in" / "d.md").symlink_to("nowhere")
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "other")
    (tmp_path / "in" / "again").symlink_to("sub")
    (tmp_path / "in" / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    report = Report(errors="skip")
    assert _all(tmp_path / "in", report) == [("c.txt", b"one"), ("sub/a.txt", b"one")]
    found = {Path(problem.path).name: problem.detail for problem in report.problems}
    assert set(found) == {"b.txt", "d.txt", "folder", "pipe.txt"}
    assert "leaves the folder" in found["b.txt"]
    assert "leads nowhere" in found["d.txt"]
    with pytest.raises(BiomedplmError, match="B435"):
        _all(tmp_path / "in")


def test_names_that_are_not_utf8_are_readable(write: Write, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with open(os.fsencode(tmp_path / "in") + b"/\xe9.txt", "wb") as stream:
        stream.write(b"one")
    assert _all(tmp_path / "in") == [("\ufffd.txt", b"one")]


@pytest.mark.parametrize(
    ("name", "code"), [("no", "B401"), ("a" * 400, "B403"), ("a\x00", "B401"), ("one.txt/x", "B401")]
)
def test_paths_that_cannot_be(write: Write, tmp_path: Path, name: str, code: str) -> None:
    write("one.txt", "")
    for read in (kind_of, _all):
        with pytest.raises(BiomedplmError, match=code):
            read(tmp_path / name)


def test_one_file_is_no_container(write: Write) -> None:
    with pytest.raises(BiomedplmError, match="B436"):
        _all(write("a.txt", "one"))
