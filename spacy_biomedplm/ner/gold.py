"""What an example teaches: which guidelines it is annotated for, and the right tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IDX, IS_SPACE, LENGTH
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.ner.tags import TagScheme, encode_tags

# Guideline of documents that only have doc.ents, such as those of `spacy convert`.
DEFAULT_GUIDELINE = "default"


@dataclass(frozen=True)
class GoldTags:
    """Right tags of one document by one guideline.

    words (NDArray[np.int64]): Numbers of the predicted tokens that are not white space.
    tags (NDArray[np.int64]): One tag for each of them.
    unknown (NDArray[np.bool_]): For each tag, whether its label is outside what the document was annotated for.
    """

    words: NDArray[np.int64]
    tags: NDArray[np.int64]
    unknown: NDArray[np.bool_]


def annotated_labels(reference: Doc) -> dict[str, list[str]]:
    """Return the guidelines, and of each the labels, that a document was annotated for.

    reference (Doc): A gold document. If ``doc._.annotated`` says nothing but the document has entity tags, it
        counts as annotated for the labels of its entities by the guideline "default".
    RETURNS (dict[str, list[str]]): Empty if nobody looked for entities in it.
    """
    if reference._.annotated is not None:
        return reference._.annotated.get("ner", {})
    if reference.has_annotation("ENT_IOB"):
        return {DEFAULT_GUIDELINE: sorted({ent.label_ for ent in reference.ents})}
    return {}


def gold_mentions(reference: Doc) -> Sequence[Span]:
    """Return the gold entities of a document: the span group "entities" if there is one, else doc.ents."""
    return reference.spans[ENTITIES_KEY] if ENTITIES_KEY in reference.spans else reference.ents


def gold_tags(example: Example, scheme: TagScheme, known: Mapping[str, Sequence[str]]) -> GoldTags | None:
    """Return the right tags of an example's predicted tokens by one guideline, None if it has none.

    example (Example): Predicted and gold document of one text; their tokens may differ.
    scheme (TagScheme): The guideline.
    known (Mapping[str, Sequence[str]]): All guidelines of the component.
    RETURNS (GoldTags | None): An entity whose boundary falls inside a token covers the whole token.
    RAISES (BiomedplmError): B201 or B203 for a guideline or label the component does not know.
    """
    annotated = annotated_labels(example.reference)
    for name in annotated:
        if name not in known:
            raise BiomedplmError(coded("B201", guideline=name, known=", ".join(sorted(known))))
    # A document may be annotated by several guidelines; a mention belongs to those that have its label.
    elsewhere = {label for name, names in annotated.items() if name != scheme.name for label in names}
    if scheme.name not in annotated:
        return None
    labels = set(annotated[scheme.name])
    if scheme.name == DEFAULT_GUIDELINE:
        labels = set(scheme.labels)
    offsets = example.predicted.to_array([IDX, LENGTH, IS_SPACE]).astype(np.int64).reshape(-1, 3)
    words = np.flatnonzero(offsets[:, 2] == 0)
    starts = offsets[words, 0]
    ends = starts + offsets[words, 1]
    entities = []
    for span in gold_mentions(example.reference):
        if span.label_ in elsewhere and span.label_ not in annotated[scheme.name]:
            continue
        if span.label_ not in scheme.labels:
            values = {"label": span.label_, "guideline": scheme.name, "known": ", ".join(scheme.labels)}
            raise BiomedplmError(coded("B203", **values))
        first = int(np.searchsorted(ends, span.start_char, side="right"))
        last = int(np.searchsorted(starts, span.end_char, side="left"))
        entities.append((first, last, scheme.labels.index(span.label_)))
    unknown = np.zeros(scheme.n_tags, dtype=bool)
    for number, label in enumerate(scheme.labels):
        unknown[1 + 4 * number : 5 + 4 * number] = label not in labels
    return GoldTags(words, encode_tags(entities, len(words)), unknown)
