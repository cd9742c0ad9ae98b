import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.sssom import read_sssom, read_sssom_concepts

TABLE = """\
# curie_map:
#   MONDO: http://purl.obolibrary.org/obo/MONDO_
subject_id\tsubject_label\tpredicate_id\tpredicate_modifier\tobject_id
MONDO:1\tfever\tskos:exactMatch\t\tUMLS:C0000001
MONDO:2\t\thttp://www.w3.org/2002/07/owl#equivalentClass\t\tmesh:D000001
MONDO:3\tcold\tskos:broadMatch\t\tUMLS:C0000003
MONDO:4\tcough\tskos:exactMatch\tNot\tUMLS:C0000004
"""


def test_sssom_gives_exact_matches(tmp_path):
    (tmp_path / "a.sssom.tsv").write_text(TABLE, encoding="utf8")
    report = Report()
    pairs = list(read_sssom(tmp_path / "a.sssom.tsv", report))
    assert pairs == [("MONDO:1", "UMLS:C0000001"), ("MONDO:2", "mesh:D000001")]
    assert report.counts == {"mappings that are no exact matches": 2}
    reading = Reading(Report(), tmp_path)
    assert list(read_sssom_concepts(tmp_path / "a.sssom.tsv", "Mondo", reading)) == [
        Concept("MONDO:1", (Name("fever", "Mondo", "label"),), xrefs=("UMLS:C0000001",)),
        Concept("MONDO:2", xrefs=("mesh:D000001",)),
    ]


def test_sssom_refuses_other_tables(tmp_path):
    (tmp_path / "a.tsv").write_text("id\tname\nA:1\theart\n", encoding="utf8")
    with pytest.raises(BiomedplmError, match=r"B569.*subject_id"):
        list(read_sssom(tmp_path / "a.tsv", Report()))


@pytest.mark.corpora
def test_sssom_reads_mondo(corpora_folder):
    path = corpora_folder / "kb-mondo" / "mondo_exactmatch_umls.sssom.tsv.gz"
    assert len(set(read_sssom(path, Report()))) == 21660
