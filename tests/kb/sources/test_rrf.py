import gzip
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.rrf import find_release, is_sorted, read_rows, sort_rows

Write = Callable[[Mapping[str, list[str]]], Path]
MakeReading = Callable[..., Reading]


def test_find_release_prefers_unpacked_files(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading
) -> None:
    folder = write_release(release_rows)
    meta = folder / "META"
    for name in ("MRSTY.RRF.gz", "MRXXX.RRF.ab.gz", "MRXXX.RRF.aa.gz", "MRYYY.RRF.gz", "notes.txt"):
        (meta / name).write_bytes(b"")
    found = find_release(folder, make_reading().report)
    assert found == find_release(meta, make_reading().report)
    assert found["MRSTY.RRF"] == [meta / "MRSTY.RRF"]
    assert found["MRXXX.RRF"] == [meta / "MRXXX.RRF.aa.gz", meta / "MRXXX.RRF.ab.gz"]
    assert found["MRYYY.RRF"] == [meta / "MRYYY.RRF.gz"]
    assert set(found) == {*release_rows, "MRXXX.RRF", "MRYYY.RRF"}


def test_find_release_without_mrconso_is_an_error(tmp_path: Path, make_reading: MakeReading) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "MRCONSO.RRF.txt").write_text("")
    for path, code in ((tmp_path, "B574"), (tmp_path / "file", "B574"), (tmp_path / "none", "B401")):
        with pytest.raises(BiomedplmError, match=code):
            find_release(path, make_reading().report)


def test_find_release_follows_no_link_out_of_its_folder(
    tmp_path: Path, write_release: Write, release_rows: dict[str, list[str]], make_reading: MakeReading
) -> None:
    folder = write_release(release_rows)
    (tmp_path / "secret").write_text("")
    (folder / "META" / "MRMAP.RRF").symlink_to(tmp_path / "secret")
    with pytest.raises(BiomedplmError, match="B435"):
        find_release(folder, make_reading("raise").report)
    assert "MRMAP.RRF" not in find_release(folder, make_reading("skip").report)


def test_read_rows_reads_parts_that_are_cut_within_a_row(tmp_path: Path, make_reading: MakeReading) -> None:
    (tmp_path / "MRCONSO.RRF").write_bytes(b"")
    (tmp_path / "MRX.RRF.aa.gz").write_bytes(gzip.compress(b"C0000001|a|\nC000"))
    (tmp_path / "MRX.RRF.ab.gz").write_bytes(gzip.compress(b"0002|b|\n"))
    release = find_release(tmp_path, make_reading().report)
    assert list(read_rows(release, "MRX.RRF", 2, make_reading("raise"))) == [
        ["C0000001", "a", ""],
        ["C0000002", "b", ""],
    ]
    assert list(read_rows(release, "MRNONE.RRF", 2, make_reading("raise"))) == []


@pytest.mark.parametrize("row", ["C0000001", "C0000001|a|b|", "C1|a|", "|a|", "C0000001|a"])
def test_read_rows_reports_broken_rows(tmp_path: Path, make_reading: MakeReading, row: str) -> None:
    (tmp_path / "MRCONSO.RRF").write_text(f"C0000001|a|\n{row}\n")
    release = find_release(tmp_path, make_reading().report)
    reading = make_reading("skip")
    assert len(list(read_rows(release, "MRCONSO.RRF", 2, reading))) == 1
    assert [problem.line for problem in reading.report.problems] == [2]
    with pytest.raises(BiomedplmError, match=r"B569.*line 2.*2 columns"):
        list(read_rows(release, "MRCONSO.RRF", 2, make_reading("raise")))


@pytest.mark.parametrize("run", [1, 2, 100])
def test_sort_rows_sorts_with_runs_on_disk(make_reading: MakeReading, run: int) -> None:
    rows = [[f"C{number:07d}", f"ü\r{place}", ""] for place, number in enumerate((3, 1, 2, 1, 3))]
    reading = make_reading()
    found = list(sort_rows(iter(rows), reading, run=run))
    assert found == sorted(rows, key=lambda row: row[0])
    assert list(reading.scratch.iterdir()) == []


def test_is_sorted_looks_at_cuis_only(tmp_path: Path, make_reading: MakeReading) -> None:
    path = tmp_path / "MRCONSO.RRF"
    for text, wanted in (("C0000002|\nC0000001|\n", False), ("C0000001|b|\nC0000001|a|\n\xff\n", True)):
        path.write_text(text, encoding="latin-1")
        assert is_sorted(find_release(tmp_path, make_reading().report), "MRCONSO.RRF") is wanted
