"""The scripts of projects/events, on small documents."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.corpora.brat import read_brat
from tests.events.conftest import make_gold  # noqa: F401

PROJECT = Path(__file__).parents[2] / "projects" / "events"


def run(*arguments: Any) -> str:
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("decoder", ["templates", "tags"])
def test_one_trains_own_events(
    decoder: str,
    make_gold: Callable[..., Doc],  # noqa: F811
    tiny_plm: Any,
    tmp_path: Path,
) -> None:
    doc = make_gold()
    for split in ("train", "dev"):
        (tmp_path / "mine" / split).mkdir(parents=True)
        DocBin(store_user_data=True, docs=[doc] * 4).to_disk(tmp_path / "mine" / split / "mine.spacy")
    DocBin(store_user_data=True, docs=[doc]).to_disk(tmp_path / "mine" / "dev" / "mine.spacy")
    config = PROJECT / "configs" / f"{decoder}.cfg"
    paths = [f"--paths.{split}={tmp_path / 'mine' / split}" for split in ("train", "dev")]
    settings = [f"--vars.encoder={tiny_plm('bert')}", "--vars.width=32", "--vars.max_steps=160"]
    settings += ["--vars.warmup_steps=1", "--vars.learn_rate=0.005", "--training.eval_frequency=160"]
    settings += [
        "--components.events.model.lr_scale=1.0",
        "--training.dropout=0.0",
        "--components.tok2vec.model.average_decay=0",
    ]
    settings += ["--components.events.model.average_decay=0", "--components.tok2vec.model.piece_dropout=0"]
    run("-m", "spacy", "train", config, "--output", tmp_path / "out", *paths, *settings)
    model = tmp_path / "out" / "model-last"
    assert spacy.load(model).get_pipe("events").labels == (  # type: ignore[attr-defined]
        "default/Binding",
        "default/Phosphorylation",
        "default/Positive_regulation",
    )
    metrics = tmp_path / "metrics" / "mine.json"
    shown = run(PROJECT / "scripts" / "evaluate.py", model, tmp_path / "mine" / "dev", metrics)
    assert "mine" in shown
    (record,) = json.loads(metrics.read_text())["records"]
    assert (record["rule"], record["decoder"], record["given"]) == ("equal", decoder, "entities")
    assert 0 < record["f1"] <= 1
    docs_file = tmp_path / "docs.md"
    docs_file.write_text("<!-- events -->\n<!-- /events -->\n<!-- events-types -->\n<!-- /events-types -->\n")
    run(PROJECT / "scripts" / "table.py", tmp_path / "metrics", tmp_path / "events.json", docs_file)
    assert f"| mine | equal | itself | {decoder} | entities | 1 |" in docs_file.read_text()
    run(PROJECT / "scripts" / "write_answers.py", model, tmp_path / "mine" / "dev", tmp_path / "answers")
    gold, answers = (list(read_brat(tmp_path / "answers" / "mine" / name)) for name in ("gold", "answers"))
    assert [one.text for one in gold] == [one.text for one in answers] == [doc.text]
    assert len(gold[0].events) == 6
    assert answers[0].events
