import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.bases import find_base


def test_a_base_is_found_by_its_folder_or_its_name(tmp_path, monkeypatch):
    (tmp_path / "diseases").mkdir()
    (tmp_path / "diseases" / "kb.json").touch()
    assert find_base(str(tmp_path / "diseases")) == tmp_path / "diseases"
    monkeypatch.setenv("BIOMEDPLM_KB", str(tmp_path))
    assert find_base("diseases") == tmp_path / "diseases"
    with pytest.raises(BiomedplmError, match=r"'desease'.*holds: diseases"):
        find_base("desease")


def test_a_base_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.delenv("BIOMEDPLM_KB", raising=False)
    with pytest.raises(BiomedplmError, match=r"B575.*'diseases'.*BIOMEDPLM_KB is not set"):
        find_base("diseases")
    monkeypatch.setenv("BIOMEDPLM_KB", str(tmp_path))
    with pytest.raises(BiomedplmError, match="holds: none"):
        find_base("diseases")
