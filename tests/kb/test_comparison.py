from pathlib import Path

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb import Concept, KnowledgeBase, Name
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.comparison import count_differences, iter_differences
from spacy_biomedplm.kb.reading import Reading


def make(folder: Path, *concepts: Concept) -> KnowledgeBase:
    build(concepts, folder, name="toy", reading=Reading(Report(), folder))
    return KnowledgeBase.open(folder)


def concept(id: str, *names: str, **fields) -> Concept:
    return Concept(id, tuple(Name(name, "toy") for name in names), **fields)


def test_differences_name_what_was_added_removed_and_changed(tmp_path):
    old = make(
        tmp_path / "old",
        concept("A:1", "heart"),
        concept("A:2", "lung", "lungs", definition="Breathes.", parents=("A:1",)),
        concept("A:3", "liver", types=("T023",)),
    )
    new = make(
        tmp_path / "new",
        concept("A:2", "lungs", "pulmo", "lung", xrefs=("B:7",)),
        concept("A:3", "liver", types=("T023",)),
        concept("A:4", "kidney"),
    )
    removed, changed, added = iter_differences(old, new)
    assert (removed.kind, removed.id, removed.name) == ("removed", "A:1", "heart")
    assert (added.kind, added.id, added.name, added.fields) == ("added", "A:4", "kidney", {})
    assert (changed.kind, changed.id, changed.name) == ("changed", "A:2", "lungs")
    assert changed.fields == {
        "preferred": {"old": "lung", "new": "lungs"},
        "definition": {"old": "Breathes.", "new": ""},
        "names": {"removed": [], "added": ["pulmo"]},
        "parents": {"removed": ["A:1"], "added": []},
        "xrefs": {"removed": [], "added": ["B:7"]},
    }
    counts = count_differences(iter_differences(old, new))
    assert counts["added"] == counts["removed"] == counts["changed"] == counts["changed: names"] == 1


def test_differences_of_a_base_with_itself_are_none(tmp_path):
    base = make(tmp_path / "kb", concept("A:1", "heart"), concept("B:1", "Herz"))
    assert list(iter_differences(base, base)) == []
