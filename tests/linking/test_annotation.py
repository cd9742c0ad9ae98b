from spacy.tokens import Span

from spacy_biomedplm.attributes import ENTITIES_KEY, Link, get_links, score_key
from spacy_biomedplm.linking.annotation import annotate


def test_concepts_are_written_wherever_the_entity_stands(make_doc):
    doc = make_doc("fever and cough", ("Disease", "fever"), ("Disease", "cough"))
    doc.spans[ENTITIES_KEY] = [Span(doc, 0, 1, label="Disease", span_id="mine")]
    keys = [score_key(doc.ents[0]), score_key(doc.spans[ENTITIES_KEY][0])]
    annotate(doc, "first", {key: [] for key in keys})
    annotate(doc, "second", {key: [Link("X:1", 0.9, None)] for key in keys})
    assert [(ent.text, ent.kb_id_) for ent in doc.ents] == [("fever", "X:1"), ("cough", "")]
    assert [(span.kb_id_, span.id_) for span in doc.spans[ENTITIES_KEY]] == [("X:1", "mine")]
    assert get_links(doc.ents[0]) == {"first": [], "second": [Link("X:1", 0.9, None)]}
    annotate(doc, "first", {score_key(doc.ents[0]): [Link("Y:1", 0.1, None)]})
    assert doc.ents[0].kb_id_ == "Y:1"
