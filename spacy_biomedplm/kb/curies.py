"""Identifiers in one spelling: "PREFIX:LOCAL", or the bare CUI of the UMLS."""

import re
from functools import lru_cache

CUI = re.compile(r"C[0-9]{7}\Z")
UMLS = "UMLS"
"""Prefix of the ids that are bare CUIs, where one has to be named."""

PREFIXES = {
    "cellosaurus": "Cellosaurus",
    "cvcl": "Cellosaurus",
    "do": "DOID",
    "drugbank": "DRUGBANK",
    "entrez gene": "NCBIGene",
    "entrez": "NCBIGene",
    "entrezgene": "NCBIGene",
    "geneid": "NCBIGene",
    "hpo": "HP",
    "mdr": "MEDDRA",
    "mim": "OMIM",
    "mimps": "OMIM",
    "msh": "MESH",
    "nci": "NCIT",
    "nci_thesaurus": "NCIT",
    "ncbi gene": "NCBIGene",
    "ncbi taxonomy": "NCBITaxon",
    "ncbi_gene": "NCBIGene",
    "ncbi_taxid": "NCBITaxon",
    "ncbi_taxonomy": "NCBITaxon",
    "ncbitaxonomy": "NCBITaxon",
    "orpha": "Orphanet",
    "ordo": "Orphanet",
    "rxnorm": "RXNORM",
    "snomedct": "SNOMEDCT_US",
    "taxid": "NCBITaxon",
    "taxonomy": "NCBITaxon",
    "umls_cui": UMLS,
}
"""Other names of prefixes, in lower case."""

KNOWN = (
    *("BTO", "CHEBI", "CL", "DOID", "EFO", "Ensembl", "FMA", "GARD", "GO", "HGNC", "HP", "ICD10", "ICD10CM", "ICD11"),
    *("ICD9CM", "ICDO", "KEGG", "MEDDRA", "MESH", "MONDO", "NCBIGene", "NCBITaxon", "NCIT", "OMIM", "Orphanet", "PR"),
    *("SNOMEDCT_US", "SO", "UBERON", "UMLS", "UniProt"),
)
"""Prefixes as they are written here, whatever their case in a source."""

_SPELLINGS = {**{known.lower(): known for known in KNOWN}, **{p.lower(): p for p in PREFIXES.values()}, **PREFIXES}
_RELEASE = re.compile(r"(?:NCI|SNOMEDCT(?:_US)?)(?=_?\d{4}_\w\w)", re.IGNORECASE)
_MESH = re.compile(r"[CD][0-9]{6}(?:[0-9]{3})?\Z")
_OBO = re.compile(r"https?://purl\.obolibrary\.org/obo/([A-Za-z]\w*?)_(\S+)\Z")
_IRI = re.compile(
    r"https?://(?:"
    r"identifiers\.org/(?P<registry>[\w.]+)[/:]"
    r"|(?P<mesh>id\.nlm\.nih\.gov/mesh/)"
    r"|(?P<umls>linkedlifedata\.com/resource/umls/id/|uts\.nlm\.nih\.gov/uts/umls/concept/)"
    r"|(?P<omim>(?:www\.)?omim\.org/(?:entry|phenotypicSeries)/)"
    r"|(?P<orphanet>www\.orpha\.net/ORDO/Orphanet_)"
    r")(?P<local>\S+)\Z"
)


def normalise_id(text: str) -> str:
    """Return an id in the spelling of knowledge bases.

    text (str): An id as sources and corpora write it: "UMLS:C0012634", "MSH:D003920", "HGNC:HGNC:5", an address such as
        "http://purl.obolibrary.org/obo/HP_0002648", or anything else.
    RETURNS (str): Such as "C0012634", "MESH:D003920", "HGNC:5", "HP:0002648". White space around its parts is gone;
        what is not known is left as it is, so that "X:7 8" does not become "X:78".
    """
    text = text.strip()
    if text.startswith(("http", "<")):
        text = _from_iri(text.removeprefix("<").removesuffix(">"))
    prefix, colon, local = text.partition(":")
    if not colon or local.startswith("//"):
        return text
    prefix, local = spell_prefix(prefix), local.strip()
    if prefix == UMLS and CUI.match(local):
        return local
    again, colon, rest = local.partition(":")
    if colon and again == prefix:
        return f"{prefix}:{rest.strip()}"
    return f"{prefix}:{local}"


@lru_cache(maxsize=4096)
def spell_prefix(prefix: str) -> str:
    """Return a prefix as it is written here. prefix (str): In any case, perhaps with a release: "NCI_2016_05D"."""
    release = _RELEASE.match(prefix)
    plain = release[0] if release else prefix.strip()
    return _SPELLINGS.get(plain.lower(), plain)


def prefix_of(id: str) -> str:
    """Return the prefix of an id. id (str): As ``normalise_id`` gives it; a bare CUI has "UMLS", others without "" ."""
    prefix, colon, _ = id.partition(":")
    return prefix if colon else UMLS if CUI.match(id) else ""


def join_id(resource: str, local: str) -> str:
    """Return the id of a concept of a corpus.

    resource (str): Vocabulary, such as "MESH" or "NCBI Gene"; empty if the corpus names none.
    local (str): Identifier, perhaps with the vocabulary before it.
    RETURNS (str): As ``normalise_id``. Without a vocabulary, identifiers in the form of MeSH and of the UMLS are known.
    """
    if resource and local.partition(":")[0].lower() != resource.lower():
        return normalise_id(f"{resource}:{local}")
    return f"MESH:{local}" if _MESH.match(local) else normalise_id(local)


def _from_iri(text: str) -> str:
    match = _OBO.match(text)
    if match:
        return f"{match[1]}:{match[2]}"
    match = _IRI.match(text)
    if not match:
        return text
    named = next(name for name in ("registry", "mesh", "umls", "omim", "orphanet") if match[name] is not None)
    return f"{match[named] if named == 'registry' else named}:{match['local']}"
