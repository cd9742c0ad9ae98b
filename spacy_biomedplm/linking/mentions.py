"""The mentions of documents that are linked, and the names that they are looked for by."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from spacy.tokens import Doc, Span

from spacy_biomedplm.abbreviations.candidates import Place
from spacy_biomedplm.abbreviations.component import find_abbreviations
from spacy_biomedplm.attributes import ABBREVIATIONS_KEY, DETAILS_KEY, ENTITIES_KEY, score_key
from spacy_biomedplm.errors import coded

MAX_CHARACTERS = 1000
"""Of a mention; a longer one is no name of a concept and is not linked."""


_SHOWN = 40


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


def find_mentions(
    docs: Sequence[Doc], texts: Sequence[str], labels: Sequence[str] | None, *, write_out: bool
) -> list[Mention]:
    """Return the entities of documents: those of ``doc.ents`` and of ``doc.spans["entities"]``, each once.

    Of those that are longer than ``MAX_CHARACTERS`` a warning (W603) says that they are left out.

    docs (Sequence[Doc]): The documents. texts (Sequence[str]): Their texts, which take time to make.
    labels (Sequence[str] | None): Labels that are wanted; None for all.
    write_out (bool): Whether to write abbreviations out: those of ``doc._.abbreviations`` if a pipe looked for them,
        else those that ``find_abbreviations`` finds.
    """
    return [
        mention
        for place, (doc, text) in enumerate(zip(docs, texts, strict=True))
        for mention in _of_doc(place, doc, text, labels, write_out)
    ]


def entities_of(doc: Doc) -> Iterator[Span]:
    """Yield the entities of ``doc.ents``, then those of ``doc.spans["entities"]`` that are not among them."""
    seen = set()
    for span in (*doc.ents, *doc.spans.get(ENTITIES_KEY, ())):
        key = score_key(span)
        if key not in seen:
            seen.add(key)
            yield span


def _of_doc(place: int, doc: Doc, whole: str, labels: Sequence[str] | None, write_out: bool) -> Iterator[Mention]:
    stored: dict[str, dict[str, Any]] = doc.user_data.get(DETAILS_KEY, {})
    short_forms = _short_forms(doc, whole) if write_out else []
    for span in entities_of(doc):
        if labels is not None and span.label_ not in labels:
            continue
        key = score_key(span)
        fragments = stored.get(key, {}).get("fragments") or [(span.start_char, span.end_char)]
        parts = [whole[start:end] for start, end in fragments]
        long = [_write_out(whole, start, end, short_forms) for start, end in fragments]
        text, name = (" ".join(" ".join(words).split()) for words in (parts, long))
        if len(text) > MAX_CHARACTERS:
            values = {"found": len(text), "most": MAX_CHARACTERS, "start": text[:_SHOWN]}
            warnings.warn(coded("W603", **values), stacklevel=2)
        elif text:
            yield Mention(place, key, span.label_, text, name if 0 < len(name) <= MAX_CHARACTERS else text)


def _short_forms(doc: Doc, text: str) -> list[tuple[Place, Place]]:
    """Return the places of short forms and of their long forms: those of the document, or else those of its text."""
    stored = doc.user_data.get(ABBREVIATIONS_KEY)
    if stored is None:
        return [(found.short, found.long) for found in find_abbreviations(doc, text=text)]
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
