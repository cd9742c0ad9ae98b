"""The formats of sources: by name, and by the names of files."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.sources.candidates import read_candidates
from spacy_biomedplm.kb.sources.corpus import read_corpus_names
from spacy_biomedplm.kb.sources.drugbank import read_drugbank
from spacy_biomedplm.kb.sources.json_names import read_json_names
from spacy_biomedplm.kb.sources.medic import read_medic
from spacy_biomedplm.kb.sources.mesh import read_mesh
from spacy_biomedplm.kb.sources.ncbi_gene import read_ncbi_gene
from spacy_biomedplm.kb.sources.ncbi_taxonomy import NAMES, read_ncbi_taxonomy
from spacy_biomedplm.kb.sources.obo import read_obo
from spacy_biomedplm.kb.sources.obograph import read_obograph
from spacy_biomedplm.kb.sources.records import read_records
from spacy_biomedplm.kb.sources.sssom import read_sssom_concepts
from spacy_biomedplm.kb.sources.tables import read_table
from spacy_biomedplm.kb.sources.umls_rrf import read_umls

# Readers take further keyword arguments, each its own: ``kb.reading.Reader`` has what they share.
FORMATS: Mapping[str, Any] = MappingProxyType(
    {
        "umls": read_umls,
        "obo": read_obo,
        "obograph": read_obograph,
        "mesh": read_mesh,
        "medic": read_medic,
        "ncbi-gene": read_ncbi_gene,
        "ncbi-taxonomy": read_ncbi_taxonomy,
        "drugbank": read_drugbank,
        "sssom": read_sssom_concepts,
        "candidates": read_candidates,
        "jsonl": read_records,
        "json-names": read_json_names,
        "tsv": read_table,
        "corpus": read_corpus_names,
    }
)
"""Name of a format to its reader."""

_BY_ENDING = (
    (".obo", "obo"),
    (".json", "obograph"),
    (".xml", "mesh"),
    ("vocabulary.csv", "drugbank"),
    (".sssom.tsv", "sssom"),
    ("ctd_diseases.tsv", "medic"),
    (".gene_info", "ncbi-gene"),
    ("gene_info", "ncbi-gene"),
    ("gene_history", "ncbi-gene"),
    (".jsonl", "jsonl"),
    (".tsv", "tsv"),
)


def guess_format(path: Path) -> str:
    """Return the format that the name of a file or the content of a folder tells.

    path (Path): A file, perhaps gzip'd, or a folder.
    RAISES (BiomedplmError): B581 if neither does.
    """
    name = path.name.lower().removesuffix(".gz")
    for ending, format in _BY_ENDING:
        if name.endswith(ending):
            return format
    if _has_names(path) or _has_names(path / "META"):
        return "umls"
    if path.is_dir() and any(path.glob(f"{NAMES}*")):
        return "ncbi-taxonomy"
    raise BiomedplmError(coded("B581", path=path, known=", ".join(FORMATS)))


def _has_names(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("MRCONSO.RRF*"))
