import pytest

from spacy_biomedplm.corpora import exclusion
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.corpus import is_corpus, read_corpus_names

TEXT = "1|t|Fever and flu and pox\n1|a|\n1\t0\t5\tFever\tDisease\tD000001\n1\t10\t13\tflu\tDisease\tD000009\n"
MORE = "1\t18\t21\tpox\tDisease\tD000002|D000003\n1\t14\t17\tand\tChemical\tD000004\n1\t6\t9\tand\tDisease\t-1\n\n"


@pytest.fixture
def reading(tmp_path, monkeypatch):
    folder = tmp_path / "corpora" / "bc5cdr"
    folder.mkdir(parents=True)
    (folder / "CDR_TrainingSet.PubTator.txt").write_text(TEXT + MORE, encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(tmp_path / "corpora"))
    return Reading(Report(), tmp_path)


def names(concepts):
    return [(concept.id, concept.names[0].text) for concept in concepts]


def test_mentions_become_names(reading, tmp_path):
    found = list(read_corpus_names(tmp_path / "bc5cdr" / "train", "cdr", reading))
    assert names(found) == [("MESH:D000001", "Fever"), ("MESH:D000009", "flu"), ("MESH:D000004", "and")]
    assert is_corpus(reading.origins["cdr"])
    assert reading.report.counts["cdr: mentions of several concepts left out"] == 1
    assert reading.report.counts["cdr: mentions without a concept left out"] == 1
    assert names(read_corpus_names(tmp_path / "bc5cdr" / "train", "cdr", reading, labels=("Chemical",))) == [
        ("MESH:D000004", "and")
    ]


def test_ids_are_those_of_a_base(reading, tmp_path):
    base = tmp_path / "base"
    concept = Concept("MESH:D000005", (Name("Fever", "MeSH"),), xrefs=("MESH:D000001",))
    build([concept], base, name="base", reading=Reading(Report(), tmp_path))
    found = read_corpus_names(tmp_path / "bc5cdr" / "train", "cdr", reading, base=str(base))
    assert names(found) == [("MESH:D000005", "Fever")]
    assert reading.report.counts["cdr: mentions of concepts that the base lacks left out"] == 2


def test_tests_stay_unseen(reading, tmp_path):
    with pytest.raises(BiomedplmError, match=r"B583.*bc5cdr/test"):
        list(read_corpus_names(tmp_path / "bc5cdr" / "test", "cdr", reading))


def test_documents_of_tests_give_no_names(reading, tmp_path):
    (tmp_path / "corpora" / "bc5cdr" / "CDR_TestSet.PubTator.txt").write_text(TEXT + "\n", encoding="utf8")
    exclusion._hold_out.cache_clear()
    with pytest.warns(UserWarning, match="W490"):
        assert not list(read_corpus_names(tmp_path / "bc5cdr" / "train", "cdr", reading))
    exclusion._hold_out.cache_clear()
    assert reading.report.counts["cdr: documents that share text with a test document left out"] == 1
