import io
import json
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly

from spacy_biomedplm.training.progress import create_progress_logger, evaluation_line

SCORES = {"ents_f": 0.5, "ents_per_guideline": {"bc5cdr": {"p": 0.5, "r": 0.75, "f": 0.6, "labels": {}}}}
INFO: dict[str, Any] = {
    "epoch": 1,
    "step": 4,
    "score": 0.6,
    "other_scores": SCORES,
    "losses": {"tok2vec": 1.5, "ner": 0.25},
    "checkpoints": [(0.6, 4)],
    "seconds": 3,
    "words": 100,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(
    logger: Any, steps: int, *, stdout: io.StringIO | None = None, stderr: io.StringIO | None = None
) -> tuple[str, str]:
    """Log steps, every fourth with an evaluation; returns what was written."""
    nlp = spacy.blank("en")
    nlp.config["training"]["max_steps"] = 20
    stdout, stderr = stdout or io.StringIO(), stderr or io.StringIO()
    log, finish = logger(nlp, stdout, stderr)
    for step in range(steps):
        log({**INFO, "step": step} if step % 4 == 0 else None)
    finish()
    return stdout.getvalue(), stderr.getvalue()


def test_evaluation_line() -> None:
    line = "step 4 epoch 1 score 60.00 | loss tok2vec 1.500, loss ner 0.250 | bc5cdr 60.0"
    assert evaluation_line(INFO) == line
    assert "score 0.00" in evaluation_line({**INFO, "score": None, "other_scores": None})


def test_a_line_for_each_evaluation_and_progress_between() -> None:
    out, err = run(create_progress_logger(line_every=5), 12)
    assert [line.split(" epoch")[0] for line in out.splitlines()] == ["step 0", "step 4", "step 8"]
    assert [line.split(",")[0] for line in err.splitlines()] == ["step 10/20"]
    assert "min left" in err


def test_records_are_appended_as_jsonl(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "log.jsonl"
    run(create_progress_logger(file), 8)
    run(create_progress_logger(file), 1)
    records = list(srsly.read_jsonl(file))
    assert [record["step"] for record in records] == [0, 4, 0]
    # srsly rounds the last digit of a float.
    assert json.loads(json.dumps(records[0]["other_scores"]), parse_float=lambda n: round(float(n), 6)) == SCORES
    assert records[0]["losses"] == INFO["losses"]
    assert file.read_text(encoding="utf-8").count("\n") == 3


def test_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = run(create_progress_logger(), 20, stderr=Terminal())
    assert len(out.splitlines()) == 5
    for part in ("20/20", "left", "score 60.00"):
        assert part in err


def test_lines_stand_above_the_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out, err = run(create_progress_logger(), 5, stdout=Terminal(), stderr=Terminal())
    assert out == ""
    assert err.count("| loss tok2vec 1.500, loss ner 0.250 | bc5cdr 60.0") == 2


@pytest.mark.parametrize("max_steps", [0, 5])
def test_without_a_limit_of_steps(max_steps: int) -> None:
    nlp = spacy.blank("en")
    nlp.config["training"]["max_steps"] = max_steps
    err = io.StringIO()
    log, finish = create_progress_logger(line_every=1)(nlp, io.StringIO(), err)
    log(None)
    finish()
    assert err.getvalue().startswith(f"step 1/{max_steps or '?'}, ")
