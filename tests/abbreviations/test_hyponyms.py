import pickle
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from spacy_biomedplm.abbreviations.hyponyms import find_terms
from spacy_biomedplm.errors import BiomedplmError


def read(text: str, *terms: str) -> Doc:
    nlp = spacy.blank("en")
    doc = nlp.make_doc(text)
    spans: list[Any] = [doc.char_span(text.index(term), text.index(term) + len(term), "TERM") for term in terms]
    doc.set_ents(spans)
    nlp.add_pipe("biomedplm_hyponyms")
    return nlp(doc)


def content(doc: Doc) -> list[tuple[str, str, str]]:
    return [(name, general.text, specific.text) for name, general, specific in doc._.hearst_patterns]


@pytest.mark.parametrize(
    ("text", "terms", "found"),
    [
        ("steroids such as prednisone", ("steroids", "prednisone"), [("such_as", "steroids", "prednisone")]),
        (
            "steroids, such as prednisone, cortisol and dexamethasone",
            ("steroids", "prednisone", "cortisol", "dexamethasone"),
            [("such_as", "steroids", name) for name in ("prednisone", "cortisol", "dexamethasone")],
        ),
        (
            "aspirin, ibuprofen and other drugs",
            ("aspirin", "ibuprofen", "drugs"),
            [("other", "drugs", "aspirin"), ("other", "drugs", "ibuprofen")],
        ),
        ("aspirin is a drug", ("aspirin", "drug"), [("is_a", "drug", "aspirin")]),
        ("drugs including aspirin", ("drugs", "aspirin"), [("include", "drugs", "aspirin")]),
        ("drugs, especially aspirin", ("drugs", "aspirin"), [("especially", "drugs", "aspirin")]),
        ("such drugs as aspirin", ("drugs", "aspirin"), [("such", "drugs", "aspirin")]),
        ("drugs against pain, not aspirin", ("drugs", "aspirin"), []),
    ],
)
def test_patterns(text: str, terms: tuple[str, ...], found: list[tuple[str, str, str]]) -> None:
    doc = read(text, *terms)
    assert content(doc) == found
    assert content(pickle.loads(pickle.dumps(doc))) == found


def test_terms_are_runs_of_nouns_where_there_are_parts_of_speech() -> None:
    words = "the new drugs such as aspirin help".split()
    tags = "DET ADJ NOUN ADJ ADP NOUN VERB".split()
    doc = Doc(spacy.blank("en").vocab, words=words, pos=tags)
    assert [term.text for term in find_terms(doc)] == ["new drugs", "aspirin"]


def test_a_document_without_terms_is_an_error_and_an_empty_one_is_none() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("biomedplm_hyponyms")
    with pytest.raises(BiomedplmError, match=r"B681.*such as"):
        nlp("drugs such as aspirin")
    assert content(nlp("")) == []
