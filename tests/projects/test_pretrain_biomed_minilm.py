"""Scripts of the project that adapts an encoder."""

import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from spacy_biomedplm.corpora import get_corpus
from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.plm.names import NameTables

Load = Callable[[str], ModuleType]
FOLDER = "pretrain_biomed_minilm/scripts"


@pytest.fixture
def names(load_script: Load) -> ModuleType:
    return load_script(f"{FOLDER}/names.py")


@pytest.fixture
def exclusions(load_script: Load) -> ModuleType:
    return load_script(f"{FOLDER}/exclusions.py")


@pytest.mark.parametrize(
    ("corpus", "split", "held_out"),
    [("bc5cdr", "train", False), ("bc5cdr", "dev", True), ("bc5cdr", "test", True), ("pgr", "train-2018", False),
     ("ddi2013", "test-ddi", True), ("ab3p", "all", True), ("mtsamples", "all", False),
     ("pretraining-text", "abstracts", False), ("e3c-iob", "english", True)],
)  # fmt: skip
def test_what_is_held_out(exclusions: ModuleType, corpus: str, split: str, held_out: bool) -> None:
    assert exclusions.is_held_out(get_corpus(corpus), split) == held_out


def test_held_out_documents_of_a_folder(exclusions: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "s800").mkdir()
    (tmp_path / "s800" / "test.tsv").write_text("Mice\tB-Species\nslept\tO\n\n")
    found, others = exclusions.find_splits(tmp_path)
    assert [(corpus.name, split) for corpus, split in found] == [("s800", "test")]
    assert others["s800/dev"] == others["bc5cdr/test"] == "not there"


def test_without_corpora(exclusions: ModuleType, tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(exclusions.main)
    result = CliRunner().invoke(app, [str(tmp_path / "out.jsonl"), "--corpora-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.corpora
def test_held_out_documents_of_a_real_corpus(exclusions: ModuleType, corpora_folder: Path) -> None:
    from spacy_biomedplm.corpora import Report

    report = Report(errors="repair")
    found = list(exclusions.read_documents(get_corpus("bc5cdr"), "test", corpora_folder, report))
    assert len(found) == 500
    assert all(document["id"].startswith("pmid:") for document in found)


OBO = """format-version: 1.2

[Term]
id: X:1
name: fever
synonym: "pyrexia" EXACT []
synonym: "a \\"high\\" temperature" EXACT LAY [x:1]
synonym: "hot" RELATED []

[Term]
id: X:2
name: old
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""


def test_obo(names: ModuleType) -> None:
    assert list(names.read_obo(io.StringIO(OBO))) == [
        ("X:1", "fever", ""), ("X:1", "pyrexia", ""), ("X:1", 'a "high" temperature', "")
    ]  # fmt: skip


def test_columns(names: ModuleType) -> None:
    text = "id\tsymbol\tother\n7\tTP53\tp53|LFS1\n8\tA\t-\n"
    read = names.read_columns(1, 2, prefix="GENE:")
    assert list(read(io.StringIO(text))) == [
        ("GENE:7", "TP53", ""), ("GENE:7", "p53", ""), ("GENE:7", "LFS1", ""), ("GENE:8", "A", "")
    ]  # fmt: skip


def test_mappings(names: ModuleType) -> None:
    columns = "subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label"
    text = f"# a: b\n{columns}\nM:1\tfever\tskos:exactMatch\tmesh:D1\tpyrexia\nM:2\ta\tskos:broadMatch\tmesh:D2\tb\n"
    assert names.join(names.read_matches(io.StringIO(text))) == {"M:1": ["fever", "pyrexia"]}
    pairs = "MESH\tC1\tfever\tHP\tHP:0001\tpyrexia\n"
    assert names.join(names.read_pairs(io.StringIO(pairs))) == {"HP:0001": ["pyrexia", "fever"]}
    words = io.StringIO('{"HP:1": ["fever"], "HP:2": ["pyrexia"]}')
    same = io.StringIO('{"HP:1": "HP:1", "HP:2": "HP:1"}')
    assert names.join([*names.read_words(words), *names.read_alternatives(same)]) == {"HP:1": ["fever", "pyrexia"]}
    xrefs = io.StringIO('id\tlabel\txref\n"DOID:1"\t"x"\t"MESH:D1"\n')
    assert list(names.read_xrefs(xrefs)) == [("DOID:1", None, "MESH:D1")]


@pytest.mark.parametrize(
    ("text", "curie"),
    [("mesh:D1", "MESH:D1"), ("DOID:4", "DOID:4"), ("<http://purl.obolibrary.org/obo/HP_0002648>", "HP:0002648"),
     ("kegg.pathway:hsa_1", "KEGG.PATHWAY:hsa_1")],
)  # fmt: skip
def test_curies(names: ModuleType, text: str, curie: str) -> None:
    assert names.make_curie(text) == curie


def test_joined_names_differ_by_more_than_case(names: ModuleType) -> None:
    facts = [("B", "Fever", ""), ("A", "fever", ""), ("A", None, "B"), ("B", None, "A"), ("A", " hot  spell ", "")]
    assert names.join(facts) == {"A": ["fever", "hot spell"]}


def test_the_table_is_one_that_pretraining_reads(names: ModuleType, tmp_path: Path) -> None:
    import typer

    (tmp_path / "kb-sequence-ontology").mkdir()
    with gzip.open(tmp_path / "kb-sequence-ontology" / "so.obo.gz", "wt") as stream:
        stream.write(OBO)
    app = typer.Typer()
    app.command()(names.main)
    result = CliRunner().invoke(app, [str(tmp_path / "names.tsv"), "--corpora-dir", str(tmp_path)])
    assert result.exit_code == 0, result.output
    reading = NameTables().read([tmp_path / "names.tsv"], {}, drop=False)
    assert [document.text for document in reading.documents] == ['fever\npyrexia\na "high" temperature']


def test_the_folder_of_corpora_is_put_into_a_config(load_script: Load, tmp_path: Path) -> None:
    configure = load_script(f"{FOLDER}/configure.py")
    (tmp_path / "a").write_text('# $BIOMEDPLM_CORPORA stays here\npaths = ["$BIOMEDPLM_CORPORA/x.txt"]\n')
    configure.main(tmp_path / "a", tmp_path / "b" / "c.toml", corpora_dir=tmp_path)
    found = (tmp_path / "b" / "c.toml").read_text()
    assert found == f'# $BIOMEDPLM_CORPORA stays here\npaths = ["{tmp_path.resolve().as_posix()}/x.txt"]\n'


@pytest.fixture
def training(tmp_path: Path, tiny_plm: Callable[..., Path]) -> Path:
    """What is left of a run."""
    import shutil

    folder = tmp_path / "training"
    shutil.copytree(tiny_plm("bert"), folder / "run" / "model")
    record = {
        "config": {
            "model": {"start": "/home/somebody/training/extended"},
            "objective": {"name": "masked", "share": 0.2},
            "training": {"batch": 8, "learning_rate": 6e-4, "schedule": "linear", "warmup": 0.06, "weight_decay": 0.01,
                         "seed": 1},
            "data": {"corpora": [{"paths": ["/home/somebody/text/abstracts.txt", "../own.txt"]}]},
        },
        "corpora": {"abstracts": {"train": {"documents": 1200, "pieces": 90000}, "validation": {"documents": 12}}},
        "steps": 40,
    }  # fmt: skip
    (folder / "run" / "model" / "pretraining.json").write_text(json.dumps(record))
    log: list[dict[str, Any]] = []
    for step in range(1, 41):
        log.append({"step": step, "loss": 8 - step / 10, "pieces": 512})
        if step % 10 == 0:
            log.append({"step": step, "validation_loss": 7 - step / 10})
    (folder / "run" / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))
    (folder / "extended").mkdir()
    (folder / "extended" / "vocabulary_extension.json").write_text('{"entries": [{"text": "a"}, {"text": "b"}]}')
    (folder / "cache" / "abstracts").mkdir(parents=True)
    listing = '{"reason": "passage"}\n{"reason": "id"}\n{"reason": "passage"}\n'
    (folder / "cache" / "abstracts" / "excluded.jsonl").write_text(listing)
    return folder


def test_the_package_is_small_and_names_no_folder(load_script: Load, training: Path, tmp_path: Path) -> None:
    package = load_script(f"{FOLDER}/package.py")
    for version in ("0.1.0", "0.2.0"):
        folder = tmp_path / "packages" / f"tiny-{version}"
        package.stage(training, "run", folder, name="tiny", version=version, plm="owner/tiny")
        (tmp_path / "assets").mkdir(exist_ok=True)
        package.ship(folder, tmp_path / "assets", max_megabytes=60)
    shipped = tmp_path / "assets" / "tiny-0.2.0"
    assert [path.name for path in (tmp_path / "assets").iterdir()] == [shipped.name]
    tensors = load_file(shipped / "model.safetensors")
    assert {value.dtype for value in tensors.values() if value.is_floating_point()} == {torch.bfloat16}
    load_plm(str(shipped), layer=-1)
    card = (shipped / "README.md").read_text()
    assert "| abstracts | 1,200 | 90,000 | 12 | 2 by passage, 1 by id |" in card
    assert "40 steps of 8 sequences, 20,480 pieces" in card
    assert "| 40 | 4.450 | 3.000 |" in card
    assert "2 words of the field" in card
    texts = [path.read_text() for path in shipped.iterdir() if path.suffix in (".md", ".json")]
    assert not [text for text in texts if "somebody" in text or str(tmp_path) in text]
    assert json.loads((shipped / "pretraining.json").read_text())["config"]["model"]["start"] == "extended"


def test_what_is_too_large_is_not_shipped(load_script: Load, tmp_path: Path) -> None:
    package = load_script(f"{FOLDER}/package.py")
    (tmp_path / "tiny-1").mkdir()
    save_file({"a": torch.zeros(1000)}, tmp_path / "tiny-1" / "model.safetensors")
    package.ship(tmp_path / "tiny-1", tmp_path / "assets", max_megabytes=0.001)
    assert not (tmp_path / "assets").exists()


def test_the_curve_has_a_dozen_rows(load_script: Load) -> None:
    card = load_script(f"{FOLDER}/card.py")
    log = [{"step": step, "loss": float(step)} for step in range(1, 101)]
    rows = card.loss_curve(log)
    assert len(rows) == 12
    assert rows[-1][0] == 100
    assert rows[0] == (8, 4.5, None)
    assert card.loss_curve(log[:3]) == [(1, 1.0, None), (2, 2.0, None), (3, 3.0, None)]
    assert card.count_excluded([{"reason": "id"}] * 2) == Counter(id=2)
