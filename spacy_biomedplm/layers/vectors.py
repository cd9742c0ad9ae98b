"""A check that a head's encoder has run; spaCy's listeners go on with zeros instead."""

from collections.abc import Sequence
from typing import Any

from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

from spacy_biomedplm.errors import BiomedplmError, coded


def check_vectors(model: Model[Any, Any], docs: Sequence[Doc], component: str) -> None:
    """Make sure that every document holds the vectors a head listens for.

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
