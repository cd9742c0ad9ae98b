from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spacy.training import Example

from spacy_biomedplm.attributes import Relation
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.relations.candidates import create_pair_candidates
from spacy_biomedplm.relations.gold import gold_pairs
from spacy_biomedplm.relations.hierarchy import not_wider, open_hierarchy, without_wider
from spacy_biomedplm.relations.schemes import Scheme
from spacy_biomedplm.training.starting import start_from

PARENTS = {"MESH:D1": (), "MESH:D2": ("MESH:D1",), "MESH:D3": ("MESH:D2",), "MESH:C1": (), "MESH:C2": ()}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kb")
    rows = [Concept(id, (Name(id.lower(), "mesh"),), parents=above) for id, above in PARENTS.items()]
    build(rows, folder / "base", name="tiny", reading=Reading(Report(), folder))
    return folder / "base"


def test_wider_relations_are_left_out(base: Path) -> None:
    is_a = open_hierarchy(str(base))
    relations = [Relation("C1", "CID", "D1"), Relation("C1", "CID", "D3"), Relation("C2", "CID", "D1")]
    relations += [Relation("C1", "OTHER", "D2"), Relation("C1", "CID", "unknown")]
    kept = without_wider(relations, is_a)
    assert [(one.head, one.label, one.tail) for one in kept] == [
        ("C1", "CID", "D3"),
        ("C2", "CID", "D1"),
        ("C1", "OTHER", "D2"),
        ("C1", "CID", "unknown"),
    ]


def test_two_spellings_of_a_concept_stay(base: Path) -> None:
    relations = [Relation("C1", "CID", "D2"), Relation("C1", "CID", "MESH:D2")]
    assert without_wider(relations, open_hierarchy(str(base))) == relations
    wide, narrow = (Relation("C1", "CID", id, infons={"guideline": id}) for id in ("D1", "D2"))
    assert without_wider([wide, narrow], open_hierarchy(str(base))) == [wide, narrow]


def test_wider_pairs_teach_nothing(base: Path, make_doc: Any) -> None:
    text = "[c|C|C1] [wide|D|D1] [narrow|D|MESH:D2] [c|C|C2]"
    doc = make_doc(text, [("C1", "CID", "MESH:D2")], {"relations": {"cdr": ["CID"]}})
    scheme = Scheme("cdr", ("CID",), (("C", "D"),), level="concept", scope="document")
    pairs = create_pair_candidates()(doc, scheme, {"C": "C", "D": "D"}).pairs
    gold = gold_pairs(doc, pairs, scheme)
    assert gold is not None
    rows = not_wider(pairs, gold.labels, open_hierarchy(str(base)))
    kept = [(pairs[row].head.target, pairs[row].tail.target) for row in rows]
    assert kept == [("C1", "MESH:D2"), ("C2", "D1"), ("C2", "MESH:D2")]
    assert not_wider([], np.zeros((0, 1), bool), open_hierarchy(str(base))).dtype == np.int64


def test_component_with_a_hierarchy(base: Path, make_pipeline: Any, make_doc: Any, learn: Any) -> None:
    text = "[aspirin|C|C1] in [heart|D|D1] [failure|D|D2]"
    doc = make_doc(text, [("C1", "CID", "D1"), ("C1", "CID", "D2")], {"relations": {"cdr": ["CID"]}})
    found = {}
    for hierarchy in (None, str(base)):
        nlp = make_pipeline(hierarchy=hierarchy)
        examples = [Example(start_from(doc, nlp, "concepts"), doc)]
        learn(nlp, examples, steps=40)
        found[hierarchy] = [one.tail for one in nlp(start_from(doc, nlp, "concepts"))._.relations]
    assert found == {None: ["D1", "D2"], str(base): ["D2"]}


def test_missing_hierarchy_is_an_error(make_pipeline: Any) -> None:
    with pytest.raises(BiomedplmError, match="nowhere"):
        make_pipeline(hierarchy="nowhere")
