"""The scripts of projects/relations, on small documents."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.util import load_config, load_model_from_config

from spacy_biomedplm.corpora.catalogue import get_corpus
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.relations.component import BiomedRelations
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, RelationRecord
from tests.relations.conftest import TEN, mark, relate

PROJECT = Path(__file__).parents[2] / "projects" / "relations"
sys.path.append(str(PROJECT / "scripts"))

import configure  # noqa: E402
import evaluate  # noqa: E402
import prepare  # noqa: E402

CORPORA = sorted(name for name in configure.read_settings())


def run(script: str, *arguments: Any) -> str:
    command = [sys.executable, str(PROJECT / "scripts" / f"{script}.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("base", ["", "shared", "per_pair"])
@pytest.mark.parametrize("corpus", [*CORPORA, "mine"])
def test_config_of_each_corpus_makes_a_pipeline(corpus: str, base: str, tiny_plm: Any, tmp_path: Path) -> None:
    if corpus != "mine":
        get_corpus(corpus)
    configure.main(corpus, tmp_path / "config.cfg", encoder=str(tiny_plm("bert")), base=base, max_steps=7, seed=3)
    config = load_config(tmp_path / "config.cfg", interpolate=True)
    # The project makes it.
    config["components"]["relations"]["hierarchy"] = None
    assert config["vars"]["width"] == 32
    nlp = load_model_from_config(config, auto_fill=True)
    pipe = nlp.get_pipe("relations")
    assert isinstance(pipe, BiomedRelations)
    assert pipe.settings.execution == (base or configure.settings_of(corpus)["base"])
    assert config["training"]["max_steps"] == 7
    assert config["training"]["seed"] == config["system"]["seed"] == 3


def test_one_trains_own_relations(tiny_plm: Any, tmp_path: Path) -> None:
    vocab = spacy.blank("en").vocab
    docs = [relate(mark(vocab, text), found, None) for text, found in TEN]
    for split in ("train", "dev", "test"):
        (tmp_path / "mine" / split).mkdir(parents=True)
        DocBin(store_user_data=True, docs=docs).to_disk(tmp_path / "mine" / split / "mine.spacy")
    config = tmp_path / "config.cfg"
    run("configure", "mine", config, "--encoder", tiny_plm("bert"), "--max-steps", "30")
    paths = [f"--paths.{split}={tmp_path / 'mine' / split}" for split in ("train", "dev")]
    settings = ["--vars.warmup_steps=1", "--vars.learn_rate=0.003", "--training.eval_frequency=15"]
    command = [
        sys.executable,
        "-m",
        "spacy",
        "train",
        str(config),
        "--output",
        str(tmp_path / "out"),
        *paths,
        *settings,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = tmp_path / "metrics" / "mine-1.json"
    shown = run("evaluate", tmp_path / "out" / "model-best", tmp_path / "mine" / "test", "mine", metrics)
    record = json.loads(metrics.read_text())
    assert "mine: relation-f1" in shown
    assert record["tp"] + record["fn"] == sum(len(found) for _, found in TEN)
    docs_file = tmp_path / "docs.md"
    docs_file.write_text("<!-- relations -->\n<!-- /relations -->\n")
    run("table", tmp_path / "metrics", tmp_path / "relations.json", docs_file)
    assert "| mine | relation-f1 | concepts | relations | shared | 1 |" in docs_file.read_text()
    # A second seed is added to what is there; the same seed takes the place of what is there.
    metrics.write_text(json.dumps({**record, "seed": 2, "f1": record["f1"] / 2}))
    run("table", tmp_path / "metrics", tmp_path / "relations.json", docs_file)
    run("table", tmp_path / "metrics", tmp_path / "relations.json", docs_file)
    scores = [one["f1"] for one in json.loads((tmp_path / "relations.json").read_text())["records"]]
    assert scores == [record["f1"], record["f1"] / 2]
    assert "| mine | relation-f1 | concepts | relations | shared | 2 |" in docs_file.read_text()


def test_marked_sentences_become_pairs() -> None:
    text = "the @GENE$ gene and @DISEASE$ and @GENE$"
    gad = prepare.mark_gad(DocumentRecord(doc_id="1", text=text, labels={"0": 0.0, "1": 1.0}))
    assert [text[m.start : m.end] for m in gad.mentions] == ["@GENE$", "@DISEASE$"]
    assert [relation.label for relation in gad.relations] == ["ASSOCIATION"]
    text = "2-[[(x)]] and [[ kinase ]] inhibited by << drug A >>."
    pair = prepare.mark_chemprot(DocumentRecord(doc_id="1", text=text, labels={"INHIBITOR": 1.0, "AGONIST": 0.0}))
    assert pair.text == "2-[[(x)]] and kinase inhibited by drug A."
    assert [(m.label, pair.text[m.start : m.end]) for m in pair.mentions] == [("FIRST", "drug A"), ("SECOND", "kinase")]
    assert [relation.label for relation in pair.relations] == ["INHIBITOR"]


def test_gold_concepts_are_told_as_those_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    concepts = [
        Concept("C001", (Name("aspirin", "one"),), xrefs=("MESH:D1",)),
        Concept("C000", (Name("acetylsalicylic acid", "one"),), xrefs=("MESH:D1",)),
        Concept("MESH:D2", (Name("ulcer", "one"),)),
    ]
    build(concepts, tmp_path / "base", name="base", reading=Reading(Report(), tmp_path / "scratch"))
    base = KnowledgeBase.open(tmp_path / "base")

    def record(*pairs: tuple[str, str]) -> DocumentRecord:
        relations = tuple(
            RelationRecord(f"R{number}", "CID", tuple(ArgumentRecord("", id, "concept") for id in pair))
            for number, pair in enumerate(pairs)
        )
        return DocumentRecord(doc_id="1", text="", relations=relations)

    told = evaluate.in_base(record(("D1", "D2"), ("D1", "D9")), record(("C001", "MESH:D2")), base, ["MESH"])
    ends = [tuple(argument.target for argument in relation.arguments) for relation in told.relations]
    assert ends == [("C001", "MESH:D2"), ("C001", "D9")]
