from typing import Any

import numpy as np
import pytest
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import ENTITIES_KEY, PASSAGES_KEY, Link
from spacy_biomedplm.documents import sentence_starts
from spacy_biomedplm.linking.annotation import annotate
from spacy_biomedplm.relations.ends import concept_ends, concept_ids_of, end_key, mention_ends


def test_mentions_are_in_order_and_once_for_a_type(make_doc: Any) -> None:
    doc = make_doc("[aspirin|DRUG] and [kinase|GENE]")
    doc.spans[ENTITIES_KEY] = [*reversed(doc.spans[ENTITIES_KEY]), Span(doc, 0, 1, label="Chemical")]
    ends = mention_ends(doc, {"DRUG": "CHEMICAL", "Chemical": "CHEMICAL", "GENE": "GENE"})
    assert [(str(end.target), end.type, end.mentions) for end in ends] == [
        ("aspirin", "CHEMICAL", ((0, 1),)),
        ("kinase", "GENE", ((2, 3),)),
    ]
    assert not mention_ends(doc, {"DISEASE": "DISEASE"})


@pytest.mark.parametrize(
    ("concept", "wanted"),
    [
        ("D1", ["D1"]),
        ("D1|D2", ["D1", "D2"]),
        ("1,2", ["1", "2"]),
        ("-1", []),
        ("", []),
        ("-", []),
        ("A;A", ["A"]),
        ("p|SUB|V|1763|M", ["p|SUB|V|1763|M"]),
        ("|Allele|A|1234", ["|Allele|A|1234"]),
    ],
)
def test_concepts_of_a_mention(concept: str, wanted: list[str], make_doc: Any) -> None:
    doc = make_doc("aspirin")
    assert concept_ids_of(Span(doc, 0, 1, label="DRUG", kb_id=concept)) == wanted


def test_concepts_of_a_linked_mention_are_the_best(make_doc: Any) -> None:
    doc = make_doc("[aspirin|DRUG]")
    (span,) = doc.spans[ENTITIES_KEY]
    key = f"{span.start_char}:{span.end_char}:4:DRUG:T0"
    annotate(doc, "linker", {key: [Link("C1", 0.9), Link("C2", 0.8)]})
    assert concept_ids_of(doc.spans[ENTITIES_KEY][0]) == ["C1"]


def test_concepts_have_all_their_mentions(make_doc: Any) -> None:
    doc = make_doc("[pain|D|1] and [ache|D|1] of [heart|D|2]")
    found = [(end.target, end.mentions) for end in concept_ends(doc, {"D": "D"})]
    assert found == [("1", ((0, 1), (2, 3))), ("2", ((4, 5),))]


def test_sentences_are_those_of_a_pipe_or_of_passages_or_of_punctuation(make_doc: Any) -> None:
    text = "One two . Three four . Five"
    assert sentence_starts(make_doc(text)).tolist() == [0, 3, 6]
    doc = make_doc(text)
    doc.spans[PASSAGES_KEY] = [Span(doc, 0, 4, label="title"), Span(doc, 4, 7, label="abstract")]
    assert sentence_starts(doc).tolist() == [0, 3, 4, 6]
    doc.spans[PASSAGES_KEY] = [Span(doc, 0, 4, label="sentence"), Span(doc, 4, 7, label="sentence")]
    assert sentence_starts(doc).tolist() == [0, 4]
    for token in doc:
        token.is_sent_start = token.i in (0, 2)
    assert sentence_starts(doc).tolist() == [0, 2]
    assert sentence_starts(Doc(doc.vocab)).dtype == np.int64


def test_keys_of_ends(make_doc: Any) -> None:
    doc = make_doc("[aspirin|DRUG] [aspirin|OTHER]")
    first, second = doc.spans[ENTITIES_KEY]
    assert end_key(first) == (0, 7) != end_key(second)
    assert end_key("MESH:D1") == end_key("D1")
