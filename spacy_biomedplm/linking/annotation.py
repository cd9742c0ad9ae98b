"""Links on documents."""

from collections.abc import Mapping, Sequence

from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import ENTITIES_KEY, Link, get_links, score_key, set_links


def annotate(doc: Doc, linker: str, links: Mapping[str, Sequence[Link]]) -> None:
    """Write what a linker found to a document: ``span._.links``, ``span._.kb_ents`` and ``span.kb_id_``.

    doc (Doc): The document.
    linker (str): Name of the pipe.
    links (Mapping[str, Sequence[Link]]): By ``score_key``, best first. ``kb_id_`` of these entities is the best link of
        the first linker that found one, others keep theirs.
    """
    set_links(doc, linker, links)
    doc.set_ents([_with_concept(doc, span, links) for span in doc.ents])
    if ENTITIES_KEY in doc.spans:
        doc.spans[ENTITIES_KEY] = [_with_concept(doc, span, links) for span in doc.spans[ENTITIES_KEY]]


def _with_concept(doc: Doc, span: Span, links: Mapping[str, Sequence[Link]]) -> Span:
    if score_key(span) not in links:
        return span
    best = next((found[0].concept_id for found in get_links(span).values() if found), "")
    return Span(doc, span.start, span.end, label=span.label, kb_id=best, span_id=span.id_)
