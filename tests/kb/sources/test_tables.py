import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.tables import read_table


def read(tmp_path, text, errors="raise", **options):
    path = tmp_path / "table.tsv"
    path.write_text(text, encoding="utf8")
    reading = Reading(Report(errors), tmp_path)
    return list(read_table(path, "toy", reading, **options)), reading.report


def test_table_reads_our_own_columns(tmp_path):
    text = (
        "id\tname\tsource\tterm_type\tlanguage\tsuppressed\tobsolete\tgiven_up\ttypes\txrefs\tparents\tdefinition\n"
        'A:1\t"heart ""x"""\tone\tPT\tfr\t1\t\t\tT023 T017\tB:1 C:2\tA:9\tIt beats.\n'
        "A:1\thrt\t\t\t\t\t1\t1\t\t\t\t\n"
    )
    first, second = read(tmp_path, text)[0]
    name = Name('heart "x"', "one", "PT", "fr", suppressed=True)
    assert first == Concept("A:1", (name,), ("T023", "T017"), "It beats.", ("B:1", "C:2"), ("A:9",))
    assert second == Concept("A:1", (Name("hrt", "toy", "", obsolete=True),), obsolete=True)


def test_table_reads_named_columns(tmp_path):
    text = "# made up\nmesh_id\tlabel\tlay\txref\ttree\n1\tfever\t\tC1|DOID:2\tC23\n2\twater\tH2O\t\tD01\n"
    options = {"id": "mesh_id", "names": ("label", "lay"), "xrefs": ("xref",), "separator": "|"}
    found, _ = read(tmp_path, text, prefix="MESH", xref_prefix="UMLS", **options)
    assert found == [
        Concept("MESH:1", (Name("fever", "toy", "name"),), xrefs=("UMLS:C1", "DOID:2")),
        Concept("MESH:2", (Name("water", "toy", "name"), Name("H2O", "toy", "lay"))),
    ]
    assert [one.id for one in read(tmp_path, text, only=("tree=D",), **options)[0]] == ["2"]


def test_table_takes_names_of_columns_from_outside(tmp_path):
    found, _ = read(tmp_path, "A:1\theart\n", header=("id", "name"))
    assert found == [Concept("A:1", (Name("heart", "toy", "name"),))]


def test_table_tells_broken_rows(tmp_path):
    text = "id\tname\nA:1\n\theart\nA:3\tlung\n"
    with pytest.raises(BiomedplmError, match=r"B569.*line 2"):
        read(tmp_path, text)
    found, report = read(tmp_path, text, "skip")
    assert [one.id for one in found] == ["A:3"]
    assert report.counts["dropped"] == 2
    for options in ({"id": "key"}, {"names": ("label",)}, {"xrefs": ("xref",)}, {"only": ("tree=D",)}):
        with pytest.raises(BiomedplmError, match=r"B569.*no column"):
            read(tmp_path, text, "skip", **options)
