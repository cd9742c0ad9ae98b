"""What readers and writers of PubTator and BioC agree on: concepts as one string, and lines that are relations."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from spacy_biomedplm.types import ConceptRecord, MentionRecord

NO_CONCEPT = "-"
"""Stands for the concepts of a mention that has none; an empty column would be stripped away by common readers."""

IDENTIFIER_KEY = "identifier"
"""Infon that keeps the string of a file where it is not the one that ``format_concepts`` makes."""

RESOURCES = {
    "MESH": "MESH",
    "MeSH": "MESH",
    "OMIM": "OMIM",
    "UMLS": "UMLS",
    "NCBI Gene": "NCBI Gene",
    "NCBI GENE": "NCBI Gene",
    "NCBIGene": "NCBI Gene",
    "NCBI Homologene": "NCBI Homologene",
    "NCBI Taxonomy": "NCBI Taxonomy",
    "CHEBI": "CHEBI",
    "UniProt": "UniProt",
    "dbSNP": "dbSNP",
}
"""Infons of BioC that are named after the vocabulary of the identifiers that they hold."""

_NUMBER = re.compile(r"[+-]?\d")
_NONE = {"", NO_CONCEPT, "-1"}
_BETWEEN = re.compile(r"[|;,+]")
_ID = re.compile(r"(?:[A-Za-z][\w#. -]*:)?[\w.:#-]+(?:\(Tax:\d+\))?")
_TAXON = re.compile(r"\(Tax:\d+\)\Z")
_RESOURCE = re.compile(r"([A-Za-z][\w#. -]*):((?!//)\S.*)", re.DOTALL)
# tmVar: "c|SUB|T|920|G;Gene:23417;RS#:104894;VariantGroup:0", the variant, other names of it, facts about it.
_VARIANT = re.compile(r"(?:tmVar:)?[a-z]\|")
_VARIANT_NAMES = {"HGVS", "RS#", "CA#"}
_VARIANT_FACTS = {"Gene", "CorrespondingGene", "CorrespondingSpecies", "OriginalGene", "Disease", "VariantGroup"}


@lru_cache(maxsize=1 << 16)
def parse_concepts(column: str) -> tuple[ConceptRecord, ...]:
    """Return the concepts that a string names.

    column (str): Identifiers with "|", ";", "," or "+" between them, each perhaps with a vocabulary before a colon and
        a species after it ("12831(Tax:10090)", which is no part of the identifier); or a variant in tmVar's notation,
        of which the variant itself and its other names are taken. "-", "-1" and nothing are no concept.
    RETURNS (tuple[ConceptRecord, ...]): In the order of the string.
    """
    head, *details = column.split(";")
    keys = {detail.partition(":")[0] for detail in details}
    if _VARIANT.match(head.strip()) or keys & (_VARIANT_NAMES | _VARIANT_FACTS):
        parts = [head, *(detail for detail in details if detail.partition(":")[0] in _VARIANT_NAMES)]
    else:
        parts = _BETWEEN.split(column)
        if not all(_is_identifier(part.strip()) for part in parts):
            parts = [column]
    return tuple(_concept(part.strip()) for part in parts if part.strip() not in _NONE)


def format_concepts(concepts: Iterable[ConceptRecord]) -> str:
    """Return the string that names concepts.

    concepts (Iterable[ConceptRecord]): Concepts.
    RETURNS (str): Identifiers, after their vocabulary and a colon where they have one, with "|" between them.
    """
    return "|".join(f"{concept.resource}:{concept.id}" if concept.resource else concept.id for concept in concepts)


def concepts_of(infons: Mapping[str, str]) -> tuple[ConceptRecord, ...]:
    """Return the concepts that infons of BioC name.

    infons (Mapping[str, str]): "identifier", or infons named after a vocabulary such as "MESH".
    RETURNS (tuple[ConceptRecord, ...]): In the order of the infons.
    """
    if IDENTIFIER_KEY in infons:
        return parse_concepts(infons[IDENTIFIER_KEY])
    found = []
    for key, value in infons.items():
        if key in RESOURCES:
            found += [
                ConceptRecord(concept.resource or RESOURCES[key], concept.id) for concept in parse_concepts(value)
            ]
    return tuple(found)


def column_of(mention: MentionRecord) -> str:
    """Return the string that names the concepts of a mention, as it stood in the file if that still holds.

    mention (MentionRecord): Its infon "identifier" is the string of the file.
    RETURNS (str): Empty if there is neither.
    """
    column = mention.infons.get(IDENTIFIER_KEY)
    if column is not None and parse_concepts(column) == mention.concepts:
        return column
    return format_concepts(mention.concepts)


def is_relation(columns: Sequence[str], labels: Collection[str], text: str) -> bool:
    """Return whether a line of PubTator that is no mention holds a relation, and not a mention with broken offsets.

    columns (Sequence[str]): Identifier of the document, label, two concepts, and what follows.
    labels (Collection[str]): Labels of the mentions of the document.
    text (str): Its text.
    RETURNS (bool): False if there are less than four columns, the label begins as a number does, the fifth column is
        the label of mentions, or the second argument is a word of the text that ends where the first one says.
    """
    if len(columns) < 4 or _NUMBER.match(columns[1]) or (len(columns) > 4 and columns[4] in labels):
        return False
    _, _, end, word, *_ = columns
    is_place = end.isdecimal() and len(end) < 20 and any(map(str.isalpha, word))
    return not (is_place and text[: int(end)].endswith(word))


def _is_identifier(text: str) -> bool:
    """Return whether a part of a string is an identifier, not a piece of a name with such a character in it."""
    return text in _NONE or (_ID.fullmatch(text) is not None and any(char.isdigit() for char in text))


def _concept(text: str) -> ConceptRecord:
    text = _TAXON.sub("", text)
    match = _RESOURCE.fullmatch(text)
    return ConceptRecord("", text) if match is None else ConceptRecord(match[1], match[2])
