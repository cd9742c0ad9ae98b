"""The pipe `biomedplm_hyponyms`: what a text says is a kind of what, by the patterns of Hearst (1992)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from spacy_biomedplm.attributes import ENTITIES_KEY, HYPONYMS_KEY
from spacy_biomedplm.errors import BiomedplmError, coded

Hyponym = tuple[str, Span, Span]

MAX_BETWEEN = 8
"""Tokens between two terms of one pattern."""
_ARTICLE = r"(?: the| a| an| all| both)?"
_SUCH_AS = re.compile(rf",? ?(?:\( )?such as{_ARTICLE}")
_GENERAL_FIRST = {
    "such_as": _SUCH_AS,
    "include": re.compile(rf"(?:,? ?(?:\( )?including|(?:which )?includes?|included){_ARTICLE}"),
    "especially": re.compile(
        rf",? ?(?:\( )?(?:especially|particularly|in particular|notably|principally|mainly|mostly){_ARTICLE}"
    ),
    "example": re.compile(rf",? ?(?:\( )?(?:for example|for instance|e\.g\.|e\.g|eg|i\.e\.)(?: ,)?{_ARTICLE}"),
}
_AS = re.compile(rf",? ?as{_ARTICLE}")
_SPECIFIC_FIRST = {
    "other": re.compile(
        r",? ?(?:and|or|as well as)(?: any| some| many| several| all)? other(?: such| related| similar)?"
    ),
    "is_a": re.compile(
        r"(?:is|are|was|were|represents?)(?: an?| the| one of the| one)?"
        r"(?: (?:kind|type|form|subtype|class|member|example|variant)s? of)?(?: the| an?)?"
    ),
}
_LIST = re.compile(rf"(?:,|;|, and|, or|and|or|and/or|as well as|, as well as){_ARTICLE}")
_LEADING = frozenset(
    "a an all and any both certain many most no or other several some such that the these this those various".split()
)
_NOMINAL = frozenset(("NOUN", "PROPN", "NUM", "ADJ", "X"))
_HEADS = frozenset(("NOUN", "PROPN", "X"))


@Language.factory("biomedplm_hyponyms", assigns=["doc._.hearst_patterns"])
def make_biomedplm_hyponyms(nlp: Language, name: str) -> "HyponymDetector":
    """Return a detector of hyponyms.

    nlp (Language): The pipeline.
    name (str): Name of the pipe.
    RETURNS (HyponymDetector): The pipe.
    """
    return HyponymDetector(nlp.vocab, name)


class HyponymDetector(Pipe):
    """Finds pairs of a general and a specific term: "steroids such as prednisone".

    Terms are entities (``doc.ents`` and ``doc.spans["entities"]``), noun chunks where there is a parser, and runs of
    adjectives and nouns where there are parts of speech; of those that overlap, the longest. ``doc._.hearst_patterns``
    is a list of (pattern, general, specific), kept as numbers of tokens in ``doc.user_data``.
    """

    def __init__(self, vocab: Vocab, name: str = "biomedplm_hyponyms") -> None:
        self.vocab = vocab
        self.name = name

    def __call__(self, doc: Doc) -> Doc:
        """Find the hyponyms of a document.

        doc (Doc): The document, to which they are written.
        RAISES (BiomedplmError): B681 if nothing has looked for terms.
        """
        self.set_annotations([doc], self.predict([doc]))
        return doc

    def predict(self, docs: Iterable[Doc]) -> list[list[Hyponym]]:
        """Return the hyponyms of documents.

        docs (Iterable[Doc]): The documents; they stay as they are.
        RAISES (BiomedplmError): B681 if nothing has looked for terms.
        """
        return [list(find_hyponyms(find_terms(doc))) for doc in docs]

    def set_annotations(self, docs: Sequence[Doc], found: Sequence[list[Hyponym]]) -> None:
        """Write hyponyms to documents.

        docs (Sequence[Doc]): The documents.
        found (Sequence[list[Hyponym]]): What ``predict`` returned for them.
        """
        for doc, rows in zip(docs, found, strict=True):
            doc.user_data[HYPONYMS_KEY] = [
                [name, general.start, general.end, specific.start, specific.end] for name, general, specific in rows
            ]


def find_terms(doc: Doc) -> list[Span]:
    """Return what may be a general or a specific term, in order and without overlaps.

    doc (Doc): The document.
    RAISES (BiomedplmError): B681 if it has neither entities nor parts of speech nor noun chunks.
    """
    has_tags, has_parse = doc.has_annotation("POS"), doc.has_annotation("DEP")
    if len(doc) and not (has_tags or has_parse or doc.has_annotation("ENT_IOB") or ENTITIES_KEY in doc.spans):
        raise BiomedplmError(coded("B681", text=doc.text[:40]))
    spans = [*doc.ents, *doc.spans.get(ENTITIES_KEY, ())]
    if has_parse and has_tags:
        spans += doc.noun_chunks
    elif has_tags:
        spans += _nominal_runs(doc)
    return filter_spans(term for span in spans if (term := _without_leading(span)))


def _nominal_runs(doc: Doc) -> Iterator[Span]:
    start = None
    for token in (*doc, None):
        if token is not None and token.pos_ in _NOMINAL:
            start = token.i if start is None else start
            continue
        if start is not None:
            end = token.i if token is not None else len(doc)
            while end > start and doc[end - 1].pos_ not in _HEADS:
                end -= 1
            if end > start:
                yield doc[start:end]
            start = None


def _without_leading(span: Span) -> Span | None:
    start = span.start
    while start < span.end and span.doc[start].lower_ in _LEADING:
        start += 1
    return span.doc[start : span.end] if start < span.end else None


def find_hyponyms(terms: Sequence[Span]) -> Iterator[Hyponym]:
    """Yield pairs of terms, in the order of the words that make them a pair.

    terms (Sequence[Span]): Terms of one document, in order and without overlaps.
    """
    links = [_between(*pair) for pair in pairwise(terms)]
    for number, link in enumerate(links):
        for name in _patterns(link, terms[number], _GENERAL_FIRST):
            for other in _list_after(links, number + 1):
                yield name, terms[number], terms[other]
        for name in _patterns(link, terms[number], _SPECIFIC_FIRST):
            first = number if name == "is_a" else _list_before(links, number)
            for other in range(first, number + 1):
                yield name, terms[number + 1], terms[other]


def _between(term: Span, following: Span) -> str:
    """Return the words between two terms of one sentence, in lower case; "." if they do not belong together."""
    words = term.doc[term.end : following.start]
    if len(words) > MAX_BETWEEN or any(token.is_sent_start for token in term.doc[term.end : following.start + 1]):
        return "."
    return " ".join(token.lower_ for token in words if not token.is_space)


def _patterns(link: str, term: Span, patterns: dict[str, re.Pattern[str]]) -> Iterator[str]:
    for name, pattern in patterns.items():
        if pattern.fullmatch(link):
            yield name
            return
    if patterns is _GENERAL_FIRST and term.start and term.doc[term.start - 1].lower_ == "such" and _AS.fullmatch(link):
        yield "such"


def _list_after(links: Sequence[str], first: int) -> range:
    """Return the numbers of the terms that are enumerated from one on."""
    last = first
    while last < len(links) and _LIST.fullmatch(links[last]):
        last += 1
    return range(first, last + 1)


def _list_before(links: Sequence[str], last: int) -> int:
    """Return the number of the first term of the enumeration that ends with one."""
    while last and links[last - 1] == ",":
        last -= 1
    return last
