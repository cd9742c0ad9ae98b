import gzip
import json
import re
import zipfile
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from typer.testing import CliRunner

from spacy_biomedplm.cli import app
from spacy_biomedplm.cli.conversion import convert
from spacy_biomedplm.corpora.problems import ErrorMode, Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.formats import FORMATS

TEXT = "IL-4 up-regulates the phosphorylation of STAT6."
ANN = """T1\tProtein 0 4\tIL-4
T2\tProtein 41 46\tSTAT6
T3\tPositive_regulation 5 17\tup-regulates
T4\tPhosphorylation 22 37\tphosphorylation
R1\tUpstream Arg1:T1 Arg2:T2
E1\tPhosphorylation:T4 Theme:T2
E2\tPositive_regulation:T3 Theme:E1 Cause:T1
A1\tNegation E1
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "7.txt").write_text(TEXT, encoding="utf8")
    (folder / "7.ann").write_text(ANN, encoding="utf8")
    return folder


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def test_help_names_every_format() -> None:
    words = " ".join(CliRunner().invoke(app, ["convert", "--help"]).stdout.replace("│", " ").split())
    both, only_read = (set(re.split("[,.;]? ", part)) for part in words.partition("Formats:")[2].split("read only:"))
    assert {name for name, known in FORMATS.items() if known.write is not None} <= both
    assert {name for name, known in FORMATS.items() if known.write is None} <= only_read


def test_there_and_back(corpus: Path, tmp_path: Path) -> None:
    middle, end = tmp_path / "corpus.jsonl.gz", tmp_path / "again"
    assert run(corpus, middle, "--from", "brat").exit_code == 0
    assert middle.read_bytes()[:2] == bytes([0x1F, 0x8B])
    result = run(middle, end, "--to", "brat")
    assert result.exit_code == 0, result.output
    assert "events" in result.stdout
    assert "not expressed" not in result.stdout
    assert (end / "7.txt").read_text(encoding="utf8") == TEXT
    assert sorted((end / "7.ann").read_text(encoding="utf8").splitlines()) == sorted(ANN.splitlines())


@pytest.mark.parametrize("name", [name for name, known in FORMATS.items() if known.write is not None])
def test_every_format_is_written_and_what_it_lacks_is_counted(name: str, corpus: Path, tmp_path: Path) -> None:
    listed = tmp_path / "problems.json"
    result = run(corpus, tmp_path / "out", "--from", "brat", "--to", name, "--problems", listed)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out").exists()
    done = json.loads(listed.read_text(encoding="utf8"))
    assert done["read"] == {
        "documents": 1,
        "entities": 2,
        "triggers": 2,
        "relations": 1,
        "events": 2,
        "attributes": 1,
    }
    if name in ("txt", "pubtator", "conll"):
        assert "events" in done["not_expressed"], done
    if name in ("brat", "a2", "jsonl", "docbin", "bioc-xml", "bioc-json"):
        assert not {"events", "relations"} & set(done["not_expressed"]), done


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["corpus", "out.jsonl"], "B660.*corpus.*--from"),
        (["corpus", "out.jsonl", "--from", "brad"], "B660.*no format 'brad'.*brat"),
        (["corpus", "out", "--from", "brat"], "B660.*out.*--to"),
        (["corpus", "out", "--from", "brat", "--to", "jats"], "B661.*'jats'.*brat"),
        (["nothing", "out.jsonl", "--from", "brat"], "B401.*nothing"),
        (["corpus", "corpus/out.jsonl", "--from", "brat"], "B663.*inside"),
        (["corpus", "out.jsonl", "--from", "brat", "--problems", "no/p.json"], "B627.*no folder"),
        (["corpus", "no/folder/out.jsonl", "--from", "brat"], "B627.*no folder"),
    ],
)
def test_mistakes_get_one_message(
    arguments: list[str], message: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 1
    assert re.search(message, result.stderr), result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"], "nothing is left behind"


def test_an_output_that_exists_is_left_alone(corpus: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("mine", encoding="utf8")
    result = run(corpus, target, "--from", "brat")
    assert (result.exit_code, target.read_text(encoding="utf8")) == (1, "mine")
    assert "B662" in result.stderr


def test_broken_items_by_mode(corpus: Path, tmp_path: Path) -> None:
    moved = ANN.replace("T2\tProtein 41 46", "T2\tProtein 40 45")
    (corpus / "7.ann").write_text(moved, encoding="utf8")
    result = run(corpus, tmp_path / "a.jsonl", "--from", "brat")
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert not (tmp_path / "a.jsonl").exists()
    result = run(corpus, tmp_path / "b.jsonl", "--from", "brat", "--errors", "repair")
    assert result.exit_code == 0
    assert "repaired" in result.stdout
    assert "41-46" in result.stderr
    result = run(corpus, tmp_path / "c.jsonl", "--from", "brat", "--errors", "skip", "--problems", tmp_path / "p.json")
    assert result.exit_code == 0
    done = json.loads((tmp_path / "p.json").read_text(encoding="utf8"))
    assert done["read"]["entities"] == 1
    assert done["problems"] == {"dropped": 5}, "also the relation and the events that name the mention"


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
LATIN1 = "Pati\xebnt\n".encode("latin1")
UNREADABLE = {
    "empty": b"",
    "xml": BOMB,
    "latin1": LATIN1,
    "cut.gz": gzip.compress(b"word\tO\n" * 99)[:9],
    "no.gz": b"plain",
    "no.zip": b"PK\x03\x04 half of it",
    "no.tar.gz": gzip.compress(b"plain"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_read_is_an_error_in_every_mode(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"in.{kind}"
    path.write_bytes(UNREADABLE[kind])
    if (name, kind) in {("txt", "empty"), ("txt", "xml"), ("conll", "xml")}:
        return  # Any text is a document of theirs.
    for mode in get_args(ErrorMode):
        with pytest.raises(BiomedplmError) as caught:
            convert(
                path, tmp_path / "out", source_format=name, target_format="jsonl", report=Report(cast(ErrorMode, mode))
            )
        message = str(caught.value)
        assert re.match(r"\[B\d+\] '?" + re.escape(str(path)), message)
        assert mode == "raise" or "Or go on" not in message
        assert "Forbidden(" not in message
        assert not list(tmp_path.glob("*out*"))


def test_one_damaged_file_of_several_is_left_out_and_listed(corpus: Path, tmp_path: Path) -> None:
    (corpus / "8.txt").write_bytes(LATIN1)
    (corpus / "8.ann").write_bytes(b"")
    assert "[B402]" in run(corpus, tmp_path / "out", "--from", "brat", "--to", "jsonl").stderr
    for mode in ("skip", "repair"):
        listed = tmp_path / f"{mode}.json"
        result = run(corpus, tmp_path / mode, "-f", "brat", "-t", "jsonl", "-e", mode, "--problems", listed)
        assert result.exit_code == 0, result.output
        (problem,) = json.loads(listed.read_text(encoding="utf8"))["listed_problems"]
        assert problem["kind"] == "dropped"
        assert "iconv -f windows-1252" in problem["detail"]
        assert "errors =" not in problem["detail"]


def test_a_list_of_repairs_says_what_was_made_of_each(corpus: Path, tmp_path: Path) -> None:
    (corpus / "7.ann").write_text(ANN.replace("0 4\t", "1 5\t"), encoding="utf8")
    message = run(corpus, tmp_path / "out", "-f", "brat", "-t", "jsonl").stderr
    assert "repair mends it (it is taken to be 'IL-4' at 0-4)" in message
    details = {}
    for mode in ("skip", "repair"):
        listed = tmp_path / f"{mode}.json"
        run(corpus, tmp_path / mode, "-f", "brat", "-t", "jsonl", "-e", mode, "--problems", listed)
        details[mode] = json.loads(listed.read_text(encoding="utf8"))["listed_problems"][0]["detail"]
    assert details["repair"] == f"{details['skip']} Mended: it is taken to be 'IL-4' at 0-4."


def test_a_zip_archive_is_read_in_place(corpus: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "corpus.zip", "w") as archive:
        for file in corpus.iterdir():
            archive.write(file, f"set/{file.name}")
    assert run(corpus, tmp_path / "a.jsonl", "--from", "brat").exit_code == 0
    assert run(tmp_path / "corpus.zip", tmp_path / "b.jsonl", "--from", "brat").exit_code == 0
    records = [json.loads((tmp_path / name).read_text(encoding="utf8")) for name in ("a.jsonl", "b.jsonl")]
    assert records[0]["spans"] == records[1]["spans"]


@pytest.mark.parametrize("arguments", [("-", "out.jsonl"), ("corpus", "-")])
def test_pipes_are_refused(arguments: tuple[str, str], corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(corpus.parent)
    result = run(*arguments, "--from", "brat", "--to", "jsonl")
    assert result.exit_code == 1
    assert "[B664]" in result.stderr
    assert not Path("-").exists()
