import json
from pathlib import Path

import pytest

TEXT = "5|t|Kelvanol\n5|a|\n5\t0\t8\tKelvanol\tChemical\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "corpora"
    (folder / "bc5cdr").mkdir(parents=True)
    (folder / "bc5cdr" / "CDR_TestSet.PubTator.txt").write_text(TEXT, encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    return folder


def names(result):
    assert result.exit_code == 0, result.output
    return {row["name"] for row in json.loads(result.stdout)}


def test_list_filters(run, root):
    everything = names(run("corpora", "list", "--json"))
    assert {"bc5cdr", "mednli", "craft"} <= everything
    assert names(run("corpora", "list", "--availability", "here", "--json")) == {"bc5cdr"}
    assert {"mednli", "i2b2-2010"} <= names(run("corpora", "list", "--availability", "agreement", "--json"))
    assert "pharmaconer" in names(run("corpora", "list", "--language", "es", "--task", "linking", "--json"))
    assert names(run("corpora", "list", "--table", "14", "--json")) == {"mednli", "mediqa-rqe", "cmfaq"}
    found = names(run("corpora", "list", "--label", "CHEMICAL", "--task", "ner", "--json"))
    assert {"bc5cdr", "chemprot", "nlm-chem"} <= found
    assert "linnaeus" not in found
    assert not names(run("corpora", "list", "--label", "no such label", "--json"))


def test_list_prints_a_table(run, root):
    result = run("corpora", "list", "--table", "7")
    assert result.exit_code == 0
    assert "ddi2013" in result.stdout
    assert "7 corpora, 0 here" in result.stdout
    assert "relations: advise, effect, int, mechanism" in result.stdout
    assert "\n1 corpus, 1 here" in run("corpora", "list", "--availability", "here").stdout


def test_list_fits_a_narrow_terminal(run, root, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    result = run("corpora", "list")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "ner: Chemical, Di…" in result.stdout


def test_list_of_unavailable_corpora_has_none_with_files(run, root):
    found = json.loads(run("corpora", "list", "--availability", "unavailable", "--json").stdout)
    assert found
    assert not any(row["readable"] for row in found)


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("task", "reading", "ner"),
        ("language", "xx", "es"),
        ("table", "5", "14"),
        ("table", "six", "14"),
        ("availability", "there", "here, public, agreement, unavailable"),
    ],
)
def test_list_says_what_it_knows(option, value, known, run):
    result = run("corpora", "list", f"--{option}", value)
    assert result.exit_code == 1
    assert f"Error [B499] No corpus of the catalogue has the {option} '{value}'" in result.stderr
    assert known in result.stderr


def test_info_prints_the_record(run, root):
    result = run("corpora", "info", "bc5cdr")
    assert result.exit_code == 0
    for found in ("BioCreative V", "Chemical, Disease", "CDR_TestSet.PubTator.txt", "not here", "9,809 mentions"):
        assert found in result.stdout
    record = json.loads(run("corpora", "info", "bc5cdr", "--json").stdout)
    assert record["layers"]["relations"] == ["CID"]
    assert record["here"]["CDR_TestSet.PubTator.txt"] == str(root / "bc5cdr" / "CDR_TestSet.PubTator.txt")
    assert record["here"]["CDR_TrainingSet.PubTator.txt"] is None


def test_info_of_every_corpus_can_be_printed(run, root):
    from spacy_biomedplm.corpora import read_catalogue

    for name in read_catalogue():
        assert run("corpora", "info", name).exit_code == 0


def test_info_names_similar_corpora(run):
    result = run("corpora", "info", "bc5")
    assert result.exit_code == 1
    assert "[B414]" in result.stderr
    assert "bc5cdr" in result.stderr
    assert "bc5cdr" in run("corpora", "info", "BC5").stderr


def test_names_of_corpora_have_no_case(run, root):
    assert json.loads(run("corpora", "info", "BC5CDR", "--json").stdout)["name"] == "bc5cdr"
    (row,) = json.loads(run("corpora", "stats", "BC5cdr", "bc5cdr", "--json").stdout)
    assert row["corpus"] == "bc5cdr"


def test_path_prints_files(run, root):
    path = str(root / "bc5cdr" / "CDR_TestSet.PubTator.txt")
    assert run("corpora", "path", "bc5cdr", "test").stdout.splitlines() == [path]
    result = run("corpora", "path", "bc5cdr")
    assert result.exit_code == 1
    assert "[B417]" in result.stderr
    assert run("corpora", "path", "bc5cdr", "validation").exit_code == 1
    assert "[B415]" in run("corpora", "path", "clicr").stderr


def test_stats_compares_with_what_was_published(run, root):
    (row,) = json.loads(run("corpora", "stats", "bc5cdr", "--json").stdout)
    assert row["counts"]["mentions"] == 1
    assert row["published"]["mentions"] == 9809
    assert row["matches"] is False
    result = run("corpora", "stats", "--all")
    assert "differs" in result.stdout
    assert "1 (published 9,809)" in result.stdout


def test_stats_needs_something_to_count(run, root):
    assert "[B421]" in run("corpora", "stats").stderr
    assert "[B417]" in run("corpora", "stats", "linnaeus").stderr
    assert "[B415]" in run("corpora", "stats", "clicr").stderr


def test_stats_goes_on_after_what_cannot_be_counted(run, root):
    (root / "linnaeus").mkdir()
    (root / "linnaeus" / "train.tsv").write_bytes(b"\xe9t\xe9\tO\n")
    result = run("corpora", "stats", "clicr", "bc6", "bc5cdr", "--json")
    assert result.exit_code == 1
    assert [row["corpus"] for row in json.loads(result.stdout)] == ["bc5cdr"]
    assert "Error clicr: [B415]" in result.stderr
    assert "Error bc6: [B414]" in result.stderr
    result = run("corpora", "stats", "--all")
    assert result.exit_code == 0, "only what is named must be there"
    assert "bc5cdr" in result.stdout
    assert "Error linnaeus: [B438]" in result.stderr


def test_fetch_takes_files_from_the_folder_of_corpora(run, root, tmp_path):
    (root / "biosses").mkdir()
    for name in ("train", "dev", "test"):
        (root / "biosses" / f"{name}.tsv").write_text("pair_id\tsent1\tsent2\tscore\n", encoding="utf8")
    result = run("corpora", "fetch", "biosses", "--to", tmp_path / "to")
    assert result.exit_code == 1
    assert "[B491]" in result.stderr
    assert not list(Path(tmp_path, "to").rglob("*.tsv"))


def test_fetch_says_how_to_get_it(run, root, tmp_path):
    result = run("corpora", "fetch", "mednli", "--to", tmp_path / "to")
    assert result.exit_code == 1
    assert "[B492]" in result.stderr
    assert "PhysioNet" in result.stderr
    assert "[B493]" in run("corpora", "fetch", "sat").stderr


def test_corpora_needs_a_folder_for_some_commands(run, monkeypatch):
    monkeypatch.delenv("BIOMEDPLM_CORPORA", raising=False)
    for command in (("path", "bc5cdr"), ("stats", "--all"), ("fetch", "bc5cdr")):
        assert "[B416]" in run("corpora", *command).stderr
    for command in (("list", "--json"), ("info", "bc5cdr")):
        result = run("corpora", *command)
        assert result.exit_code == 0
        assert result.stderr == "BIOMEDPLM_CORPORA is not set: no corpus counts as here.\n"
    monkeypatch.setenv("BIOMEDPLM_CORPORA", "no-such-folder")
    assert "names 'no-such-folder', which is no folder" in run("corpora", "list").stderr
