from array import array
from pathlib import Path

from spacy_biomedplm.kb.spool import Spool, as_numbers


def test_spool_gives_back_what_was_added(tmp_path: Path) -> None:
    with Spool(tmp_path / "texts") as spool:
        for owner, text in ((0, b"one"), (0, b""), (7, "zwölf".encode())):
            spool.add(owner, text)
        assert len(spool) == 3
        found = spool.load()
    assert found.owners.tolist() == [0, 0, 7]
    assert [found.text(place) for place in range(3)] == [b"one", b"", "zwölf".encode()]


def test_spool_without_texts_is_empty(tmp_path: Path) -> None:
    with Spool(tmp_path / "texts") as spool:
        assert len(spool.load().starts) == 0


def test_as_numbers_keeps_the_type() -> None:
    assert as_numbers(array("H", [1, 2])).dtype.itemsize == 2
    assert as_numbers(array("B")).tolist() == []
