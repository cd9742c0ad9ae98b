"""Diseases of MEDIC: the dictionary of the literature on NCBI-disease, and the table of the CTD."""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_WANTED = "'id||name|name', '1st id|other id||name|name', or the nine columns of CTD_diseases.tsv"
_CTD_COLUMNS = 9
# "C" alone is the root of the tree.
_MESH = re.compile(r"[CD][0-9]*\Z")
_OMIM = re.compile(r"[0-9]+\Z")
_NO_ID = "an identifier is empty, or neither of a named vocabulary nor of MeSH or OMIM"


def read_medic(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the diseases of MEDIC.

    path (Path): Lines "id|id||name|name|…", or CTD_diseases.tsv with "|" within its columns. Identifiers without a
        vocabulary are of MeSH if they begin with C or D, else of OMIM.
    name (str): Of the source. reading (Reading): Where problems go.
    RAISES (BiomedplmError): B569 for a broken line, as the report decides, and what ``read_lines`` raises.
    """
    for number, line in read_lines(path, reading.report):
        if line.startswith("#"):
            continue
        concept = _from_ctd(line, name) if "\t" in line else _from_line(line, name)
        if isinstance(concept, str):
            drop_row(reading.report, path, number, concept, _WANTED)
        else:
            reading.line = number
            yield concept


def _from_line(line: str, source: str) -> Concept | str:
    ids, double, names = line.partition("||")
    if not double:
        return "it has no '||'"
    first, *others = (_id(one) for one in ids.split("|"))
    if not first or not all(others):
        return _NO_ID
    return Concept(first, _names(names.split("|"), source), xrefs=tuple(others))


def _from_ctd(line: str, source: str) -> Concept | str:
    fields = line.split("\t")
    # The last column, of slim mappings, may be left out.
    if len(fields) not in (_CTD_COLUMNS - 1, _CTD_COLUMNS):
        return f"it has {len(fields)} columns"
    preferred, id, others, definition, parents, _, _, synonyms = fields[: _CTD_COLUMNS - 1]
    first, *xrefs = (_id(one) for one in (id, *_split(others)))
    wider = [_id(one) for one in _split(parents)]
    if not preferred or not all((first, *xrefs, *wider)):
        return _NO_ID if preferred else "the name is empty"
    names = _names([preferred, *_split(synonyms)], source)
    return Concept(first, names, definition=definition, xrefs=tuple(xrefs), parents=tuple(wider))


def _names(texts: list[str], source: str) -> tuple[Name, ...]:
    return tuple(Name(text, source, "synonym" if place else "name") for place, text in enumerate(texts))


def _split(column: str) -> list[str]:
    return column.split("|") if column else []


def _id(text: str) -> str:
    """Return an id with its vocabulary; nothing for what is none."""
    if ":" in text:
        return text
    return f"MESH:{text}" if _MESH.match(text) else f"OMIM:{text}" if _OMIM.match(text) else ""
