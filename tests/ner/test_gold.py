from typing import Any

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.ner.gold import annotated_labels, gold_mentions, gold_tags
from spacy_biomedplm.ner.tags import decode_tags, make_schemes

GUIDELINES = {"bc2gm": ["GENE"], "bc5cdr": ["Chemical", "Disease"], "default": ["A", "B"]}
BC2GM, BC5CDR, DEFAULT = make_schemes(GUIDELINES)
nlp = spacy.blank("en")


def tagged(example: Example, scheme: Any) -> list[tuple[str, str]]:
    """Text and label of what is tagged."""
    gold = gold_tags(example, scheme, GUIDELINES)
    assert gold is not None
    assert len(gold.words) == len(gold.tags)
    doc = example.predicted
    return [
        (doc[int(gold.words[start]) : int(gold.words[end - 1]) + 1].text, scheme.labels[label])
        for start, end, label in decode_tags(gold.tags).tolist()
    ]


def test_gold_tags_of_mentions(make_example: Any) -> None:
    mentions = [("aspirin", "Chemical"), ("heart failure", "Disease")]
    example = make_example(nlp, "aspirin in heart failure", mentions, {"bc5cdr": ["Chemical", "Disease"]})
    assert tagged(example, BC5CDR) == mentions
    assert gold_tags(example, BC2GM, GUIDELINES) is None
    gold = gold_tags(example, BC5CDR, GUIDELINES)
    assert gold is not None
    assert not gold.unknown.any()


def test_gold_tags_of_other_tokens_cover_them_whole() -> None:
    reference = Doc(nlp.vocab, words=["IL", "-", "2", "-", "induced", " \n", "cells"], spaces=[False] * 4 + [True] * 3)
    reference.spans["entities"] = [reference.char_span(0, 4, label="GENE")]
    reference._.annotated = {"ner": {"bc2gm": ["GENE"]}}
    predicted = Doc(nlp.vocab, words=["IL-2-induced", " \n", "cells"], spaces=[True] * 3)
    assert predicted.text == reference.text
    assert tagged(Example(predicted, reference), BC2GM) == [("IL-2-induced", "GENE")]


def test_gold_tags_leave_white_space_out() -> None:
    reference = Doc(nlp.vocab, words=["heart", "\n ", "failure", "  "], spaces=[True, False, True, False])
    reference.spans["entities"] = [Span(reference, start, end, label="Disease") for start, end in ((0, 3), (3, 4))]
    reference._.annotated = {"ner": {"bc5cdr": ["Chemical", "Disease"]}}
    example = Example(reference.copy(), reference)
    gold = gold_tags(example, BC5CDR, GUIDELINES)
    assert gold is not None
    assert gold.words.tolist() == [0, 2]
    assert tagged(example, BC5CDR) == [("heart \n failure", "Disease")]


def test_gold_tags_of_some_labels_leave_the_others_open(make_example: Any) -> None:
    example = make_example(nlp, "aspirin in heart failure", [("aspirin", "Chemical")], {"bc5cdr": ["Chemical"]})
    gold = gold_tags(example, BC5CDR, GUIDELINES)
    assert gold is not None
    np.testing.assert_array_equal(np.flatnonzero(gold.unknown), [5, 6, 7, 8])


def test_gold_tags_of_two_guidelines_in_one_document(make_example: Any) -> None:
    mentions = [("aspirin", "Chemical"), ("heart failure protein", "GENE"), ("heart failure", "Disease")]
    annotated = {"bc5cdr": ["Chemical", "Disease"], "bc2gm": ["GENE"]}
    example = make_example(nlp, "aspirin and heart failure protein", mentions, annotated)
    assert tagged(example, BC5CDR) == [mentions[0], mentions[2]]
    assert tagged(example, BC2GM) == [mentions[1]]


def test_unknown_guideline_raises_b201(make_example: Any) -> None:
    example = make_example(nlp, "aspirin", [], {"bc4cdr": ["Chemical"]})
    with pytest.raises(BiomedplmError, match=r"B201.*'bc4cdr'.*bc2gm, bc5cdr"):
        gold_tags(example, BC5CDR, GUIDELINES)


def test_unknown_label_raises_b203(make_example: Any) -> None:
    example = make_example(nlp, "aspirin", [("aspirin", "Chemicel")], {"bc5cdr": ["Chemical"]})
    with pytest.raises(BiomedplmError, match=r"B203.*'Chemicel'.*'bc5cdr'.*Chemical, Disease"):
        gold_tags(example, BC5CDR, GUIDELINES)


def test_documents_of_spacy_convert_belong_to_the_default_guideline() -> None:
    example = Example.from_dict(nlp.make_doc("aspirin in cells"), {"entities": [(0, 7, "A")]})
    assert annotated_labels(example.reference) == {"default": ["A"]}
    assert tagged(example, DEFAULT) == [("aspirin", "A")]
    gold = gold_tags(example, DEFAULT, GUIDELINES)
    assert gold is not None
    assert not gold.unknown.any(), "such a document is annotated for every label"


def test_document_that_nobody_annotated_teaches_nothing() -> None:
    doc = nlp.make_doc("aspirin")
    assert annotated_labels(doc) == {}
    assert gold_tags(Example(doc.copy(), doc), DEFAULT, GUIDELINES) is None
    doc._.annotated = {"relations": {"bc5cdr": ["CID"]}}
    assert annotated_labels(doc) == {}


def test_gold_mentions_prefer_the_span_group() -> None:
    doc = nlp.make_doc("aspirin in cells")
    doc.ents = [Span(doc, 0, 1, label="A")]
    assert len(gold_mentions(doc)) == 1
    doc.spans["entities"] = []
    assert len(gold_mentions(doc)) == 0
