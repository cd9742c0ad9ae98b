"""Mappings in the Simple Standard for Sharing Ontological Mappings (SSSOM), as tables."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.tables import read_rows_of_table

EXACT = frozenset(("exactMatch", "equivalentClass", "sameAs"))
"""Predicates of exact matches, without their prefix or address."""
_NEEDED = ("subject_id", "predicate_id", "object_id")


def read_sssom(path: Path, report: Report) -> Iterator[tuple[str, str]]:
    """Yield the exact matches of a table; what else it has is counted.

    path (Path): A .sssom.tsv, perhaps gzip'd. report (Report): Where problems go.
    YIELDS (tuple[str, str]): Ids of subject and object, as they stand there.
    RAISES (BiomedplmError): As ``read_rows_of_table``.
    """
    for subject, other, _ in _read_exact(path, report):
        yield subject, other


def read_sssom_concepts(path: Path, name: str, reading: Reading) -> Iterator[Concept]:
    """Yield the subjects of exact matches, with their label as a name and the object as a cross-reference.

    path (Path): A .sssom.tsv, perhaps gzip'd. name (str): Of the source. reading (Reading): Where problems go.
    RAISES (BiomedplmError): As ``read_rows_of_table``.
    """
    for subject, other, label in _read_exact(path, reading.report):
        yield Concept(subject, (Name(label, name, "label"),) if label else (), xrefs=(other,))


def _read_exact(path: Path, report: Report) -> Iterator[tuple[str, str, str]]:
    for _, row in read_rows_of_table(path, report, _NEEDED):
        predicate = row["predicate_id"].replace("/", ":").replace("#", ":").rpartition(":")[2]
        if predicate in EXACT and row.get("predicate_modifier", "") != "Not":
            yield row["subject_id"], row["object_id"], row.get("subject_label", "")
        else:
            report.counts["mappings that are no exact matches"] += 1
