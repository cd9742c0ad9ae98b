import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.schemes import LabelScheme
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, RelationRecord

SCHEME = LabelScheme("toy", ("Drug", "Gene"), {"drug": "Drug", "other": None})
MENTIONS = (
    MentionRecord("T1", "drug", ((0, 3),)),
    MentionRecord("T2", "other", ((4, 7),)),
    MentionRecord("T3", "any trigger", ((4, 7),), is_trigger=True),
)


def test_labels_are_renamed_and_left_out() -> None:
    relation = RelationRecord("R1", "r", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T2")))
    report = Report()
    found = SCHEME.apply(DocumentRecord("1", "one two", MENTIONS, (relation,)), report)
    assert [(m.id, m.label) for m in found.mentions] == [("T1", "Drug"), ("T3", "any trigger")]
    assert found.relations == ()
    assert report.counts == {"excluded": 2}
    assert report.problems[0].label == "other"


def test_an_unknown_label_is_refused() -> None:
    record = DocumentRecord("1", "HeLa", (MentionRecord("T1", "Cell", ((0, 4),), line=9),), path="toy.txt")
    with pytest.raises(BiomedplmError, match=r"B404.*line 9.*'Cell'.*Drug, Gene, drug, other"):
        SCHEME.apply(record, Report())
