from math import log1p

from spacy_biomedplm.linking.learned import LearnedNames, form_of

DOCS = [
    [(("breast cancer", "BC"), "D1", "Disease", ["T191", "MESH"]), (("cancer",), "D2", "Disease", ["T191", "MESH"])],
    [(("Breast cancers",), "D1", "Disease", ["T191", "MESH"])],
    [(("BC",), "D3", "Gene", ["T028", "NCBIGene"])],
]


def learned():
    names = LearnedNames()
    names.count(DOCS)
    return names


def test_names_are_counted_by_document_and_form():
    names = learned()
    assert names.shares("breast CANCER", ["D1"], {}) == [(log1p(2), 1.0)]
    assert names.shares("BC", ["D1"], {}) == [(log1p(1), 0.5)]
    assert names.shares("BC", ["D2"], {}) == [(0.0, 0.0)]
    assert names.shares("unheard of", ["D1"], {}) == [(0.0, 0.0)]
    assert names.concepts == {"D1": 2, "D2": 1, "D3": 1}


def test_what_a_document_itself_says_does_not_count():
    names = learned()
    assert names.shares("breast cancer", ["D1"], {(form_of("breast cancer"), "D1"): 1}) == [(log1p(1), 1.0)]
    assert names.shares("cancer", ["D2"], {("cancer", "D2"): 1}) == [(0.0, 0.0)]


def test_kinds_of_a_label():
    names = learned()
    assert names.kind_share("Disease", ["T191"]) == 1.0
    assert names.kind_share("Gene", ["T191"]) == 0.0
    assert names.kind_share("Species", ["T191"]) == 0.5


def test_counts_are_plain_data():
    again = LearnedNames()
    again.from_dict(learned().to_dict())
    assert again.shares("BC", ["D3"], {}) == learned().shares("BC", ["D3"], {})
