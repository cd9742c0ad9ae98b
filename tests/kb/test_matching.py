from itertools import permutations

import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb.matching import Matching


def match(*mappings, to=("UMLS", "MESH")):
    report = Report()
    matching = Matching(report)
    for pairs in mappings:
        matching.add(pairs)
    facts = {concept.id: concept.xrefs for concept in matching.facts(to)}
    return matching.mapping(to), facts, report


def test_matching_goes_from_vocabulary_to_vocabulary():
    mapping, facts, report = match(
        [("MONDO:1", "UMLS:C0000001")], [("MONDO:1", "DOID:5"), ("MONDO:2", "DOID:6")], [("mesh:D000001", "MONDO:2")]
    )
    assert mapping == {"MONDO:1": "C0000001", "DOID:5": "C0000001", "MONDO:2": "MESH:D000001", "DOID:6": "MESH:D000001"}
    assert facts["C0000001"] == ("MONDO:1", "DOID:5")
    assert not report.counts


def test_matching_joins_groups_that_already_are():
    mapping, _, _ = match([("A:1", "B:1"), ("C:1", "UMLS:C0000001")], [("B:1", "C:1")], [("A:1", "UMLS:C0000001")])
    assert mapping == dict.fromkeys(("A:1", "B:1", "C:1"), "C0000001")


@pytest.mark.parametrize("pairs", list(permutations([("A:1", "B:1"), ("A:1", "B:2"), ("A:2", "B:3")])))
def test_matching_takes_matches_that_are_one_to_one(pairs):
    mapping, facts, report = match(pairs, to=("B",))
    assert mapping == {"A:2": "B:3"}
    assert set(facts["A:1"]) == {"B:1", "B:2"}
    assert facts["B:1"] == facts["B:2"] == ("A:1",)
    assert report.counts["exact matches that are not one to one"] == 2
    assert ["B576" in problem.detail for problem in report.problems] == [True]


def test_matching_lets_the_first_mapping_decide():
    mapping, facts, report = match([("A:1", "UMLS:C0000001")], [("A:1", "UMLS:C0000002"), ("B:1", "UMLS:C0000002")])
    assert mapping == {"A:1": "C0000001", "B:1": "C0000002"}
    assert facts["A:1"] == ("C0000002",)
    assert report.counts["exact matches that are not one to one"] == 1


def test_matching_never_joins_two_ids_of_a_vocabulary():
    mapping, _, report = match(
        [("A:1", "A:2")], [("A:3", "UMLS:C0000001")], [("B:1", "A:4")], [("B:1", "UMLS:C0000001")]
    )
    assert mapping == {"A:3": "C0000001"}
    assert report.counts["exact matches that are not one to one"] == 2


def test_matching_leaves_groups_without_a_wanted_vocabulary_apart():
    mapping, facts, _ = match([("A:1", "B:1")])
    assert mapping == {}
    assert facts == {"A:1": ("B:1",), "B:1": ("A:1",)}
