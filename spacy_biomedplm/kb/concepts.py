"""What a knowledge base holds: concepts and their names, as plain data."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a concept.

    text (str): The name as the source spells it.
    source (str): Vocabulary that it comes from, such as "MSH".
    term_type (str): Kind of name in that vocabulary; what stands after a colon divides the kind ("EXACT:abbreviation").
    language (str): Two or three letters, as ISO 639 has them.
    suppressed (bool): The source advises against finding the concept by it.
    obsolete (bool): The source has given it up.
    """

    text: str
    source: str
    term_type: str = ""
    language: str = "en"
    suppressed: bool = False
    obsolete: bool = False


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept, or what one source says of it: a build puts together all that have the same id.

    id (str): "PREFIX:LOCAL", such as "MESH:D003920", or the bare CUI of a concept of the UMLS.
    names (tuple[Name, ...]): The preferred one first. Without names it only adds the rest to what others say of it.
    types (tuple[str, ...]): Semantic types, those of the UMLS by their number, such as "T047".
    definition (str): What it is; empty if no source says it.
    xrefs (tuple[str, ...]): Ids in other vocabularies, and its own former ones.
    parents (tuple[str, ...]): Ids of the next wider concepts.
    obsolete (bool): The source has given it up.
    """

    id: str
    names: tuple[Name, ...] = ()
    types: tuple[str, ...] = ()
    definition: str = ""
    xrefs: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    obsolete: bool = False


class Entity(NamedTuple):
    """A concept in the form of scispaCy.

    concept_id (str): The id.
    canonical_name (str): The preferred name.
    aliases (list[str]): The other names, in order, each once.
    types (list[str]): Semantic types.
    definition (str | None): None if there is none.
    """

    concept_id: str
    canonical_name: str
    aliases: list[str]
    types: list[str] = []  # noqa: RUF012 (never changed: a named tuple has no factory for defaults)
    definition: str | None = None
