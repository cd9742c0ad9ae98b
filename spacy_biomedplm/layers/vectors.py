"""Token vectors between the encoder and the heads: a check that they are there, and a pipe that drops them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

from spacy_biomedplm.errors import BiomedplmError, coded


def check_vectors(model: Model[Any, Any], docs: Sequence[Doc], component: str) -> None:
    """Make sure that every document holds the vectors a head listens for; spaCy's listeners go on with zeros.

    model (Model): The head's model; its listeners, if any, are found inside it.
    docs (Sequence[Doc]): Documents about to be predicted.
    component (str): Name of the head's pipe, for the message.
    RAISES (BiomedplmError): B001 for the first document that has tokens but no vectors.
    """
    for node in model.walk():
        if isinstance(node, Tok2VecListener):
            missing = [not doc.tensor.size for doc in docs]
        elif node.name == "transformer-listener":
            missing = [not getattr(doc._.trf_data, "model_output", None) for doc in docs]
        else:
            continue
        for index, doc in enumerate(docs):
            if missing[index] and len(doc):
                raise BiomedplmError(coded("B001", index=index, text=doc.text[:40], component=component))


@Language.factory("biomedplm_vector_cleaner", assigns=["doc.tensor"])
def make_vector_cleaner(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """Return a pipe that drops the token vectors when all heads have used them.

    nlp (Language): The pipeline.
    name (str): Name of the pipe.
    RETURNS (Callable[[Doc], Doc]): Leaves an empty array in ``doc.tensor``. Vectors are most of a document's memory;
        spaCy's own doc_cleaner would leave None, on which ``span.as_doc()`` and ``doc.vector`` fail.
    """
    return drop_vectors


def drop_vectors(doc: Doc) -> Doc:
    """Return the document with an empty ``doc.tensor``.

    doc (Doc): Any document.
    """
    doc.tensor = np.zeros((0,), dtype="float32")
    return doc
