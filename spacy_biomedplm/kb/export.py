"""A knowledge base as one file of text."""

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from io import TextIOWrapper
from itertools import compress
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import numpy as np

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.sources.tables import COLUMNS, YES

STANDARD = "-"
"""Stands for standard output."""


def export(base: KnowledgeBase, path: Path, form: str, filters: Filters) -> int:
    """Write the concepts of a base that have a wanted name, with those names, in the order of their ids.

    base (KnowledgeBase): Any.
    path (Path): New file, which gets its name when it is complete; packed if that ends in ".gz". "-" for standard
        output.
    form (str): One of FORMS.
    filters (Filters): Names that are written.
    RETURNS (int): How many concepts were written.
    RAISES (BiomedplmError): B620 if the file exists, B627 if it cannot be written, B571 if no name is wanted, B572 for
        a filter that does not fit the base.
    """
    mask = base.select(filters)
    if not mask.any():
        raise BiomedplmError(coded("B571", name=base.name, left_out="all names, by the filters"))
    write = FORMS[form]
    count = 0
    with _standard_output() if str(path) == STANDARD else _new_file(path) as file:
        if form == "tsv":
            file.write("\t".join(COLUMNS) + "\n")
        for row in np.unique(base.name_concepts[mask]).tolist():
            rows = base.names_of(row)
            concept = base.concept(row)
            kept = tuple(compress(concept.names, mask[rows.start : rows.stop]))
            file.write(write(replace(concept, names=kept)))
            count += 1
    return count


def to_jsonl(concept: Concept) -> str:
    """Return a concept as a line of JSON, which the format "jsonl" of sources reads; what is empty is left out.

    concept (Concept): With one name at least.
    """
    return _line(_plain(concept))


def to_tsv(concept: Concept) -> str:
    """Return a concept as rows of a table, one for each name; what is said of the concept stands in the first one.

    concept (Concept): With one name at least.
    """
    rows = []
    for place, name in enumerate(concept.names):
        said = (concept.types, concept.xrefs, concept.parents) if not place else ((), (), ())
        flags = (YES if flag else "" for flag in (name.suppressed, name.obsolete, concept.obsolete))
        texts = (concept.id, name.text, name.source, name.term_type, name.language)
        definition = "" if place else concept.definition
        rows.append("\t".join(map(_quote, (*texts, *flags, *map(" ".join, said), definition))) + "\n")
    return "".join(rows)


def _quote(text: str) -> str:
    """Return a field as it is, or within quotes if it would not be read so."""
    if not text.startswith(('"', "#")):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def to_scispacy(concept: Concept) -> str:
    """Return a concept as a line of scispaCy's JSONL. concept (Concept): With one name at least."""
    preferred, *aliases = dict.fromkeys(name.text for name in concept.names)
    record = {
        "concept_id": concept.id,
        "canonical_name": preferred,
        "aliases": aliases,
        "types": list(concept.types),
        **({"definition": concept.definition} if concept.definition else {}),
    }
    return _line(record)


FORMS: dict[str, Callable[[Concept], str]] = {"jsonl": to_jsonl, "tsv": to_tsv, "scispacy": to_scispacy}
"""Name of a form to the function that writes one concept."""


def _plain(value: Any) -> dict[str, Any]:
    """Return a concept or a name without the fields that are as they are by default."""
    kept = ((one.name, getattr(value, one.name)) for one in fields(value) if getattr(value, one.name) != one.default)
    return {key: [_plain(name) for name in item] if key == "names" else item for key, item in kept}


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False) + "\n"


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    # UTF-8 wherever it goes to.
    file = TextIOWrapper(sys.stdout.buffer, encoding="utf8", newline="\n")
    try:
        yield file
        file.flush()
    except OSError as error:
        raise BiomedplmError(coded("B627", path=STANDARD, reason=error.strerror or error)) from error
    finally:
        file.detach()


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    if path.exists() or path.is_symlink():
        raise BiomedplmError(coded("B620", path=path))
    partial = path.with_name(f".{path.name}.partial")
    try:
        try:
            with partial.open("wb") as raw, _packed(raw, path) as binary:
                with TextIOWrapper(binary, encoding="utf8", newline="\n") as file:
                    yield file
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BiomedplmError(coded("B627", path=path, reason=error.strerror or error)) from error


def _packed(raw: BinaryIO, path: Path) -> BinaryIO:
    # No name and no time in the file: the same base gives the same bytes.
    return cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=raw, mtime=0)) if path.suffix == ".gz" else raw
