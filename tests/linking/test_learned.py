from math import log1p

import pytest

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
    assert names.kind_share("Disease", ("T191", "MESH")) == 1.0
    assert names.kind_share("Gene", ("T191", "MESH")) == 0.0
    assert names.kind_share("Species", ("T191", "MESH")) == 0.5


CHEMICALS = [
    [(("aspirin",), "M1", "Chemical", ["T103", "MESH"])] * 3 + [(("insulin",), "G1", "Chemical", ["T028", "NCBIGene"])],
    [(("cancer",), "M2", "Disease", ["T191", "MESH"])],
]


@pytest.mark.parametrize(
    ("label", "kinds", "share"),
    [
        # One type was seen, if only under another label: nothing stands for it.
        ("Chemical", ("T109", "T103", "UMLS"), 0.75),
        ("Chemical", ("T109", "T191", "UMLS"), 0.0),
        # No type was seen: those of the same group count.
        ("Chemical", ("T109", "T121", "UMLS"), 0.75),
        ("Disease", ("T109", "T121", "UMLS"), 0.0),
        ("Chemical", ("T086", "UMLS"), 0.25),
        # No types, nothing of the group, or a type that is not one of the UMLS: the most usual kind.
        ("Chemical", ("UMLS",), 0.75),
        ("Chemical", ("T052", "UMLS"), 0.75),
        ("Chemical", ("drug", "UMLS"), 0.75),
        ("Disease", ("T052", ""), 1.0),
    ],
)
def test_types_that_no_corpus_has_are_like_those_of_their_group(label, kinds, share):
    names = LearnedNames()
    names.count(CHEMICALS)
    assert names.kind_share(label, kinds) == share


def test_an_id_without_a_prefix_is_of_no_vocabulary():
    names = LearnedNames()
    names.count([[(("cancer",), "7", "Disease", ["T191", ""])], [(("p53",), "8", "Gene", ["T028", ""])]])
    assert names.kinds["Disease"] == {"": 1, "T191": 1}
    assert names.kind_share("Disease", ("T028", "")) == 0.0


def test_counts_are_plain_data():
    again = LearnedNames()
    again.from_dict(learned().to_dict())
    assert again.shares("BC", ["D3"], {}) == learned().shares("BC", ["D3"], {})


def test_kinds_of_a_base_without_types_are_its_vocabularies():
    names = LearnedNames()
    names.count([[(("cold",), "A:1", "Disease", ["A"])] * 3 + [(("flu",), "B:1", "Disease", ["B"])]])
    assert [names.kind_share("Disease", [one]) for one in ("A", "B", "C")] == [0.75, 0.25, 0.75]
