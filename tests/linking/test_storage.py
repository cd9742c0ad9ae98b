import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.linking.storage import BASE, read_parts, replace_base, write_parts


def test_parts_are_read_as_they_were_written(tmp_path):
    write_parts(tmp_path / "new", {"one": lambda: {"a": [1]}, "two": lambda: b"x"}, {"two"})
    assert read_parts(tmp_path / "new", ["one", "two"], {"two"}) == {"one": {"a": [1]}}
    with pytest.raises(BiomedplmError, match=r"B691.*two\.msgpack"):
        read_parts(tmp_path / "new", ["one", "two"], ())


def test_a_base_takes_the_place_of_another(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").touch()
    folder = tmp_path / "linker"
    for name in ("first", "second"):
        replace_base(folder, tmp_path / name)
        assert [path.name for path in (folder / BASE).iterdir()] == [f"{name}.txt"]
    replace_base(folder, folder / BASE)
    assert (folder / BASE).is_dir()
    replace_base(folder, None)
    assert not (folder / BASE).exists()
