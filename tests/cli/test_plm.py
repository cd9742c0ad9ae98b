import json
import subprocess
import sys

import pytest

from spacy_biomedplm.plm import checking
from spacy_biomedplm.plm.catalogue import read_catalogue


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def names(result):
    assert result.exit_code == 0, result.output
    return [row["name"] for row in json.loads(result.stdout)]


@pytest.mark.parametrize("command", [[], ["list"], ["show"], ["check"], ["recommend"]])
def test_plm_shows_help(run, command):
    result = run("plm", *command, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_list_filters(run):
    assert names(run("plm", "list", "--json")) == list(read_catalogue())
    assert len(names(run("plm", "list", "--survey", "Table 4", "--json"))) == 33
    found = names(run("plm", "list", "--genre", "ehr", "--task", "ner", "--access", "public", "--json"))
    assert "bio-clinicalbert" in found
    assert "bert-mimic" not in found
    assert "bert-for-radiology" in names(run("plm", "list", "--language", "de", "--json"))
    assert "pubmedbert" in names(run("plm", "list", "--init", "scratch", "--vocabulary", "own", "--json"))
    assert names(run("plm", "list", "--objective", "word-vectors", "--family", "static", "--json")) == ["biosentvec"]


def test_list_fits_80_columns(run):
    result = run("plm", "list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for word in ("not-released", "megatron-bert", "CC-BY-NC-4.0", "bioclinical-modernbert", "literature"):
        assert word in result.stdout
    count = len(read_catalogue())
    assert lines[-1].startswith(f"{count} models, the weights of ")


def test_list_says_what_it_knows(run):
    result = run("plm", "list", "--genre", "poems")
    assert result.exit_code == 1
    assert "Error [B509] The catalogue of language models knows no genre 'poems'" in result.stderr
    assert "literature" in result.stderr


def test_show_prints_every_record(run):
    for name in read_catalogue():
        result = run("plm", "show", name)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= 80
        assert name in result.stdout


def test_show_prints_the_record(run):
    result = run("plm", "show", "PubMedBERT")
    for found in ("pubmedbert", "Gu et al. (2021)", "Table 4, row 19", "scratch", "MIT", "as bert", "110M"):
        assert found in result.stdout
    record = json.loads(run("plm", "show", "biobert", "--json").stdout)
    assert record["licence"] is None
    assert record["variants"][0]["hub"] == "dmis-lab/biobert-base-cased-v1.2"


def test_show_names_similar_models(run):
    result = run("plm", "show", "biobrt")
    assert result.exit_code == 1
    assert "[B508]" in result.stderr
    assert "biobert" in result.stderr


def test_recommend_prints_reasons(run):
    result = run("plm", "recommend", "clinical notes, NER, CPU, MIT licence, blah", "--limit", "2")
    assert result.exit_code == 0
    for found in (
        "Wanted: text ehr; task ner; device cpu; licence MIT",
        "Assumed: access public or gated; tokens text; language en",
        "Not understood, and not taken into account: 'blah'",
        "bio-clinicalbert",
        "+3 learned from ehr",
        "+1 110M parameters on a CPU",
        "more with --limit",
        "by licence unknown",
    ):
        assert found in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_recommend_takes_options(run):
    args = [
        "--text",
        "clinical notes",
        "--task",
        "ner",
        "--device",
        "cpu",
        "--licence",
        "MIT",
        "--max-parameters",
        "1B",
    ]
    found = json.loads(run("plm", "recommend", *args, "--json").stdout)
    assert found["wanted"] == {"text": ["ehr"], "task": ["ner"], "device": ["cpu"], "licence": ["MIT"]}
    assert found["max_parameters"] == 1_000_000_000
    assert found["not_understood"] == []
    assert len(found["suggestions"]) == 5
    best = found["suggestions"][0]
    assert best["points"] == sum(reason["points"] for reason in best["reasons"])


def test_recommend_says_when_nothing_suits(run):
    result = run("plm", "recommend", "Chinese, MIT licence")
    assert result.exit_code == 0
    assert "No model meets all that must hold." in result.stdout
    assert "Left out: " in result.stdout


@pytest.mark.parametrize("args", [[], ["blah"], ["NER", "--licence", "GPL"], ["NER", "--max-parameters", "few"]])
def test_recommend_refuses_what_it_cannot_take_into_account(run, args):
    result = run("plm", "recommend", *args)
    assert result.exit_code == 1
    assert "[B509]" in result.stderr


def test_check_reports(run, tiny_plm, monkeypatch):
    monkeypatch.setattr(checking, "_SECONDS", 0.0)
    result = run("plm", "check", tiny_plm("bert"))
    assert result.exit_code == 0
    for found in ("width 32, from 2 layers", "words/s on cpu", "parameters", "peak memory"):
        assert found in result.stdout
    assert "tiny" not in result.stdout
    found = json.loads(run("plm", "check", "--json", tiny_plm("bert")).stdout)
    assert (found["width"], found["layers"], found["model"], found["tiny"]) == (32, 2, None, "")


def test_check_marks_what_is_not_the_model_itself(run, monkeypatch):
    monkeypatch.setattr(checking, "_SECONDS", 0.0)
    result = run("plm", "check", "biobert")
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "Not biobert itself: the Hugging Face hub cannot be reached" in shown
    assert "its numbers say nothing of biobert" in shown
    assert "bert, tiny and random" in shown


def test_check_says_why_not(run):
    result = run("plm", "check", "behrt")
    assert result.exit_code == 1
    assert "behrt does not load here." in result.stdout
    assert run("plm", "check", "biobrt").exit_code == 1
    assert "[B634]" in run("plm", "check", "biobert", "--device", "tpu").stderr


def test_plm_needs_no_torch_to_answer():
    code = (
        "import sys; from spacy_biomedplm.cli import app\n"
        "for args in (['list'], ['show', 'biobert'], ['recommend', 'NER']):\n"
        "    try:\n        app(['plm', *args])\n    except SystemExit as end:\n        assert end.code == 0\n"
        "print(sorted({'spacy', 'torch', 'transformers', 'tokenizers'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"
