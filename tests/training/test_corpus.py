import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.util import registry

from spacy_biomedplm.corpora import catalogue, exclusion
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.training.corpus import create_corpus_reader

TEXT = "Kelvanol given to seven patients with borderline fever of unknown origin stopped it within three days"


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("en")


@pytest.fixture(autouse=True)
def _no_cache() -> Iterator[None]:
    exclusion._hold_out.cache_clear()
    yield
    exclusion._hold_out.cache_clear()


def _document(name: str, text: str) -> str:
    return f"{name}|t|{text}\n{name}|a|\n{name}\t0\t8\t{text[:8]}\tChemical\n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two corpora: of the four training documents of one, two are in the test parts."""
    texts = {"1": TEXT, "2": "Kelvanol is dear", "3": "Kelvanol is cheap", "4": "Kelvanol works well"}
    files = {
        "bc5cdr/CDR_TrainingSet.PubTator.txt": "".join(_document(*item) for item in texts.items()),
        "bc5cdr/CDR_TestSet.PubTator.txt": _document("2", "Kelvanol is dear"),
        "nlm-gene/NLMgene_Test.PubTator": f"9|t|{TEXT}\n9|a|\n\n",
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf8")
    return tmp_path


def _ids(nlp: Language, **options: object) -> list[str]:
    reader = create_corpus_reader("bc5cdr", **{"split": "train", **options})  # type: ignore[arg-type]
    return [example.reference._.doc_id for example in reader(nlp)]


def test_reader_leaves_out_what_is_tested_on(nlp: Language, root: Path) -> None:
    with pytest.warns(UserWarning, match=r"W490\] 2 of 4 documents.*'bc5cdr'.*bc5cdr/test, nlm-gene/test"):
        assert _ids(nlp, root=root) == ["3", "4"]
    with pytest.warns(UserWarning, match=r"W490\] 1 of 4 documents.*nlm-gene/test\."):
        assert _ids(nlp, root=root, exclude_tests=["NLM-Gene"]) == ["2", "3", "4"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _ids(nlp, root=root, exclude_tests=False) == ["1", "2", "3", "4"]
        assert _ids(nlp, root=root, exclude_tests=[]) == ["1", "2", "3", "4"]
        assert _ids(nlp, root=root, split="test") == ["2"]


@pytest.mark.filterwarnings("ignore:.W490")
def test_reader_reads_once_and_as_many_as_asked(nlp: Language, root: Path) -> None:
    reader = create_corpus_reader("bc5cdr", "train", root=root, max_docs=1)
    first = [example.reference._.doc_id for example in reader(nlp)]
    (root / "bc5cdr" / "CDR_TrainingSet.PubTator.txt").unlink()
    assert first == [example.reference._.doc_id for example in reader(nlp)] == ["3"]


def test_reader_gives_what_a_component_learns_from(nlp: Language, root: Path) -> None:
    (example,) = create_corpus_reader("bc5cdr", "test", root=root)(nlp)
    assert example.reference._.annotated["ner"] == {"bc5cdr": ["Chemical", "Disease"]}
    assert [(ent.text, ent.label_) for ent in example.reference.ents] == [("Kelvanol", "Chemical")]
    assert not example.predicted.ents
    assert example.predicted.text == example.reference.text


BROKEN = "2|t|Kelvanol\n2|a|\n2\t1\t9\tKelvanol\tChemical\n2\t0\t8\tnothing\tDisease\n"


def test_reader_repairs_if_told_and_says_so(nlp: Language, root: Path) -> None:
    (root / "bc5cdr" / "CDR_TestSet.PubTator.txt").write_text(BROKEN, encoding="utf8")
    reader = create_corpus_reader("bc5cdr", "test", root=root, errors="repair")
    with pytest.warns(UserWarning, match=r"W491.*1 broken items were repaired and 1 left out"):
        (example,) = reader(nlp)
    assert len(example.reference.ents) == 1
    with pytest.raises(BiomedplmError, match="B405"):
        list(create_corpus_reader("bc5cdr", "test", root=root)(nlp))


@pytest.mark.parametrize("known", [1, 2, 3])
def test_reader_repairs_what_the_record_counts(
    known: int, nlp: Language, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "bc5cdr" / "CDR_TestSet.PubTator.txt").write_text(BROKEN, encoding="utf8")
    corpus = replace(catalogue.get_corpus("bc5cdr"), broken={"test": known})
    monkeypatch.setattr(catalogue, "read_catalogue", lambda: {"bc5cdr": corpus})
    reader = create_corpus_reader("bc5cdr", "test", root=root, exclude_tests=False)
    if known < 2:
        with pytest.raises(BiomedplmError, match=r"B487.*'test'.*2 broken items, its record counts 1.*B405"):
            list(reader(nlp))
    else:
        with pytest.warns(UserWarning, match=r"W491.*1 broken items were repaired and 1 left out"):
            assert len(list(reader(nlp))) == 1
    (root / "bc5cdr" / "CDR_TrainingSet.PubTator.txt").write_text(BROKEN, encoding="utf8")
    with pytest.raises(BiomedplmError, match="B405"):
        list(create_corpus_reader("bc5cdr", "train", root=root, exclude_tests=False)(nlp))


@pytest.mark.parametrize("number", [-1, 0])
def test_reader_refuses_to_read_less_than_a_document(number: int) -> None:
    with pytest.raises(BiomedplmError, match=rf"B429.*'max_docs' = {number}"):
        create_corpus_reader("bc5cdr", "train", max_docs=number)


def test_reader_needs_leave_for_noncommercial_corpora(nlp: Language, tmp_path: Path) -> None:
    (tmp_path / "ddi2013").mkdir()
    (tmp_path / "ddi2013" / "train.tar.gz").write_bytes(b"")
    with pytest.raises(BiomedplmError, match="B418"):
        list(create_corpus_reader("ddi2013", "train", root=tmp_path)(nlp))
    with pytest.raises(BiomedplmError, match="B414"):
        list(create_corpus_reader("bc6", "train", root=tmp_path)(nlp))


def test_reader_is_one_line_of_a_config(root: Path, monkeypatch: pytest.MonkeyPatch, nlp: Language) -> None:
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(root))
    config = {"train": {"@readers": "spacy-biomedplm.Corpus.v1", "name": "bc5cdr", "split": "test"}}
    (example,) = registry.resolve(config)["train"](nlp)
    assert example.reference._.corpus == "bc5cdr"
    with pytest.raises(Exception, match="max_docs"):
        registry.resolve({"train": {**config["train"], "max_docs": "many"}})


def test_what_a_pipeline_is_given(nlp: Language, root: Path) -> None:
    line = "5|t|Kelvanol is here\n5|a|\n5\t0\t8\tKelvanol\tChemical\tD000001\n\n"
    (root / "bc5cdr" / "CDR_DevelopmentSet.PubTator.txt").write_text(line, encoding="utf8")

    def predicted(**options: object) -> list[tuple[str, str]]:
        reader = create_corpus_reader("bc5cdr", "dev", root, False, **options)  # type: ignore[arg-type]
        example = next(iter(reader(nlp)))
        assert [ent.kb_id_ for ent in example.reference.ents] == ["D000001"]
        return [(ent.text, ent.kb_id_) for ent in example.predicted.ents]

    assert predicted() == []
    assert predicted(given="entities") == [("Kelvanol", "")]
    assert predicted(given="concepts") == [("Kelvanol", "D000001")]
