"""Concepts of the UMLS, from the files of a release."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.curies import CUI
from spacy_biomedplm.kb.languages import LANGUAGES
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.rrf import Release, find_release, is_sorted, read_rows, sort_rows
from spacy_biomedplm.kb.sources.rrf_hierarchy import read_hierarchy

_OPTIONAL = ("MRDEF.RRF", "MRREL.RRF", "MRRANK.RRF", "MRSAB.RRF", "MRCUI.RRF")
# Vocabularies whose abbreviation in the UMLS is not the prefix of their ids, or stands for something else elsewhere.
_PREFIXES = {"NCBI": "NCBITaxon", "NCI": "NCIT", "MSH": "MESH", "HPO": "HP", "MDR": "MEDDRA"}
_SOURCES = "MRSAB.RRF"
_LICENCE = {"licence": f"UMLS licence; {_SOURCES} was not there"}
_NO_CODES = ("NOCODE", "")
_FIRST = itemgetter(0)
Ranks = dict[tuple[str, str], int]


def read_umls(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the concepts of a release of the UMLS.

    path (Path): The META folder, or the folder that it lies in. MRCONSO and MRSTY must be there. Definitions come from
        MRDEF, parents from MRREL (from MRHIER where that is missing), the order of names from MRRANK, versions and
        restrictions of vocabularies from MRSAB, merged concepts from MRCUI and CHANGE/MERGEDCUI.
    name (str): Not used: names carry the abbreviations of their vocabularies.
    reading (Reading): Where problems go.
    RAISES (BiomedplmError): B569 for a broken row, as the report decides, B574 if a file is missing, and what
        ``find_release`` and ``read_lines`` raise.
    """
    release = find_release(path, reading.report)
    if "MRSTY.RRF" not in release:
        hint = "It holds the semantic types; subsets made with MetamorphoSys have it too."
        raise BiomedplmError(coded("B574", folder=path, wanted="MRSTY.RRF", hint=hint))
    for one in _OPTIONAL:
        if one not in release:
            reading.report.counts[f"files that the UMLS release lacks ({one})"] += 1
    languages = _note_sources(release, reading)
    rows = read_rows(release, "MRCONSO.RRF", 18, reading)
    if not is_sorted(release, "MRCONSO.RRF"):
        rows = sort_rows(rows, reading)
    ranks = _read_ranks(release, reading)
    prefixes: dict[str, str] = {}
    for cui, group in groupby(rows, _FIRST):
        concept = _concept(cui, list(group), ranks, prefixes)
        if _SOURCES not in release:
            for source in {one.source for one in concept.names}:
                reading.note(source, _LICENCE)
        yield concept
    yield from _read_facts(release, reading, languages)
    yield from read_hierarchy(release, reading)
    yield from _read_merged(release, reading)


def _concept(cui: str, rows: list[list[str]], ranks: Ranks, prefixes: dict[str, str]) -> Concept:
    if len(rows) > 1:
        rows.sort(key=lambda row: _order(row, ranks))
    names = []
    xrefs: dict[str, None] = {}
    for row in rows:
        source, suppress = row[11], row[16]
        language = LANGUAGES.get(row[1]) or row[1].lower()
        names.append(Name(row[14], source, row[12], language, suppress in ("E", "Y"), suppress == "O"))
        if row[1] == "ENG" and source != "MTH" and row[13] not in _NO_CODES:
            prefix = prefixes.get(source) or prefixes.setdefault(source, _PREFIXES.get(source, source))
            xrefs[f"{prefix}:{row[13]}"] = None
    return Concept(cui, tuple(names), xrefs=tuple(xrefs))


def _order(row: list[str], ranks: Ranks) -> tuple[bool, bool, bool, int]:
    """Return by what names are sorted: English ones, live ones, that which the UMLS prefers, by rank."""
    preferred = row[2] == "P" and row[4] == "PF" and row[6] == "Y"
    return row[1] != "ENG", row[16] != "N", not preferred, -ranks.get((row[11], row[12]), 0)


def _read_facts(release: Release, reading: Reading, languages: Mapping[str, str]) -> Iterator[Concept]:
    for cui, group in groupby(read_rows(release, "MRSTY.RRF", 6, reading), _FIRST):
        yield Concept(cui, types=tuple(row[1] for row in group))
    for cui, group in groupby(read_rows(release, "MRDEF.RRF", 8, reading), _FIRST):
        live = [row for row in group if row[6] in ("N", "")]
        # The first one counts: an English one, if there is one.
        live.sort(key=lambda row: languages.get(row[4], "ENG") != "ENG")
        yield from (Concept(cui, definition=row[5]) for row in live)


def _read_merged(release: Release, reading: Reading) -> Iterator[Concept]:
    for row in read_rows(release, "MRCUI.RRF", 7, reading):
        if row[2] == "SY" and CUI.match(row[5]):
            yield Concept(row[5], xrefs=(row[0],))
    for row in read_rows(release, "CHANGE/MERGEDCUI.RRF", 2, reading):
        yield Concept(row[1], xrefs=(row[0],))


def _read_ranks(release: Release, reading: Reading) -> Ranks:
    rows = read_rows(release, "MRRANK.RRF", 4, reading, key=False)
    return {(row[1], row[2]): int(row[0]) for row in rows if row[0].isdecimal() and len(row[0]) < 10}


def _note_sources(release: Release, reading: Reading) -> dict[str, str]:
    """Note what MRSAB says of vocabularies, and return their languages."""
    languages = {}
    for row in read_rows(release, _SOURCES, 25, reading, key=False):
        languages[row[3]] = row[19]
        if row[21] == "Y":
            licence = f"UMLS licence, restriction level {row[13]}"
            reading.note(row[3], {"version": row[6], "title": row[4], "licence": licence})
    return languages
