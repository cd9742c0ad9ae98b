"""What each bad input prints: one line, with file, line and what to do."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
import torch

JSON_LINE = '{"text": "aspirin"}\n'
CUT_GZIP = gzip.compress((JSON_LINE * 10).encode("ascii"))[:-20]
BOMB = b'<!DOCTYPE x [\n<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><PubmedArticleSet>&b;</PubmedArticleSet>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><PubmedArticleSet>&f;</PubmedArticleSet>'

MESSAGES = [
    ("missing.txt", None, "[B601] The input '{path}' does not exist. Check the spelling; the path is taken from"),
    ("table.csv", b"a,b", "[B603] {path}: the format of 'table.csv' is unknown. Wanted: .txt, .jsonl, "),
    ("cut.jsonl.gz", CUT_GZIP, "[B605] {path}: the gzip data ends or breaks after "),
    ("plain.txt.gz", b"text", "[B606] {path}: named .gz but is not gzip data. Take .gz off its name, or "),
    ("latin.txt", b"one\ntwo \xb5g", "[B607] {path}, line 2, byte 9 of the file: not valid UTF-8 (byte 0xb5). Con"),
    ("cut.jsonl", b'{"text": "a"}\n{"te', "[B608] {path}, line 2: not valid JSON (Unterminated string starting at, "),
    ("list.jsonl", b"[1]\n", "[B609] {path}, line 1: the line is a list. Wanted: one object per line with a string"),
    ("no.jsonl", b'{"abstract": "a"}\n', '[B609] {path}, line 1: there is no "text". Wanted: one object per'),
    ("title.jsonl", b'{"text": "a", "title": 1}\n', "[B610] {path}, line 1: the field 'title' is a number, "),
    ("odd.pubtator", b"1|t|T\n1|a|A\nodd\n", "[B611] {path}, line 3: not a PubTator line ('odd'). Wanted: "),
    ("cut.pubtator", b"1|t|T\n1|a|A\n\n2|t|T\n", "[B612] {path}, line 4: document '2' has a title but no line"),
    ("cut.xml", b"<PubmedArticleSet>\n<Pubmed", "[B613] {path}, line 2: not well-formed XML (unclosed token, "),
    ("bomb.xml", BOMB, "[B614] {path}, line 2: the XML defines or fetches entities ('a'), which can exhaust memory"),
    ("external.xml", EXTERNAL, "[B614] {path}, line 1: the XML defines or fetches entities ('f'), "),
    ("bioc.xml", b"<collection/>", "[B615] {path}: the XML begins with <collection>, wanted <PubmedArticleSet> or "),
]


def only_error(result):
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Reading ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error ")
    return lines[0].removeprefix("Error ")


@pytest.mark.parametrize("command", ["extract", "view"])
@pytest.mark.parametrize(("name", "data", "message"), MESSAGES, ids=[name for name, _, _ in MESSAGES])
def test_bad_file_is_one_clear_message(run, toy_model, tmp_path, command, name, data, message):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    before = sorted(tmp_path.iterdir())
    result = run(command, path, "-m", toy_model, "-o", tmp_path / "out")
    assert only_error(result).startswith(message.format(path=path))
    assert sorted(tmp_path.iterdir()) == before


def test_bad_folder(run, toy_model, tmp_path):
    result = run("extract", tmp_path, "-m", toy_model, "-o", tmp_path / "out")
    assert only_error(result).startswith(f"[B604] The folder '{tmp_path}' holds no document (0 other files). Wanted: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-b", "0"], "[B635] Wanted --batch-size 1 or more, found 0."),
        (["-n", "0"], "[B635] Wanted --n-process 1 or more, or -1 for all CPUs, found 0."),
        (["-n", "2", "-d", "cuda:0"], "[B635] Wanted --n-process 1 with --device cuda:0, found 2."),
        (["-d", "gpu"], "[B634] The device 'gpu' cannot be used: wanted cpu, or cuda:0, cuda:1 and so on."),
        (["-g", "craft"], "[B632] The model '{model}' has no guideline 'craft'. Known: bc5cdr, toy-genes."),
        (["-m", "{rules}", "-g", "bc5cdr"], "[B633] The model '{rules}' has no pipe that follows a guideline, so "),
        (
            ["-m", "en_no_such"],
            "[B630] The model 'en_no_such' was not found: it is neither an installed package nor a folder. ",
        ),
    ],
)
def test_bad_option(run, toy_model, rule_model, corpus, tmp_path, options, message):
    options = [option.format(rules=rule_model) for option in options]
    result = run("extract", corpus, "-m", toy_model, "-o", tmp_path / "out", *options)
    assert only_error(result).startswith(message.format(model=toy_model, rules=rule_model))


def test_bad_device(run, toy_model, corpus, tmp_path):
    result = run("extract", corpus, "-m", toy_model, "-o", tmp_path / "out", "-d", "cuda:99")
    assert only_error(result).startswith("[B634] The device 'cuda:99' cannot be used: ")


def damage_config(folder: Path) -> None:
    path = folder / "config.cfg"
    path.write_text(path.read_text(encoding="utf8").replace("overwrite_ents", "overwrite_entz"), encoding="utf8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: (folder / "config.cfg").unlink(),
            "[B631] The model '{model}' cannot be loaded: [E053] Could not read",
        ),
        (lambda folder: (folder / "config.cfg").write_text("[nlp"), "[B631] The model '{model}' cannot be loaded: "),
        (lambda folder: (folder / "meta.json").write_text("{"), "[B631] The model '{model}' cannot be loaded: "),
        (lambda folder: (folder / "tokenizer").write_bytes(b"\x81"), "[B631] The model '{model}' cannot be loaded: "),
        (damage_config, "[B631] The model '{model}' cannot be loaded: "),
        (lambda folder: shutil.rmtree(folder / "entity_ruler"), "[B631] The model '{model}' cannot be loaded: "),
    ],
)
def test_bad_model(run, rule_model, corpus, tmp_path, damage, message):
    folder = tmp_path / "model"
    shutil.copytree(rule_model, folder)
    damage(folder)
    error = only_error(run("extract", corpus, "-m", folder, "-o", tmp_path / "out"))
    assert error.startswith(message.format(model=folder))
    assert len(error) < 1500


def test_bad_output(run, toy_model, corpus, tmp_path):
    output = tmp_path / "out"
    output.write_text("precious", encoding="utf8")
    command = ("extract", corpus, "-m", toy_model, "-o")
    assert only_error(run(*command, output)) == (
        f"[B620] The output '{output}' exists and is left as it is. Give another --output, or remove it first."
    )
    assert output.read_text(encoding="utf8") == "precious"
    assert only_error(run(*command, tmp_path)).startswith(f"[B627] '{tmp_path}' cannot be written (it is a folder). ")
    assert only_error(run(*command, tmp_path / "no" / "out")).startswith("[B627] ")
    assert only_error(run("view", corpus, "-m", toy_model, "-o", output)) == (
        f"[B650] The output '{output}' exists and was not written by `biomedplm view`; it is left as it is. "
        "Give another --output, or remove it first."
    )


def test_bad_identifier_for_pubtator(run, toy_model, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "a|b", "text": "x"}), encoding="utf8")
    result = run("extract", path, "-m", toy_model, "-o", tmp_path / "out", "-f", "pubtator")
    assert only_error(result).startswith(f"[B629] Document 'a|b' ({path}) cannot be written as PubTator: its id holds")


def test_name_too_long_is_one_clear_message(run, toy_model, corpus, tmp_path):
    name = "a" * 5000
    for command in (
        ("extract", name, "-m", toy_model, "-o", tmp_path / "out"),
        ("extract", corpus, "-m", name, "-o", tmp_path / "out"),
        ("extract", corpus, "-m", toy_model, "-o", tmp_path / name),
        ("evaluate", toy_model, name),
    ):
        assert only_error(run(*command)).startswith("[B602] ")


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried a lot.")])
def test_no_memory_is_one_clear_message(run, toy_model, corpus, tmp_path, monkeypatch, error):
    def fail(self, doc):
        raise error

    monkeypatch.setattr("spacy.language.Language.make_doc", fail)
    monkeypatch.setattr("spacy.language.Language._ensure_doc", fail)
    result = run("extract", corpus, "-m", toy_model, "-o", tmp_path / "out")
    message = only_error(result)
    assert message.startswith("[B637] Not enough memory (")
    assert "--batch-size" in message
