"""Candidate matches of the terms of an ontology in the UMLS, as programs that look terms up in texts list them."""

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_WANTED = "'TERM(ID)', a tab, 'CUI(NAME)'"
_ROW = re.compile(r"(.+)\((\S+:\S+)\)\t(C[0-9]{7})\((.+)\)\s*\Z")


def read_candidates(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the terms that are, letter for letter, the name of their candidate, with its CUI as a cross-reference.

    path (Path): Lines "TERM(ID)", a tab, "CUI(NAME)", such as the HPO's term2umls.out, perhaps gzip'd, those of a term
        one after the other. Most candidates name a part of the term only, or something else that is called the same:
        of a term's candidates the oldest concept of the UMLS is taken, which has the lowest number, and only if its
        name is the term.
    name (str): Of the source. reading (Reading): Where problems go.
    RAISES (BiomedplmError): B569 for a broken line, as the report decides, and what ``read_lines`` raises.
    """
    n_matches = n_terms = 0
    for id, rows in groupby(_read_matches(path, reading), itemgetter(0)):
        found = list(rows)
        n_matches += len(found)
        oldest = min(cui for _, cui, _ in found)
        if any(cui == oldest and is_same for _, cui, is_same in found):
            n_terms += 1
            yield Concept(id, xrefs=(oldest,))
    if n_matches > n_terms:
        reading.report.counts[f"candidates of {name} that are not taken"] += n_matches - n_terms


def _read_matches(path: Path, reading: Reading) -> Iterator[tuple[str, str, bool]]:
    """Yield id, CUI, and whether the names of both are the same."""
    for number, line in read_lines(path, reading.report):
        match = _ROW.match(line)
        if match is None:
            drop_row(reading.report, path, number, f"it is no match: '{line[:40]}'", _WANTED)
        else:
            yield match[2], match[3], match[1].casefold() == match[4].casefold()
