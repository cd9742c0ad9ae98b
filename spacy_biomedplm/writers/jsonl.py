"""JSON lines: one object per document, offsets in characters of its text."""

import json
from typing import Any

from spacy.tokens import Doc, Span

import spacy_biomedplm.attributes  # noqa: F401 (registers doc._.doc_id and span._.score)

SCORE_DIGITS = 4

# JSON allows them inside a string, but many readers take them for the end of a line.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def doc_to_dict(doc: Doc, *, source: str | None = None) -> dict[str, Any]:
    """Return a document as plain data.

    doc (Doc): Identifier in ``doc._.doc_id``, title (with which the text begins) in ``doc.user_data["title"]``.
    source (str | None): File it came from.
    RETURNS (dict[str, Any]): "id", "source", "title", "text"; "entities", the flat ones of ``doc.ents``; "spans",
        for each group of ``doc.spans`` its name and spans, which may overlap. An entity or span has "start" and
        "end" (characters of "text", end exclusive), "text", "label", "score" (in [0, 1], or None), "guideline"
        (what the label follows, or None) and "kb_id" (best concept, or None).
    """
    return {
        "id": doc._.doc_id,
        "source": source,
        "title": doc.user_data.get("title"),
        "text": doc.text,
        "entities": [span_to_dict(ent) for ent in doc.ents],
        "spans": {name: [span_to_dict(span) for span in group] for name, group in doc.spans.items()},
    }


def span_to_dict(span: Span) -> dict[str, Any]:
    """Return an entity as plain data; see doc_to_dict.

    span (Span): The entity.
    RETURNS (dict[str, Any]): Offsets, text, label, score, guideline and concept.
    """
    score = span._.score
    return {
        "start": span.start_char,
        "end": span.end_char,
        "text": span.text,
        "label": span.label_,
        "score": None if score is None else round(score, SCORE_DIGITS),
        "guideline": span.id_ or None,
        "kb_id": span.kb_id_ or None,
    }


def doc_to_jsonl(doc: Doc, *, source: str | None = None) -> str:
    """Return a document as one line of JSON.

    doc (Doc): As in doc_to_dict.
    source (str | None): File it came from.
    RETURNS (str): The object of doc_to_dict with a line break after it, and none in it under any definition.
    """
    line = json.dumps(doc_to_dict(doc, source=source), ensure_ascii=False, separators=(",", ":"))
    return line.translate(_LINE_ENDS) + "\n"
