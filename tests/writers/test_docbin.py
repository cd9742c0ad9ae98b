import zlib
from collections import Counter
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import DocBin, Span

from spacy_biomedplm.corpora import Report
from spacy_biomedplm.corpora.docbin import read_docbin
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers.docbin import write_docbin

RECORDS = [
    DocumentRecord("1", ""),
    DocumentRecord(
        "2",
        "Aspirin  (ASA)\n",
        mentions=(
            MentionRecord("T1", "Drug", ((0, 7), (9, 10)), concepts=(ConceptRecord("MESH", "D1", "x"),), score=0.5),
            MentionRecord("T2", "Drug", ((8, 13),), text="asa", infons={"a": "b"}),
        ),
        passages=(PassageRecord(0, 14, "title", {"c": "d"}), PassageRecord(15, 15, "abstract")),
        labels={"a": 0.25},
        answers=(("yes",),),
        infons={"e": "f"},
    ),
]


def test_docbin_loses_nothing(tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_docbin(RECORDS, tmp_path / "a.spacy", losses)
    assert list(read_docbin(tmp_path / "a.spacy")) == RECORDS
    assert list(read_docbin(tmp_path)) == RECORDS
    assert not losses
    write_docbin([], tmp_path / "none.spacy", losses)
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_docbin(tmp_path / "none.spacy"))


def test_docbin_of_any_pipeline_is_read(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    doc = nlp("Aspirin works")
    doc.ents = [Span(doc, 0, 1, label="DRUG", kb_id="D1")]
    other = nlp("x")
    other.user_data["mine"] = (1, "a")
    other._.doc_id = 7
    DocBin(docs=[doc, other], store_user_data=True).to_disk(tmp_path / "a.spacy")
    mention = MentionRecord("T1", "DRUG", ((0, 7),), concepts=(ConceptRecord("", "D1"),))
    assert list(read_docbin(tmp_path / "a.spacy")) == [
        DocumentRecord("a-00000", "Aspirin works", (mention,)),
        DocumentRecord("7", "x"),
    ]


def changed(path: Path, **values: object) -> bytes:
    content = srsly.msgpack_loads(zlib.decompress(path.read_bytes()))
    return zlib.compress(srsly.msgpack_dumps({**content, **values}))


@pytest.mark.parametrize(
    "change",
    [b"", b"text", zlib.compress(b"text"), {"tokens": b"12345678"}, {"lengths": b"1"}, {"strings": []}, {"attrs": []}],
)
def test_damaged_docbin_is_refused(change: bytes | dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    write_docbin(RECORDS, path, Counter())
    path.write_bytes(change if isinstance(change, bytes) else changed(path, **change))
    with pytest.raises(BiomedplmError, match=r"B463.*a\.spacy.*DocBin\(store_user_data=True\)"):
        list(read_docbin(path))


@pytest.mark.parametrize(
    "user_data",
    [
        {("._.", "doc_id", None, None): [1]},
        {("._.", "metadata", None, None): {"a": 1}},
        {"biomedplm_details": {"0:0:x:": 5}, "biomedplm_relations": [{"id": 1}]},
        {
            "biomedplm_relations": [
                {"id": "R1", "label": "r", "arguments": [("", "mention", "900:901:x:")], "infons": {}, "score": 0}
            ]
        },
    ],
)
def test_foreign_user_data_are_refused(user_data: dict[object, object], tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    write_docbin(RECORDS, path, Counter())
    content = srsly.msgpack_loads(zlib.decompress(path.read_bytes()))
    path.write_bytes(changed(path, user_data=[srsly.msgpack_dumps(user_data), content["user_data"][1]]))
    with pytest.raises(BiomedplmError, match="B463"):
        list(read_docbin(path))
    report = Report(errors="skip")
    assert list(read_docbin(path, report=report)) == RECORDS[1:]
    assert report.counts == {"dropped": 1}
