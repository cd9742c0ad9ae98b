import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.chemprot import read_chemprot, read_chemprot_jsonl
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import ArgumentRecord, RelationRecord

Write = Callable[..., Path]


def line(text: str, **rest: object) -> str:
    return json.dumps({"text": text, "label": "INHIBITOR", "metadata": [], **rest}) + "\n"


@pytest.mark.parametrize(
    ("marked", "text", "first", "second"),
    [
        ("<< Kel >> blocks [[ ABC ]].", "Kel blocks ABC.", (0, 3), (11, 14)),
        ("In [[ ABC ]]-rich << Kel >>", "In ABC-rich Kel", (12, 15), (3, 6)),
        ("<< A >> > B >> [[ C ]] [[x]]", "A > B >> C [[x]]", (0, 1), (9, 10)),
        ("<< A [[ b ]] >> c", "A b c", (0, 3), (2, 3)),
        ("<< [[ A ]] b >>", "A b", (0, 3), (0, 1)),
        ("[[ << A >> ]]", "A", (0, 1), (0, 1)),
        ("<< A [[ b >> c ]]", "A b c", (0, 3), (2, 5)),
    ],
)
def test_read_chemprot_jsonl_takes_the_marks_away(
    write: Write, marked: str, text: str, first: tuple[int, int], second: tuple[int, int]
) -> None:
    (record,) = read_chemprot_jsonl(write("dev.jsonl", line(marked)))
    assert (record.doc_id, record.text) == ("dev:1", text)
    assert [(m.id, m.fragments) for m in record.mentions] == [("T1", (first,)), ("T2", (second,))]
    arguments = (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2"))
    assert record.relations == (RelationRecord("R1", "INHIBITOR", arguments),)
    assert record.infons == {}


def test_read_chemprot_jsonl_keeps_other_fields(write: Write) -> None:
    content = line("<< A >> [[ B ]]", metadata=[1], source="x")
    (record,) = read_chemprot_jsonl(write("dev.jsonl", content))
    assert record.infons == {"metadata:json": "[1]", "source": "x"}


def test_read_chemprot_reads_either_layout(write: Write) -> None:
    assert [r.doc_id for r in read_chemprot(write("a.jsonl", line("<< A >> [[ B ]]")))] == ["a:1"]
    assert [r.doc_id for r in read_chemprot(write("a.jsonl", line("<< A >> [[ B ]]")).parent)] == ["a:1"]
    path = write("abstracts.tsv", "1\tA\tB\n")
    assert [r.doc_id for r in read_chemprot(path)] == [r.doc_id for r in read_chemprot(path.parent)] == ["1"]


@pytest.mark.parametrize(
    "content",
    [
        line("no marks"),
        line("<< A >> only"),
        line("<< A >> << B >> [[ C ]]"),
        line("<< A [[ B ]]"),
        line("<< A >> [[ B ]]", label=3),
        '{"text": "<< A >> [[ B ]]"}\n',
        '{"text": 1, "label": "x"}\n',
        "[]\n",
        "{\n",
        "[" * 100_000 + "\n",
    ],
)
def test_read_chemprot_jsonl_with_mistakes(write: Write, content: str) -> None:
    path = write("dev.jsonl", line("<< A >> [[ B ]]") + content)
    with pytest.raises(BiomedplmError, match=r"B485.*dev\.jsonl', line 2"):
        list(read_chemprot_jsonl(path))
    report = Report(errors="skip")
    assert len(list(read_chemprot_jsonl(path, report=report))) == 1
    assert report.counts == {"dropped": 1}


def test_read_chemprot_jsonl_wants_documents(write: Write) -> None:
    with pytest.raises(BiomedplmError, match="B408"):
        list(read_chemprot_jsonl(write("dev.jsonl", "\n")))


@settings(max_examples=150)
@given(text=st.text(alphabet='ab<>[] \n\\"', max_size=30), data=st.binary(max_size=6))
def test_read_chemprot_jsonl_with_any_lines(tmp_path_factory: pytest.TempPathFactory, text: str, data: bytes) -> None:
    path = tmp_path_factory.mktemp("chemprot") / "a.jsonl"
    path.write_bytes(line(text).encode() + data)
    for errors in ("raise", "skip", "repair"):
        report = Report(errors=errors)  # type: ignore[arg-type]
        try:
            for record in read_chemprot_jsonl(path, report=report):
                assert fit(record, report) == record
        except BiomedplmError:
            pass
