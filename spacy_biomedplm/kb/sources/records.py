"""Concepts as JSON: our own lines, and those of scispaCy, also as one array."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_WANTED = (
    "an object a line, with 'id' and 'names' (docs/knowledge-base.md), or scispaCy's 'concept_id' and 'canonical_name'"
)
_LISTS = ("types", "xrefs", "parents")
_TEXTS = ("id", "text", "source", "term_type", "language", "definition")
# Texts that a build mends; names are looked at one by one.
_FREE = ("text", "definition", "names")
_FLAGS = ("suppressed", "obsolete")
_KEYS: dict[type, frozenset[str]] = {kind: frozenset(one.name for one in fields(kind)) for kind in (Concept, Name)}
_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r,"
_SPACES = re.compile(f"[{_SPACE}]*")


def read_records(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield concepts.

    path (Path): JSON lines of ``kb.export``, or of scispaCy; an array of scispaCy's objects. Perhaps gzip'd.
    name (str): Of the source, for names that have none. reading (Reading): Where problems go.
    RAISES (BiomedplmError): B569 for an object that is none or of another form, as the report decides, and what
        ``read_lines`` raises.
    """
    for number, record in _read_objects(path, reading.report):
        made: Concept | str = f"it is no object but {type(record).__name__}"
        if isinstance(record, dict):
            made = _from_scispacy(record, name) if "concept_id" in record else _from_own(record, name)
        if isinstance(made, str):
            drop_row(reading.report, path, number, made, _WANTED)
        else:
            reading.line = number
            yield made


def _read_objects(path: Path, report: Report) -> Iterator[tuple[int, Any]]:
    """Yield the objects of lines, or of an array over any number of lines; only the one at hand is in memory."""
    rest = ""
    in_array = None
    for number, line in read_lines(path, report):
        if in_array is None:
            in_array = line.lstrip().startswith("[")
            line = line.lstrip().removeprefix("[") if in_array else line
        rest = f"{rest}\n{line}" if rest else line
        # An object can end in such a line only.
        if in_array and not line.rstrip(_SPACE + "]").endswith("}"):
            continue
        place = 0
        while (place := _skip_space(rest, place)) < len(rest) and not (in_array and rest[place] == "]"):
            try:
                found, place = _DECODER.raw_decode(rest, place)
            except (ValueError, RecursionError) as error:
                if in_array and getattr(error, "pos", 0) >= len(rest):
                    break
                drop_row(report, path, number, f"it is no JSON: {error}", _WANTED)
                if in_array:
                    return
                place = len(rest)
            else:
                yield number, found
        rest = rest[place:]
    if rest.strip(_SPACE + "]"):
        drop_row(report, path, 0, "the last object does not end", _WANTED)


def _skip_space(text: str, place: int) -> int:
    match = _SPACES.match(text, place)
    return match.end() if match else place


def _from_own(record: Mapping[str, Any], source: str) -> Concept | str:
    fault = _find_fault(record, Concept)
    names = record.get("names", [])
    if not fault and not isinstance(names, list):
        fault = "'names' is no list"
    for one in () if fault else names:
        fault = fault or (_find_fault(one, Name) if isinstance(one, dict) else "a name is no object")
    if fault or "id" not in record:
        return fault or "it has no 'id'"
    if not any(value for key, value in record.items() if key != "id"):
        return "it has no name, and nothing else is said of the concept"
    made = tuple(Name(**{"source": source, **one}) for one in names)
    lists = {key: tuple(record[key]) for key in _LISTS if key in record}
    return Concept(**{**record, "names": made, **lists})


def _find_fault(record: Mapping[str, Any], kind: type) -> str:
    for key, value in record.items():
        if key not in _KEYS[kind]:
            return f"there is no '{key[:40]}'"
        wanted: Any = str if key in _TEXTS else bool if key in _FLAGS else list
        if type(value) is not wanted or (key in _LISTS and not all(type(one) is str for one in value)):
            return f"'{key}' is of another type"
        if key not in _FREE and not all(one.isprintable() for one in _texts_of(value)):
            return f"'{key}' has control characters"
    return "" if kind is Concept or "text" in record else "a name has no 'text'"


def _texts_of(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value if isinstance(value, list) else []


def _from_scispacy(record: Mapping[str, Any], source: str) -> Concept | str:
    id, preferred, definition = record["concept_id"], record.get("canonical_name"), record.get("definition") or ""
    aliases, types = record.get("aliases", []), record.get("types", [])
    for texts in (aliases, types, [id, definition, *([] if preferred is None else [preferred])]):
        if not isinstance(texts, list) or not all(type(one) is str for one in texts):
            return "a field of it is of another type"
    if not all(map(str.isprintable, types)):
        return "'types' has control characters"
    names = ([(preferred, "canonical")] if preferred else []) + [(one, "alias") for one in aliases]
    return Concept(id, tuple(Name(text, source, kind) for text, kind in names), tuple(types), definition)
