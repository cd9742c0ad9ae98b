"""One colour per kind of entity, whatever a corpus calls it; dark text is readable on all of them."""

import zlib

_KINDS = {
    "#a5d8ff": ("CHEMICAL", "CHEMICALENTITY", "SIMPLE_CHEMICAL", "CHEBI", "DRUG"),
    "#ffc2c2": ("DISEASE", "DISEASEORPHENOTYPICFEATURE", "CANCER", "PATHOLOGICAL_FORMATION"),
    "#b2f2bb": ("GENE", "PROTEIN", "GENEORGENEPRODUCT", "GENE_OR_GENE_PRODUCT", "GGP", "FAMILYNAME", "DOMAINMOTIF"),
    "#ffd8a8": ("SPECIES", "ORGANISM", "ORGANISMTAXON", "TAXON"),
    "#d0bfff": ("CELL_LINE", "CELLLINE"),
    "#eebefa": ("CELL_TYPE", "CELL", "CL"),
    "#ffec99": ("VARIANT", "SEQUENCEVARIANT"),
    "#c3fae8": ("ANATOMY", "ORGAN", "TISSUE", "MULTI-TISSUE_STRUCTURE", "ANATOMICAL_SYSTEM", "ORGANISM_SUBDIVISION"),
    "#d8f5a2": ("DNA", "SO"),
    "#99e9f2": ("RNA",),
    "#c0eb75": ("POSITIVE_REGULATION", "ACTIVATION"),
    "#ffb3a7": ("NEGATIVE_REGULATION", "INACTIVATION"),
    "#d3dae2": ("REGULATION",),
    "#e9d8c4": ("CELLULAR_COMPONENT", "COMPLEX", "ORGANISM_SUBSTANCE"),
}
_OTHERS = ("#bac8ff", "#fcc2d7", "#96f2d7", "#ffe066", "#ced4da")

DISPLACY_COLORS: dict[str, str] = {label: color for color, labels in _KINDS.items() for label in labels}
"""Label in capitals to colour, as displaCy looks it up; registered in the group spacy_displacy_colors."""


def color_of(label: str) -> str:
    """Return the colour of a label, always the same one.

    label (str): Any label; case is ignored.
    RETURNS (str): Hexadecimal colour.
    """
    found = DISPLACY_COLORS.get(label.upper())
    return found or _OTHERS[zlib.crc32(label.upper().encode("utf8", "replace")) % len(_OTHERS)]
