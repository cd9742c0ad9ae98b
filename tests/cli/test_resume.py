import json
import os
import signal
import subprocess
import sys
import time

import pytest

from spacy_biomedplm.cli import batches
from spacy_biomedplm.cli.extraction import ExtractOptions, extract


@pytest.fixture
def wanted(rule_model, corpus, tmp_path):
    """Output of a run without a stop."""
    extract(ExtractOptions((str(corpus),), tmp_path / "wanted", rule_model, batch_size=3))
    return (tmp_path / "wanted").read_bytes()


@pytest.fixture
def stop_after(monkeypatch):
    """Make a run end with an exception after some batches."""
    real = batches.process_batch

    def arrange(number, error):
        left = [number]

        def process(*args):
            if not left[0]:
                raise error
            left[0] -= 1
            return real(*args)

        monkeypatch.setattr(batches, "process_batch", process)
        return lambda: monkeypatch.setattr(batches, "process_batch", real)

    return arrange


@pytest.mark.parametrize("number", [0, 1, 4, 6])
@pytest.mark.parametrize("tail", [b"", b'{"id":"half', b'{"whole":1}\n{"id'])
def test_resume_gives_the_same_bytes(run, rule_model, corpus, tmp_path, wanted, stop_after, number, tail):
    output = tmp_path / "out.jsonl"
    partial = tmp_path / "out.jsonl.partial"
    command = ("extract", corpus, "-m", rule_model, "-o", output, "-b", 3)
    start_again = stop_after(number, KeyboardInterrupt())
    result = run(*command)
    start_again()
    assert result.exit_code == 130
    kept = f" {3 * number} documents are kept in '{partial}'. Go on with the same command and --resume."
    assert result.stderr.splitlines()[-1] == "Interrupted." + (kept if number else "")
    assert partial.exists() is bool(number)
    assert not output.exists()
    if number:
        with partial.open("ab") as stream:
            stream.write(tail)
        assert run(*command).stderr.startswith("Error [B621] ")
    result = run(*command, "--resume")
    assert result.exit_code == 0, result.stderr
    assert output.read_bytes() == wanted
    assert not partial.exists()
    assert not (tmp_path / "out.jsonl.partial.state").exists()


def test_resume_of_a_complete_output_does_nothing(run, rule_model, corpus, tmp_path):
    output = tmp_path / "out"
    assert run("extract", corpus, "-m", rule_model, "-o", output).exit_code == 0
    before = (output.stat().st_mtime_ns, output.stat().st_ino, output.read_bytes())
    result = run("extract", corpus, "-m", rule_model, "-o", output, "--resume")
    assert result.exit_code == 0
    assert result.stderr == f"'{output}' is complete already; nothing to do.\n"
    assert (output.stat().st_mtime_ns, output.stat().st_ino, output.read_bytes()) == before


def test_resume_counts_all_documents(run, rule_model, corpus, tmp_path, stop_after):
    command = ("extract", corpus, "-m", rule_model, "-o", tmp_path / "out", "-b", 3)
    start_again = stop_after(2, KeyboardInterrupt())
    run(*command)
    start_again()
    output = run(*command, "--resume").stdout
    assert [line.split()[-2] for line in output.splitlines() if "documents" in line or "earlier" in line] == ["20", "6"]


def test_resume_goes_on_after_a_bad_line_was_repaired(run, rule_model, corpus, tmp_path, wanted):
    lines = corpus.read_text(encoding="utf8").splitlines(keepends=True)
    corpus.write_text("".join([*lines[:10], "bad\n", *lines[10:]]), encoding="utf8")
    command = ("extract", corpus, "-m", rule_model, "-o", tmp_path / "out", "-b", 3)
    result = run(*command)
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert " 9 documents are kept in " in error
    assert error.startswith(f"Error [B608] {corpus}, line 11: not valid JSON (Expecting value, column 1).")
    corpus.write_text("".join(lines), encoding="utf8")
    assert run(*command, "--resume").exit_code == 0
    assert (tmp_path / "out").read_bytes() == wanted


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda corpus, args: [*args, "-f", "pubtator"],
            "[B622] '{partial}' was begun with --format jsonl, this run has pubtator.",
        ),
        (lambda corpus, args: [*args, "-b", "4"], "[B622] '{partial}' was begun with --batch-size 3, this run has 4."),
        (lambda corpus, args: [*args, str(corpus)], "[B622] '{partial}' was begun with inputs 1 files (digest"),
        (
            lambda corpus, args: corpus.write_text('{"text": "other"}\n' * 20) and args,
            "[B623] The inputs no longer begin with the 6 documents that '{partial}' already covers: their texts",
        ),
        (
            lambda corpus, args: corpus.write_text('{"text": "other"}\n') and args,
            "[B623] The inputs no longer begin with the 6 documents that '{partial}' already covers: there are only 1.",
        ),
    ],
)
def test_resume_refuses_another_run(run, rule_model, corpus, tmp_path, stop_after, change, message):
    partial = tmp_path / "out.partial"
    command = ["extract", corpus, "-m", rule_model, "-o", tmp_path / "out", "-b", "3"]
    start_again = stop_after(2, KeyboardInterrupt())
    run(*command)
    start_again()
    before = partial.read_bytes()
    result = run(*change(corpus, command), "--resume")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error " + message.format(partial=partial))
    assert partial.read_bytes() == before


def test_resume_refuses_another_model(run, rule_model, toy_model, corpus, tmp_path, stop_after):
    start_again = stop_after(2, KeyboardInterrupt())
    run("extract", corpus, "-m", rule_model, "-o", tmp_path / "out", "-b", 3)
    start_again()
    result = run("extract", corpus, "-m", toy_model, "-o", tmp_path / "out", "-b", 3, "--resume")
    message = f"Error [B622] '{tmp_path / 'out.partial'}' was begun with model en_pipeline 0.0.0 ("
    assert result.stderr.startswith(message)


def test_resume_after_other_errors(run, rule_model, corpus, tmp_path, wanted, stop_after):
    command = ("extract", corpus, "-m", rule_model, "-o", tmp_path / "out", "-b", 3)
    start_again = stop_after(3, ZeroDivisionError("a fault"))
    with pytest.raises(ZeroDivisionError):
        run(*command)
    start_again()
    assert run(*command, "--resume").exit_code == 0
    assert (tmp_path / "out").read_bytes() == wanted


# A shell ignores the interrupt of what it runs in the background, and what ignores it passes that on.
MAIN = """
import signal
from spacy_biomedplm.cli import main
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
"""


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_interrupt_keeps_whole_records(rule_model, corpus, tmp_path, n_process):
    script = tmp_path / "main.py"
    script.write_text(MAIN, encoding="utf8")
    corpus.write_text(corpus.read_text(encoding="utf8") * 10_000, encoding="utf8")
    output = tmp_path / "out"
    args = ["extract", corpus, "-m", rule_model, "-o", output, "-b", 20, "-n", n_process]
    command = [sys.executable, str(script), *map(str, args)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and process.poll() is None and not _documents(output):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, messages = process.communicate(timeout=300)
    assert process.returncode == 130, messages
    assert "Traceback" not in messages
    assert f"documents are kept in '{output}.partial'. Go on with the same command and --resume." in messages
    assert not output.exists()
    kept = output.with_name("out.partial").read_bytes()
    assert kept.endswith(b"\n")
    ids = [json.loads(line)["id"] for line in kept.splitlines()]
    assert ids == [f"d{number % 20}" for number in range(_documents(output))]


def _documents(output):
    state = output.with_name("out.partial.state")
    return json.loads(state.read_text())["state"]["documents"] if state.exists() else 0


def test_resume_refuses_a_file_that_another_run_made(run, rule_model, corpus, tmp_path):
    output = tmp_path / "out"
    command = ("extract", corpus, "-m", rule_model, "-o", output, "--resume")
    output.write_text("precious", encoding="utf8")
    assert run(*command).stderr.startswith("Error [B620] ")
    output.unlink()
    assert run(*command).exit_code == 0
    assert run(*command).exit_code == 0
    for changed in ((*command, "-b", "3"), (*command, "-f", "pubtator")):
        result = run(*changed)
        assert (result.exit_code, result.stderr[:12]) == (1, "Error [B620]")
    whole, lines = output.read_bytes(), corpus.read_bytes()
    output.write_bytes(whole.replace(b"aspirin", b"ASPIRIN"))
    assert run(*command).exit_code == 1
    output.write_bytes(whole)
    corpus.write_bytes(lines.replace(b"Lithium", b"Sodium"))
    assert run(*command).exit_code == 1
