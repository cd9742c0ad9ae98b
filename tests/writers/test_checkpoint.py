import errno
import gzip
import json
import os
import subprocess
import sys

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.writers import CheckpointedOutput, RunState
from spacy_biomedplm.writers import checkpoint as module


def write(output, *batches):
    for batch in batches:
        output.append(batch, RunState(documents=output.state.documents + 1))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_checkpoint_names_the_file_when_it_is_complete(tmp_path):
    output = CheckpointedOutput(tmp_path / "out", {})
    write(output, "one\n", "two\n")
    assert names(tmp_path) == ["out.partial", "out.partial.state"]
    output.finish()
    output.stop()
    assert names(tmp_path) == ["out", "out.done"]
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


@pytest.mark.parametrize("tail", ["", "half a li", "two\nthr"])
def test_checkpoint_cuts_off_what_is_after_the_last_batch(tmp_path, tail):
    path = tmp_path / "out"
    first = CheckpointedOutput(path, {"model": "m"})
    write(first, "one\n")
    first.stop()
    with path.with_name("out.partial").open("a") as stream:
        stream.write(tail)
    second = CheckpointedOutput(path, {"model": "m"}, resume=True)
    assert second.state.documents == 1
    write(second, "two\n")
    second.finish()
    assert path.read_text() == "one\ntwo\n"


def test_checkpoint_survives_a_crash_between_write_and_commit(tmp_path):
    path = tmp_path / "out"
    first = CheckpointedOutput(path, {})
    write(first, "one\n")
    first.commit()
    write(first, "two\n")  # Written, but not yet in the state: less than a second has passed.
    os.close(first._file)
    second = CheckpointedOutput(path, {}, resume=True)
    assert second.state.documents == 1
    assert path.with_name("out.partial").read_text() == "one\n"
    second.stop()


def test_checkpoint_leaves_nothing_if_nothing_was_written(tmp_path):
    CheckpointedOutput(tmp_path / "out", {}).stop()
    assert names(tmp_path) == []


def test_checkpoint_begins_anew_from_an_empty_partial_file(tmp_path):
    (tmp_path / "out.partial").touch()
    output = CheckpointedOutput(tmp_path / "out", {}, resume=True)
    assert output.state == RunState()
    output.stop()


def test_checkpoint_ignores_the_state_of_a_partial_file_that_is_gone(tmp_path):
    output = CheckpointedOutput(tmp_path / "out", {})
    write(output, "one\n")
    output.stop()
    (tmp_path / "out.partial").unlink()
    output = CheckpointedOutput(tmp_path / "out", {})
    assert output.state == RunState()
    output.stop()


def test_checkpoint_compresses(tmp_path):
    path = tmp_path / "out.jsonl.gz"
    output = CheckpointedOutput(path, {})
    write(output, "one\n", "two\n")
    output.finish()
    assert gzip.decompress(path.read_bytes()) == b"one\ntwo\n"


def test_checkpoint_refuses_what_is_there(tmp_path):
    path = tmp_path / "out"
    path.touch()
    with pytest.raises(BiomedplmError, match=r"\[B620\]"):
        CheckpointedOutput(path, {})
    path.with_name("out.partial").touch()
    with pytest.raises(BiomedplmError, match=r"\[B625\]"):
        CheckpointedOutput(path, {}, resume=True)
    path.unlink()
    with pytest.raises(BiomedplmError, match=r"\[B621\].*--resume"):
        CheckpointedOutput(path, {})


@pytest.mark.parametrize("name", ["", "missing/out"])
def test_checkpoint_refuses_folders(tmp_path, name):
    with pytest.raises(BiomedplmError, match=r"\[B627\]"):
        CheckpointedOutput(tmp_path / name, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: {**content, "settings": {"model": "x"}}, r"\[B622\].*begun with model x, this run has m"),
        (lambda content: {**content, "version": 99}, r"\[B624\].*another version"),
        (lambda content: {**content, "state": {**content["state"], "size": 99}}, r"\[B624\].*shorter"),
        (lambda content: {**content, "state": {"more": 1}}, r"\[B624\].*missing or damaged"),
        (lambda content: [], r"\[B624\].*missing or damaged"),
    ],
)
def test_checkpoint_refuses_another_run(tmp_path, change, message):
    output = CheckpointedOutput(tmp_path / "out", {"model": "m"})
    write(output, "one\n")
    output.stop()
    state = tmp_path / "out.partial.state"
    state.write_text(json.dumps(change(json.loads(state.read_text()))))
    before = (tmp_path / "out.partial").read_bytes()
    with pytest.raises(BiomedplmError, match=message):
        CheckpointedOutput(tmp_path / "out", {"model": "m"}, resume=True)
    assert (tmp_path / "out.partial").read_bytes() == before


def test_checkpoint_refuses_a_damaged_or_missing_state(tmp_path):
    output = CheckpointedOutput(tmp_path / "out", {})
    write(output, "one\n")
    output.stop()
    (tmp_path / "out.partial.state").write_text("{")
    with pytest.raises(BiomedplmError, match=r"\[B624\]"):
        CheckpointedOutput(tmp_path / "out", {}, resume=True)
    (tmp_path / "out.partial.state").unlink()
    with pytest.raises(BiomedplmError, match=r"\[B624\]"):
        CheckpointedOutput(tmp_path / "out", {}, resume=True)


@pytest.mark.skipif(module.fcntl is None, reason="no file locks")
def test_checkpoint_lets_one_process_write(tmp_path):
    output = CheckpointedOutput(tmp_path / "out", {})
    with pytest.raises(BiomedplmError, match=r"\[B628\]"):
        CheckpointedOutput(tmp_path / "out", {}, resume=True)
    output.stop()


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "B626"), (errno.EDQUOT, "B626"), (errno.EFBIG, "B626"), (errno.EIO, "B627")]
)
def test_checkpoint_tells_a_full_disk(tmp_path, monkeypatch, number, code):
    output = CheckpointedOutput(tmp_path / "out", {})
    write(output, "one\n")
    real = os.write

    def write_half(file, data):
        if len(data) > 2:
            return real(file, data[:2])
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "write", write_half)
        with pytest.raises(BiomedplmError, match=rf"\[{code}\].*out"):
            write(output, "two\n")
    output.stop()
    output = CheckpointedOutput(tmp_path / "out", {}, resume=True)
    write(output, "two\n")
    output.finish()
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


def test_checkpoint_stays_valid_when_the_disk_fills_up(tmp_path):
    """A limit of the operating system on the size of files stands for the full disk."""
    code = f"""
import resource
from pathlib import Path
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.writers import CheckpointedOutput, RunState
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
output = CheckpointedOutput(Path({str(tmp_path / "out")!r}), {{}})
try:
    for number in range(1, 100):
        output.append(f"{{number:03d}}" * 333 + "\\n", RunState(documents=number))
except BiomedplmError as error:
    output.stop()
    raise SystemExit(str(error))
"""
    pytest.importorskip("resource")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "[B626] No space to write" in found.stderr
    assert "--resume" in found.stderr
    lines = (tmp_path / "out.partial").read_text().splitlines()
    assert lines == [f"{number:03d}" * 333 for number in range(1, 11)]
    output = CheckpointedOutput(tmp_path / "out", {}, resume=True)
    assert output.state.documents == 10
    output.stop()
