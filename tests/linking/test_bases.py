import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.linking.bases import find_base


def test_a_base_is_found_by_its_folder_or_its_name(base, monkeypatch):
    assert find_base(str(base)) == base
    monkeypatch.setenv("BIOMEDPLM_KB", str(base.parent))
    assert find_base("diseases") == base


def test_a_base_that_is_not_there(base, monkeypatch, tmp_path):
    monkeypatch.delenv("BIOMEDPLM_KB", raising=False)
    with pytest.raises(BiomedplmError, match=r"B690.*'diseases'.*BIOMEDPLM_KB is not set"):
        find_base("diseases")
    monkeypatch.setenv("BIOMEDPLM_KB", str(tmp_path))
    with pytest.raises(BiomedplmError, match="holds: none"):
        find_base("diseases")
