from typing import Any

import numpy as np
import pytest
import spacy
from spacy.pipeline.tok2vec import Tok2VecListener
from thinc.api import Linear, chain

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.layers.vectors import check_vectors


@pytest.fixture
def docs() -> list[Any]:
    nlp = spacy.blank("en")
    return [nlp("heart failure"), nlp("")]


def test_check_vectors_names_the_document_and_the_repair(docs: list[Any]) -> None:
    model: Any = chain(Tok2VecListener("tok2vec", 3), Linear(2, 3))
    docs[0].tensor = np.ones((2, 3), dtype="float32")
    check_vectors(model, docs, "ner")
    with pytest.raises(BiomedplmError, match=r"B001.*document 2 \('heart failure…'\).*'ner'.*replace_listeners"):
        check_vectors(model, [*docs, spacy.blank("en")("heart failure")], "ner")


def test_check_vectors_of_an_own_encoder_needs_none(docs: list[Any]) -> None:
    check_vectors(Linear(2, 3), docs, "ner")
