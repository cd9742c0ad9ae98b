import pytest
import spacy
from spacy.tokens import Doc, Span

import spacy_biomedplm.attributes  # noqa: F401


@pytest.fixture
def make_doc():
    """A document of space-separated words, with entities given as (first token, token after the last, label)."""
    nlp = spacy.blank("en")

    def make(text, ents=(), *, doc_id="1", title=None, spans=()):
        doc = nlp.make_doc(text)
        doc.ents = [Span(doc, start, end, label=label) for start, end, label in ents]
        if spans:
            doc.spans["entities"] = [Span(doc, start, end, label=label, span_id="toy") for start, end, label in spans]
        doc._.doc_id = doc_id
        if title is not None:
            doc.user_data["title"] = title
        return doc

    return make


@pytest.fixture
def empty_doc():
    return Doc(spacy.blank("en").vocab)
