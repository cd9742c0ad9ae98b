import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, find_root, get_corpus, load_corpus, read_catalogue, read_corpus
from spacy_biomedplm.corpora import catalogue as catalogue_module
from spacy_biomedplm.corpora.catalogue import READERS, ROOT_VARIABLE, find_files, has_files, locate
from spacy_biomedplm.corpora.corpus import Corpus, parse_corpus
from spacy_biomedplm.corpora.statistics import count_corpus
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.metrics import METRICS

CATALOGUE = read_catalogue()
LAYERS = {"ner": "mentions", "cats": "labels", "relations": "relations", "events": "events"}
# Written by `biomedplm corpora stats --all --json`, without what is 0.
COUNTS = json.loads(Path(__file__).with_name("counts.json").read_text(encoding="utf8"))
# Every data set that Tables 6 to 14 of the survey name, by the names of its records.
SURVEY = {
    6: "bc5cdr bc4chemd ncbi-disease i2b2-2010 bc2gm jnlpba linnaeus s800 ebm-pico ccks-2017 ccks-2018 pharmaconer "
    "cantemist cas",
    7: "i2b2-2010 gad euadr ddi2013 chemprot biocreative-vi-pm",
    8: "bionlp-st-2013-cg bionlp-st-2011-epi bionlp-st-2011-ge bionlp-st-2013-ge bionlp-st-2011-id bionlp-st-2013-pc "
    "mlee",
    9: "hoc mimic-iii litcovid cord-19-test",
    10: "biosses medsts-all medsts n2c2-2019-sts",
    11: "pubmedqa bioasq clicr emrqa cmedqa covid-19-questions",
    12: "mz dx rd sd cmdd sat msl mie covid-dialogue meddg meddialog chunyu kamed m2-meddialog-base m2-meddialog-large",
    13: "cord-19 ms2 cdsr rct-summaries pubmed-summarisation",
    14: "mednli mediqa-rqe cmfaq",
}
per_record = pytest.mark.parametrize("corpus", CATALOGUE.values(), ids=lambda corpus: corpus.name)


@per_record
def test_catalogue_record_is_whole(corpus: Corpus) -> None:
    for name in ("title", "licence", "source", "citation"):
        assert getattr(corpus, name), name
    assert corpus.tasks
    assert corpus.how or corpus.files, "it says neither which files there are nor how to get them"
    assert corpus.access == "public" or corpus.how
    assert corpus.reader is None or (corpus.reader in READERS and corpus.files)
    assert set(corpus.metrics) <= set(METRICS)
    assert corpus.reader is not None or not corpus.metrics
    for labels in corpus.layers.values():
        assert len(set(labels)) == len(labels)
    assert corpus.labels == tuple(sorted(corpus.labels))
    assert set(corpus.label_map.values()) <= {*corpus.labels, None}
    assert set(corpus.vocabularies) <= set(corpus.labels)
    assert all(6 <= number <= 14 for number in corpus.survey)
    assert all(re.fullmatch("[a-z]{2}", language) for language in corpus.languages)
    assert all(oddity.endswith((".", "…")) for oddity in corpus.oddities)
    counted = {
        split: found.get("repaired", 0) + found.get("dropped", 0)
        for split, found in COUNTS.get(corpus.name, {}).items()
    }
    assert corpus.broken == {split: number for split, number in counted.items() if number}
    assert not corpus.broken or corpus.oddities


@per_record
def test_catalogue_overlaps_are_mutual(corpus: Corpus) -> None:
    for name, what in corpus.overlaps.items():
        assert name != corpus.name
        assert CATALOGUE[name].overlaps[corpus.name] == what


def test_catalogue_names_nobodys_folders() -> None:
    for file in catalogue_module.RECORDS.glob("*.json"):
        assert not re.search(r"/(home|root|work|tmp|Users)/|file:/|C:\\", file.read_text(encoding="utf8")), file


@pytest.mark.parametrize("name", READERS)
def test_catalogue_readers_are_there(name: str) -> None:
    module, _, function = READERS[name].rpartition(".")
    assert callable(getattr(import_module(f"spacy_biomedplm.corpora.{module}"), function))


@pytest.mark.parametrize("table", SURVEY)
def test_catalogue_has_every_data_set_of_the_survey(table: int) -> None:
    listed = {corpus.name for corpus in CATALOGUE.values() if table in corpus.survey}
    assert set(SURVEY[table].split()) <= listed


def test_corpus_names_articles_across_corpora() -> None:
    assert get_corpus("bc5cdr").public_id("123") == get_corpus("anatem").public_id("PMID-123") == "pmid:123"
    assert get_corpus("bionlp-st-2009").public_id("123") == get_corpus("mlee").public_id("PMID-123") == "pmid:123"
    assert get_corpus("jnlpba").public_id("123") == "medline-ui:123"
    assert get_corpus("anatem").public_id("PMC-12-sec-03") is None
    assert get_corpus("s800").public_id("train-00001") is None


def test_corpus_keeps_the_parts_of_an_article_together() -> None:
    assert get_corpus("anatem").group_id("PMC-12-sec-03") == get_corpus("anatem").group_id("PMC-12-caption-01")
    assert get_corpus("bioid").group_id("48019521015") == get_corpus("bioid").group_id("48019521022")
    assert get_corpus("s800").group_id("train-00120") == get_corpus("s800").group_id("train-00129")
    assert get_corpus("s800").group_id("train-00130") != get_corpus("s800").group_id("train-00129")
    assert get_corpus("bc5cdr").group_id("123") == "123"
    assert get_corpus("ade").group_id("123#2") == get_corpus("ade").group_id("123")


def test_load_corpus_reads_from_the_folder_of_the_environment(
    vocab: Vocab, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "5|t|Kelvanol\n5|a|\n5\t0\t8\tKelvanol\tChemical\n"
    monkeypatch.setenv(ROOT_VARIABLE, str(write("bc5cdr/CDR_TestSet.PubTator.txt", content).parent.parent))
    (doc,) = load_corpus("bc5cdr", "test", vocab)
    assert doc._.corpus == "bc5cdr"
    assert doc._.annotated == {
        "ner": {"bc5cdr": ["Chemical", "Disease"]},
        "linking": {"bc5cdr": ["MESH"]},
        "relations": {"bc5cdr": ["CID"]},
    }


def test_read_corpus_says_what_bare_numbers_are_of(write: Callable[..., Path]) -> None:
    lines = ("9|t|TNF of mice", "9|a|", "9\t0\t3\tTNF\tGene\t7124,D011", "9\t7\t11\tmice\tDomainMotif\t10", "\n")
    folder = write("nlm-gene/NLMgene_Test.PubTator", "\n".join(lines)).parent.parent
    (record,) = read_corpus("nlm-gene", "test", folder)
    found = [(concept.resource, concept.id) for mention in record.mentions for concept in mention.concepts]
    assert found == [("NCBIGene", "7124"), ("", "D011"), ("", "10")]


def test_load_corpus_says_what_is_wrong_at_once(vocab: Vocab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    with pytest.raises(BiomedplmError, match=r"B414.*'bc5'.*bc5cdr"):
        load_corpus("bc5", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B415.*'jnlpba'.*'dev'.*train, test"):
        load_corpus("jnlpba", "dev", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B415.*'clicr'.*none"):
        load_corpus("clicr", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B416.*BIOMEDPLM_CORPORA"):
        load_corpus("bc5cdr", "train", vocab)
    with pytest.raises(BiomedplmError, match=r"B417.*CDR_TrainingSet.*https://.*BIOMEDPLM_CORPORA"):
        load_corpus("bc5cdr", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B417.*PhysioNet"):
        load_corpus("mednli", "test", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B401.*nowhere"):
        find_root(tmp_path / "nowhere")


def test_load_corpus_needs_a_reader_and_leave(
    vocab: Vocab, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("ddi2013/train.tar.gz", "").parent.parent
    with pytest.raises(BiomedplmError, match=r"B418.*'ddi2013'.*CC BY-NC"):
        load_corpus("ddi2013", "train", vocab, root)
    write("toy/notes.doc", "")
    fields = {**RECORD, "files": {"all": {"path": "notes.doc"}}}
    del fields["reader"]
    corpus = parse_corpus(json.dumps(fields), path="toy.json", stem="toy")
    monkeypatch.setattr(catalogue_module, "read_catalogue", lambda: {"toy": corpus})
    with pytest.raises(BiomedplmError, match=r"B420.*'toy'.*notes\.doc"):
        load_corpus("toy", "all", vocab, root)


RECORD = {
    "name": "toy",
    "title": "Toy",
    "tasks": ["ner"],
    "languages": ["en"],
    "layers": {"ner": ["Drug"]},
    "licence": "none",
    "commercial": True,
    "access": "public",
    "source": "nowhere",
    "how": "",
    "citation": "Nobody",
    "reader": "pubtator",
}


def _toy(**fields: object) -> Corpus:
    return parse_corpus(json.dumps({**RECORD, **fields}), path="toy.json", stem="toy")


def test_files_may_lie_unpacked(write: Callable[..., Path]) -> None:
    corpus = _toy(files={"train": {"path": ["a.txt.gz", "b.tar.gz"]}, "test": {"path": "."}})
    root = write("toy/a.txt", "").parent.parent
    assert locate(corpus, "a.txt.gz", root) == root / "toy" / "a.txt"
    assert locate(corpus, "b.tar.gz", root) is None
    assert has_files(corpus, root)
    assert not has_files(corpus, None)
    with pytest.raises(BiomedplmError, match=r"B417.*b\.tar\.gz"):
        find_files(corpus, "train", root)
    write("toy/b/x.txt", "")
    assert find_files(corpus, "train", root) == {"path": [root / "toy" / "a.txt", root / "toy" / "b"]}
    assert find_files(corpus, "test", root) == {"path": [root / "toy"]}


def test_public_corpora_have_readers() -> None:
    assert not [corpus.name for corpus in CATALOGUE.values() if corpus.files and corpus.reader is None]


def test_read_corpus_takes_several_lists_of_documents(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write("toy/a.txt", "".join(f"{name}|t|Kelvanol\n{name}|a|\n\n" for name in "1234")).parent.parent
    write("toy/fold1.txt", "4\n")
    write("toy/fold2.txt", "2\n")
    corpus = _toy(files={"train": {"path": "a.txt", "only": ["fold1.txt", "fold2.txt"]}})
    monkeypatch.setattr(catalogue_module, "read_catalogue", lambda: {"toy": corpus})
    assert [record.doc_id for record in read_corpus("toy", "train", root)] == ["2", "4"]
    write("toy/fold2.txt", "2\n5\n")
    with pytest.raises(BiomedplmError, match=r"B486.*fold2\.txt', line 2"):
        list(read_corpus("toy", "train", root))


def test_read_corpus_reads_several_files_and_chosen_documents(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = {name: f"{name}|t|Kelvanol\n{name}|a|\n{name}\t0\t8\tKelvanol\tDrug\n\n" for name in "1234"}
    root = write("toy/a.txt", documents["1"] + documents["2"]).parent.parent
    write("toy/b.txt", documents["3"] + documents["4"])
    write("toy/ids.txt", "2\n3\n")
    corpus = _toy(
        files={"train": {"path": ["a.txt", "b.txt"]}, "test": {"path": ["a.txt", "b.txt"], "only": "ids.txt"}}
    )
    monkeypatch.setattr(catalogue_module, "read_catalogue", lambda: {"toy": corpus})
    assert [record.doc_id for record in read_corpus("toy", "train", root)] == ["1", "2", "3", "4"]
    assert [record.doc_id for record in read_corpus("toy", "test", root)] == ["2", "3"]
    write("toy/ids.txt", "2\n\n33\n3\n44\n")
    with pytest.raises(BiomedplmError, match=r"B486.*ids\.txt', line 3: .*'toy' holds the document '33'"):
        list(read_corpus("toy", "test", root))
    report = Report(errors="skip")
    assert [record.doc_id for record in read_corpus("toy", "test", root, report)] == ["2", "3"]
    assert [problem.doc_id for problem in report.problems] == ["33", "44"]


def test_get_corpus_takes_any_case() -> None:
    assert get_corpus("BC5CDR") is get_corpus("bc5cdr")
    with pytest.raises(BiomedplmError, match=r"B414.*'NCBI disease'.*ncbi-disease"):
        get_corpus("NCBI disease")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": None}, "'title' must be a text"),
        ({"licence": ...}, "'licence' is missing"),
        ({"license": "none"}, "'license' is no field"),
        ({"name": "Toy"}, "'name' must be that of the file"),
        ({"tasks": ["reading"]}, "'tasks' has 'reading', none of ner"),
        ({"access": "free"}, "'access' has 'free'"),
        ({"layers": {"ner": "Drug"}}, "labels of 'ner'"),
        ({"layers": {"mood": []}}, "'layers' has 'mood'"),
        ({"unannotated": {"test": {"ner": ["Drug"]}}}, "'unannotated' has 'test', wanted a split of 'files'"),
        (
            {"files": {"test": {"path": "a"}}, "unannotated": {"test": {"ner": ["Gene"]}}},
            "'unannotated' has 'ner' of 'test', wanted labels",
        ),
        ({"survey": ["6"]}, "'survey' must be a list of whole numbers"),
        ({"commercial": "yes"}, "'commercial' must be true or false"),
        ({"group": "no group"}, "'group' must be a pattern with a group"),
        ({"pmid": "("}, "'pmid' must be a pattern with a group"),
        ({"files": {"train": {}}}, "'train' must have a 'path'"),
        ({"files": {"train": {"path": 1}}}, "'path' of the split 'train' must be the name"),
        ({"files": {"train": {"path": "a", "texts": ["b"]}}}, "'texts' of the split 'train' must be the name"),
        ({"files": {"train": {"path": "../a"}}}, "'../a' must be a name below the folder"),
        ({"files": {"train": {"path": "/etc/passwd"}}}, "'/etc/passwd' must be a name below"),
        ({"files": {"train": {"path": "a/../../b"}}}, "must be a name below"),
        ({"files": {"train": {"path": "c:\\a"}}}, "must be a name below"),
        ({"files": {"train": {"path": ""}}}, "must be a name below"),
        ({"folder": ".."}, "'..' must be a name below"),
        ({"sha256": {"a": "00"}}, "SHA-256 of 'a' must be 64"),
        ({"downloads": {"a": {"url": "https://a.org/a"}}}, "'a' has a download but no sha256"),
        ({"downloads": {"a": {"url": "file:///a"}}, "sha256": {"a": "0" * 64}}, "must begin with https://"),
        ({"downloads": {"a": {"url": "https://a.org", "to": "b"}}}, "an object with url"),
        ({"downloads": {"a": {"url": 1}}}, "must hold texts"),
        ({"counts": {"train": {"words": 1}}}, "an object of documents"),
        ({"counts": {"train": {"documents": -1}}}, "must be whole numbers"),
        ({"broken": {"train": 1}}, "not 'train': 1"),
        ({"files": {"train": {"path": "a"}}, "broken": {"train": 0}}, "not 'train': 0"),
    ],
)
def test_parse_corpus_says_what_is_wrong(fields: dict[str, object], reason: str) -> None:
    record = {name: value for name, value in {**RECORD, **fields}.items() if value is not ...}
    with pytest.raises(BiomedplmError, match=re.escape("[B422] 'toy.json' is not a record")) as caught:
        parse_corpus(json.dumps(record), path="toy.json", stem="toy")
    assert reason in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", "{", "1"])
def test_parse_corpus_wants_an_object(content: str) -> None:
    with pytest.raises(BiomedplmError, match="B422"):
        parse_corpus(content, path="toy.json", stem="toy")


@pytest.mark.corpora
@pytest.mark.parametrize("name", COUNTS)
def test_read_corpus_finds_everything(name: str, corpora_folder: Path) -> None:
    corpus = get_corpus(name)
    if not has_files(corpus, corpora_folder):
        pytest.skip(f"{name} is not there")
    found = {}
    for split in count_corpus(corpus, corpora_folder):
        problems = {kind: split.report.counts[kind] for kind in ("repaired", "dropped")}
        found[split.split] = {key: number for key, number in {**split.counts, **problems}.items() if number}
        assert not split.differences or corpus.oddities, f"{name}/{split.split}: {split.differences}"
        for layer, counter in (
            ("ner", "mentions"),
            ("cats", "labels"),
            ("relations", "relations"),
            ("events", "events"),
        ):
            if corpus.layers.get(layer):
                assert set(split.labels[counter]) <= {*corpus.layers[layer], ""}, f"{name}/{split.split}: {layer}"
    assert found == COUNTS[name]


def test_splits_without_public_gold_are_not_annotated() -> None:
    given, found = {"ner": ["Drug", "Site"], "events": ["Binding"]}, {"ner": ["Site"], "events": []}
    files = {split: {"path": split} for split in ("dev", "test")}
    corpus = _toy(layers=given, files=files, unannotated={"test": found})
    assert corpus.annotated("dev") == {"ner": {"toy": ["Drug", "Site"]}, "events": {"toy": ["Binding"]}}
    assert corpus.annotated("test") == {"ner": {"toy": ["Drug"]}}
    for name in ("bionlp-st-2009", "bionlp-st-2011-epi", "bionlp-st-2011-ge", "bionlp-st-2011-id", "bionlp-st-2013-cg"):
        assert set(get_corpus(name).annotated("test")) == {"ner"}


@pytest.mark.corpora
def test_catalogue_covers_the_folder_of_corpora(corpora_folder: Path) -> None:
    folders = {path.name for path in corpora_folder.iterdir() if path.is_dir()}
    corpora = {name for name in folders if not name.startswith("kb-") and name != "LICENSES"}
    assert corpora <= {corpus.folder for corpus in CATALOGUE.values()}
    readable = {corpus.name for corpus in CATALOGUE.values() if corpus.reader and has_files(corpus, corpora_folder)}
    assert readable == set(COUNTS)


@pytest.mark.corpora
def test_load_corpus_stops_at_broken_items_only_if_told(corpora_folder: Path, vocab: Vocab) -> None:
    with pytest.raises(BiomedplmError, match="B405"):
        list(load_corpus("pharmaconer", "train", vocab, corpora_folder))
    report = Report(errors="repair")
    assert len(list(load_corpus("pharmaconer", "train", vocab, corpora_folder, report))) == 500
    assert report.counts["repaired"] == 5
