"""The script of projects/en_biomed_trf that writes the training data."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_biomedplm.corpora import Report, get_corpus
from spacy_biomedplm.corpora.deduplication import fingerprint
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.types import DocumentRecord

SCRIPT = Path(__file__).parents[2] / "projects" / "en_biomed_trf" / "scripts" / "prepare.py"


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look up their own module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _load(prepare: ModuleType, vocab: Vocab, name: str, **splits: list[str]) -> object:
    corpus = get_corpus(name)
    loaded = {}
    for split, doc_ids in splits.items():
        texts = {doc_id: f"The text of abstract {doc_id} is about nothing." for doc_id in doc_ids}
        docs = [make_doc(vocab, DocumentRecord(doc_id, text)) for doc_id, text in texts.items()]
        for doc in docs:
            doc._.corpus = name
        loaded[split] = [(doc, fingerprint(doc, split)) for doc in docs]
    return prepare.Loaded(corpus, loaded, Report())


def _ids(loaded: object, split: str) -> set[str]:
    return {doc._.doc_id for doc, _ in loaded.splits[split]}  # type: ignore[attr-defined]


def _number(start: int, count: int) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def test_divide_keeps_the_official_dev_split(prepare: ModuleType, vocab: Vocab) -> None:
    loaded = _load(prepare, vocab, "bc5cdr", train=_number(100, 50), dev=_number(200, 9), test=_number(300, 9))
    prepare.divide([loaded], final=False)
    assert [len(_ids(loaded, split)) for split in ("train", "dev", "test")] == [50, 9, 9]


def test_divide_holds_back_the_same_share_each_time(prepare: ModuleType, vocab: Vocab) -> None:
    parts = []
    for _ in range(2):
        loaded = _load(prepare, vocab, "bc5cdr", train=_number(1000, 300), dev=_number(2000, 100), test=["5"])
        prepare.divide([loaded], final=True)
        parts.append((_ids(loaded, "train"), _ids(loaded, "dev")))
    assert parts[0] == parts[1]
    train, dev = parts[0]
    assert not train & dev
    assert len(train | dev) == 400
    assert 15 <= len(dev) <= 55


def test_divide_holds_an_article_back_in_every_corpus(prepare: ModuleType, vocab: Vocab) -> None:
    corpora = [_load(prepare, vocab, name, train=_number(1000, 200)) for name in ("gnormplus", "nlm-gene")]
    prepare.divide(corpora, final=False)
    assert _ids(corpora[0], "dev") == _ids(corpora[1], "dev") != set()


def test_divide_can_keep_a_dev_split_whole(prepare: ModuleType, vocab: Vocab) -> None:
    loaded = _load(prepare, vocab, "drugprot", train=_number(100, 50), dev=_number(200, 9))
    prepare.divide([loaded], final=True, keep_dev=["drugprot"])
    assert _ids(loaded, "dev") == set(_number(200, 9))


def test_hold_out_drops_test_documents_of_other_corpora(prepare: ModuleType, vocab: Vocab) -> None:
    corpora = [
        _load(prepare, vocab, "biored", train=_number(100, 30), dev=_number(200, 10), test=_number(300, 5)),
        _load(prepare, vocab, "bc5cdr", train=["300", *_number(400, 30)], dev=["202", "101"], test=["100", "200"]),
    ]
    tests = prepare.HeldOut(prepare.collect(corpora, "test"))
    biored, bc5cdr = prepare.hold_out(corpora, tests, final=False, keep_dev=[])
    assert not _ids(biored, "train") & {"100", "101"}
    assert "200" not in _ids(biored, "dev")
    assert "300" not in _ids(bc5cdr, "train")
    assert _ids(biored, "test") == set(_number(300, 5))
    assert [(match.corpus, match.held_out) for match in biored.matches] == [
        ("biored/dev", "bc5cdr/test"),
        ("biored/train", "bc5cdr/test"),
        ("biored/train", "bc5cdr/dev"),
    ]


def test_main_says_what_is_missing(prepare: ModuleType, tmp_path: Path) -> None:
    result = CliRunner().invoke(prepare.app, ["--corpora-dir", str(tmp_path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "[B417]" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.corpora
@pytest.mark.slow
def test_main_writes_parts_that_share_no_article(
    prepare: ModuleType, corpora_folder: Path, tmp_path: Path, vocab: Vocab
) -> None:
    arguments = ["--corpora-dir", str(corpora_folder), "--output", str(tmp_path), "--final"]
    assert CliRunner().invoke(prepare.app, arguments).exit_code == 0
    articles: dict[str, set[str]] = {"train": set(), "dev": set(), "test": set()}
    for split, found in articles.items():
        for path in (tmp_path / split).glob("*.spacy"):
            for doc in DocBin().from_disk(path).get_docs(vocab):
                public_id = get_corpus(path.stem).public_id(doc._.doc_id)
                found.update([public_id] if public_id else [])
    assert not articles["train"] & (articles["test"] | articles["dev"])
    assert not articles["dev"] & articles["test"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["corpora"]["bc5cdr"]["splits"]["test"]["mentions"] == 9809
