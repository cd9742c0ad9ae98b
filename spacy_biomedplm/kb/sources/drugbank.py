"""Drugs of DrugBank: the table of its open vocabulary."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_ID, _NAME, _SYNONYMS, _FORMER = "DrugBank ID", "Common name", "Synonyms", "Accession Numbers"
_NEEDED = (_ID, _NAME)
_REGISTRIES = ("CAS", "UNII")
_BETWEEN = "|"
_WANTED = "the comma-separated columns of DrugBank's vocabulary, 'DrugBank ID' and 'Common name' among them"


def read_drugbank(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the drugs of DrugBank's vocabulary.

    path (Path): "drugbank vocabulary.csv", perhaps gzip'd: the common name and synonyms; accession numbers, CAS and
        UNII numbers are cross-references.
    name (str): Of the source. reading (Reading): Where problems go.
    RAISES (BiomedplmError): B580 if the first line does not name the columns, B569 for a broken row, as the report
        decides, and what ``read_lines`` raises.
    """
    columns: list[str] = []
    for number, line in read_lines(path, reading.report):
        fields = _split(line)
        if not columns:
            columns = fields
            missing = [column for column in _NEEDED if column not in columns]
            if missing:
                reason = f"there is no column '{missing[0]}'"
                raise BiomedplmError(coded("B580", path=path, line=number, reason=reason, wanted=_WANTED))
        elif len(fields) != len(columns):
            reason = f"it has {len(fields)} fields, the first line {len(columns)}"
            drop_row(reading.report, path, number, reason, _WANTED)
        else:
            row = dict(zip(columns, fields, strict=True))
            if row[_ID] and row[_NAME]:
                reading.line = number
                yield _drug(row, name)
            else:
                drop_row(reading.report, path, number, "the identifier or the name is empty", _WANTED)


def _split(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def _drug(row: Mapping[str, str], source: str) -> Concept:
    texts = [("name", row[_NAME]), *(("synonym", text) for text in _items(row, _SYNONYMS))]
    former = (f"DRUGBANK:{id}" for id in _items(row, _FORMER) if id != row[_ID])
    registered = (f"{registry}:{number}" for registry in _REGISTRIES for number in _items(row, registry))
    return Concept(
        f"DRUGBANK:{row[_ID]}",
        tuple(Name(text, source, kind) for kind, text in texts),
        xrefs=(*former, *registered),
    )


def _items(row: Mapping[str, str], column: str) -> list[str]:
    return [text for text in map(str.strip, row.get(column, "").split(_BETWEEN)) if text]
