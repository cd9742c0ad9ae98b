"""Tables of names: what is read, joined, left out and refused."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.names import NameTables, iter_names, merge_concepts

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Maker of a file with some text."""

    def make(text: str, name: str = "names.tsv") -> Path:
        (tmp_path / name).write_bytes(text.encode("utf8", "surrogatepass"))
        return tmp_path / name

    return make


def read(file: Path, *exclude: Path, drop: bool = False) -> tuple[list[list[str]], dict[str, int], list[str]]:
    source = NameTables()
    reading = source.read(source.find_files(file), source.read_exclusions(exclude), drop=drop)
    concepts = [[name for name, _ in source.split(document.text)] for document in reading.documents]
    return concepts, dict(reading.counts), [match.doc_id for match in reading.matches]


def test_tsv(write: Write) -> None:
    file = write("\ufeffConcept\tName\r\nC1\tfever\r\n\r\nC1\t high   temperature \nC2\tcough\n")
    assert list(iter_names(file)) == [("C1", "fever"), ("C1", "high temperature"), ("C2", "cough")]


def test_jsonl(write: Write) -> None:
    file = write('{"id": "C1", "names": ["fever", "pyrexia"], "type": "x"}\n{"id": 7, "names": []}\n', "n.jsonl")
    assert list(iter_names(file)) == [("C1", "fever"), ("C1", "pyrexia")]


def test_compressed_tables_in_a_folder(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "b.tsv.gz", "wt") as stream:
        stream.write("C1\tfever\n")
    (tmp_path / "a.jsonl").write_text('{"id": "C1", "names": ["pyrexia"]}\n')
    (tmp_path / "readme.txt").write_text("no table")
    assert read(tmp_path)[0] == [["pyrexia", "fever"]]


def test_names_differ_by_more_than_case(write: Write) -> None:
    concepts, counts, _ = read(write("C1\tFever\nC1\tfever\nC1\tPyrexia\nC2\tcough\n"))
    assert concepts == [["Fever", "Pyrexia"]]
    assert counts == {
        "names that repeat another of their concept": 1,
        "concepts left out, with fewer than two names": 1,
    }


def test_concepts_with_two_names_in_common_are_one(write: Write) -> None:
    lines = ["A\tx", "A\ty", "B\tY", "B\tX", "B\tz", "C\tz", "C\tw", "D\tw", "D\tz", "E\tx", "E\tv"]
    concepts, counts, _ = read(write("\n".join(lines)))
    assert concepts == [["x", "y", "z"], ["z", "w"], ["x", "v"]]
    assert counts["concepts joined to another with two of their names"] == 2


@pytest.mark.parametrize(("drop", "left"), [(True, [["fever", "pyrexia"]]), (False, [["fever", "pyrexia", "hot"]])])
def test_held_out_names(write: Write, drop: bool, left: list[list[str]]) -> None:
    held_out = write("C1\tHOT\nC9\tfever\n", "held_out.tsv")
    concepts, _, matches = read(write("C1\tfever\nC1\tpyrexia\nC1\thot\n"), held_out, drop=drop)
    assert concepts == left
    assert matches == ["C1 hot"]


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [("C1\n", "a.tsv", "1 fields"), ("C1\ta\tb\n", "a.tsv", "3 fields"), ("\ta\n", "a.tsv", "empty"),
     ("C1\t \n", "a.tsv", "empty"), ("{", "a.jsonl", "not JSON"), ("[1]", "a.jsonl", '"names"'),
     ('{"id": true, "names": []}', "a.jsonl", '"names"'), ('{"id": "a", "names": "b"}', "a.jsonl", '"names"'),
     ('{"id": "a", "names": [1]}', "a.jsonl", '"names"'), ('{"id": "a", "names": [""]}', "a.jsonl", "empty"),
     (json.dumps({"id": "a", "names": ["\ud800"]}), "a.jsonl", "surrogate"), ("[" * 9999, "a.jsonl", "JSON")],
)  # fmt: skip
def test_broken_lines(write: Write, text: str, name: str, reason: str) -> None:
    with pytest.raises(BiomedplmError, match=rf"B548.*line 1.*{reason}"):
        list(iter_names(write(text, name)))


def test_a_header_elsewhere_is_a_name(write: Write) -> None:
    assert list(iter_names(write("C1\ta\nconcept\tname\n")))[1] == ("concept", "name")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"C1\t\xff\n")
    with pytest.raises(BiomedplmError, match="B521"):
        list(iter_names(tmp_path / "a.tsv"))


def test_a_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B547"):
        NameTables().find_files(tmp_path)


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.sets(st.sampled_from("uvwxyz"))))
def test_merged_concepts_share_less_than_two_names(found: dict[str, set[str]]) -> None:
    concepts = {concept: {name: name for name in sorted(names)} for concept, names in found.items()}
    merged, joined = merge_concepts(concepts)
    assert set(merged) == set(concepts) - set(joined)
    assert set(joined.values()) <= set(merged)
    parts = [set(names) for names in merged.values()]
    for concept, names in found.items():
        assert any(names <= part for part in parts), concept
    assert {name for part in parts for name in part} == {name for names in found.values() for name in names}
    for one, names in found.items():
        for other in found:
            if len(names & found[other]) > 1:
                assert any(names | found[other] <= part for part in parts), (one, other)


def test_a_held_out_name_is_gone_from_what_its_concept_is_put_into(tmp_path: Path) -> None:
    names = {"A": ["aspirin", "ASA", "held name"], "B": ["aspirin", "ASA", "held name", "other"]}
    (tmp_path / "a.tsv").write_text("".join(f"{c}\t{n}\n" for c, found in names.items() for n in found))
    (tmp_path / "held.tsv").write_text("B\tHeld name\n")
    tables = NameTables()
    exclusions = tables.read_exclusions([tmp_path / "held.tsv"])
    reading = tables.read([tmp_path / "a.tsv"], exclusions, drop=True)
    assert [document.text for document in reading.documents] == ["aspirin\nASA\nother"]
    assert len(reading.matches) == 1


def test_an_empty_list_of_held_out_names(tmp_path: Path) -> None:
    (tmp_path / "held.tsv").write_text("concept\tname\n")
    with pytest.raises(BiomedplmError, match="B558"):
        NameTables().read_exclusions([tmp_path / "held.tsv"])
