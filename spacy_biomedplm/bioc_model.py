"""BioC as plain data, and what its reader and its writer agree on beyond the format itself.

BioC knows annotations, and relations of any number of nodes. Events and all that is said of annotations are written
as relations too; which is which is told by the role "Trigger" of a node or, where that is not enough, by infons whose
names begin with ``OWN``. docs/formats.md has the table.
"""

import json
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spacy_biomedplm.types import ArgumentRecord, Fragment

OWN = "biomedplm."
"""Begins the names of infons that are not the source's but this package's."""

ESCAPE = OWN + "infon."
"""Stands before the name of an infon of the record that would be taken for something else."""

KIND = OWN + "kind"
ID = OWN + "id"
HOME = OWN + "in"
KINDS = OWN + "kinds"
NODES = OWN + "nodes"
TEXT = OWN + "text"
TRIGGER_ROLE = OWN + "trigger_role"
CONCEPTS = OWN + "concepts"
GAP = OWN + "gap"
ORDER = OWN + "order"
PASSAGES = OWN + "passages"
LABELS = OWN + "labels"
ANSWERS = OWN + "answers"

COLLECTION = "collection."
"""Begins the names of a record's infons that BioC keeps once for all documents: source, date, key, infons.NAME."""

UNMARKED = "unmarked"
"""Type of a passage of BioC whose characters are in no passage of the record."""

JSON_SUFFIX = ":json"
"""Ends the name of an infon whose value is no string in BioC JSON but a number, a list …; it is kept as JSON."""

MEMBER = "member."
"""Begins the name of an infon (which ends with JSON_SUFFIX) for a member of a JSON object that BioC does not know."""

CONCEPT_PAIRS = (("Chemical", "Disease"), ("entity1", "entity2"), ("Gene1", "Gene2"))
"""Infons that name the two concepts of a relation without nodes, in BC5CDR, BioRED and BioCreative VI."""

ROLES = ("role1", "role2")
"""Infons that describe the two concepts of a relation in PubTator 3; they stay infons."""

# BioRED's name and that of the records; both ways, so that each name comes back.
NOVELTY = {"novel": "novelty", "novelty": "novel"}

TRIGGER = "Trigger"
SENTENCE = "sentence"
MAX_GAP_CHARS = 1_000_000
"""Offsets that leave more than this between two passages are taken to be wrong."""


@dataclass
class Annotation:
    """A text-bound annotation; locations are (offset, length)."""

    id: str | None
    infons: dict[str, str] = field(default_factory=dict)
    locations: list[tuple[int, int]] = field(default_factory=list)
    text: str | None = None
    line: int = 0


@dataclass
class Relation:
    """A relation; nodes are (refid, role)."""

    id: str | None
    infons: dict[str, str] = field(default_factory=dict)
    nodes: list[tuple[str, str]] = field(default_factory=list)
    line: int = 0


@dataclass
class Unit:
    """A passage, or a sentence of one."""

    offset: int
    infons: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    sentences: list["Unit"] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    line: int = 0


@dataclass
class Document:
    """A document; ``collection`` holds what is said of all documents of the file, under the names of a record."""

    id: str
    infons: dict[str, str] = field(default_factory=dict)
    passages: list[Unit] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    collection: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


class Area(NamedTuple):
    """Characters of a passage, and those of its sentences."""

    start: int
    end: int
    sentences: Sequence[Fragment] = ()


def find_home(areas: Sequence[Area], fragments: Sequence[Fragment]) -> str:
    """Return where an annotation stands if nothing else is said.

    areas (Sequence[Area]): The passages of the document; neither they nor the sentences of one overlap.
    fragments (Sequence[Fragment]): Characters of the annotation.
    RETURNS (str): "2.0", the first sentence of the third passage; "2", that passage; or "", the document: the smallest
        of these that holds all fragments, the first if several do.
    """
    if not fragments:
        return ""
    start, end = min(first for first, _ in fragments), max(last for _, last in fragments)
    number = bisect_left(areas, end, key=lambda area: area.end)
    if number == len(areas) or start < areas[number].start:
        return ""
    sentences = areas[number].sentences
    inner = bisect_left(sentences, end, key=lambda sentence: sentence[1])
    return str(number) if inner == len(sentences) or start < sentences[inner][0] else f"{number}.{inner}"


def find_unit(document: Document, home: str) -> Unit | None:
    """Return the passage or sentence of that name, or None if there is none.

    document (Document): The document.
    home (str): As ``find_home`` names it.
    """
    number, _, inner = home.partition(".")
    if not (number.isdecimal() and len(number) < 10 and int(number) < len(document.passages)):
        return None
    unit = document.passages[int(number)]
    if not inner:
        return unit
    if not (inner.isdecimal() and len(inner) < 10 and int(inner) < len(unit.sentences)):
        return None
    return unit.sentences[int(inner)]


def parse_score(text: str | None) -> float | None:
    """Return the number that an infon "score" holds, if writing it gives the same characters.

    text (str | None): Value of the infon.
    """
    try:
        score = float(text or "")
    except ValueError:
        return None
    return score if repr(score) == text and abs(score) < float("inf") else None


def parse_json(text: str) -> Any:
    """Return a value from JSON, or None if it cannot be read or holds half of a surrogate pair.

    text (str): From an infon.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode("utf8")
    except (ValueError, RecursionError):
        return None
    return value


def described_concepts(infons: Mapping[str, str]) -> tuple[ArgumentRecord, ...]:
    """Return the two concepts that infons of a relation of PubTator 3 describe, or nothing.

    infons (Mapping[str, str]): "role1" and "role2", objects with an "identifier" in JSON, "Chemical|MESH:D001" in XML.
    """
    targets = []
    for role in ROLES:
        if role in infons:
            targets.append(infons[role].partition("|")[2] or infons[role])
        elif role + JSON_SUFFIX in infons:
            value = parse_json(infons[role + JSON_SUFFIX])
            if isinstance(value, dict) and isinstance(value.get("identifier"), str):
                targets.append(value["identifier"])
    if len(targets) < len(ROLES):
        return ()
    return tuple(ArgumentRecord(role, target, "concept") for role, target in zip(ROLES, targets, strict=True))


def escape(infons: Mapping[str, str], reserved: Collection[str] = ()) -> dict[str, str]:
    """Return infons of a record under names that are not taken for something else when they are read.

    infons (Mapping[str, str]): Of a mention, a relation, a passage or a document.
    reserved (Collection[str]): Names that have a meaning there.
    """
    return {ESCAPE + key if key in reserved or key.startswith(OWN) else key: value for key, value in infons.items()}


def unescape(infons: Mapping[str, str]) -> dict[str, str]:
    """Return infons under the names that they have in a record.

    infons (Mapping[str, str]): From ``escape``, or of any source.
    """
    return {key.removeprefix(ESCAPE): value for key, value in infons.items()}
