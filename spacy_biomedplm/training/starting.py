"""What a pipeline starts from when it learns or is scored on a document."""

from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import DETAILS_KEY, ENTITIES_KEY, PASSAGES_KEY, score_key
from spacy_biomedplm.documents import split_words_at
from spacy_biomedplm.events.schemes import is_found
from spacy_biomedplm.ner.gold import gold_mentions

Given = Literal["nothing", "entities", "concepts"]


def start_from(reference: Doc, nlp: Language, given: Given) -> Doc:
    """Return a document of the text of another one.

    reference (Doc): Gold document.
    nlp (Language): The pipeline.
    given ("nothing" | "entities" | "concepts"): Nothing but the text and its name; with tokens, passages and gold
        entities (but for those that shared tasks ask for with events), for a pipeline that starts with a linker or with
        relations; or with the concepts of these too.
    """
    if given == "nothing":
        doc = nlp.make_doc(reference.text)
        doc._.doc_id = reference._.doc_id
        return doc
    has_concepts = given == "concepts"
    spans = [span for span in gold_mentions(reference) if not is_found(span)]
    ents = [span for span in reference.ents if not is_found(span)]
    # Tokens end where those of the text do and where what is given does: not at triggers, which are to be found.
    details = reference.user_data.get(DETAILS_KEY, {})
    fragments = [place for span in spans for place in details.get(score_key(span), {}).get("fragments", ())]
    places = [*fragments, *((span.start_char, span.end_char) for span in (*spans, *ents))]
    words, spaces, _ = split_words_at(reference.text, (end for place in places for end in place))
    doc = Doc(nlp.vocab, words=words, spaces=spaces)
    doc._.doc_id = reference._.doc_id
    doc.spans[ENTITIES_KEY] = [_copy(doc, span, has_concepts) for span in spans]
    doc.set_ents([_copy(doc, span, has_concepts) for span in ents])
    if PASSAGES_KEY in reference.spans:
        doc.spans[PASSAGES_KEY] = [_copy(doc, span, False) for span in reference.spans[PASSAGES_KEY]]
    hidden = () if has_concepts else ("concepts", "infons")
    kept = {key: {name: value for name, value in of.items() if name not in hidden} for key, of in details.items()}
    doc.user_data[DETAILS_KEY] = {key: of for key, of in kept.items() if of}
    return doc


def _copy(doc: Doc, span: Span, has_concept: bool) -> Span:
    concept = span.kb_id_ if has_concept else ""
    found = doc.char_span(
        span.start_char, span.end_char, label=span.label_, kb_id=concept, span_id=span.id_, alignment_mode="expand"
    )
    assert found is not None, "both documents have one text"
    return found
