"""Raw text from files, one document at a time."""

import gzip
import json
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.text import find_files, iter_texts

PUBMED = """<?xml version="1.0"?>
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">77</PMID>
<Article><ArticleTitle>Of mice.</ArticleTitle>
<Abstract><AbstractText>They <i>ran</i>.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>
"""


def test_plain_text_holds_a_document_per_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffOne here.\r\n\r\n  Zwei Mäuse. \n".encode())
    found = list(iter_texts(tmp_path / "a.txt"))
    assert [document.text for document in found] == ["One here.", "Zwei Mäuse."]
    assert [document.id for document in found] == [None, None]
    assert found[1].source.endswith("a.txt:3")


def test_jsonl_gives_text_and_identifier(tmp_path: Path) -> None:
    rows = [{"text": "A.", "pmid": 12}, {"text": " ", "id": "x"}, {"id": "d1", "text": "B."}, {"text": "C."}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    assert [(d.text, d.id) for d in iter_texts(tmp_path / "a.jsonl")] == [("A.", "12"), ("B.", "d1"), ("C.", None)]


def test_pubmed_gives_title_and_abstract(tmp_path: Path) -> None:
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress(PUBMED.encode()))
    (document,) = iter_texts(tmp_path / "a.xml.gz")
    assert (document.text, document.id) == ("Of mice. They ran.", "77")


def test_folder_is_searched_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "1.txt.gz", "3.pdf", "0.jsonl"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(b"x\n") if name.endswith(".gz") else b'{"text": "x"}\n')
    assert [file.name for file in find_files(tmp_path)] == ["0.jsonl", "1.txt.gz", "2.txt"]


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("a.txt", b"good\nb\xff\n", "B521", "line 2"),
        ("a.jsonl", b'{"text": "a"}\n{"text"\n', "B521", "line 2"),
        ("a.jsonl", b'{"body": "a"}\n', "B521", '"text"'),
        ("a.jsonl", b"[1]\n", "B521", '"text"'),
        ("a.jsonl", b'{"text": "\\ud800"}\n', "B521", "surrogate"),
        ("a.txt.gz", gzip.compress(b"text\n" * 999)[:-9], "B522", "a.txt.gz"),
        ("a.txt.gz", b"no gzip", "B522", "a.txt.gz"),
        ("a.xml", b"<PubmedArticleSet><PubmedArticle>", "B613", "a.xml"),
    ],
)
def test_damaged_files_are_named(name: str, content: bytes, code: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BiomedplmError, match=code) as caught:
        list(iter_texts(tmp_path / name))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_nothing_to_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B520"):
        list(iter_texts(tmp_path / name))
