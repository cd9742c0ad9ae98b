import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.residues import read_residue_rows, read_residue_tables
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

CHAINS = "# remark\n<>\nG _\nV e\nT e\nM h\n<end>\n<>\nK h\nK h\nend\nend\n<>\nM _\n"


def runs(record):
    return [(m.label, record.text_of(m)) for m in record.mentions]


def test_read_residue_rows(write, vocab):
    first, second, third = (fit(record, Report()) for record in read_residue_rows(write("a.train", CHAINS)))
    assert (first.doc_id, first.text, runs(first)) == ("1", "GVTM", [("e", "VT"), ("h", "M")])
    assert (second.doc_id, runs(second)) == ("2", [("h", "KK")])
    assert (third.text, third.mentions) == ("M", ())
    assert make_record(make_doc(vocab, first)) == first
    (first, *_) = read_residue_rows(write("a.train", CHAINS), none="e")
    assert runs(first) == [("_", "G"), ("h", "M")]


def test_read_residue_rows_of_a_folder(write):
    path = write("chains/a.train", CHAINS).parent
    write("chains/b.train", CHAINS)
    assert [record.doc_id for record in read_residue_rows(path, suffix=".train")] == list("123456")
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_residue_rows(path))


@pytest.mark.parametrize(
    ("content", "said", "texts"),
    [
        ("G _\n" + CHAINS, "B471.*line 1.*<> before", ["GVTM", "KK", "M"]),
        (CHAINS.replace("V e", "V ee"), "B471.*line 4.*'V ee'", ["KK", "M"]),
        (CHAINS.replace("V e", "V"), "B471.*line 4.*'V'", ["KK", "M"]),
        ("<>\n<end>\n" + CHAINS, "B427.*document 1: no residue", ["GVTM", "KK", "M"]),
    ],
)
def test_read_residue_rows_says_what_is_wrong(write, content, said, texts):
    path = write("a.train", content)
    with pytest.raises(BiomedplmError, match=said):
        list(read_residue_rows(path))
    report = Report(errors="repair")
    assert [record.text for record in read_residue_rows(path, report=report)] == texts
    assert report.counts == {"dropped": 1}


def test_read_residue_rows_mends_a_chain_that_begins_without_its_mark(write):
    path = write("a.train", CHAINS.replace("<end>\n<>\n", "end\n"))
    with pytest.raises(BiomedplmError, match=r"B471.*line 8.*a chain begins here"):
        list(read_residue_rows(path))
    report = Report(errors="repair")
    assert [record.text for record in read_residue_rows(path, report=report)] == ["GVTM", "KK", "M"]
    assert report.counts == {"repaired": 1}
    report = Report(errors="skip")
    assert [record.text for record in read_residue_rows(path, report=report)] == ["GVTM", "M"]
    assert report.counts == {"dropped": 1}


def test_read_residue_tables(write):
    path = write("a.csv", "id,sequence,states,mask\nx,MKVL,CHHE,1\nx,MK,CC,2\n")
    first, second = read_residue_tables(path, doc_id="id")
    assert (first.doc_id, runs(first), first.infons) == ("x", [("H", "KV"), ("E", "L")], {"mask": "1"})
    assert (second.doc_id, second.mentions) == ("x#2", ())
    (first, _) = read_residue_tables(path, none="H")
    assert (first.doc_id, runs(first)) == ("2", [("C", "M"), ("E", "L")])


def test_read_residue_tables_says_what_is_wrong(write):
    path = write("a.csv", "sequence,states\nMKVL,CHH\n,\nMK,CC\n")
    with pytest.raises(BiomedplmError, match=r"B427.*line 2.*3 states, wanted one for each of 4"):
        list(read_residue_tables(path))
    assert [record.text for record in read_residue_tables(path, report=Report(errors="skip"))] == ["MK"]
    with pytest.raises(BiomedplmError, match=r"B426.*'dssp'"):
        list(read_residue_tables(path, states="dssp"))


@given(st.binary(max_size=100))
@settings(max_examples=200)
def test_read_residue_rows_raises_its_own_error_only(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "a.txt"
    path.write_bytes(b"<>\nM _\n" + content)
    try:
        list(read_residue_rows(path))
    except BiomedplmError:
        return
