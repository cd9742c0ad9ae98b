"""Semantic types for branches of an ontology, such as all below "biological process" of the Gene Ontology."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.curies import normalise_id
from spacy_biomedplm.kb.semantic_types import read_semantic_types


class BranchTypes:
    """Gives the terms of branches their semantic types, once all terms are known.

    path (Path): The ontology, for errors.
    pairs (tuple[str, ...]): "id=type", such as "GO:0008150=T038": the term and all below it.
    RAISES (BiomedplmError): B572 for a pair without "=", and for a type that there is not.
    """

    def __init__(self, path: Path, pairs: tuple[str, ...]) -> None:
        self._path = path
        self._types: list[tuple[str, str]] = []
        self._children: defaultdict[str, list[str]] = defaultdict(list)
        self._ids: set[str] = set()
        for pair in pairs:
            id, equals, type = pair.rpartition("=")
            if not equals:
                raise BiomedplmError(coded("B572", option="branch with its type", value=pair, known="ID=TYPE"))
            self._types.append((normalise_id(id), read_semantic_types()[type].id))

    def add(self, concept: Concept) -> Concept:
        """Remember where a term stands, and return it. concept (Concept): What the ontology says of it."""
        if self._types:
            id = normalise_id(concept.id)
            if concept.names:
                self._ids.add(id)
            for parent in concept.parents:
                self._children[normalise_id(parent)].append(id)
        return concept

    def facts(self) -> Iterator[Concept]:
        """Yield the terms of the branches with their types.

        RAISES (BiomedplmError): B572 for a branch whose first term the ontology lacks.
        """
        for root, type in self._types:
            if root not in self._ids:
                option, known = f"term in '{self._path}'", f"{len(self._ids)} others"
                raise BiomedplmError(coded("B572", option=option, value=root, known=known))
            found = {root: None}
            for id in (waiting := [root]):
                new = [child for child in self._children[id] if child not in found]
                found.update(dict.fromkeys(new))
                waiting += dict.fromkeys(new)
            yield from (Concept(id, types=(type,)) for id in found)
