from dataclasses import replace

import pytest
import spacy

from spacy_biomedplm.attributes import ENTITIES_KEY, PASSAGES_KEY, get_kb_ents
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.training.starting import start_from
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.types import RelationRecord as Relation

RECORD = DocumentRecord(
    doc_id="1",
    text="Aspirin-induced asthma.",
    mentions=(
        MentionRecord("T1", "Chemical", ((0, 7),), concepts=(ConceptRecord("MESH", "D001241"),), infons={"a": "b"}),
        MentionRecord("T2", "Disease", ((16, 22),), concepts=(ConceptRecord("MESH", "D001249"),)),
    ),
    relations=(Relation("R1", "CID", (ArgumentRecord("c", "T1"), ArgumentRecord("d", "T2"))),),
    passages=(PassageRecord(0, 23, "title", {}),),
)


@pytest.mark.parametrize("given", ["nothing", "entities", "concepts"])
def test_start_from(given: str) -> None:
    nlp = spacy.blank("en")
    reference = make_doc(nlp.vocab, RECORD)
    doc = start_from(reference, nlp, given)  # type: ignore[arg-type]
    assert (doc.text, doc._.doc_id) == (reference.text, reference._.doc_id)
    assert not doc._.relations
    spans = [(span.text, span.label_, span.id_) for span in doc.spans.get(ENTITIES_KEY, ())]
    if given == "nothing":
        assert not spans
        return
    assert spans == [("Aspirin", "Chemical", "T1"), ("asthma", "Disease", "T2")]
    assert [token.text for token in doc] == [token.text for token in reference]
    assert len(doc.spans[PASSAGES_KEY]) == 1
    concepts = [get_kb_ents(span) for span in doc.spans[ENTITIES_KEY]]
    assert concepts == ([[("D001241", 1.0)], [("D001249", 1.0)]] if given == "concepts" else [[], []])
    assert [ent.kb_id_ for ent in doc.ents] == (["D001241", "D001249"] if given == "concepts" else ["", ""])


def test_tokens_do_not_tell_where_triggers_are() -> None:
    nlp = spacy.blank("en")
    trigger = MentionRecord("T3", "Regulation", ((2, 5),), is_trigger=True)
    inside = MentionRecord("T4", "Chemical", ((17, 19),))
    reference = make_doc(nlp.vocab, replace(RECORD, mentions=(*RECORD.mentions, trigger, inside)))
    assert [token.text for token in reference][:3] == ["As", "pir", "in"]
    doc = start_from(reference, nlp, "entities")
    assert [token.text for token in doc] == ["Aspirin", "-", "induced", "a", "st", "hma", "."]
