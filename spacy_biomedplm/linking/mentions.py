"""The mentions of documents that are linked, and the names that they are looked for by."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from spacy_biomedplm.abbreviations.candidates import Place
from spacy_biomedplm.abbreviations.component import find_abbreviations
from spacy_biomedplm.attributes import ABBREVIATIONS_KEY, DETAILS_KEY, ENTITIES_KEY, score_key

MAX_CHARACTERS = 1000
"""Of a name that is looked for: of a longer mention the first so many are taken."""


class Mention(NamedTuple):
    """A mention of a document.

    doc (int): Place of its document. key (str): Of its span, see ``attributes.score_key``. label (str): Its label.
    text (str): As it stands in the text, fragments joined by spaces.
    name (str): The same with abbreviations written out.
    """

    doc: int
    key: str
    label: str
    text: str
    name: str


def find_mentions(docs: Sequence[Doc], labels: Sequence[str] | None, *, write_out: bool) -> list[Mention]:
    """Return the entities of documents: those of ``doc.ents`` and of ``doc.spans["entities"]``, each once.

    docs (Sequence[Doc]): The documents.
    labels (Sequence[str] | None): Labels that are wanted; None for all.
    write_out (bool): Whether to write abbreviations out: those of ``doc._.abbreviations`` if a pipe looked for them,
        else those that ``find_abbreviations`` finds.
    """
    return [mention for place, doc in enumerate(docs) for mention in _of_doc(place, doc, labels, write_out)]


def entities_of(doc: Doc) -> Iterator[Span]:
    """Yield the entities of ``doc.ents``, then those of ``doc.spans["entities"]`` that are not among them."""
    seen = set()
    for span in (*doc.ents, *doc.spans.get(ENTITIES_KEY, ())):
        key = score_key(span)
        if key not in seen:
            seen.add(key)
            yield span


def _of_doc(place: int, doc: Doc, labels: Sequence[str] | None, write_out: bool) -> Iterator[Mention]:
    stored: dict[str, dict[str, Any]] = doc.user_data.get(DETAILS_KEY, {})
    short_forms = _short_forms(doc) if write_out else []
    for span in entities_of(doc):
        if labels is not None and span.label_ not in labels:
            continue
        key = score_key(span)
        fragments = stored.get(key, {}).get("fragments") or [(span.start_char, span.end_char)]
        parts = [doc.text[start:end] for start, end in fragments]
        long = [_write_out(doc.text, start, end, short_forms) for start, end in fragments]
        text, name = (" ".join(" ".join(words).split())[:MAX_CHARACTERS] for words in (parts, long))
        if text:
            yield Mention(place, key, span.label_, text, name or text)


def _short_forms(doc: Doc) -> list[tuple[Place, Place]]:
    """Return the places of short forms and of their long forms: those of the document, or else those of its text."""
    stored = doc.user_data.get(ABBREVIATIONS_KEY)
    if stored is None:
        return [(found.short, found.long) for found in find_abbreviations(doc)]
    return [(_place_of(short), _place_of(long)) for short, long in stored.items()]


def _place_of(key: str) -> Place:
    start, end, _ = key.split(":", 2)
    return int(start), int(end)


def _write_out(text: str, start: int, end: int, short_forms: Sequence[tuple[Place, Place]]) -> str:
    """Return a stretch of a text with its short forms written out; one that stands behind its long form is dropped."""
    written, done = "", start
    for (first, last), (long_first, long_last) in short_forms:
        if not start <= first < last <= end or first < done:
            continue
        before = text[done:first]
        if start <= long_first and long_last <= first:
            written += before.rstrip(" ([")
            done = last + (text[last:end].startswith((")", "]")))
        else:
            written += before + text[long_first:long_last]
            done = last
    return written + text[done:end]
