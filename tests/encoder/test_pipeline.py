"""The encoder under spaCy's own components."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_biomedplm.errors import BiomedplmError

SENTENCES = [("aspirin in heart failure", "NN IN NN NN"), ("lithium of the kinase", "NN IN DT NN")]


def make_pipeline(folder: Path, **options: Any) -> Language:
    nlp = spacy.blank("en")
    model = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(folder), "width": 32, "precision": "fp32"}
    nlp.add_pipe("tok2vec", config={"model": {**model, **options}})
    return nlp


def listener() -> dict[str, Any]:
    return {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}


def add_stock_pipes(nlp: Language) -> None:
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener()}})
    parser = {"@architectures": "spacy.TransitionBasedParser.v2", "tok2vec": listener(), "state_type": "ner"}
    parser |= {"extra_state_tokens": False, "hidden_width": 16, "maxout_pieces": 2, "use_upper": False}
    nlp.add_pipe("ner", config={"model": parser})


def examples_of(nlp: Language) -> list[Example]:
    made = []
    for text, tags in SENTENCES:
        first = text.split()[0]
        made.append(
            Example.from_dict(nlp.make_doc(text), {"tags": tags.split(), "entities": [(0, len(first), "CHEMICAL")]})
        )
    return made


@pytest.fixture(scope="module")
def trained(tiny_plm: Any) -> Language:
    """Stock tagger and ner, trained through listeners."""
    fix_random_seed(0)
    nlp = make_pipeline(tiny_plm("bert"))
    add_stock_pipes(nlp)
    examples = examples_of(nlp)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.003
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    first, last = {}, {}
    for _ in range(60):
        losses = nlp.update(examples, sgd=optimizer, drop=0.0)
        first = first or dict(losses)
        last = losses
    assert last["ner"] < first["ner"]
    assert last["tagger"] < first["tagger"]
    assert nlp.get_pipe("tok2vec").model.to_bytes() != before
    return nlp


def test_stock_components_learn(trained: Language) -> None:
    for text, tags in SENTENCES:
        doc = trained(text)
        assert [token.tag_ for token in doc] == tags.split()
        assert [(ent.text, ent.label_) for ent in doc.ents] == [(text.split()[0], "CHEMICAL")]


def test_doc_tensor_holds_the_vectors(trained: Language) -> None:
    doc = trained(SENTENCES[0][0])
    assert doc.tensor.shape == (4, 32)
    assert doc.tensor.dtype == np.float32
    np.testing.assert_array_equal(doc[1:3].as_doc().tensor, doc.tensor[1:3])


def test_docs_of_all_kinds_pass_through(trained: Language) -> None:
    texts = ["", " ", "\n\n", "the " * 300, "αβ 😀 \x07", "a" * 2000]
    assert [doc.text for doc in trained.pipe(texts)] == texts


def test_pipeline_survives_disk(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    doc, again = trained(SENTENCES[0][0]), loaded(SENTENCES[0][0])
    np.testing.assert_array_equal(doc.tensor, again.tensor)
    assert [token.tag_ for token in again] == [token.tag_ for token in doc]


def test_pipeline_of_another_width_is_refused(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    with pytest.raises(ValueError, match="nO"):
        spacy.load(tmp_path, config={"components": {"tok2vec": {"model": {"width": 48}}}})


def test_damaged_pipeline_is_refused(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path)
    file = tmp_path / "tok2vec" / "model"
    data = file.read_bytes()
    at = data.index(b"LayerNorm")
    file.write_bytes(data[:at] + b"LayerWarm" + data[at + 9 :])
    with pytest.raises(BiomedplmError, match=r"B00[34]"):
        spacy.load(tmp_path)


def test_replace_listeners_gives_each_pipe_its_own_encoder(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "one")
    nlp = spacy.load(tmp_path / "one")
    wanted = [token.tag_ for token in nlp(SENTENCES[0][0])]
    for name in ("tagger", "ner"):
        nlp.replace_listeners("tok2vec", name, ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    assert [token.tag_ for token in nlp(SENTENCES[0][0])] == wanted
    nlp.to_disk(tmp_path / "two")
    doc = spacy.load(tmp_path / "two")(SENTENCES[0][0])
    assert [token.tag_ for token in doc] == wanted
    assert [ent.label_ for ent in doc.ents] == ["CHEMICAL"]


def test_vector_cleaner_leaves_documents_whole(trained: Language, tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "kept")
    nlp = spacy.load(tmp_path / "kept")
    nlp.add_pipe("biomedplm_vector_cleaner")
    nlp.to_disk(tmp_path / "cleaned")
    doc = spacy.load(tmp_path / "cleaned")("the cell")
    assert doc.tensor.shape == (0,)
    assert doc[1:].as_doc().text == "cell"
    assert doc[0].vector.shape == doc.vector.shape
    assert Doc(nlp.vocab).from_bytes(doc.to_bytes()).text == "the cell"


@pytest.mark.parametrize("key", ["pooling", "precision", "layer", "window", "layers"])
def test_config_is_validated(key: str, tiny_plm: Any) -> None:
    with pytest.raises(ValueError, match=key):
        make_pipeline(tiny_plm("bert"), **{key: "wrong"})


def test_frozen_encoder_with_annotating_components(tiny_plm: Any, tmp_path: Path) -> None:
    """[training] frozen_components and annotating_components: the head learns, the encoder stays."""
    nlp = make_pipeline(tiny_plm("bert"))
    add_stock_pipes(nlp)
    examples = examples_of(nlp)
    optimizer = nlp.initialize(lambda: examples)
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    losses = [
        nlp.update(examples, sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"])["tagger"] for _ in range(5)
    ]
    assert losses[-1] < losses[0]
    assert nlp.get_pipe("tok2vec").model.to_bytes() == before


def test_vectors_travel_in_a_docbin(trained: Language) -> None:
    doc = trained("the cell")
    (again,) = DocBin(docs=[doc], store_user_data=True).get_docs(trained.vocab)
    assert again.text == doc.text
