import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.pubmed import read_pubmed_xml
from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers.pubmed import format_pubmed_xml, write_pubmed_xml

RECORD = DocumentRecord(
    "7",
    "Role of A & B.\nTo test.\nIt < works.\nOui.\nSi.",
    passages=(
        PassageRecord(0, 14, "title"),
        PassageRecord(15, 23, "abstract", {"label": "AIM", "category": "OBJECTIVE"}),
        PassageRecord(24, 35, "abstract"),
        PassageRecord(
            36, 40, "other_abstract", {"language": "fre", "type": "Publisher", "number": "1", "label": "BUT"}
        ),
        PassageRecord(41, 44, "other_abstract", {"language": "ita", "number": "2"}),
    ),
    infons={
        "pmid_version": "2",
        "status": "PubMed-not-MEDLINE",
        "owner": "NLM",
        "book_title": "A book",
        "journal": "J Made Up",
        "country": "Nowhere",
        "issn": "1234-5678",
        "pages": "1-9",
        "copyright": "nobody",
        "date": "2001 Spring",
        "year": "2001",
        "languages": "eng fre",
        "doi": "10.1/x",
        "id.odd": "o",
        "publication_types": json.dumps([["D016428", "Journal Article"]]),
        "mesh": json.dumps([{"id": "D2", "name": "Cells", "major": True, "qualifiers": [["Q1", "blood", False]]}]),
        "chemicals": json.dumps([["0", "D1", "Salt"]]),
        "keywords": json.dumps(["salt"]),
        "authors": json.dumps([{"LastName": "Doe", "Initials": "J"}, {"CollectiveName": "G"}]),
    },
)


def read_back(record: DocumentRecord, path: Path, losses: Counter[str]) -> DocumentRecord:
    write_pubmed_xml([record], path, losses)
    (copy,) = read_pubmed_xml(path)
    return copy


def test_write_pubmed_xml_keeps_everything_that_the_format_has(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    assert read_back(RECORD, tmp_path / "a.xml", losses) == RECORD
    assert not losses


@pytest.mark.parametrize("date", ["2001", "2001 Jan", "2001 Jan 3", "1998 Dec-1999 Jan", "Winter 1999"])
def test_write_pubmed_xml_keeps_dates(tmp_path: Path, date: str) -> None:
    year = next(word for word in date.replace("-", " ").split() if word.isdecimal())
    record = DocumentRecord("1", "T", passages=(PassageRecord(0, 1, "title"),), infons={"date": date, "year": year})
    assert dict(read_back(record, tmp_path / "a.xml", Counter()).infons) == {
        "status": "MEDLINE",
        "owner": "NLM",
        **record.infons,
    }


def test_write_pubmed_xml_takes_lines_for_parts(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    copy = read_back(DocumentRecord("1", "Title\nOne\nTwo"), tmp_path / "a.xml", losses)
    assert (copy.text, [p.kind for p in copy.passages]) == ("Title\nOne\nTwo", ["title", "abstract", "abstract"])
    assert not losses


def test_format_pubmed_xml_counts_what_is_lost() -> None:
    record = DocumentRecord(
        "1",
        "One  two\nthree four\x01",
        mentions=(MentionRecord("T1", "X", ((0, 1),)),),
        passages=(
            PassageRecord(0, 8, "title", {"id": "x"}),
            PassageRecord(9, 9, "title"),
            PassageRecord(15, 20, "abstract"),
            PassageRecord(0, 3, "sentence"),
        ),
        infons={"file": "x", "mesh": "no JSON", "year": "1999"},
    )
    losses: Counter[str] = Counter()
    format_pubmed_xml(record, losses)
    assert losses == {
        "characters outside of title and abstract": 5,
        "characters that XML cannot hold": 1,
        "document infons": 3,
        "mentions": 1,
        "passage infons": 1,
        "passages": 2,
        "runs of white space": 1,
    }


_LINES = st.text(alphabet="ab<&\"'é]", min_size=1, max_size=6)


@settings(max_examples=100)
@given(lines=st.lists(_LINES, min_size=1, max_size=5), names=st.lists(_LINES, max_size=3), date=_LINES)
def test_pubmed_xml_round_trip(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], names: list[str], date: str
) -> None:
    passages = []
    start = 0
    for number, line in enumerate(lines):
        infons = {"label": names[0]} if names and number else {}
        passages.append(PassageRecord(start, start + len(line), "abstract" if number else "title", infons))
        start += len(line) + 1
    infons = {"status": "X", "owner": "Y", "date": date, "journal": date}
    if names:
        infons["keywords"] = json.dumps(names, ensure_ascii=False)
        infons["mesh"] = json.dumps([{"id": "", "name": name, "major": False, "qualifiers": []} for name in names])
    record = DocumentRecord("1", "\n".join(lines), passages=tuple(passages), infons=infons)
    losses: Counter[str] = Counter()
    copy = read_back(record, tmp_path_factory.mktemp("pubmed") / "a.xml", losses)
    assert (copy.text, copy.passages) == (record.text, record.passages)
    assert json.loads(copy.infons.get("mesh", "[]")) == json.loads(infons.get("mesh", "[]"))
    assert copy.infons["date"] == date
    assert not losses
