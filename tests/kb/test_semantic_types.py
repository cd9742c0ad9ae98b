import csv
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.semantic_types import read_semantic_types


def test_semantic_types_are_a_tree() -> None:
    types = read_semantic_types()
    assert types["T047"].name == "Disease or Syndrome"
    assert types["T047"].group == "DISO"
    assert types.ancestors("T191")[:2] == ["T047", "T046"]
    assert "T191" in types.children("T047")
    assert "T191" in types.descendants("T051")
    assert [one.id for one in types.types.values() if not one.parent] == ["T051", "T071"]
    assert sum(len(types.members(group)) for group in types.groups) == len(types.types)


def test_semantic_types_unknown_ones_are_errors() -> None:
    types = read_semantic_types()
    for call in (lambda: types["T999"], lambda: types.members("NONE"), lambda: types.descendants("T999")):
        with pytest.raises(BiomedplmError, match="B572"):
            call()


@pytest.mark.corpora
def test_semantic_types_are_those_of_the_network(corpora_folder: Path) -> None:
    types = read_semantic_types()
    folder = corpora_folder / "kb-umls-semantic-network"
    seen = set()
    with (folder / "STY.csv").open(encoding="utf8", newline="") as file:
        for row in csv.DictReader(file):
            id, parent = (row[key].rpartition("/")[2] for key in ("Class ID", "Parents"))
            if not id.startswith("T"):
                continue
            seen.add(id)
            assert types[id].name == row["Preferred Label"]
            assert types[id].parent == (parent if parent.startswith("T") else "")
    assert len(seen) == 127
    for line in (folder / "SemGroups.txt").read_text(encoding="utf8").splitlines():
        group, name, id, _ = line.split("|")
        assert types.groups[group] == name
        assert types[id].group == group
