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
    assert [one.id for one in read(tmp_path, text, only=("tree=C|D", "lay=H|C"), **options)[0]] == ["2"]


def test_table_reads_mentions_of_pubtator(tmp_path):
    text = "25000001\tDisease\tMESH:D005334\tfever|Fevers\tGNormPlus\n25000001\tGene\t7157\tp53\tGNormPlus\n"
    options = {"header": ("pmid", "type", "concept", "mention", "resource"), "id": "concept", "names": ("mention",)}
    genes, _ = read(tmp_path, text, prefix="NCBIGene", only=("type=Gene",), **options)
    assert genes == [Concept("NCBIGene:7157", (Name("p53", "toy", "name"),))]


def test_table_reads_dictionaries_of_belb(tmp_path):
    text = "uid\tidentifier\tname\tdescription\tdisambiguation\n0\tD005334\tFever\t0\t\n1\tD005334\tPyrexia\t1\t\n"
    found, _ = read(tmp_path, text, id="identifier", prefix="MESH")
    assert [(one.id, one.names[0].text) for one in found] == [("MESH:D005334", "Fever"), ("MESH:D005334", "Pyrexia")]


def test_table_takes_names_of_columns_from_outside(tmp_path):
    found, _ = read(tmp_path, "A:1\theart\n", header=("id", "name"))
    assert found == [Concept("A:1", (Name("heart", "toy", "name"),))]


def test_table_refuses_columns_that_it_does_not_know(tmp_path):
    text = "# ours\nid\tname\ttypse\nA:1\theart\tT023\n"
    with pytest.raises(BiomedplmError, match=r"B569.*line 2: 'typse' is none of the columns: id, name.*definition"):
        read(tmp_path, text, "skip")
    found, report = read(tmp_path, text.replace("name", "label"), names=("label",))
    assert found[0].types == ()
    assert report.counts == {"columns of toy that are not read (typse)": 1}


def test_table_tells_broken_rows(tmp_path):
    text = "id\tname\nA:1\n\theart\nA:3\tlung\n"
    with pytest.raises(BiomedplmError, match=r"B569.*line 2"):
        read(tmp_path, text)
    found, report = read(tmp_path, text, "skip")
    assert [one.id for one in found] == ["A:3"]
    assert report.counts["dropped"] == 2
    # Rows of a cross-reference, and tables without names, have none to miss.
    text = "id\tname\txrefs\ttypes\nA:1\t\tB:1\t\nA:2\t\t\tT047\n"
    with pytest.raises(BiomedplmError, match=r"B569.*line 3: it has neither a name nor a cross-reference"):
        read(tmp_path, text)
    assert [one.id for one in read(tmp_path, text, "skip")[0]] == ["A:1"]
    assert read(tmp_path, "id\ttypes\nA:2\tT047\n")[0] == [Concept("A:2", types=("T047",))]
    text = "id\tname\nA:1\n\theart\nA:3\tlung\n"
    for options in ({"id": "key"}, {"names": ("label",)}, {"xrefs": ("xref",)}, {"only": ("tree=D",)}):
        with pytest.raises(BiomedplmError, match=r"B569.*no column"):
            read(tmp_path, text, "skip", **options)


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("path", "options", "rows", "first"),
    [
        ("kb-mesh/terms.tsv.gz", {"id": "mesh_id", "names": ("mesh_name",), "prefix": "MESH"}, 27455, "MESH:D000001"),
        ("kb-mesh/symptoms.tsv", {"id": "mesh_id", "names": ("mesh_name",), "prefix": "MESH"}, 438, "MESH:D000006"),
        (
            "kb-sider/side-effect-terms.tsv",
            {"id": "umls_cui_from_meddra", "names": ("side_effect_name",)},
            5734,
            "C0863129",
        ),
        (
            "kb-sider/meddra_all_indications.tsv.gz",
            {"header": ("cid", "cui", "how", "name", "type", "meddra", "meddra_name"), "id": "cui"},
            30835,
            "C0015544",
        ),
        ("kb-disease-ontology/MESHinDO.tsv", {"names": ("label",)}, 4023, "DOID:0001816"),
        ("kb-disease-ontology/allXREFinDO.tsv.gz", {"names": ("label",), "xrefs": ("xref",)}, 39264, "DOID:0112248"),
        ("kb-hpo/layperson-synonyms.tsv.gz", {"id": "term", "names": ("layperson",)}, 7186, None),
    ],
)
def test_table_reads_published_tables(corpora_folder, tmp_path, path, options, rows, first):
    found = list(read_table(corpora_folder / path, "toy", Reading(Report("raise"), tmp_path), **options))
    assert len(found) == rows
    assert first in (None, found[0].id)
    assert all(one.names for one in found)
