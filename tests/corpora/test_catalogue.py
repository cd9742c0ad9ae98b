from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, find_root, get_corpus, load_corpus, read_catalogue
from spacy_biomedplm.corpora.catalogue import READERS, ROOT_VARIABLE
from spacy_biomedplm.errors import BiomedplmError

# Documents and mentions; where they differ from the corpora's manifest, the remark says why.
COUNTS = {
    ("anatem", "train"): (606, 6946),
    ("anatem", "dev"): (202, 2139),
    ("bc2gm", "train"): (12574, 15197),
    ("bc2gm", "dev"): (2519, 3061),
    ("bc2gm", "test"): (5038, 6325),
    ("bc5cdr", "train"): (500, 9385),
    ("bc5cdr", "dev"): (500, 9591),
    ("bc5cdr", "test"): (500, 9809),
    ("bioid", "train"): (9704, 4137),
    ("bioid", "test"): (3993, 1453),
    ("bionlp09-ner", "train"): (1406, 9296),
    ("bionlp09-ner", "dev"): (271, 2078),
    ("bionlp09-ner", "test"): (461, 3589),
    ("bionlp11epi-ner", "train"): (989, 7586),
    ("bionlp11epi-ner", "dev"): (332, 2495),
    ("bionlp11epi-ner", "test"): (711, 5730),
    ("bionlp11id-ner", "train"): (513, 5674),
    ("bionlp11id-ner", "dev"): (142, 1598),
    ("bionlp11id-ner", "test"): (382, 3810),
    ("bionlp13cg-ner", "train"): (512, 10826),
    ("bionlp13cg-ner", "dev"): (169, 3616),
    ("bionlp13cg-ner", "test"): (321, 6881),
    ("bionlp13ge-ner", "train"): (466, 3566),
    ("bionlp13ge-ner", "test"): (657, 4359),
    ("bionlp13pc-ner", "train"): (422, 7853),
    ("bionlp13pc-ner", "dev"): (144, 2734),
    ("biored", "train"): (400, 13351),
    ("biored", "dev"): (100, 3533),
    ("biored", "test"): (100, 3535),
    ("craft-iob", "train"): (1712, 29026),
    ("craft-iob", "dev"): (622, 9727),
    ("craft-iob", "test"): (1224, 18881),
    ("ddi2013", "train"): (714, 14765),
    ("ddi2013", "test"): (112, 686),
    ("ddi2013", "test-ddi"): (191, 3039),  # 3040: one stands in the file twice
    ("drugprot", "train"): (1689, 43457),
    ("drugprot", "dev"): (750, 18858),
    ("ex-ptm", "train"): (246, 1787),
    ("ex-ptm", "dev"): (79, 603),
    ("ex-ptm", "test"): (324, 2308),
    ("gnormplus", "train"): (432, 5792),  # 5793: one stands in the file twice, once with wrong offsets
    ("gnormplus", "test"): (262, 4849),
    ("jnlpba", "train"): (2000, 51301),
    ("jnlpba", "test"): (404, 8662),
    ("linnaeus", "train"): (1737, 2119),
    ("linnaeus", "dev"): (576, 711),
    ("ncbi-disease", "train"): (592, 5134),  # 5145: one abstract with 11 mentions stands in the file twice
    ("ncbi-disease", "dev"): (100, 787),
    ("ncbi-disease", "test"): (100, 960),
    ("nlm-chem", "test"): (50, 11772),  # 12411 with OTHER and NonStandardRef
    ("nlm-gene", "train"): (450, 12832),  # 13797 with Cell and ChromosomeLocation
    ("nlm-gene", "test"): (100, 2776),  # 3053 with them
    ("s800", "train"): (892, 2557),
    ("s800", "dev"): (139, 384),
    ("s800", "test"): (259, 767),
    ("tmvar3", "train"): (342, 880),  # 7957 with the types that are not annotated by hand
    ("tmvar3", "test"): (158, 1095),  # 4625 with them
}


def test_catalogue_entries_are_whole() -> None:
    for name, corpus in read_catalogue().items():
        assert corpus.name == name
        assert corpus.reader in READERS
        assert corpus.labels == tuple(sorted(corpus.labels))
        assert corpus.licence
        assert corpus.source
        assert set(corpus.label_map.values()) <= {*corpus.labels, None}
        assert all("path" in files for files in corpus.files.values())
    assert set(COUNTS) == {(name, split) for name, corpus in read_catalogue().items() for split in corpus.splits}


def test_corpus_names_articles_across_corpora() -> None:
    assert get_corpus("bc5cdr").public_id("123") == get_corpus("anatem").public_id("PMID-123") == "pmid:123"
    assert get_corpus("jnlpba").public_id("123") == "medline-ui:123"
    assert get_corpus("anatem").public_id("PMC-12-sec-03") is None
    assert get_corpus("s800").public_id("train-00001") is None


def test_corpus_keeps_the_parts_of_an_article_together() -> None:
    assert get_corpus("anatem").group_id("PMC-12-sec-03") == get_corpus("anatem").group_id("PMC-12-caption-01")
    assert get_corpus("bioid").group_id("48019521015") == get_corpus("bioid").group_id("48019521022")
    assert get_corpus("s800").group_id("train-00120") == get_corpus("s800").group_id("train-00129")
    assert get_corpus("s800").group_id("train-00130") != get_corpus("s800").group_id("train-00129")
    assert get_corpus("bc5cdr").group_id("123") == "123"


def test_load_corpus_reads_from_the_folder_of_the_environment(
    vocab: Vocab, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "5|t|Kelvanol\n5|a|\n5\t0\t8\tKelvanol\tChemical\n"
    monkeypatch.setenv(ROOT_VARIABLE, str(write("bc5cdr/CDR_TestSet.PubTator.txt", content).parent.parent))
    (doc,) = load_corpus("bc5cdr", "test", vocab)
    assert doc._.annotated == {"ner": {"bc5cdr": ["Chemical", "Disease"]}}


def test_load_corpus_says_what_is_wrong_at_once(vocab: Vocab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    with pytest.raises(BiomedplmError, match=r"B414.*'bc6'.*anatem, bc2gm, bc5cdr"):
        load_corpus("bc6", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B415.*'jnlpba'.*'dev'.*train, test"):
        load_corpus("jnlpba", "dev", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B416.*BIOMEDPLM_CORPORA"):
        load_corpus("bc5cdr", "train", vocab)
    with pytest.raises(BiomedplmError, match=r"B417.*CDR_TrainingSet.*github.com.*BIOMEDPLM_CORPORA"):
        load_corpus("bc5cdr", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B418.*'ddi2013'.*CC BY-NC"):
        load_corpus("ddi2013", "train", vocab, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B401.*nowhere"):
        find_root(tmp_path / "nowhere")


@pytest.mark.corpora
@pytest.mark.parametrize(("name", "split"), sorted(COUNTS))
def test_load_corpus_finds_every_document_and_mention(
    name: str, split: str, corpora_folder: Path, vocab: Vocab
) -> None:
    report = Report()
    docs = 0
    labels: Counter[str] = Counter()
    for doc in load_corpus(name, split, vocab, corpora_folder, report, allow_noncommercial=True):
        docs += 1
        labels.update(span.label_ for span in doc.spans["entities"])
        assert doc._.annotated == {"ner": {name: list(get_corpus(name).labels)}}
    assert (docs, labels.total()) == COUNTS[name, split]
    assert set(labels) <= set(get_corpus(name).labels)
    assert report.counts["dropped"] == (1 if (name, split) == ("ncbi-disease", "train") else 0)
