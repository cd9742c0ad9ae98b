import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.fasta import read_binding_residues, read_deeploc, read_fasta
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

PROTEINS = ">P1 Cell.membrane-M test set\r\nMKV\r\nLLA\n\n>P2 Lysosome/Vacuole-U\nMKT*\n>P1 Nucleus-S\nM\n"
METAL = "P1\t2,3,6\nP9\t4\n\nP2\t1\n"
SMALL = "P1\t3,4\n"


def test_read_fasta(write):
    path = write("a.fasta.gz", gzip.compress(PROTEINS.encode()))
    assert [entry[1:] for entry in read_fasta(path, Report())] == [
        (1, "P1 Cell.membrane-M test set", "MKVLLA"),
        (5, "P2 Lysosome/Vacuole-U", "MKT*"),
        (7, "P1 Nucleus-S", "M"),
    ]


@pytest.mark.parametrize(
    ("content", "said", "kept"),
    [
        ("MKV\n" + PROTEINS, "B471.*line 1.*before the first sequence.*'MKV'", 3),
        (PROTEINS + ">\nMKV\n", "B471.*line 9.*identifier", 3),
        (PROTEINS + ">P4\nMK V\nL\n", "B471.*line 10.*residues: 'MK V'", 3),
        (PROTEINS + ">P4\n\n>P5\nM\n", "B427.*line 9, document P4: no sequence", 4),
    ],
)
def test_read_fasta_says_what_is_wrong(write, content, said, kept):
    path = write("a.fasta", content)
    with pytest.raises(BiomedplmError, match=said):
        list(read_fasta(path, Report()))
    report = Report(errors="skip")
    assert len(list(read_fasta(path, report))) == kept
    assert report.counts == {"dropped": 1}


def test_read_fasta_wants_entries(write):
    with pytest.raises(BiomedplmError, match=r"B408.*entries of FASTA"):
        list(read_fasta(write("a.fasta", "\n"), Report()))


def test_read_deeploc(write, vocab):
    first, second, third = read_deeploc(write("a.fasta", PROTEINS))
    assert (first.doc_id, first.text, first.labels) == ("P1", "MKVLLA", {"Cell.membrane": 1.0})
    assert first.infons == {"membrane": "M", "header": "test set"}
    assert (second.labels, second.infons) == ({"Lysosome/Vacuole": 1.0}, {"membrane": "U"})
    assert third.doc_id == "P1#2"
    assert make_record(make_doc(vocab, first)) == first


@pytest.mark.parametrize("header", ["P1", "P1 Nucleus", "P1 -M", "P1 Nucleus-X"])
def test_read_deeploc_wants_a_place(write, header):
    path = write("a.fasta", f">{header}\nM\n>P2 Nucleus-M\nM\n")
    with pytest.raises(BiomedplmError, match=r"B427.*document P1.*Nucleus-U"):
        list(read_deeploc(path))
    assert [record.doc_id for record in read_deeploc(path, report=Report(errors="skip"))] == ["P2"]


def test_read_binding_residues(write, vocab):
    path = write("a.fasta", PROTEINS.replace(">P1 Nucleus-S", ">P3"))
    tables = {"metal": write("metal.txt", METAL), "small": write("small.txt", SMALL)}
    report = Report()
    first, second, third = (fit(r, report) for r in read_binding_residues(path, report=report, **tables))
    assert [(m.id, m.label, first.text_of(m), m.start) for m in first.mentions] == [
        ("T1", "metal", "KV", 1),
        ("T2", "metal", "A", 5),
        ("T3", "small", "VL", 2),
    ]
    assert [(m.label, m.fragments) for m in second.mentions] == [("metal", ((0, 1),))]
    assert third.mentions == ()
    assert [(p.kind, p.path, p.detail[:6]) for p in report.problems] == [("excluded", str(tables["metal"]), "1 rows")]
    assert make_record(make_doc(vocab, first)) == first


@pytest.mark.parametrize(
    ("metal", "said", "mentions"),
    [
        ("P1\t2,7\n", "B427.*document P1: the residue 7.*of 6", 1),
        ("P1\t2,3,3\n", "B427.*the residue 3 twice", 1),
        ("P1 2\nP1\t2\n", "B471.*line 1", 1),
        ("P1\t0\nP1\t2\n", "B471.*line 1", 1),
        ("P1\t2\nP1\t3\n", "B427.*line 2, document P1: it is there twice", 1),
        ("P1\t2\n\x80".encode("latin-1"), "B402", 1),
    ],
)
def test_read_binding_residues_says_what_is_wrong(write, metal, said, mentions):
    path, table = write("a.fasta", ">P1\nMKVLLA\n"), write("metal.txt", metal)
    with pytest.raises(BiomedplmError, match=said):
        list(read_binding_residues(path, metal=table))
    report = Report(errors="repair")
    (record,) = read_binding_residues(path, metal=table, report=report)
    assert len(record.mentions) == mentions
    assert report.counts == {"dropped": 1}


def test_read_binding_residues_wants_each_protein_once(write):
    path = write("a.fasta", PROTEINS)
    with pytest.raises(BiomedplmError, match=r"B427.*line 7, document P1: it is there twice"):
        list(read_binding_residues(path))
    assert len(list(read_binding_residues(path, report=Report(errors="skip")))) == 2


@given(st.binary(max_size=80), st.binary(max_size=40))
@settings(max_examples=200)
def test_read_binding_residues_raises_its_own_error_only(tmp_path_factory, proteins, table):
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a.fasta").write_bytes(b">P1 x-M\n" + proteins)
    (folder / "metal.txt").write_bytes(b"P1\t" + table)
    for read in (read_deeploc, lambda path: read_binding_residues(path, metal=folder / "metal.txt")):
        try:
            list(read(folder / "a.fasta"))
        except BiomedplmError:
            continue
