import subprocess
import sys

import pytest
from typer.testing import CliRunner

from spacy_biomedplm.about import __version__


@pytest.mark.parametrize("command", [[], ["extract"], ["evaluate"], ["info"], ["view"]])
def test_app_shows_help(run, command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_app_shows_its_version(run):
    assert run("--version").stdout == f"spacy-biomedplm {__version__}\n"


def test_app_is_light():
    code = (
        "import sys, spacy_biomedplm.cli; print(sorted({'spacy', 'torch', 'transformers', 'thinc'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_app_is_a_command_of_spacy():
    from spacy.cli._util import app as spacy_app

    import spacy_biomedplm.cli.spacy_command  # noqa: F401

    result = CliRunner().invoke(spacy_app, ["biomedplm", "extract", "--help"])
    assert result.exit_code == 0
    assert "--resume" in result.stdout
    result = CliRunner().invoke(spacy_app, ["biomedplm", "extract", "missing.txt", "-o", "out"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error [B601] ")


def test_app_keeps_the_traceback_of_faults(run, monkeypatch):
    monkeypatch.setattr("spacy_biomedplm.cli.info.collect_info", lambda: {}["fault"])
    with pytest.raises(KeyError, match="fault"):
        run("info")
