import gzip
import io
import tarfile
from pathlib import Path

import pytest

from spacy_biomedplm.corpora import containers
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.sources.lines import read_columns, read_lines, read_whole


@pytest.mark.parametrize("chunk_bytes", [1, 3, 1000])
@pytest.mark.parametrize("packed", [False, True])
def test_read_lines_numbers_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int, packed: bool
) -> None:
    monkeypatch.setattr(containers, "CHUNK_BYTES", chunk_bytes)
    raw = "\ufeffone\r\n\nzwölf\u2028x\n last".encode()
    path = tmp_path / "lines.txt"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert list(read_lines(path, Report())) == [(1, "one"), (3, "zwölf\u2028x"), (4, " last")]


def test_read_lines_goes_on_in_other_parts_within_a_line(tmp_path: Path) -> None:
    parts = [tmp_path / name for name in ("a.gz", "b")]
    parts[0].write_bytes(gzip.compress(b"one\ntw"))
    parts[1].write_bytes(b"o\nthree\n")
    assert list(read_lines(parts[0], Report(), *parts[1:])) == [(1, "one"), (2, "two"), (3, "three")]


def test_read_lines_reports_what_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"one\n\xff\xfe\nthree\n")
    with pytest.raises(BiomedplmError, match=r"B402.*line 2"):
        list(read_lines(path, Report()))
    report = Report(errors="skip")
    assert list(read_lines(path, report)) == [(1, "one"), (3, "three")]
    assert report.counts["dropped"] == 1


def test_read_lines_refuses_what_is_no_file(tmp_path: Path) -> None:
    archive = tmp_path / "files.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.addfile(tarfile.TarInfo("x"), io.BytesIO())
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(100_000_000)))
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(b"some text\n" * 1000)[:-10])
    for path, code in (
        (tmp_path, "B403"),
        (archive, "B439"),
        (tmp_path / "none", "B401"),
        (bomb, "B437"),
        (cut, "B403"),
    ):
        with pytest.raises(BiomedplmError, match=code):
            list(read_lines(path, Report(errors="skip")))


def test_read_columns_leaves_out_rows_of_another_width(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("a\tb\nc\nd\te\tf\n")
    report = Report(errors="skip")
    assert list(read_columns(path, report, "\t", 2, "two columns")) == [(1, ["a", "b"])]
    assert [problem.line for problem in report.problems] == [2, 3]
    assert [row for _, row in read_columns(path, report, "\t", 2, "two", more=True)] == [["a", "b"], ["d", "e", "f"]]
    with pytest.raises(BiomedplmError, match=r"B569.*line 2.*1 fields.*two columns"):
        list(read_columns(path, Report(), "\t", 2, "two columns"))


def test_read_whole_gives_the_text_of_a_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress("\ufeffzwölf\n".encode()))
    assert read_whole(path) == "zwölf\n"
    path.write_bytes(b"\xff")
    with pytest.raises(BiomedplmError, match=r"B40[23]"):
        read_whole(path)
    with pytest.raises(BiomedplmError, match="B403"):
        read_whole(tmp_path)
