import json

import spacy

from spacy_biomedplm.about import __version__


def test_info_prints_json(run, monkeypatch, tmp_path):
    (tmp_path / "bc5cdr").mkdir()
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(tmp_path))
    result = run("info", "--json")
    info = json.loads(result.stdout)
    assert result.exit_code == 0
    assert info["versions"]["spacy-biomedplm"] == __version__
    assert info["versions"]["spacy"] == spacy.__version__
    assert info["precision"]["cpu"] in ("fp32", "bf16")
    assert info["corpora"]["found"] == ["bc5cdr"]


def test_info_prints_a_table(run, monkeypatch):
    monkeypatch.delenv("BIOMEDPLM_CORPORA", raising=False)
    result = run("info")
    assert result.exit_code == 0
    assert "BIOMEDPLM_CORPORA is not set" in result.stdout
    assert spacy.__version__ in result.stdout
