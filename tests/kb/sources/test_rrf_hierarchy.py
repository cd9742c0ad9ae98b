from collections.abc import Callable, Mapping
from pathlib import Path

from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.rrf import find_release
from spacy_biomedplm.kb.sources.rrf_hierarchy import read_hierarchy

Write = Callable[[Mapping[str, list[str]]], Path]


def parents(folder: Path, reading: Reading) -> dict[str, tuple[str, ...]]:
    return {one.id: one.parents for one in read_hierarchy(find_release(folder, reading.report), reading)}


def test_read_hierarchy_takes_live_parents_of_mrrel(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: Callable[..., Reading]
) -> None:
    assert parents(write_release(release_rows), make_reading("raise")) == {"C0000001": ("C0000002",)}


def test_read_hierarchy_follows_atoms_where_there_is_no_mrrel(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: Callable[..., Reading]
) -> None:
    del release_rows["MRREL.RRF"]
    reading = make_reading("raise")
    assert parents(write_release(release_rows), reading) == {"C0000001": ("C0000002",)}
    assert reading.report.counts["parents in MRHIER whose atom is not in MRCONSO"] == 1


def test_read_hierarchy_without_files_is_empty(
    write_release: Write, release_rows: dict[str, list[str]], make_reading: Callable[..., Reading]
) -> None:
    rows = {"MRCONSO.RRF": [row.replace("A0000", "XX") for row in release_rows["MRCONSO.RRF"]]}
    assert parents(write_release(rows), make_reading("raise")) == {}
    assert parents(write_release({"MRHIER.RRF": release_rows["MRHIER.RRF"]}), make_reading("raise")) == {}
