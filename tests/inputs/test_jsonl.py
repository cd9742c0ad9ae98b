import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.inputs import find_inputs, read_documents


def test_jsonl_gives_a_document_per_line(read):
    data = '\ufeff{"id": 7, "title": "T", "text": "B", "more": []}\n\n  \r\n{"text": ""}\n{"id": null, "text": " \\t"}'
    docs = read("a.jsonl", data)
    assert [(doc.doc_id, doc.text, doc.line) for doc in docs] == [("7", "T\nB", 1), ("a:4", "", 4), ("a:5", " \t", 5)]


def test_jsonl_keeps_characters_that_other_readers_take_for_line_ends(read):
    text = "a\u2028b\x85c\x0bd\r\ne\x00"
    assert read("a.jsonl.gz", json.dumps({"text": text}, ensure_ascii=False) + "\n")[0].text == text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a"', r"\[B608\].*line 2: not valid JSON .*column 13.*may be half-written"),
        ('{"text": "a"}}\n', r"\[B608\].*line 2: not valid JSON \(Extra data, column 14\)"),
        ("[" * 100_000 + "\n", r"\[B608\].*line 2: not valid JSON"),
        ('{"text": ' + "1" * 5000 + "}\n", r"\[B608\].*line 2: not valid JSON \(a number is too long\)"),
        ('"text"\n', r"\[B609\].*line 2: the line is a string"),
        ("null\n", r"\[B609\].*line 2: the line is null"),
        ('{"id": "1"}\n', r'\[B609\].*line 2: there is no "text"'),
        ('{"text": null}\n', r'\[B609\].*line 2: "text" is null'),
        ('{"text": ["a"]}\n', r'\[B609\].*line 2: "text" is a list'),
        ('{"text": "a", "title": 3}\n', r"\[B610\].*line 2: the field 'title' is a number, wanted a string"),
        ('{"text": "a", "id": true}\n', r"\[B610\].*line 2: the field 'id' is true or false, wanted a string or"),
    ],
)
def test_jsonl_with_a_bad_line_is_an_error(read, line, message):
    with pytest.raises(BiomedplmError, match=message):
        read("a.jsonl", '{"text": "good"}\n' + line)


def test_jsonl_yields_what_is_before_a_bad_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "good"}\nbad\n', encoding="utf8")
    docs = read_documents(find_inputs([path]).files)
    assert next(docs).text == "good"
    with pytest.raises(BiomedplmError):
        next(docs)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), st.booleans())
def test_jsonl_returns_every_text(tmp_path_factory, texts, ascii_only):
    path = tmp_path_factory.mktemp("jsonl") / "a.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=ascii_only) for text in texts]
    path.write_bytes("\n".join(lines).encode("utf8"))
    docs = list(read_documents(find_inputs([path]).files))
    assert [doc.text for doc in docs] == texts
    assert docs[-1].position == path.stat().st_size
