import gzip
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.files import decode_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import read_rows, show
from spacy_biomedplm.errors import BiomedplmError


def read(path, report=None, **options):
    return [(row.line, dict(row.values)) for row in read_rows(path, report or Report(), **options)]


@pytest.mark.parametrize(
    ("name", "content", "options", "wanted"),
    [
        ("a.tsv", 'id\ttext\n1\t"a\r\n\n2\tb', {}, [(2, {"id": "1", "text": '"a'}), (4, {"id": "2", "text": "b"})]),
        ("a.tsv", "\ufeff\ttext\n0\ta\n", {}, [(2, {"row": "0", "text": "a"})]),
        ("a.json", '[{"id": 1,\n"text": "a"}, {"text": null}]', {}, [(1, {"id": "1", "text": "a"}), (2, {"text": ""})]),
        (
            "a.csv",
            'id,text\n1,"a, ""b"""\n2,"c\nd"\n',
            {},
            [(2, {"id": "1", "text": 'a, "b"'}), (4, {"id": "2", "text": "c\nd"})],
        ),
        (
            "a.txt",
            "1 NEG a  b c\n",
            {"columns": ["id", "mark", "text"], "delimiter": " "},
            [(1, {"id": "1", "mark": "NEG", "text": "a  b c"})],
        ),
        (
            "a.txt",
            "C1||x||y z\n",
            {"columns": ["c", "m", "t"], "delimiter": "||"},
            [(1, {"c": "C1", "m": "x", "t": "y z"})],
        ),
        (
            "a.txt",
            '1\t"a ""b"""\n',
            {"columns": ["c", "t"], "delimiter": "\t", "quoted": True},
            [(1, {"c": "1", "t": 'a "b"'})],
        ),
        ("a.jsonl", '{"a": "x", "b": [1, "é"], "c": null}\n\n', {}, [(1, {"a": "x", "b": '[1, "é"]', "c": ""})]),
    ],
)
def test_read_rows(write, name, content, options, wanted):
    assert read(write(name, content), **options) == wanted
    assert read(write(name + ".gz", gzip.compress(content.encode())), **options) == wanted


def test_read_rows_of_an_archive_names_the_members(tmp_path):
    path = tmp_path / "parts.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("fold_1/test.txt", b"1\ta\n"), ("fold_2/test.txt", b"2\tb\n"), ("readme.md", b"x")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    rows = list(read_rows(path, Report(), columns=["id", "text"]))
    assert [(row.member, row.values["text"]) for row in rows] == [("fold_1/test", "a"), ("fold_2/test", "b")]
    assert rows[0].path == f"{path}:fold_1/test.txt"
    rows = list(read_rows(path, Report(), columns=["id", "text"], suffix="fold_2/test.txt"))
    assert [row.values["id"] for row in rows] == ["2"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.tsv", "", "B408"),
        ("a.tsv", "id\ttext\n", "B408"),
        ("a.tsv", "id\ttext\n1\n", "B425"),
        ("a.tsv", b"id\ttext\n1\t\xff\n", "B402"),
        ("a.csv", "id,text\n1," + "x" * 200_000 + "\n", "B403"),
        ("a.jsonl", "{\n", "B460"),
        ("a.jsonl", "[1]\n", "B428"),
        ("a.json", "{", "B460"),
        ("a.json", '{"a": 1}', "B461"),
        ("a.jsonl", '{"a": ' + "1" * 5000 + "}\n", "B460"),
        ("a.jsonl", '{"a": 1, "a": 2}\n', "B460"),
        ("a.csv", 'id,text\n1,"abc\n2,def\n', "B403"),
        ("a.csv", "id,text,id\n1,a,b\n", "B489"),
        ("a.tsv.gz", b"no gzip", "B403"),
    ],
)
def test_read_rows_refuses(write, name, content, code):
    with pytest.raises(BiomedplmError, match=code):
        read(write(name, content))


def test_read_rows_skips_broken_rows(write):
    report = Report(errors="skip")
    assert read(write("a.tsv", "id\ttext\n1\n2\tb\n"), report) == [(3, {"id": "2", "text": "b"})]
    assert report.counts["dropped"] == 1
    assert report.problems[0].line == 2


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("a", "a"), (1.5, "1.5"), (True, "true"), ({"é": 1}, '{"é": 1}')]
)
def test_show(value, text):
    assert show(value) == text


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])), st.integers(1, 5))
@settings(max_examples=200)
def test_split_lines_is_the_same_for_any_chunks(text, size):
    data = text.encode()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    lines = list(decode_lines(chunks, "file"))
    assert "".join(line for _, line in lines) == text.removeprefix("\ufeff")
    assert [number for number, _ in lines] == list(range(1, len(lines) + 1))
