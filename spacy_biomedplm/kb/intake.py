"""The first half of a build: concepts are checked, cleaned and written to spools, one record for each."""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from typing_extensions import Self

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.curies import normalise_id, prefix_of
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.languages import LANGUAGES
from spacy_biomedplm.kb.layout import OBSOLETE, SUPPRESSED
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.semantic_types import read_semantic_types
from spacy_biomedplm.kb.spool import Spool

MAX_ID_BYTES = 128
MAX_NAME_CHARACTERS = 4000
# Controls, and halves of surrogate pairs.
_BROKEN = ("Cc", "Cs")
# "|" joins the ids of a mention of several concepts.
_ID = re.compile(r"[^\s|]+\Z")
_SHOWN_TYPES = 5


_ALL = Filters()


@dataclass(frozen=True)
class Wanted:
    """What is taken into a base.

    filters (Filters): Names and concepts.
    definitions (bool): Definitions too.
    xref_prefixes (tuple[str, ...] | None): Vocabularies whose ids are kept as cross-references; None for all. Former
        ids of a concept are always kept.
    """

    filters: Filters = _ALL
    definitions: bool = True
    xref_prefixes: tuple[str, ...] | None = None


class Table:
    """Numbers for texts that occur often. what (str): What they are, for errors. limit (int): How many there may be."""

    def __init__(self, what: str, limit: int) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._what = what
        self._limit = limit

    def number(self, text: str) -> int:
        """Return the number of a text, a new one if it has none. text (str): Such as a source of names."""
        found = self._numbers.get(text)
        if found is None:
            clean = clean_text(text)
            found = self._numbers.get(clean, len(self.texts))
            if found == len(self.texts):
                if found == self._limit:
                    raise BiomedplmError(coded("B573", what=self._what, wanted=self._limit))
                self.texts.append(clean)
            self._numbers[clean] = self._numbers[text] = found
        return found


class Intake:
    """Takes concepts in.

    folder (Path): For the spools. wanted (Wanted): What is taken. mapping (Mapping[str, str]): Ids that others replace.
    reading (Reading): Receives what is mended and left out, and knows where a concept stands.
    """

    def __init__(self, folder: Path, wanted: Wanted, mapping: Mapping[str, str], reading: Reading) -> None:
        self._wanted = wanted
        self._mapping = mapping
        self._reading = reading
        self._report = reading.report
        # Counted apart, because a Counter of another object for each name costs a fifth of the time.
        self._counts: Counter[str] = Counter()
        self.ids, self.names, self.xrefs, self.parents, self.definitions = (
            Spool(folder / name) for name in ("ids", "names", "xrefs", "parents", "definitions")
        )
        self.sources, self.term_types, self.types = (
            Table(what, 1 << 16) for what in ("sources", "term types", "types")
        )
        self.languages = Table("languages", 1 << 8)
        self.name_sources, self.name_types, self.name_languages, self.name_flags = (
            array(kind) for kind in ("H", "H", "B", "B")
        )
        self._refused: set[tuple[str, str, str]] = set()
        self.obsolete = array("B")
        self.type_owners, self.type_numbers = array("I"), array("H")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for spool in (self.ids, self.names, self.xrefs, self.parents, self.definitions):
                stack.enter_context(spool)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def add(self, concept: Concept) -> None:
        """Take a concept in, or what one source says of it. concept (Concept): Any."""
        own = normalise_id(concept.id)
        id = self._mapping.get(own, own)
        own_raw, raw = _encode_id(own), _encode_id(id)
        if own_raw is None or raw is None:
            shown = clean_text((own if own_raw is None else id)[:100])
            return self._drop("B577", shown, source=clean_text(concept.names[0].source) if concept.names else "?")
        record = len(self.ids)
        self.ids.add(record, raw)
        self.obsolete.append(concept.obsolete)
        self._add_names(record, id, concept)
        for type in dict.fromkeys(concept.types):
            self.type_owners.append(record)
            self.type_numbers.append(self.types.number(type))
        if concept.definition and self._wanted.definitions:
            definition = self._clean(concept.definition, id)
            if definition is not None:
                self.definitions.add(record, definition.encode())
        if id != own:
            self.xrefs.add(record, own_raw)
        for xref in concept.xrefs:
            self._add_xref(record, normalise_id(xref), id, prefix_of(own))
        for parent in concept.parents:
            found = normalise_id(parent)
            self._add_parent(record, self._mapping.get(found, found), id)

    def finish(self) -> None:
        """Give the report what was counted.

        RAISES (BiomedplmError): B572 if the filters want what no source has.
        """
        self._report.counts.update(self._counts)
        filters = self._wanted.filters
        for place, option, wanted, table in (
            (0, "source", filters.sources, self.sources),
            (1, "language", filters.languages, self.languages),
            (2, "term type", filters.term_types, self.term_types),
        ):
            found = {*table.texts, *(one[place] for one in self._refused)}
            known = found | {one.partition(":")[0] for one in found} if option == "term type" else found
            if option == "language":
                known = known | {code for code, language in LANGUAGES.items() if language in known and code in wanted}
            _require(option, wanted, known)
        _require("semantic type", filters.types, set(self.types.texts))
        self._count_unknown_types()

    def _count_unknown_types(self) -> None:
        network = read_semantic_types()
        unknown = {number: text for number, text in enumerate(self.types.texts) if text not in network}
        if unknown:
            shown = ", ".join(text[:40] for text in islice(unknown.values(), _SHOWN_TYPES))
            more = ", …" if len(unknown) > _SHOWN_TYPES else ""
            count = sum(map(unknown.__contains__, self.type_numbers))
            self._report.counts[f"unknown semantic types ({shown}{more})"] += count

    def _add_names(self, record: int, id: str, concept: Concept) -> None:
        seen: dict[str, int] = {}
        admits = self._wanted.filters.admits
        for name in concept.names:
            if concept.obsolete and not name.obsolete:
                name = Name(name.text, name.source, name.term_type, name.language, name.suppressed, obsolete=True)
            if not admits(name):
                self._counts["names that the filters leave out"] += 1
                self._refused.add((name.source, name.language, name.term_type))
                continue
            text = self._clean(name.text, id)
            if text is None:
                continue
            flags = SUPPRESSED * name.suppressed | OBSOLETE * name.obsolete
            if not text or len(text) > MAX_NAME_CHARACTERS:
                found = f"{len(text)} characters" if text else "none but white space"
                self._drop("B578", id, source=clean_text(name.source), found=found, wanted=MAX_NAME_CHARACTERS)
                continue
            if text in seen and (flags or not seen[text]):
                self._counts["names that repeat another of their concept"] += 1
                continue
            seen[text] = flags
            self.names.add(record, text.encode())
            self.name_sources.append(self.sources.number(name.source))
            self.name_types.append(self.term_types.number(name.term_type))
            self.name_languages.append(self.languages.number(name.language))
            self.name_flags.append(flags)

    def _add_xref(self, record: int, xref: str, id: str, own_prefix: str) -> None:
        kept = self._wanted.xref_prefixes
        if xref == id or (kept is not None and prefix_of(xref) not in (own_prefix, *kept)):
            return
        raw = _encode_id(xref)
        if raw is None:
            self._counts["cross-references that are no ids"] += 1
        else:
            self.xrefs.add(record, raw)

    def _add_parent(self, record: int, parent: str, id: str) -> None:
        raw = _encode_id(parent)
        if raw is None or parent == id:
            self._counts["parents that are the concept itself" if raw else "parents that are no ids"] += 1
        else:
            self.parents.add(record, raw)

    def _drop(self, code: str, id: str, **values: Any) -> None:
        """Leave out what is broken, or stop."""
        reading = self._reading
        message = coded(code, where=reading.where, id=id, **values)
        self._report.drop(message, path=reading.path, line=reading.line, doc_id=id)

    def _clean(self, text: str, id: str) -> str | None:
        """Return a text with runs of white space made one space, without what is no character; None to leave it out."""
        plain = " ".join(text.split())
        if plain.isprintable():
            return plain
        mended = clean_text(plain)
        if any(unicodedata.category(char) in _BROKEN for char in plain):
            reading = self._reading
            message = coded("B579", where=reading.where, id=id, start=mended[:40])
            mended_as = "spaces stand for them"
            if not self._report.mend(message, mended_as, path=reading.path, line=reading.line, doc_id=id):
                return None
        return mended


def _require(option: str, wanted: tuple[str, ...], known: set[str]) -> None:
    for value in wanted:
        if value not in known:
            shown = ", ".join(map(clean_text, sorted(known))) or "none"
            raise BiomedplmError(coded("B572", option=option, value=value, known=shown))


def clean_text(text: str) -> str:
    """Return a text with runs of white space made one space, as is what is no character. text (str): Any."""
    mended = "".join(" " if unicodedata.category(char) in _BROKEN else char for char in text)
    return " ".join(mended.split())


def _encode_id(id: str) -> bytes | None:
    """Return the bytes of an id, None if it is none."""
    if not (id.isprintable() and _ID.match(id)):
        return None
    raw = id.encode()
    return raw if len(raw) <= MAX_ID_BYTES else None
