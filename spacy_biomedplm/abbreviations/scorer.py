"""Scores of abbreviations: pairs of short and long forms that a document defines."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.corpora.abbreviations import DEFINES
from spacy_biomedplm.scoring import PRF, count
from spacy_biomedplm.types import DocumentRecord

Pair = tuple[str, str]
UNPLACED = "unplaced"
"""Infon with the definitions that do not stand in the text in the words of the gold standard."""


def create_abbreviation_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.abbreviation_scorer.v1"."""
    return score_abbreviations


def score_abbreviations(examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
    """Return scores of the definitions of abbreviations.

    examples (Iterable[Example]): Predicted and gold documents. Gold are the relations "Abbreviation"; a document
        that is not annotated for them does not count.
    RETURNS (dict[str, Any]): "abbreviations_p", "abbreviations_r" and "abbreviations_f" over the different pairs of
        each document, None if no document is annotated.
    """
    total: PRF | None = None
    for example in examples:
        gold = gold_pairs(example.reference)
        if gold is not None:
            total = (total or PRF()) + count(doc_pairs(example.predicted), gold)
    scores = (None, None, None) if total is None else (total.precision, total.recall, total.f1)
    return dict(zip(("abbreviations_p", "abbreviations_r", "abbreviations_f"), scores, strict=True))


def make_pair(short: str, long: str) -> Pair:
    """Return a definition as it is compared: white space as single blanks, the long form in lower case.

    short (str): The short form.
    long (str): The long form.
    """
    return " ".join(short.split()), " ".join(long.split()).lower()


def doc_pairs(doc: Doc) -> set[Pair]:
    """Return the different definitions that ``biomedplm_abbreviations`` found in a document.

    doc (Doc): The document.
    """
    return {make_pair(short.text, short._.long_form.text) for short in doc._.abbreviations}


def gold_pairs(doc: Doc) -> set[Pair] | None:
    """Return the different definitions that a document of a corpus is annotated with, None without annotation.

    doc (Doc): The document.
    """
    found = {
        make_pair(*(getattr(end, "text", str(end)) for end in _ends(relation)))
        for relation in doc._.relations
        if relation.label == DEFINES
    }
    found |= unplaced_pairs(doc._.metadata or {})
    annotated = DEFINES in ((doc._.annotated or {}).get("relations") or ())
    return found if found or annotated else None


def record_pairs(record: DocumentRecord) -> set[Pair]:
    """Return the definitions of a record, also those that do not stand in its text.

    record (DocumentRecord): As a reader of definitions makes it.
    """
    texts = {mention.id: record.text[slice(*mention.fragments[0])] for mention in record.mentions}
    found = unplaced_pairs(record.infons)
    for relation in record.relations:
        if relation.label == DEFINES:
            ends = {argument.role: texts[argument.target] for argument in relation.arguments}
            found.add(make_pair(ends["short"], ends["long"]))
    return found


def unplaced_pairs(infons: Mapping[str, str]) -> set[Pair]:
    """Return the definitions of the gold standard that do not stand in the text; no system can find them.

    infons (Mapping[str, str]): What the corpus says of the document.
    """
    return {make_pair(short, long) for short, long, _ in json.loads(infons.get(UNPLACED, "[]"))}


def _ends(relation: Relation) -> tuple[Any, Any]:
    """Return the short and the long form of a definition."""
    ends = dict(zip(relation.roles, (relation.head, relation.tail), strict=True))
    return ends.get("short", relation.tail), ends.get("long", relation.head)
