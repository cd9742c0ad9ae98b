import pickle
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_biomedplm.errors import BiomedplmError

TEXT = "Tumor necrosis factor (TNF) is high. No TNF in TNFR mice, none in TNF-treated ones."


@pytest.fixture
def nlp() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("biomedplm_abbreviations")
    return nlp


def content(doc: Doc) -> list[tuple[str, int, str]]:
    return [(short.text, short.start, short._.long_form.text) for short in doc._.abbreviations]


WANTED = [("TNF", 4, "Tumor necrosis factor"), ("TNF", 10, "Tumor necrosis factor")]


def test_abbreviations_are_whole_tokens_with_long_forms(nlp: Language) -> None:
    doc = nlp(TEXT)
    assert content(doc)[:2] == WANTED
    assert all(text == "TNF" for text, _, _ in content(doc))
    assert doc[0:1]._.long_form is None


def test_abbreviations_survive_every_way_to_keep_a_document(nlp: Language) -> None:
    doc = nlp(TEXT)
    wanted = content(doc)
    assert content(Doc(nlp.vocab).from_bytes(doc.to_bytes())) == wanted
    assert content(pickle.loads(pickle.dumps(doc))) == wanted
    (stored,) = DocBin(docs=[doc], store_user_data=True).get_docs(nlp.vocab)
    assert content(stored) == wanted


def test_processes_and_storage_give_the_same(nlp: Language, tmp_path: Any) -> None:
    wanted = content(nlp(TEXT))
    assert [content(doc) for doc in nlp.pipe([TEXT, "", " "], n_process=2)] == [wanted, [], []]
    nlp.to_disk(tmp_path)
    assert content(spacy.load(tmp_path)(TEXT)) == wanted


@pytest.mark.parametrize("text", ["", " ", "\n\t \n", "\x00\x07", "αβγ 😀 (α)", "(" * 300])
def test_odd_documents(nlp: Language, text: str) -> None:
    assert content(nlp(text)) == []


def test_predict_does_not_write(nlp: Language) -> None:
    doc = nlp.make_doc(TEXT)
    pipe: Any = nlp.get_pipe("biomedplm_abbreviations")
    found = pipe.predict([doc])
    assert not doc.user_data
    pipe.set_annotations([doc], found)
    assert content(doc)[:2] == WANTED
    assert pipe.predict([]) == []


def test_sentences_and_passages_are_borders(nlp: Language) -> None:
    doc = nlp.make_doc("Tumor necrosis factor (TNF)")
    for token in doc:
        token.is_sent_start = token.i in (0, 3)
    assert content(nlp(doc)) == []
    doc = nlp.make_doc("Tumor necrosis factor (TNF)")
    doc.spans["passages"] = [doc[0:3], doc[3:]]
    assert content(nlp(doc)) == []


def test_a_threshold_that_is_no_probability_is_an_error() -> None:
    with pytest.raises(BiomedplmError, match="B680"):
        spacy.blank("en").add_pipe("biomedplm_abbreviations", config={"threshold": -0.1})
