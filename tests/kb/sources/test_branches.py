from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.sources.branches import BranchTypes

TERMS = (("X:1", ()), ("X:2", ("X:1",)), ("X:3", ("X:2", "X:9")), ("X:4", ("X:3", "X:2")), ("X:9", ()))


def types_of(pairs: tuple[str, ...]) -> dict[str, list[str]]:
    branches = BranchTypes(Path("x.obo"), pairs)
    for id, parents in TERMS:
        concept = Concept(id, (Name(id, "X"),), parents=parents)
        assert branches.add(concept) is concept
    found: dict[str, list[str]] = {}
    for fact in branches.facts():
        found.setdefault(fact.id, []).extend(fact.types)
    return found


def test_branch_types_give_all_below_a_term_its_type():
    assert types_of(()) == {}
    assert types_of(("X:2=T038",)) == {"X:2": ["T038"], "X:3": ["T038"], "X:4": ["T038"]}
    assert types_of(("X:3=T044", "X:9=T026"))["X:4"] == ["T044", "T026"]


def test_branch_types_go_once_around_a_circle():
    branches = BranchTypes(Path("x"), ("X:1=T038",))
    for id, parent in (("X:1", "X:2"), ("http://purl.obolibrary.org/obo/X_2", "X:1")):
        branches.add(Concept(id, (Name(id, "X"),), parents=(parent,)))
    assert [one.id for one in branches.facts()] == ["X:1", "X:2"]


@pytest.mark.parametrize("pair", ["X:1", "X:1=T999", "X:1="])
def test_branch_types_must_be_pairs_with_a_type(pair):
    with pytest.raises(BiomedplmError, match="B572"):
        BranchTypes(Path("x"), (pair,))


def test_branch_types_tell_a_term_that_is_not_there():
    with pytest.raises(BiomedplmError, match=r"B572.*'X:5'.*5 others"):
        types_of(("X:5=T038",))
