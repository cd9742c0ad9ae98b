import gzip
import os

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.inputs import find_inputs, read_documents

LONG = gzip.compress(os.urandom(200_000).hex().encode("ascii"))


def test_files_of_a_folder_are_sorted_and_others_counted(tmp_path):
    for name in ("b.txt", "a.jsonl.gz", "sub/c.XML", "sub/note.md", ".hidden.txt", ".git/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(b"") if name.endswith("gz") else b"text")
    found = find_inputs([tmp_path])
    assert [file.stem for file in found.files] == ["a", "b", "sub/c"]
    assert [file.format for file in found.files] == ["jsonl", "text", "pubmed"]
    assert found.ignored == 3
    assert found.size == sum(file.path.stat().st_size for file in found.files)


@pytest.mark.parametrize(
    ("name", "data", "wanted"),
    [
        ("a.txt", b"A plain | text", "text"),
        ("CDR.PubTator.txt", b"\n12|t|Title\n12|a|\n", "pubtator"),
        ("bom.txt", b"\xef\xbb\xbf12|t|Title\n12|a|\n", "pubtator"),
        ("a.pubtator", b"", "pubtator"),
        ("a.ndjson", b"", "jsonl"),
    ],
)
def test_files_have_a_format(tmp_path, name, data, wanted):
    (tmp_path / name).write_bytes(data)
    assert find_inputs([tmp_path / name]).files[0].format == wanted


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("missing.txt", None, "B601"),
        ("table.csv", b"a,b", "B603"),
        ("noname", b"text", "B603"),
        ("cut.txt.gz", LONG[: len(LONG) // 2], "B605"),
        ("header.txt.gz", LONG[:5], "B605"),
        ("empty.jsonl.gz", b"", "B605"),
        ("damaged.jsonl.gz", LONG[:50_000] + b"\0" * 100 + LONG[50_100:], "B605"),
        ("plain.jsonl.gz", b'{"text": "a"}\n', "B606"),
        ("plain.txt.gz", b"not packed", "B606"),
    ],
)
def test_files_that_cannot_be_read_are_errors(tmp_path, name, data, code):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(BiomedplmError, match=rf"\[{code}\].*{name}"):
        list(read_documents(find_inputs([path]).files))


def test_files_without_permission_are_an_error(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.touch()

    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(BiomedplmError, match=r"\[B602\].*a\.txt: cannot be read \(Permission denied\)"):
        find_inputs([path])


def test_files_of_an_empty_folder_are_an_error(tmp_path):
    (tmp_path / "note.md").touch()
    with pytest.raises(BiomedplmError, match=r"\[B604\].*\(1 other files\)"):
        find_inputs([tmp_path])


@pytest.mark.parametrize(
    ("name", "data", "line", "byte"),
    [
        ("a.txt", b"one\ntwo \xff three", 2, 9),
        ("a.txt", b"cut in \xe2\x82", 1, 8),
        ("a.txt", "utf-16".encode("utf-16"), 1, 1),
        ("a.jsonl", b'{"text": "a"}\n{"text": "\xe9"}\n', 2, 11),
        ("a.pubtator", b"1|t|T\n1|a|\xed\xa0\x80\n", 2, 5),
    ],
)
def test_files_that_are_not_utf8_are_errors(tmp_path, name, data, line, byte):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BiomedplmError, match=rf"\[B607\].*{name}, line {line}, byte {byte} "):
        list(read_documents(find_inputs([path]).files))


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
def test_files_with_odd_names_get_valid_names(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.txt")
    try:
        path.write_text("x", encoding="utf8")
    except OSError:
        pytest.skip("the file system takes valid names only")
    doc = next(read_documents(find_inputs([path]).files))
    assert doc.doc_id == "\ufffd"
    doc.source.encode("utf8")


@pytest.mark.skipif(os.name != "posix", reason="makes links")
def test_files_of_linked_folders_are_read_once(tmp_path):
    for name in ("in/a.txt", "other/b.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x", encoding="utf8")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "loop").symlink_to(tmp_path / "in")
    found = find_inputs([tmp_path / "in"])
    assert [file.stem for file in found.files] == ["a", "link/b"]
    assert found.ignored == 0


def test_files_of_one_name_get_distinct_ids(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("dir1/a.txt", "dir2/a.txt", "dir2/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf8")
    for inputs in (["dir1", "dir2"], ["dir1/a.txt", "dir2/a.txt", "dir2/b.txt"]):
        assert [file.stem for file in find_inputs(inputs).files] == ["dir1/a", "dir2/a", "b"]


def test_files_with_a_name_too_long_are_an_error():
    with pytest.raises(BiomedplmError, match=r"\[B602\]"):
        find_inputs(["a" * 5000 + ".txt"])
