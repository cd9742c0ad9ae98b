"""Ontologies in the OBO format."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.branches import BranchTypes
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_WANTED = "OBO 1.2 or 1.4: 'tag: value' in stanzas such as [Term]"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')
_MODIFIERS = re.compile(r'(?<!\\)\{[^{}"]*(?:"(?:[^"\\]|\\.)*"[^{}"]*)*\}\s*\Z')
_COMMENT = re.compile(r"(?:\s|^)!.*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "W": " "}
_SCOPES = ("EXACT", "NARROW", "BROAD", "RELATED")
_OLD_SCOPES = {f"{scope.lower()}_synonym": scope for scope in _SCOPES}
_EXACT_MATCH = re.compile(r"(?:\S*[:#/])?exactMatch\s+(\S+)")


@dataclass
class _Term:
    """The tags of a stanza that matter to a concept."""

    line: int
    id: str = ""
    name: str = ""
    synonyms: list[tuple[str, str]] = field(default_factory=list)
    definition: str = ""
    xrefs: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    successors: list[str] = field(default_factory=list)
    obsolete: bool = False


def read_obo(
    path: Path, name: str, reading: Reading, *, language: str = "en", branch_types: tuple[str, ...] = ()
) -> Iterator[Concept]:
    """Yield the terms of an ontology.

    path (Path): An .obo file, perhaps gzip'd. Kinds of names are "name" and the scopes of synonyms, with their type
        after a colon ("EXACT:abbreviation"). alt_id, xref and exact matches are cross-references; so are
        obsolete terms, of those that replace them. is_a leads to parents. Relations are not read.
    name (str): Of the source. reading (Reading): Where problems go, and the version of the ontology.
    language (str): Of the names.
    branch_types (tuple[str, ...]): "id=type": semantic type of a term and all below it, such as "GO:0008150=T038".
    RAISES (BiomedplmError): B569 for a broken line, as the report decides, B572 for a type or term that there is not,
        and what ``read_lines`` raises.
    """
    branches = BranchTypes(path, branch_types)
    unnamed = 0
    for term in _read_terms(path, name, reading):
        if not term.id:
            drop_row(reading.report, path, term.line, "the stanza has no id", _WANTED)
            continue
        unnamed += not term.name and not term.obsolete
        texts = [("name", term.name)] if term.name else []
        yield branches.add(
            Concept(
                term.id,
                tuple(Name(text, name, kind, language) for kind, text in (*texts, *term.synonyms)),
                definition=term.definition,
                xrefs=tuple(term.xrefs),
                parents=tuple(term.parents),
                obsolete=term.obsolete,
            )
        )
        yield from (Concept(successor, xrefs=(term.id,)) for successor in term.successors)
    yield from branches.facts()
    if unnamed:
        reading.report.counts[f"terms of {name} without a name"] += unnamed


def _read_terms(path: Path, name: str, reading: Reading) -> Iterator[_Term]:
    term: _Term | None = None
    in_header = True
    for number, line in read_lines(path, reading.report):
        if line.startswith("["):
            if term is not None:
                yield term
            in_header = False
            term = _Term(number) if line.strip() == "[Term]" else None
        elif not line.startswith("!") and line.strip():
            tag, colon, value = line.partition(":")
            if not colon:
                drop_row(reading.report, path, number, f"it is no tag with a value: '{line[:40]}'", _WANTED)
            elif in_header:
                _note_header(tag, value.strip(), name, reading)
            elif term is not None and (reason := _add(term, tag, value.strip())):
                drop_row(reading.report, path, number, reason, _WANTED)
    if term is not None:
        yield term


def _note_header(tag: str, value: str, name: str, reading: Reading) -> None:
    if tag == "data-version":
        reading.note(name, {"version": value})
    elif tag == "property_value" and "terms/license" in value:
        reading.note(name, {"licence": value.split()[1].strip('"')})


def _add(term: _Term, tag: str, value: str) -> str:
    """Take a tag of a term over and return what is wrong with it, or nothing."""
    if tag in ("synonym", "def") or tag in _OLD_SCOPES:
        match = _QUOTED.match(value)
        if match is None:
            return f"the text of the tag '{tag}' has no closing quote"
        text = _unescape(match[1])
        if tag == "def":
            if term.definition:
                return "the stanza has a second definition"
            term.definition = text
        else:
            term.synonyms.append((_kind(match[2], _OLD_SCOPES.get(tag, "")), text))
    elif tag == "name":
        if term.name:
            return "the stanza has a second name"
        term.name = _unescape(_MODIFIERS.sub("", value).rstrip())
    elif tag == "is_obsolete":
        term.obsolete = value.split()[0] == "true" if value else False
    elif tag == "property_value":
        match = _EXACT_MATCH.match(value)
        term.xrefs += [_unescape(match[1].strip('"'))] if match else []
    elif tag in ("id", "is_a", "alt_id", "xref", "replaced_by"):
        return _add_id(term, tag, _id(value))
    return ""


def _add_id(term: _Term, tag: str, id: str) -> str:
    if not id:
        return f"the tag '{tag}' is empty"
    if tag == "id":
        if term.id:
            return "the stanza has a second id"
        term.id = id
    else:
        values = {"is_a": term.parents, "replaced_by": term.successors}.get(tag, term.xrefs)
        values.append(id)
    return ""


def _kind(rest: str, scope: str) -> str:
    """Return the kind of a synonym. rest (str): What follows its text. scope (str): That of its tag, or nothing."""
    words = rest.partition("[")[0].split()
    if words and words[0] in _SCOPES:
        scope = words.pop(0)
    return f"{scope or 'RELATED'}:{words[0]}" if words else scope or "RELATED"


def _id(value: str) -> str:
    """Return the id that a value begins with, without its description, its modifiers and the comment."""
    words = _COMMENT.sub("", _MODIFIERS.sub("", value)).split()
    # Some write a space after the colon.
    count = 2 if len(words) > 1 and words[0].endswith(":") else 1
    return _unescape("".join(words[:count]))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text) if "\\" in text else text
