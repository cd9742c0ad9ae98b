import json
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.writers.checkpoint import CheckpointedOutput, RunState, completed_state
from spacy_biomedplm.writers.folder import format_files, unpack_files

LINES = [format_files(f"d{number}", {".txt": "a\r\nβ\u2028", ".a2": ""}) for number in range(3)]


def write(path: Path, lines: list[str], *, resume: bool = False) -> CheckpointedOutput:
    output = CheckpointedOutput(path, {"model": "m"}, resume=resume, is_folder=True)
    for line in lines:
        output.append(line, RunState(documents=output.state.documents + 1))
    return output


def list_files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


def test_unpack_files(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("".join(LINES), encoding="utf8", newline="\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "half").touch()
    unpack_files(tmp_path / "journal", tmp_path / "out")
    wanted = {
        f"d{n}{ending}": text for n in range(3) for ending, text in ((".a2", b""), (".txt", "a\r\nβ\u2028".encode()))
    }
    assert list_files(tmp_path / "out") == wanted


@pytest.mark.parametrize("is_there", [False, True])
def test_folder_appears_when_it_is_complete(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "out.gz"
    if is_there:
        path.mkdir()
    output = write(path, LINES)
    assert not path.exists() or not any(path.iterdir())
    output.finish()
    assert len(list_files(path)) == 6
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.gz", "out.gz.done"]
    assert completed_state(path, {"model": "m"}) == output.state
    (path / "d0.a2").write_text("E1\tBinding:T1\n", encoding="utf8")
    assert completed_state(path, {"model": "m"}) is None


def test_folder_is_continued(tmp_path: Path) -> None:
    write(tmp_path / "out", LINES[:2]).stop()
    with pytest.raises(BiomedplmError, match="B621"):
        write(tmp_path / "out", LINES)
    output = write(tmp_path / "out", LINES[2:], resume=True)
    output.finish()
    assert (len(list_files(tmp_path / "out")), output.state.documents) == (6, 3)


def test_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(BiomedplmError, match="B620"):
        write(tmp_path / "out", LINES)
    (tmp_path / "out" / "mine").rename(tmp_path / "mine")
    output = write(tmp_path / "out", LINES)
    (tmp_path / "mine").rename(tmp_path / "out" / "mine")
    with pytest.raises(BiomedplmError, match="B625"):
        output.finish()
    output.stop()
    assert list(list_files(tmp_path / "out")) == ["mine"]
    assert json.loads((tmp_path / "out.partial.state").read_text(encoding="utf8"))["state"]["documents"] == 3


def test_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(BiomedplmError, match="B620"):
        write(tmp_path / "out", LINES)
