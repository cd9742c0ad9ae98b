import pytest

from spacy_biomedplm.kb.curies import join_id, normalise_id, prefix_of, spell_prefix


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("MSH:D003920", "MESH:D003920"),
        ("mesh:D003920", "MESH:D003920"),
        ("UMLS:C0012634", "C0012634"),
        ("UMLS_CUI:C0012634", "C0012634"),
        ("UMLS:banana", "UMLS:banana"),
        ("HGNC:HGNC:5", "HGNC:5"),
        ("DO:DOID:0110858", "DOID:0110858"),
        ("NCI2004_11_17:C9385", "NCIT:C9385"),
        ("SNOMEDCT_US_2016_03_01:1234", "SNOMEDCT_US:1234"),
        ("http://purl.obolibrary.org/obo/HP_0002648", "HP:0002648"),
        ("<http://purl.obolibrary.org/obo/MONDO_0000001>", "MONDO:0000001"),
        ("http://linkedlifedata.com/resource/umls/id/C0000768", "C0000768"),
        ("http://identifiers.org/mesh/D000001", "MESH:D000001"),
        ("https://omim.org/entry/100100", "OMIM:100100"),
        ("http://www.orpha.net/ORDO/Orphanet_15", "Orphanet:15"),
        ("https://example.org/x", "https://example.org/x"),
        (" HP:0000001 ", "HP:0000001"),
        ("MESH: D003920", "MESH:D003920"),
        ("HGNC : HGNC: 5", "HGNC:5"),
        ("X:7 8", "X:7 8"),
        ("UMLS:C00 12634", "UMLS:C00 12634"),
        ("no prefix", "no prefix"),
        ("", ""),
    ],
)
def test_normalise_id_has_one_spelling(text: str, wanted: str) -> None:
    assert normalise_id(text) == wanted
    assert normalise_id(wanted) == wanted


@pytest.mark.parametrize(
    ("resource", "local", "wanted"),
    [
        ("MESH", "D003920", "MESH:D003920"),
        ("", "D003920", "MESH:D003920"),
        ("", "C535575", "MESH:C535575"),
        ("", "C0012634", "C0012634"),
        ("UMLS", "C0012634", "C0012634"),
        ("NCBI Gene", "672", "NCBIGene:672"),
        ("NCBI Taxonomy", "9606", "NCBITaxon:9606"),
        ("CHEBI", "CHEBI:15377", "CHEBI:15377"),
        ("OMIM", "100100", "OMIM:100100"),
        ("", "HP:0000001", "HP:0000001"),
    ],
)
def test_join_id_gives_ids_of_corpora_the_spelling_of_bases(resource: str, local: str, wanted: str) -> None:
    assert join_id(resource, local) == wanted


def test_prefix_of_knows_bare_cuis() -> None:
    assert [prefix_of(id) for id in ("C0012634", "MESH:D1", "banana")] == ["UMLS", "MESH", ""]
    assert spell_prefix("ncbigene") == "NCBIGene"
    assert spell_prefix("Unheard") == "Unheard"
