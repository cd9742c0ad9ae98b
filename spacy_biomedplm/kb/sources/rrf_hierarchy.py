"""Parents of the concepts of the UMLS."""

from array import array
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

import numpy as np

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.rrf import Release, read_rows
from spacy_biomedplm.kb.spool import as_numbers

_FIRST = itemgetter(0)


def read_hierarchy(release: Release, reading: Reading) -> Iterator[Concept]:
    """Yield the parents of concepts: those of MRREL, or where there is no MRREL those of MRHIER.

    release (Release): Files of the UMLS. reading (Reading): Where problems go.
    RAISES (BiomedplmError): As ``read_rows``.
    """
    if "MRREL.RRF" in release:
        for cui, group in groupby(read_rows(release, "MRREL.RRF", 16, reading), _FIRST):
            # PAR: the second concept is a parent of the first one.
            parents = dict.fromkeys(row[4] for row in group if row[3] == "PAR" and row[14] != "O" and row[4] != cui)
            if parents:
                yield Concept(cui, parents=tuple(parents))
    else:
        yield from _read_paths(release, reading)


def _read_paths(release: Release, reading: Reading) -> Iterator[Concept]:
    """Yield the parents that MRHIER names by their atoms; MRCONSO says to which concepts atoms belong."""
    atoms, concepts = array("I"), array("I")
    unknown = 0
    # Broken rows of MRCONSO are reported when its names are taken.
    quiet = replace(reading, report=Report(errors="skip", limit=0))
    for row in read_rows(release, "MRCONSO.RRF", 18, quiet):
        if row[7][1:].isdecimal() and len(row[7]) < 11:
            atoms.append(int(row[7][1:]))
            concepts.append(int(row[0][1:]))
    known, order = np.unique(as_numbers(atoms), return_index=True)
    if not len(known):
        return
    for cui, group in groupby(read_rows(release, "MRHIER.RRF", 9, reading), _FIRST):
        texts = [row[3][1:] for row in group if row[3]]
        wanted = np.array([int(text) if text.isdecimal() and len(text) < 10 else -1 for text in texts], dtype=np.int64)
        places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        found = known[places] == wanted
        unknown += int((~found).sum())
        numbers = as_numbers(concepts)[order[places[found]]]
        parents = dict.fromkeys(f"C{number:07d}" for number in numbers.tolist())
        parents.pop(cui, None)
        if parents:
            yield Concept(cui, parents=tuple(parents))
    if unknown:
        reading.report.counts["parents in MRHIER whose atom is not in MRCONSO"] += unknown
