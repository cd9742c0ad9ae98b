"""The second half of a build: records of the same id become one concept, and all is put in order (numpy only)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spacy_biomedplm.kb.intake import Intake, Table
from spacy_biomedplm.kb.layout import OBSOLETE, Writer, gather, starts_of
from spacy_biomedplm.kb.ordering import rank_texts
from spacy_biomedplm.kb.spool import Spooled, as_numbers

Rows = NDArray[np.int64]
NOWHERE = -1


class Merging:
    """Records as concepts.

    intake (Intake): What was read.
    wanted_types (frozenset[str] | None): Semantic types of which a concept needs one; None for any.

    Nothing is kept as an object: memory is that of a few arrays of eight bytes or less for each name, record and id.
    """

    def __init__(self, intake: Intake, wanted_types: frozenset[str] | None) -> None:
        self._intake = intake
        self.counts: dict[str, int] = {}
        self.tables: dict[str, list[str]] = {}
        names, ids, self._parents = intake.names.load(), intake.ids.load(), intake.parents.load()
        (rows, parents), firsts = rank_texts([ids, self._parents])
        kept = np.zeros(len(firsts), dtype=bool)
        kept[rows[names.owners]] = True
        if wanted_types is not None:
            typed = self._rows_of_types(rows, len(firsts), wanted_types)
            self._count("concepts that the filters leave out for their semantic types", kept & ~typed)
            kept &= typed
        new = np.where(kept, np.cumsum(kept) - 1, NOWHERE)
        named = np.zeros(len(rows), dtype=bool)
        named[names.owners] = True
        self._count("records that only add to concepts which are not in the base", ~kept[rows])
        self.n_concepts = int(kept.sum())
        self._rows: Rows = new[rows]
        self._parent_rows: Rows = new[parents]
        # Records come before parents, so the first text with the id of a concept is that of a record.
        self._ids, self._firsts = ids, firsts[kept]
        self._names = names
        self._named = named

    def _rows_of_types(self, rows: Rows, n_rows: int, wanted: frozenset[str]) -> NDArray[np.bool_]:
        numbers = [number for number, text in enumerate(self._intake.types.texts) if text in wanted]
        owners, types = as_numbers(self._intake.type_owners), as_numbers(self._intake.type_numbers)
        found = np.zeros(n_rows, dtype=bool)
        found[rows[owners[np.isin(types, numbers)]]] = True
        return found

    def write(self, writer: Writer) -> dict[str, int]:
        """Write all columns and return how many of each kind there are. writer (Writer): Of the new base."""
        self._write_texts(writer, "ids", self._ids, self._firsts)
        writer.array("concept_flags", self._obsolete())
        return {
            "concepts": self.n_concepts,
            "names": self._write_names(writer),
            "types": self._write_types(writer),
            "parents": self._write_parents(writer),
            "xrefs": self._write_xrefs(writer),
            "definitions": self._write_definitions(writer),
        }

    def _obsolete(self) -> NDArray[np.uint8]:
        """Return the flags of concepts: obsolete is what all records with a name say to be obsolete."""
        rows, obsolete = self._rows[self._named], as_numbers(self._intake.obsolete)[self._named]
        live = np.zeros(self.n_concepts, dtype=bool)
        live[rows[(rows >= 0) & (obsolete == 0)]] = True
        return np.where(live, 0, OBSOLETE).astype(np.uint8)

    def _write_names(self, writer: Writer) -> int:
        names, intake = self._names, self._intake
        flags = as_numbers(intake.name_flags)
        rows = self._rows[names.owners]
        # A live name comes before one that is suppressed or obsolete, so that the preferred name is a live one.
        kept = _first_of_equals(rows, names, flags != 0)
        self._count("names that repeat another of their concept", int((rows >= 0).sum()) - len(kept))
        self._write_texts(writer, "names", names, kept)
        owners = rows[kept]
        writer.array("name_concepts", owners)
        writer.array("name_starts", starts_of(np.bincount(owners, minlength=self.n_concepts)))
        for column, table, texts, values in (
            ("name_sources", "sources", intake.sources, intake.name_sources),
            ("name_types", "term_types", intake.term_types, intake.name_types),
            ("name_languages", "languages", intake.languages, intake.name_languages),
        ):
            writer.array(column, self._number(table, texts, as_numbers(values)[kept]))
        writer.array("name_flags", flags[kept])
        return len(kept)

    def _write_types(self, writer: Writer) -> int:
        rows = self._rows[as_numbers(self._intake.type_owners)]
        pairs = np.unique((rows[rows >= 0] << 16) | as_numbers(self._intake.type_numbers)[rows >= 0])
        self._write_csr(writer, "type", "types", pairs >> 16, self._number("types", self._intake.types, pairs & 0xFFFF))
        return len(pairs)

    def _write_parents(self, writer: Writer) -> int:
        rows, places = self._rows[self._parents.owners], self._parent_rows
        self._count("parents that are not in the base", (rows >= 0) & (places < 0))
        kept = (rows >= 0) & (places >= 0)
        pairs = np.unique((rows[kept] << 32) | places[kept])
        children, wider = pairs >> 32, pairs & 0xFFFFFFFF
        self._write_csr(writer, "parent", "parents", children, wider)
        order = np.lexsort((children, wider))
        self._write_csr(writer, "child", "children", wider[order], children[order])
        self._count("concepts on a circle of parents", _on_circles(children, wider, self.n_concepts))
        return len(pairs)

    def _write_xrefs(self, writer: Writer) -> int:
        xrefs = self._intake.xrefs.load()
        rows = self._rows[xrefs.owners]
        kept = _first_of_equals(rows, xrefs, np.zeros(len(rows), dtype=bool))
        self._write_texts(writer, "xrefs", xrefs, kept)
        writer.array("xref_starts", starts_of(np.bincount(rows[kept], minlength=self.n_concepts)))
        checksums = xrefs.checksums[kept]
        order = np.argsort(checksums, kind="stable")
        writer.array("xref_order", order)
        writer.array("xref_hashes", checksums[order])
        return len(kept)

    def _write_definitions(self, writer: Writer) -> int:
        texts = self._intake.definitions.load()
        rows = self._rows[texts.owners]
        inside = np.flatnonzero((rows >= 0) & (texts.lengths > 0))
        owners, firsts = np.unique(rows[inside], return_index=True)
        kept = inside[firsts]
        self._count("definitions of concepts that have one from an earlier source", len(inside) - len(kept))
        lengths = np.zeros(self.n_concepts, dtype=np.int64)
        lengths[owners] = texts.lengths[kept]
        writer.array("definitions_offsets", starts_of(lengths))
        writer.bytes("definitions", gather(texts.blob, texts.starts[kept], texts.lengths[kept]))
        return len(kept)

    def _write_texts(self, writer: Writer, name: str, texts: Spooled, kept: Rows) -> None:
        writer.array(f"{name}_offsets", starts_of(texts.lengths[kept]))
        writer.bytes(name, gather(texts.blob, texts.starts[kept], texts.lengths[kept]))

    def _write_csr(self, writer: Writer, singular: str, plural: str, rows: Rows, values: Rows) -> None:
        writer.array(f"{singular}_starts", starts_of(np.bincount(rows, minlength=self.n_concepts)))
        writer.array(plural, values)

    def _number(self, table: str, texts: Table, values: NDArray[Any]) -> NDArray[Any]:
        """Return values as numbers of those texts only that are in use, which become a table of the base."""
        used = np.flatnonzero(np.bincount(values, minlength=1))
        self.tables[table] = [texts.texts[number] for number in used.tolist()] if len(values) else []
        new = np.zeros(len(texts.texts) + 1, dtype=values.dtype)
        new[used] = np.arange(len(used))
        return new[values]

    def _count(self, what: str, flags: "NDArray[np.bool_] | int") -> None:
        count = int(np.count_nonzero(flags)) if isinstance(flags, np.ndarray) else flags
        if count:
            self.counts[what] = self.counts.get(what, 0) + count


def _first_of_equals(rows: Rows, texts: Spooled, later: NDArray[np.bool_]) -> Rows:
    """Return the numbers of texts in the order of their rows, of equal texts of a row the first one only.

    rows (Rows): Row of each text; those without one are left out.
    texts (Spooled): The texts.
    later (NDArray[np.bool_]): Which texts come after the others of their row.
    """
    inside = np.flatnonzero(rows >= 0)
    order = inside[np.argsort((rows[inside] << 1) | later[inside], kind="stable")]
    keys = (rows[order] << 32) | texts.checksums[order]
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    repeats = np.flatnonzero(keys[1:] == keys[:-1]) + 1
    dropped = np.zeros(len(order), dtype=bool)
    seen: dict[bytes, None] = {}
    before = NOWHERE
    for place in repeats.tolist():
        if place - 1 != before:
            seen = {texts.text(order[by_key[place - 1]]): None}
        text = texts.text(order[by_key[place]])
        # Equal checksums of different texts are possible, so the texts themselves decide.
        if text in seen:
            dropped[by_key[place]] = True
        seen[text] = None
        before = place
    kept: Rows = order[~dropped]
    return kept


def _on_circles(children: Rows, parents: Rows, n_rows: int) -> int:
    if not len(children):
        return 0
    graph = coo_array((np.ones(len(children), dtype=bool), (children, parents)), shape=(n_rows, n_rows))
    _, labels = connected_components(graph.tocsr(), directed=True, connection="strong")
    sizes = np.bincount(labels)
    return int(sizes[sizes > 1].sum())
