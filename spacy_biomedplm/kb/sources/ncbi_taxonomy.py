"""The taxonomy of the NCBI: the folder that taxdump.tar.gz unpacks to."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from spacy_biomedplm.corpora.containers import kind_of, list_files
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

NAMES, NODES = "names.dmp", "nodes.dmp"
"""Files that the folder must have, perhaps gzip'd: names, and the parent of each taxon."""
_MERGED, _DELETED = "merged.dmp", "delnodes.dmp"
_BETWEEN, _END = "\t|\t", "\t|"
_PREFIX = "NCBITaxon:"
_SCIENTIFIC = "scientific name"
_ROOT = "1"
# How many columns are read, and how many of them are identifiers.
_COLUMNS = {NAMES: (4, 1), NODES: (2, 2), _MERGED: (2, 2), _DELETED: (1, 1)}
_TAXON = itemgetter(0)


def read_ncbi_taxonomy(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the taxa of the NCBI taxonomy.

    path (Path): Folder with names.dmp and nodes.dmp, perhaps merged.dmp and delnodes.dmp, each perhaps gzip'd. Kinds of
        names are the classes of the taxonomy ("scientific name", "genbank common name" …), the scientific name comes
        first. Merged taxa are cross-references of those that took them in; deleted ones are counted.
    name (str): Of the source. reading (Reading): Where problems go.
    RAISES (BiomedplmError): B574 if names.dmp or nodes.dmp is missing, B569 for a broken row, as the report decides,
        and what ``read_lines`` raises.
    """
    files = _find_files(path, reading)
    for file in (NAMES, NODES):
        if file not in files:
            hint = "Unpack taxdump.tar.gz there."
            raise BiomedplmError(coded("B574", folder=path, wanted=f"file '{file}'", hint=hint))
    for taxon, rows in groupby(_read_rows(files.get(NAMES), NAMES, reading), _TAXON):
        # Rows of a taxon are in the order of the alphabet.
        names = sorted((Name(row[1], name, row[3]) for row in rows), key=lambda one: one.term_type != _SCIENTIFIC)
        yield Concept(_PREFIX + taxon, tuple(names))
    for taxon, parent in _read_rows(files.get(NODES), NODES, reading):
        if taxon != _ROOT:
            yield Concept(_PREFIX + taxon, parents=(_PREFIX + parent,))
    for old, new in _read_rows(files.get(_MERGED), _MERGED, reading):
        yield Concept(_PREFIX + new, xrefs=(_PREFIX + old,))
    deleted = sum(1 for _ in _read_rows(files.get(_DELETED), _DELETED, reading))
    if deleted:
        reading.report.counts[f"taxa of {name} that were deleted"] += deleted


def _find_files(folder: Path, reading: Reading) -> dict[str, Path]:
    """Return the files of the taxonomy by name, unpacked ones before packed ones."""
    if kind_of(folder) != "folder" or not any(folder.glob(f"{NAMES}*")):
        return {}
    names = {f"{file}{packed}" for file in _COLUMNS for packed in ("", ".gz")}
    found = dict(list_files(folder, names.__contains__, reading.report))
    return {name.removesuffix(".gz"): found[name] for name in sorted(found, reverse=True)}


def _read_rows(path: Path | None, file: str, reading: Reading) -> Iterator[list[str]]:
    """Yield the columns of the rows of a file; nothing where there is none."""
    if path is None:
        return
    columns, ids = _COLUMNS[file]
    for number, line in read_lines(path, reading.report):
        fields = line.removesuffix(_END).split(_BETWEEN)
        if len(fields) >= columns and all(map(str.isdecimal, fields[:ids])):
            yield fields[:columns]
        else:
            reason = f"it has {len(fields)} columns, or an identifier that is no number"
            wanted = f"{columns} columns of {file}, with tab, bar, tab between"
            drop_row(reading.report, path, number, reason, wanted)
