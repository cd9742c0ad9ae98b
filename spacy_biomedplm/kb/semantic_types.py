"""The semantic types of the UMLS: their tree and their groups."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded


@dataclass(frozen=True)
class SemanticType:
    """One semantic type.

    id (str): Such as "T047". name (str): "Disease or Syndrome". parent (str): Id of the next wider type, empty for the
        two that have none. group (str): Semantic group, such as "DISO".
    """

    id: str
    name: str
    parent: str
    group: str


@dataclass(frozen=True)
class SemanticTypes:
    """The tree of the types and their groups, of the UMLS Semantic Network.

    types (Mapping[str, SemanticType]): By id.
    groups (Mapping[str, str]): Names of the groups by their abbreviation.
    """

    types: Mapping[str, SemanticType]
    groups: Mapping[str, str]

    def __contains__(self, id: object) -> bool:
        return id in self.types

    def __getitem__(self, id: str) -> SemanticType:
        if id not in self.types:
            raise BiomedplmError(coded("B572", option="semantic type", value=id, known="T001 to T204"))
        return self.types[id]

    def children(self, id: str) -> list[str]:
        """Return the next narrower types. id (str): A type."""
        return [one.id for one in self.types.values() if one.parent == self[id].id]

    def ancestors(self, id: str) -> list[str]:
        """Return all wider types, the next one first. id (str): A type."""
        found = []
        while parent := self[id].parent:
            found.append(parent)
            id = parent
        return found

    def descendants(self, id: str) -> list[str]:
        """Return all narrower types, by their ids. id (str): A type."""
        self[id]
        return [one for one in self.types if id in self.ancestors(one)]

    def members(self, group: str) -> list[str]:
        """Return the types of a group.

        group (str): Abbreviation, such as "DISO".
        RAISES (BiomedplmError): B572 if there is no such group.
        """
        if group not in self.groups:
            raise BiomedplmError(coded("B572", option="semantic group", value=group, known=", ".join(self.groups)))
        return [one.id for one in self.types.values() if one.group == group]


@lru_cache(maxsize=1)
def read_semantic_types() -> SemanticTypes:
    """Return the semantic types. Those of the network of today, and six that older releases of the UMLS have."""
    found = json.loads(Path(__file__).with_name("semantic_types.json").read_text(encoding="utf8"))
    types = {id: SemanticType(id, *fields) for id, fields in found["types"].items()}
    return SemanticTypes(types, found["groups"])
