import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report
from spacy_biomedplm.corpora.txt import read_txt
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers.txt import write_txt


def test_txt_keeps_the_text_and_counts_the_rest(tmp_path: Path) -> None:
    text = "\ufeff One\r\nTwo\rThree\u2028\n"
    mentions = (MentionRecord("T1", "X", ((0, 1),)), MentionRecord("T2", "Y", ((0, 1),), is_trigger=True))
    records = [DocumentRecord("1", text, mentions, passages=(PassageRecord(0, 1, "title"),)), DocumentRecord("b", "")]
    losses: Counter[str] = Counter()
    write_txt(records, tmp_path / "out", losses)
    assert list(read_txt(tmp_path / "out")) == [DocumentRecord("1", text), DocumentRecord("b", "")]
    assert losses == {"entities": 1, "triggers": 1, "passages": 1}


def test_txt_reads_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "b.txt.gz").write_bytes(gzip.compress(b"two"))
    (tmp_path / "in" / "a.txt").write_bytes(b"\xef\xbb\xbfone")
    (tmp_path / "in" / "c.ann").write_bytes(b"no")
    assert list(read_txt(tmp_path / "in")) == [DocumentRecord("a", "one"), DocumentRecord("sub/b", "two")]
    assert list(read_txt(tmp_path / "in" / "a.txt")) == [DocumentRecord("a", "one")]


def test_txt_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\n\xe9")
    with pytest.raises(BiomedplmError, match=r"B402.*a\.txt', line 2.*0xe9"):
        list(read_txt(tmp_path))
    with pytest.raises(BiomedplmError, match=r"B438.*B402.*a\.txt"):
        list(read_txt(tmp_path, report=Report(errors="skip")))
    (tmp_path / "b.txt").write_bytes(b"two")
    report = Report(errors="skip")
    assert [record.doc_id for record in read_txt(tmp_path, report=report)] == ["b"]
    assert report.counts == {"dropped": 1}


@given(text=st.text(max_size=20))
def test_txt_keeps_any_text(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("txt") / "out"
    write_txt([DocumentRecord("1", text)], folder, Counter())
    assert [record.text for record in read_txt(folder)] == [text]
