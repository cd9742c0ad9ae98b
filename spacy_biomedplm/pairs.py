"""Sentences with pairs of entities in XML: what readers and writers of the DDI and the PPI corpora agree on.

A pair that does not interact is data too, but no relation: whoever goes through the relations of a document sees true
ones only. Such pairs are kept beside the sentence, in its infon ``NEGATIVE_PAIRS``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from spacy_biomedplm.types import DocumentRecord

NEGATIVE_PAIRS = "negative_pairs"
SENTENCE = "sentence"
ROLES = ("Arg1", "Arg2")
ELEMENT = "element"
"""Infon of a relation that a PPI corpus gives as <pair> and not as <interaction>."""
CORPUS = "corpus."
"""Begins the names of infons that the file says once for all documents."""


@dataclass(frozen=True)
class Layout:
    """How one family of corpora writes it.

    flag (str): Attribute of <pair> that says whether it interacts.
    flags (tuple[str, str]): Its values for no and yes, as they are written.
    separator (str): Stands between the parts of an offset.
    ends_inside (bool): Whether an offset ends with the last character rather than with the one after it.
    has_places (bool): Whether sentences say where in the document they are.
    """

    flag: str
    flags: tuple[str, str]
    separator: str
    ends_inside: bool
    has_places: bool


DDI = Layout("ddi", ("false", "true"), ";", ends_inside=True, has_places=False)
PPI = Layout("interaction", ("False", "True"), ",", ends_inside=False, has_places=True)


class Pair(NamedTuple):
    """Two entities of a sentence that do not interact.

    id (str): Identifier of the pair, or empty. first, second (str): Identifiers of the entities.
    infons (Mapping[str, str]): What else the file says of it.
    """

    id: str
    first: str
    second: str
    infons: Mapping[str, str] = {}


def pack_pairs(pairs: Iterable[Pair]) -> str:
    """Return pairs as the value of an infon: a JSON list of lists.

    pairs (Iterable[Pair]): The pairs of one sentence.
    """
    rows = [[*pair[:3], dict(pair.infons)] if pair.infons else list(pair[:3]) for pair in pairs]
    return json.dumps(rows, ensure_ascii=False)


def unpack_pairs(value: str) -> list[Pair] | None:
    """Return the pairs of an infon, or None if it holds something else.

    value (str): From ``pack_pairs``.
    """
    try:
        rows = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(rows, list) or not all(_is_pair(row) for row in rows):
        return None
    return [Pair(*row) for row in rows]


def negative_pairs(record: DocumentRecord) -> Iterator[Pair]:
    """Yield the pairs of a document that do not interact, sentence by sentence.

    record (DocumentRecord): From a reader, or from ``make_record``.
    """
    for passage in record.passages:
        yield from unpack_pairs(passage.infons.get(NEGATIVE_PAIRS, "[]")) or ()


def _is_pair(row: object) -> bool:
    if not isinstance(row, list) or len(row) not in (3, 4) or not all(isinstance(name, str) for name in row[:3]):
        return False
    infons = row[3] if len(row) == 4 else {}
    return isinstance(infons, dict) and all(isinstance(value, str) for value in infons.values())
