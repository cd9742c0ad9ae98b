import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.labelled import read_labelled_sentences
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError

TEXT = "One cell .\nTwo cells .\nThree cells .\n"
LABELS = "< <Growth--Cycle AND  Death--Apoptosis-- ANDGrowth--Cycle<NULL"


def folder(tmp_path, **files):
    for name, content in files.items():
        kind, _, stem = name.partition("_")
        (tmp_path / kind).mkdir(exist_ok=True)
        (tmp_path / kind / f"{stem}.txt").write_text(content, encoding="utf8")
    return tmp_path


def test_read_labelled_sentences(tmp_path):
    (record,) = read_labelled_sentences(folder(tmp_path, text_7=TEXT, labels_7=LABELS))
    assert record.text == TEXT.rstrip("\n")
    assert [p.infons["labels"] for p in record.passages] == ["", "Growth--Cycle; Death--Apoptosis", ""]
    assert record.labels == {"Growth--Cycle": 1.0, "Death--Apoptosis": 1.0}
    (record,) = read_labelled_sentences(tmp_path, depth=1)
    assert record.labels == {"Growth": 1.0, "Death": 1.0}


def test_read_labelled_sentences_of_an_archive(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (("corpus/labels/7.txt", LABELS), ("corpus/text/7.txt", TEXT), ("readme.txt", "x")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    (record,) = read_labelled_sentences(path)
    assert (record.doc_id, record.path) == ("7", f"{path}:corpus/text/7.txt")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"other_7": TEXT}, "B408"),
        ({"text_7": TEXT}, "B411"),
        ({"labels_7": LABELS}, "B411"),
        ({"text_7": TEXT, "labels_7": "< <"}, "B427"),
    ],
)
def test_read_labelled_sentences_refuses(tmp_path, files, code):
    with pytest.raises(BiomedplmError, match=code):
        list(read_labelled_sentences(folder(tmp_path, **files)))


def test_read_labelled_sentences_skips_what_does_not_fit(tmp_path):
    report = Report(errors="skip")
    folder(tmp_path, text_7=TEXT, labels_7="<", text_8=TEXT, labels_8=LABELS, text_9=TEXT)
    assert [record.doc_id for record in read_labelled_sentences(tmp_path, report=report)] == ["8"]
    assert report.counts["dropped"] == 2


@given(st.binary(max_size=100), st.binary(max_size=100))
@settings(max_examples=200)
def test_read_labelled_sentences_raises_its_own_error_only(tmp_path_factory, text, labels):
    path = tmp_path_factory.mktemp("bytes")
    for kind, data in (("text", text), ("labels", labels)):
        (path / kind).mkdir()
        (path / kind / "1.txt").write_bytes(data)
    try:
        list(read_labelled_sentences(path))
    except BiomedplmError:
        return
