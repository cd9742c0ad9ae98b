"""The ends of relations: mentions, and concepts with all of their mentions."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import entities_of, get_kb_ents, get_links

_SEPARATOR = re.compile(r"[|,;]")
# That of a variant, such as "p|SUB|V|1763|M" (tmVar), is a single one.
_VARIANT = re.compile(r"[a-z]?\|")
# What corpora write where they know no concept.
_NO_CONCEPT = frozenset(("", "-", "-1", "NIL", "CUI-less"))


class End(NamedTuple):
    """One end of a relation.

    target (Span | str): The mention, or the identifier of the concept.
    type (str): Of the entity: its label, or what the component's settings make of it.
    mentions (tuple[tuple[int, int], ...]): First token of each mention and the one after its last, in order.
    """

    target: Span | str
    type: str
    mentions: tuple[tuple[int, int], ...]


def end_key(end: object) -> tuple[object, ...]:
    """Return what equal ends of relations have in common: characters, or the concept.

    end (Span | Event | str): Head or tail of a relation. Identifiers are equal with and without their vocabulary.
    """
    if isinstance(end, Span):
        return end.start_char, end.end_char
    return (end.rpartition(":")[2],) if isinstance(end, str) else (end,)


def relation_key(head: object, tail: object, symmetric: bool) -> tuple[object, ...]:
    """Return what equal pairs have in common. head, tail (object): Keys of ends. symmetric (bool): Of the scheme."""
    return tuple(sorted((head, tail), key=repr)) if symmetric else (head, tail)


def concept_ids_of(span: Span) -> list[str]:
    """Return the concepts that a mention stands for: several for a composite one, none for one without.

    span (Span): An entity. Identifiers of a composite one are separated by ";", "," or "|".
    """
    links = get_links(span)
    ids = [span.kb_id_] if links else [id for id, _ in get_kb_ents(span)] or [span.kb_id_]
    parts = (part.strip() for id in ids for part in ([id] if _VARIANT.match(id) else _SEPARATOR.split(id)))
    return list(dict.fromkeys(part for part in parts if part not in _NO_CONCEPT))


def mention_ends(doc: Doc, types: Mapping[str, str]) -> list[End]:
    """Return the mentions of a document, in order, each once for a type.

    doc (Doc): The document. types (Mapping[str, str]): Type of each label of entities that counts.
    """
    found: dict[tuple[int, int, str], Span] = {}
    for span in entities_of(doc):
        if span.label_ in types:
            found.setdefault((span.start, span.end, types[span.label_]), span)
    return [End(found[key], key[2], (key[:2],)) for key in sorted(found)]


def concept_ends(doc: Doc, types: Mapping[str, str]) -> list[End]:
    """Return the concepts of a document, each once for a type of its mentions, by first mention.

    doc (Doc): The document. types (Mapping[str, str]): Type of each label of entities that counts.
    """
    mentions: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for span in entities_of(doc):
        if span.label_ in types:
            for id in concept_ids_of(span):
                mentions.setdefault((id, types[span.label_]), set()).add((span.start, span.end))
    ends = [End(id, type, tuple(sorted(places))) for (id, type), places in mentions.items()]
    return sorted(ends, key=lambda end: (end.mentions[0], str(end.target), end.type))
