from collections.abc import Iterator
from pathlib import Path

import pytest

from spacy_biomedplm.corpora import exclusion
from spacy_biomedplm.corpora.catalogue import get_corpus, read_corpus
from spacy_biomedplm.corpora.exclusion import leave_out_tests

TEXT = "Kelvanol given to seven patients with borderline fever of unknown origin stopped it within three days"


@pytest.fixture(autouse=True)
def _no_cache() -> Iterator[None]:
    exclusion._hold_out.cache_clear()
    yield
    exclusion._hold_out.cache_clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A corpus whose training documents are the test documents 1 of another one and 2 of none."""
    files = {
        "bc5cdr/CDR_TrainingSet.PubTator.txt": f"1|t|{TEXT}\n1|a|\n\n2|t|Kelvanol is cheap\n2|a|\n\n",
        "nlm-gene/NLMgene_Test.PubTator": f"9|t|{TEXT.upper()}\n9|a|\n\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf8")
    return tmp_path


@pytest.mark.parametrize(
    ("exclude", "kept"), [(True, ["2"]), (["nlm-gene"], ["2"]), ([], ["1", "2"]), (False, ["1", "2"])]
)
@pytest.mark.filterwarnings("ignore:.W490")
def test_documents_of_tests_are_left_out(root: Path, exclude: bool | list[str], kept: list[str]) -> None:
    corpus, records = get_corpus("bc5cdr"), list(read_corpus("bc5cdr", "train", root))
    assert [one.doc_id for one in leave_out_tests(corpus, "train", records, root, exclude)] == kept


def test_corpora_of_the_same_documents_can_be_kept_apart(root: Path) -> None:
    corpus, records = get_corpus("bc5cdr"), list(read_corpus("bc5cdr", "train", root))
    assert leave_out_tests(corpus, "train", records, root, except_for=["nlm-gene"]) == records


def test_what_is_left_out_is_said(root: Path) -> None:
    corpus, records = get_corpus("bc5cdr"), list(read_corpus("bc5cdr", "train", root))
    with pytest.warns(UserWarning, match=r"W490\] 1 of 2 documents.*'bc5cdr'.*nlm-gene/test\."):
        leave_out_tests(corpus, "train", records, root)
