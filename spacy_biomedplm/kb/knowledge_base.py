"""A knowledge base that is mapped into memory: opening it reads no more than it needs."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Entity, Name
from spacy_biomedplm.kb.curies import normalise_id
from spacy_biomedplm.kb.filters import Filters, is_term_type
from spacy_biomedplm.kb.hierarchy import iter_reached
from spacy_biomedplm.kb.languages import LANGUAGES
from spacy_biomedplm.kb.layout import OBSOLETE, SUPPRESSED, Csr, Texts, damaged, map_files, read_description, span_of
from spacy_biomedplm.kb.semantic_types import SemanticTypes, read_semantic_types

_KEPT_MASKS = 4
_T = TypeVar("_T")


class KnowledgeBase(Mapping[str, Concept]):
    """Concepts by id, in the order of their ids. Pickled, it is its folder; copies map the same files.

    folder (Path): Where it lies.
    verify (bool): Whether to compare files with their checksums, which reads them whole; small ones always are.
    RAISES (BiomedplmError): B560 if there is none, B561 or B563 if it is damaged, B562 if it is of another version.
    """

    def __init__(self, folder: Path, *, verify: bool = False) -> None:
        self.folder = Path(folder).absolute()
        described = read_description(self.folder)
        arrays = map_files(self.folder, described, verify=verify)
        self.name: str = described["name"]
        self.digest: str = described["digest"]
        self.counts: Mapping[str, int] = described["counts"]
        self.filters: Mapping[str, Any] = described["filters"]
        self.n_concepts = self.counts["concepts"]
        self.n_names = self.counts["names"]
        tables = described["tables"]
        self.sources: list[dict[str, str]] = tables["sources"]
        self.mappings: list[dict[str, str]] = tables.get("mappings", [])
        self.term_types: list[str] = tables["term_types"]
        self.languages: list[str] = tables["languages"]
        self.types: list[str] = tables["types"]
        self.name_concepts, self.name_starts = arrays["name_concepts"], arrays["name_starts"]
        self._name_starts_file = self._file("name_starts")
        self.name_sources, self.name_types = arrays["name_sources"], arrays["name_types"]
        self.name_languages, self.name_flags = arrays["name_languages"], arrays["name_flags"]
        self._columns = arrays
        self.concept_flags = arrays["concept_flags"]
        self.concept_types, self.concept_parents, self.concept_children = (
            Csr(arrays[f"{one}_starts"], arrays[column], limit, self._file(column))
            for one, column, limit in (
                ("type", "types", len(self.types)),
                ("parent", "parents", self.n_concepts),
                ("child", "children", self.n_concepts),
            )
        )
        self._xref_starts = arrays["xref_starts"]
        self._xref_hashes, self._xref_order = arrays["xref_hashes"], arrays["xref_order"]
        self._ids, self._names, self._definitions, self._xrefs = (
            Texts(self._file(name), arrays[name], arrays[f"{name}_offsets"])
            for name in ("ids", "names", "definitions", "xrefs")
        )
        self._masks: dict[Filters, NDArray[np.bool_]] = {}

    @classmethod
    def open(cls, folder: Path | str, *, verify: bool = False) -> "KnowledgeBase":
        """Return the knowledge base of a folder. folder (Path | str), verify (bool): As for the class."""
        return cls(Path(folder), verify=verify)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.folder, self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnowledgeBase) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __len__(self) -> int:
        return self.n_concepts

    def __iter__(self) -> Iterator[str]:
        for first in range(0, self.n_concepts, 1 << 16):
            yield from self._ids.block(first, min(first + (1 << 16), self.n_concepts))

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._ids.find(id) is not None

    def __getitem__(self, id: str) -> Concept:
        return self.concept(self.row_of(id))

    def row_of(self, id: str) -> int:
        """Return the row of a concept.

        id (str): Its own id, not a former one; see ``find``.
        RAISES (UnknownConcept): B566 if there is none.
        """
        row = self._ids.find(id)
        if row is None:
            raise UnknownConcept(coded("B566", id=id, name=self.name, hint=self._hint(id)))
        return row

    def id_of(self, row: int) -> str:
        """Return the id of a concept. row (int): Its row."""
        return self._ids[row]

    def concept(self, row: int) -> Concept:
        """Return a concept. row (int): Its row."""
        return Concept(
            id=self._ids[row],
            names=tuple(self.name_at(one) for one in self.names_of(row)),
            types=tuple(self.types_of(row)),
            definition=self._definitions[row],
            xrefs=tuple(self._xrefs.block(*span_of(self._xref_starts, row, self._file("xref_starts")))),
            parents=tuple(map(self.id_of, self.concept_parents.row(row).tolist())),
            obsolete=bool(self.concept_flags[row] & OBSOLETE),
        )

    def names_of(self, row: int) -> range:
        """Return the rows of the names of a concept, the preferred one first. row (int): Row of the concept."""
        first, last = span_of(self.name_starts, row, self._name_starts_file)
        if first == last:
            raise damaged(self._file("name_starts"), f"concept {row} has no name")
        return range(first, last)

    def types_of(self, row: int) -> list[str]:
        """Return the semantic types of a concept. row (int): Its row."""
        return [self.types[number] for number in self.concept_types.row(row).tolist()]

    def name_text(self, name_row: int) -> str:
        """Return a name. name_row (int): Its row."""
        return self._names[name_row]

    def name_at(self, name_row: int) -> Name:
        """Return a name with all that is known of it. name_row (int): Its row."""
        flags = int(self.name_flags[name_row])
        return Name(
            text=self._names[name_row],
            source=self._pick(self.sources, "name_sources", name_row)["name"],
            term_type=self._pick(self.term_types, "name_types", name_row),
            language=self._pick(self.languages, "name_languages", name_row),
            suppressed=bool(flags & SUPPRESSED),
            obsolete=bool(flags & OBSOLETE),
        )

    def preferred_name(self, row: int) -> str:
        """Return the preferred name of a concept. row (int): Its row."""
        return self._names[self.names_of(row).start]

    def has_definition(self) -> NDArray[np.bool_]:
        """Return which concepts have a definition, shape (n_concepts,)."""
        return self._definitions.lengths() > 0

    def iter_names(self, block: int = 65536) -> Iterator[tuple[int, list[str]]]:
        """Yield the row of the first name of a block, and its names. block (int): Names in a block."""
        for first in range(0, self.n_names, block):
            yield first, self._names.block(first, min(first + block, self.n_names))

    def find(self, id: str) -> list[str]:
        """Return the concepts that an id stands for.

        id (str): Own or former id of a concept, or its id in another vocabulary, in any spelling that
            ``curies.normalise_id`` knows.
        RETURNS (list[str]): The concept with that id alone, unless it is obsolete; else those with such a
            cross-reference, in the order of their ids.
        """
        id = normalise_id(id)
        row = self._ids.find(id)
        if row is not None and not self.concept_flags[row] & OBSOLETE:
            return [id]
        return self.find_xref(id) or ([] if row is None else [id])

    def find_xref(self, xref: str) -> list[str]:
        """Return the ids of the concepts with a cross-reference. xref (str): Such as "MESH:D001234"."""
        xref = normalise_id(xref)
        raw = xref.encode("utf8", "surrogatepass")
        # Of the type of the array: with any other one, the whole array would be converted.
        checksum = self._xref_hashes.dtype.type(crc32(raw))
        first, last = (np.searchsorted(self._xref_hashes, checksum, side) for side in ("left", "right"))
        found = self._xref_order[first:last].tolist()
        if max(found, default=-1) >= self.counts["xrefs"]:
            raise damaged(self._file("xref_order"), "it leads to cross-references that there are not")
        places = [place for place in found if self._xrefs.raw(place) == raw]
        rows = np.searchsorted(self._xref_starts, np.asarray(places, self._xref_starts.dtype), "right") - 1
        if places and not 0 <= int(rows.min()) <= int(rows.max()) < self.n_concepts:
            raise damaged(self._file("xref_starts"), "its rows overlap")
        return [self._ids[row] for row in np.unique(rows).tolist()]

    def parents(self, id: str) -> list[str]:
        """Return the next wider concepts. id (str): A concept."""
        return [self._ids[row] for row in self.concept_parents.row(self.row_of(id)).tolist()]

    def children(self, id: str) -> list[str]:
        """Return the next narrower concepts. id (str): A concept."""
        return [self._ids[row] for row in self.concept_children.row(self.row_of(id)).tolist()]

    def ancestors(self, id: str) -> list[str]:
        """Return all wider concepts, the nearest first. id (str): A concept; not among them, also not on a circle."""
        return [self._ids[row] for row in iter_reached(self.concept_parents, self.row_of(id))]

    def descendants(self, id: str) -> list[str]:
        """Return all narrower concepts, the nearest first. id (str): A concept; not among them."""
        return [self._ids[row] for row in iter_reached(self.concept_children, self.row_of(id))]

    def is_a(self, id: str, other: str) -> bool:
        """Return whether a concept is another one or a narrower one. id, other (str): Concepts."""
        wanted = self.row_of(other)
        row = self.row_of(id)
        return row == wanted or wanted in iter_reached(self.concept_parents, row)

    @property
    def semantic_types(self) -> SemanticTypes:
        """The tree and the groups of the semantic types of the UMLS."""
        return read_semantic_types()

    @cached_property
    def cui_to_entity(self) -> Mapping[str, Entity]:
        """Concepts in the form of scispaCy; each is made when it is asked for."""
        return _Entities(self)

    def select(self, filters: Filters) -> NDArray[np.bool_]:
        """Return which names are wanted, shape (n_names,).

        filters (Filters): What is wanted.
        RAISES (BiomedplmError): B572 for a source, language, term type, semantic type or group that the base lacks.
        """
        if filters not in self._masks:
            if len(self._masks) == _KEPT_MASKS:
                del self._masks[next(iter(self._masks))]
            mask = self._select(filters)
            mask.setflags(write=False)
            self._masks[filters] = mask
        return self._masks[filters]

    def _select(self, filters: Filters) -> NDArray[np.bool_]:
        hidden = SUPPRESSED * (not filters.suppressed) | OBSOLETE * (not filters.obsolete)
        mask: NDArray[np.bool_] = (self.name_flags & hidden) == 0
        sources = [source["name"] for source in self.sources]
        languages = tuple(one if one in self.languages else LANGUAGES.get(one, one) for one in filters.languages)
        for option, wanted, known, column in (
            ("source", filters.sources, sources, self.name_sources),
            ("language", languages, self.languages, self.name_languages),
        ):
            if wanted:
                mask &= np.isin(column, self._numbers(option, wanted, known))
        if filters.term_types:
            kinds = {one.partition(":")[0] for one in self.term_types} | set(self.term_types)
            self._numbers("term type", filters.term_types, sorted(kinds))
            admitted = [i for i, kind in enumerate(self.term_types) if is_term_type(kind, filters.term_types)]
            mask &= np.isin(self.name_types, admitted)
        types = filters.wanted_types()
        if types is not None:
            self._numbers("semantic type", filters.types, self.types)
            numbers = [number for number, type in enumerate(self.types) if type in types]
            found = np.isin(self.concept_types.values, numbers)
            admitted_rows = np.zeros(self.n_concepts, dtype=bool)
            admitted_rows[self.concept_types.owners()[found]] = True
            if int(self.name_concepts.max(initial=0)) >= self.n_concepts:
                raise damaged(self._file("name_concepts"), "it leads to concepts that there are not")
            mask &= admitted_rows[self.name_concepts]
        return mask

    def _file(self, column: str) -> Path:
        return self.folder / f"{column}.bin"

    def _pick(self, table: list[_T], column: str, name_row: int) -> _T:
        number = int(self._columns[column][name_row])
        if number >= len(table):
            raise damaged(self._file(column), f"name {name_row} has number {number}, kb.json names {len(table)}")
        return table[number]

    def _numbers(self, option: str, wanted: tuple[str, ...], known: list[str]) -> list[int]:
        for value in wanted:
            if value not in known:
                raise BiomedplmError(coded("B572", option=option, value=value, known=", ".join(known) or "none"))
        return [known.index(value) for value in wanted]

    def _hint(self, id: str) -> str:
        found = self.find(id)
        return f"It stands for {', '.join(found[:5])}. " if found else ""


class UnknownConcept(BiomedplmError, KeyError):
    """A concept that a base does not have."""

    __str__ = BiomedplmError.__str__


class _Entities(Mapping[str, Entity]):
    """The concepts of a base in the form of scispaCy."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base

    def __len__(self) -> int:
        return len(self._base)

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __contains__(self, id: object) -> bool:
        return id in self._base

    def __getitem__(self, id: str) -> Entity:
        concept = self._base[id]
        preferred, *others = dict.fromkeys(name.text for name in concept.names)
        return Entity(id, preferred, others, list(concept.types), concept.definition or None)


def _reopen(folder: Path, digest: str) -> KnowledgeBase:
    base = KnowledgeBase.open(folder)
    if base.digest != digest:
        raise BiomedplmError(coded("B570", folder=folder, found=base.digest[:12], wanted=digest[:12]))
    return base
