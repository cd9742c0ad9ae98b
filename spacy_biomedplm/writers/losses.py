"""Counting what a format has no place for."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Literal

from spacy_biomedplm.types import DocumentRecord, Infons

Layer = Literal[
    "attributes",
    "concepts",
    "equivalences",
    "events",
    "mention infons",
    "mention texts",
    "document infons",
    "passages",
    "relations",
    "triggers",
]


# How the lines of standoff were laid out and divided among files, which is no annotation.
_LAYOUT = {"file": re.compile("a1|a2"), "spacing": re.compile(r"[ \t|]*")}


def count_infons(infons: Infons, kept: Collection[str] = ()) -> int:
    """Return how many infons of a mention, a relation or an event are lost.

    infons (Infons): Those that the reader of standoff keeps of the layout of its files do not count.
    kept (Collection[str]): Names of those that the format has a place for.
    """
    lost = ((key, value) for key, value in infons.items() if key not in kept)
    return sum(key not in _LAYOUT or not _LAYOUT[key].fullmatch(value) for key, value in lost)


def count_losses(record: DocumentRecord, losses: Counter[str], *, keeps: Iterable[Layer]) -> None:
    """Count all of a document that a format cannot hold.

    record (DocumentRecord): The document.
    losses (Counter[str]): Counts by kind, added to.
    keeps (Iterable[Layer]): Layers that the format holds, wholly or in part; its writer counts what is lost of them.
        Answers, labels of the document, notes and scores are counted always.
    """
    scores = [item.score for items in (record.mentions, record.relations, record.events) for item in items]
    found = {
        "answers": len(record.answers),
        "attributes": len(record.attributes),
        "concepts": sum(len(mention.concepts) for mention in record.mentions),
        "document infons": len(record.infons),
        "document labels": len(record.labels),
        "equivalences": len(record.equivalences),
        "events": len(record.events),
        "mention infons": sum(count_infons(mention.infons) for mention in record.mentions),
        "mention texts": sum(mention.text is not None for mention in record.mentions),
        "notes": len(record.notes),
        "passages": len(record.passages),
        "relations": len(record.relations),
        "scores": sum(score is not None for score in scores),
        "triggers": sum(mention.is_trigger for mention in record.mentions),
    }
    kept = set(keeps)
    for kind, count in found.items():
        if count and kind not in kept:
            losses[kind] += count
