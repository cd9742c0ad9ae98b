"""What every component must do, here for the entity recogniser."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp

from spacy_biomedplm.attributes import MENTIONS_KEY
from spacy_biomedplm.errors import BiomedplmError

TEXT = "aspirin in heart failure"
ODD_TEXTS = [
    "",
    " ",
    "\n\t \n",
    "\x00\x07",
    "αβγ 😀 中文 cafe\u0301",
    "a" * 5000,
    "the cells of the heart",
    TEXT + " and the kinase receptor in cells" * 60,
]


def ents_of(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def content_of(doc: Doc) -> list[Any]:
    """Everything the component writes, scores rounded as far as batches may change them."""
    spans = [*doc.ents, *doc.spans["entities"]]
    return [(s.start_char, s.end_char, s.label_, s.id_, round(s._.score, 4)) for s in spans]


def test_storage_is_exact(trained: Language, trained_folder: Path) -> None:
    wanted = [content_of(doc) for doc in trained.pipe(ODD_TEXTS)]
    assert any(wanted)
    from_bytes = spacy.util.load_model_from_config(trained.config).from_bytes(trained.to_bytes())
    for name, nlp in {"disk": spacy.load(trained_folder), "bytes": from_bytes}.items():
        assert [content_of(doc) for doc in nlp.pipe(ODD_TEXTS)] == wanted, name


def test_pickle_is_exact(trained: Language, loaded: Language) -> None:
    docs = [trained.make_doc(text) for text in ODD_TEXTS]
    tok2vec = pickle.loads(pickle.dumps(loaded.get_pipe("tok2vec")))
    ner = pickle.loads(pickle.dumps(loaded.get_pipe("ner")))
    found = [content_of(doc) for doc in ner.pipe(tok2vec.pipe(docs))]
    assert found == [content_of(doc) for doc in trained.pipe(ODD_TEXTS)]


def test_predict_does_not_write_and_set_annotations_does(trained: Language) -> None:
    doc = trained.get_pipe("tok2vec")(trained.make_doc(TEXT))
    ner: Any = trained.get_pipe("ner")
    before = doc.to_bytes()
    mentions = ner.predict([doc])
    assert doc.to_bytes() == before
    ner.set_annotations([doc], mentions)
    assert len(doc.ents) == 2
    assert MENTIONS_KEY in doc.user_data


@pytest.mark.parametrize("texts", [[], [""], ["", ""], [" \n"], ["the cells of the heart"]])
def test_documents_without_entities(texts: list[str], trained: Language) -> None:
    docs = list(trained.pipe(texts))
    assert [doc.text for doc in docs] == texts
    for doc in docs:
        assert not doc.ents
        assert list(doc.spans["entities"]) == []
    ner: Any = trained.get_pipe("ner")
    assert ner.predict([]) == []


def test_batch_and_order_make_no_difference(trained: Language) -> None:
    texts = [*ODD_TEXTS, *(row + TEXT for row in ODD_TEXTS), *ODD_TEXTS, *ODD_TEXTS]
    alone = [content_of(trained(text)) for text in texts]
    assert [content_of(doc) for doc in trained.pipe(texts, batch_size=32)] == alone
    order = np.random.default_rng(0).permutation(len(texts))
    mixed = [content_of(doc) for doc in trained.pipe([texts[i] for i in order])]
    assert mixed == [alone[i] for i in order]


def test_entities_beyond_the_window_are_found(trained: Language) -> None:
    text = "the cells of the heart . " * 100 + "the kinase receptor in cells"
    doc = trained(text)
    assert doc.spans["entities"][-1].end > 500
    assert doc.spans["entities"][-1].label_ == "GENE"


def test_annotating_twice_changes_nothing(trained: Language) -> None:
    doc = trained(TEXT)
    wanted = content_of(doc)
    for _, pipe in trained.pipeline:
        doc = pipe(doc)
    assert content_of(doc) == wanted


def test_tokenised_documents(trained: Language) -> None:
    words = ["aspirin", "in", "heart", "failure"]
    assert ents_of(trained(Doc(trained.vocab, words=words))) == ents_of(trained(TEXT))
    whole = trained(Doc(trained.vocab, words=["aspirin", "in", "heart failure"]))
    assert whole.text == TEXT + " "
    docs = list(trained.pipe([Doc(trained.vocab, words=words), Doc(trained.vocab)]))
    assert [len(doc.ents) for doc in docs] == [2, 0]


def test_span_as_doc_keeps_its_vectors(trained: Language) -> None:
    part = trained(TEXT)[2:4].as_doc()
    ner: Any = trained.get_pipe("ner")
    assert ents_of(ner(part)) == [("heart failure", "DISEASE")]


@pytest.mark.parametrize("text", [TEXT, " \n"])
def test_no_vectors_raise_b001(text: str, loaded: Language) -> None:
    loaded.disable_pipe("tok2vec")
    with pytest.raises(BiomedplmError, match=r"(?s)B001.*'ner'.*replace_listeners"):
        loaded(text)
    assert loaded("").text == ""


def test_component_that_has_not_learned_raises_b002(make_pipeline: Any) -> None:
    nlp = make_pipeline()
    with pytest.raises(BiomedplmError, match="B002"):
        nlp(TEXT)


def test_replace_listeners(trained_folder: Path, trained: Language, tmp_path: Path) -> None:
    nlp = spacy.load(trained_folder)
    nlp.replace_listeners("tok2vec", "ner", ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    wanted = [content_of(doc) for doc in trained.pipe(ODD_TEXTS)]
    assert [content_of(doc) for doc in nlp.pipe(ODD_TEXTS)] == wanted
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    assert [content_of(doc) for doc in again.pipe(ODD_TEXTS)] == wanted


def test_own_encoder_without_listener_learns(tiny_plm: Any, learn: Any, ten: Any) -> None:
    nlp = spacy.blank("en")
    encoder = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(tiny_plm("bert")), "width": 32}
    model = {"@architectures": "spacy-biomedplm.TokenTagger.v1", "tok2vec": {**encoder, "precision": "fp32"}}
    nlp.add_pipe("biomedplm_ner", name="ner", config={"model": model})
    examples = ten(nlp)
    learn(nlp, examples, steps=40)
    # spaCy's tokeniser, and a loss that fell.
    assert nlp.evaluate(examples)["ents_f"] > 0.8
    assert len(list(nlp.pipe(ODD_TEXTS))) == len(ODD_TEXTS)


def test_config_that_is_written_can_be_read(trained: Language, tmp_path: Path, ten: Any) -> None:
    """The pipeline's own config, as `spacy train` takes it."""
    trained.config.to_disk(tmp_path / "config.cfg")
    data = DocBin(docs=[eg.reference for eg in ten(trained)], store_user_data=True)
    data.to_disk(tmp_path / "train.spacy")
    config = spacy.util.load_config(
        tmp_path / "config.cfg",
        overrides={"paths.train": str(tmp_path / "train.spacy"), "paths.dev": str(tmp_path / "train.spacy")},
        interpolate=False,
    )
    nlp = init_nlp(config)
    ner: Any = nlp.get_pipe("ner")
    assert ner.guidelines == trained.get_pipe("ner").guidelines  # type: ignore[attr-defined]


def test_pipeline_loads_in_a_fresh_process(trained_folder: Path) -> None:
    code = (
        f"import spacy; nlp = spacy.load({str(trained_folder)!r}); doc = nlp({TEXT!r});"
        "print([(e.text, e.label_, 0 < e._.score <= 1) for e in doc.ents])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == "[('aspirin', 'CHEMICAL', True), ('heart failure', 'DISEASE', True)]", result.stderr
