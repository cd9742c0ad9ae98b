import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.json_names import read_json_names

NAMES = {"HP:1": ["fever", "pyrexia"], "HP:2": ["fever"], "3": [], "HP:4": ["cold"]}


def read(folder: Path, content: Any, reading: Reading, **options: str) -> list[Concept]:
    path = folder / "names.json.gz"
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(gzip.compress(raw))
    return list(read_json_names(path, "toy", reading, **options))


def test_json_names_are_concepts(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    fever, *others = read(tmp_path, NAMES, make_reading("raise"), prefix="HP")
    assert fever == Concept("HP:1", (Name("fever", "toy", "name"), Name("pyrexia", "toy", "synonym")))
    assert [one.id for one in others] == ["HP:2", "HP:3", "HP:4"]


def test_json_names_of_former_ids_go_to_their_successors(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    (tmp_path / "new.json").write_text('{"HP:1": "HP:1", "HP:2": "HP:1"}')
    first, *others = read(tmp_path, NAMES, reading, successors="new.json")
    assert first == Concept("HP:1", xrefs=("HP:2",))
    assert [one.id for one in others] == ["HP:1", "3", "HP:4"]
    assert reading.report.counts == {"former ids of toy whose names are left out": 1}


def test_json_names_tell_members_of_another_form(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    content = {"HP:1": "fever", "HP:2": [5], "HP:3": ["cold"]}
    with pytest.raises(BiomedplmError, match=r"B569.*'HP:1'"):
        read(tmp_path, content, make_reading("raise"))
    (tmp_path / "new.json").write_text('{"HP:9": 5}')
    reading = make_reading("skip")
    assert [one.id for one in read(tmp_path, content, reading, successors="new.json")] == ["HP:3"]
    assert reading.report.counts["dropped"] == 3


@pytest.mark.parametrize(
    ("code", "content", "successors"),
    [
        ("B580", [1], ""),
        ("B580", b"", ""),
        ("B450", b'{"a": ["x"]', ""),
        ("B450", b"{} {}", ""),
        ("B402", b'{"a": ["\xff"]}', ""),
        ("B401", {}, "missing.json"),
        ("B572", {}, "../names.json"),
        ("B572", {}, "/etc/hosts"),
    ],
)
def test_json_names_tell_files_that_cannot_be_read(
    tmp_path: Path, make_reading: Callable[..., Reading], code: str, content: Any, successors: str
) -> None:
    with pytest.raises(BiomedplmError, match=code):
        read(tmp_path, content, make_reading("skip"), successors=successors)


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("path", "options", "concepts", "names"),
    [
        ("kb-drugbank/aliases.json.gz", {"prefix": "DRUGBANK"}, 7759, 22399),
        ("kb-hpo/phenotagger-id_word_map.json.gz", {"successors": "phenotagger-alt_hpoid.json.gz"}, 17729, 52735),
    ],
)
def test_json_names_read_published_files(
    corpora_folder: Path,
    make_reading: Callable[..., Reading],
    path: str,
    options: dict[str, str],
    concepts: int,
    names: int,
) -> None:
    found = list(read_json_names(corpora_folder / path, "x", make_reading("raise"), **options))
    assert len([one for one in found if not one.xrefs]) == concepts
    assert sum(len(one.names) for one in found) == names
