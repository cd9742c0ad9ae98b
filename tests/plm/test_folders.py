import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.folders import new_folder


def test_new_folder_appears_when_all_is_written(tmp_path):
    with new_folder(tmp_path / "a" / "b") as folder:
        (folder / "x").write_text("1")
        assert not (tmp_path / "a" / "b").exists()
    assert (tmp_path / "a" / "b" / "x").read_text() == "1"
    assert len(list((tmp_path / "a").iterdir())) == 1


def test_new_folder_leaves_nothing_after_an_error(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path / "b") as folder:
        (folder / "x").write_text(str({}["a key"]))
    assert not list(tmp_path.iterdir())


def test_new_folder_reports_the_system(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BiomedplmError, match="B524"), new_folder(tmp_path / "file" / "b"):
        pass
    with pytest.raises(BiomedplmError, match="B524"), new_folder(tmp_path / "b"):
        raise OSError(28, "No space left on device")
    with pytest.raises(BiomedplmError, match="B513"), new_folder(tmp_path / "file"):
        pass
