from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.training.mixture import create_corpus_mixture

nlp = spacy.blank("en")


def ids_of(examples: Any) -> list[str]:
    return [eg.reference._.doc_id for eg in examples]


def names_of(examples: Any) -> Counter[str]:
    return Counter(name.rsplit("-", 1)[0] for name in ids_of(examples))


def test_every_document_once_and_in_order(corpus: Path) -> None:
    found = ids_of(create_corpus_mixture(corpus)(nlp))
    assert len(found) == len(set(found)) == 10
    assert [name for name in found if name.startswith("bc5cdr")] == [f"bc5cdr-{n}" for n in range(6)]


def test_examples_hold_predicted_text_and_gold(corpus: Path) -> None:
    for example in create_corpus_mixture(corpus)(nlp):
        assert isinstance(example, Example)
        assert example.predicted.text == example.reference.text
        assert example.reference._.annotated["ner"]
        assert example.predicted._.annotated is None
        assert "entities" not in example.predicted.spans


def test_max_docs(corpus: Path) -> None:
    assert names_of(create_corpus_mixture(corpus, max_docs=2)(nlp)) == {"bc5cdr": 2, "bc2gm": 2, "s800": 1}


@pytest.mark.parametrize(("weight", "wanted"), [(0.0, 0), (0.5, 3), (1.0, 6), (1.5, 9), (2.0, 12), (0.1, 1)])
def test_weights_say_how_often(weight: float, wanted: int, corpus: Path) -> None:
    counts = names_of(create_corpus_mixture(corpus, weights={"bc5cdr": weight}, shuffle=True)(nlp))
    assert counts["bc5cdr"] == wanted
    assert (counts["bc2gm"], counts["s800"]) == (3, 1)


def test_half_of_a_corpus_is_another_half_in_every_pass(corpus: Path) -> None:
    read = create_corpus_mixture(corpus, weights={"bc5cdr": 0.5}, shuffle=True)
    halves = {frozenset(name for name in ids_of(read(nlp)) if name.startswith("bc5cdr")) for _ in range(8)}
    assert len(halves) > 2


def test_a_pass_begins_with_one_document_of_each_corpus(corpus: Path) -> None:
    read = create_corpus_mixture(corpus, shuffle=True)
    for _ in range(3):
        assert set(names_of(list(read(nlp))[:3])) == {"bc5cdr", "bc2gm", "s800"}


def test_order_follows_the_seed(corpus: Path) -> None:
    def run(seed: int) -> list[str]:
        read = create_corpus_mixture(corpus, shuffle=True, seed=seed)
        return [*ids_of(read(nlp)), *ids_of(read(nlp))]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert run(1)[:10] != run(1)[10:]


def test_empty_documents_are_left_out(tmp_path: Path) -> None:
    DocBin(docs=[Doc(nlp.vocab), nlp.make_doc("cell")]).to_disk(tmp_path / "a.spacy")
    assert [eg.reference.text for eg in create_corpus_mixture(tmp_path)(nlp)] == ["cell"]


def test_folder_without_corpora_raises_b502(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BiomedplmError, match=rf"B502.*{folder}"):
            list(create_corpus_mixture(folder)(nlp))


def test_a_path_of_none_is_for_configs_that_are_not_trained() -> None:
    """`lang_cls.from_config(nlp.config)` resolves the readers of a trained pipeline, whose paths are null."""
    config = {"@readers": "spacy-biomedplm.CorpusMixture.v1", "path": None, "weights": {"a": 1.0}}
    read = spacy.registry.resolve({"reader": config})["reader"]
    with pytest.raises(BiomedplmError, match=r"B502.*None"):
        list(read(spacy.blank("en")))


def test_weight_of_an_unknown_corpus_raises_b503(corpus: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B503.*'bc6cdr'.*bc2gm, bc5cdr, s800"):
        list(create_corpus_mixture(corpus, weights={"bc6cdr": 1.0})(nlp))


def test_negative_weight_raises_b005(corpus: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B005.*weights.bc5cdr = -1"):
        list(create_corpus_mixture(corpus, weights={"bc5cdr": -1.0})(nlp))


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-50], lambda data: b"not a DocBin"])
def test_damaged_corpus_raises_b506(damage: Any, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "a.spacy").write_bytes(damage((corpus / "bc5cdr.spacy").read_bytes()))
    with pytest.raises(BiomedplmError, match=r"B506.*a\.spacy"):
        list(create_corpus_mixture(tmp_path)(nlp))
