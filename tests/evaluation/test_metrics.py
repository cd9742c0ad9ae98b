import pytest

from spacy_biomedplm.corpora.catalogue import read_catalogue
from spacy_biomedplm.evaluation.metrics import METRICS
from spacy_biomedplm.evaluation.suites import list_suites, load_suite

# Layer of the catalogue that a metric's gold documents must have.
LAYERS = {
    "mentions": "ner",
    "concepts": "linking",
    "relations": "relations",
    "events": "events",
    "labels": "cats",
    "similarity": "cats",
    "answers": "answers",
    "summary": "summaries",
}


@pytest.mark.parametrize("corpus", read_catalogue().values(), ids=lambda corpus: corpus.name)
def test_corpora_name_metrics_that_there_are_and_that_fit(corpus):
    for name in corpus.metrics:
        for layer in (*METRICS[name].needs, *METRICS[name].given):
            assert LAYERS[layer] in corpus.layers, f"{name} needs {layer}"


def test_corpora_with_a_test_split_name_metrics():
    scored = {"ner", "linking", "relations", "events", "classification", "similarity", "inference"}
    without = [
        corpus.name
        for corpus in read_catalogue().values()
        if corpus.reader and "test" in corpus.files and scored & set(corpus.tasks) and not corpus.metrics
    ]
    assert without == []


@pytest.mark.parametrize("name", list_suites())
def test_suites_name_corpora_of_the_catalogue(name):
    for task in load_suite(name).tasks:
        corpus = read_catalogue()[task.corpus]
        # A split may be with the organisers only; the table of the suite says so.
        assert task.split in {*corpus.splits, "dev", "test"}, task.title
        assert set(task.labels) <= set(corpus.labels)
